"""Turns saved and deleted rows into `public_content_changed`."""

from typing import Any

from django.db.models.signals import post_delete, post_save

from community.models import Meeting, MeetingException, Pause, Service, SupportGroup
from community.signals import public_content_changed


def _changed(instance: Any, **kwargs: Any) -> None:
    public_content_changed.send(sender=type(instance), instance=instance)


def _part_changed(instance: Meeting | Pause, **kwargs: Any) -> None:
    public_content_changed.send(sender=SupportGroup, instance=instance.group)


def _exception_changed(instance: MeetingException, **kwargs: Any) -> None:
    public_content_changed.send(sender=SupportGroup, instance=instance.meeting.group)


def connect() -> None:
    """Connect the receivers; `dispatch_uid` keeps a second call from doubling them."""
    for signal in (post_save, post_delete):
        for model in (SupportGroup, Service):
            signal.connect(_changed, sender=model, dispatch_uid="community_changed")
        for part in (Meeting, Pause):
            signal.connect(_part_changed, sender=part, dispatch_uid="community_part_changed")
        signal.connect(
            _exception_changed, sender=MeetingException, dispatch_uid="community_exception_changed"
        )
