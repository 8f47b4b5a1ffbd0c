"""What the community app does when one of its rows is saved, or somebody signs in."""

from collections.abc import Sequence
from typing import Any

from allauth.account.signals import email_changed
from django.contrib.auth.signals import user_logged_in
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from community.accounts import bounces
from community.models import (
    Meeting,
    MeetingException,
    Member,
    Occurrence,
    Pause,
    SupportGroup,
    Verification,
)
from community.signals import mail_given_up, mail_taken


def _meeting_saved(instance: Meeting, **kwargs: Any) -> None:
    Occurrence.objects.rebuild(instance, timezone.now())


def _group_saved(instance: SupportGroup, created: bool, **kwargs: Any) -> None:
    # It may have ended, or not have ended after all.
    if not created:
        Occurrence.objects.rebuild_group(instance.pk, timezone.now())


def _exception_changed(instance: MeetingException, **kwargs: Any) -> None:
    if _is_itself(kwargs.get("origin"), MeetingException):
        Occurrence.objects.rebuild(instance.meeting, timezone.now())


def _pause_changed(instance: Pause, **kwargs: Any) -> None:
    if _is_itself(kwargs.get("origin"), Pause):
        Occurrence.objects.rebuild_group(instance.group_id, timezone.now())


def _is_itself(origin: Any, model: type[Model]) -> bool:
    """Whether rows of `model` were saved, or deleted for themselves.

    What goes because its meeting goes has no dates that anybody needs any more.
    """
    return origin is None or isinstance(origin, model) or getattr(origin, "model", None) is model


def _save_what_was_chosen(request: Any, user: Any, **kwargs: Any) -> None:
    from community.keeping.saving import save_chosen

    save_chosen(request, user)


def _forget_notices(user: Any, **kwargs: Any) -> None:
    from community.member_data.retention import forget_notices

    forget_notices(user)


def _note_undelivered(
    message_id: str, is_refused: bool, addresses: Sequence[str] = (), **kwargs: Any
) -> None:
    for asking in Verification.objects.of_message(message_id):
        asking.note_undelivered(message_id, is_refused=is_refused)
    if addresses:
        bounces.note_bounced(addresses, timezone.localdate())


def _note_taken(addresses: Sequence[str], **kwargs: Any) -> None:
    bounces.note_arrived(addresses)


def _has_another_address(user: Any, **kwargs: Any) -> None:
    Member.objects.filter(pk=user.pk).update(mail_bounced_on=None)


def connect() -> None:
    """Connect the receivers; `dispatch_uid` keeps a second call from doubling them."""
    post_save.connect(_meeting_saved, sender=Meeting, dispatch_uid="community_occurrences")
    post_save.connect(_group_saved, sender=SupportGroup, dispatch_uid="community_occurrences")
    for signal in (post_save, post_delete):
        signal.connect(
            _exception_changed, sender=MeetingException, dispatch_uid="community_occurrences"
        )
        signal.connect(_pause_changed, sender=Pause, dispatch_uid="community_occurrences")
    user_logged_in.connect(_save_what_was_chosen, dispatch_uid="community_save_chosen")
    user_logged_in.connect(_forget_notices, dispatch_uid="community_forget_notices")
    mail_given_up.connect(_note_undelivered, dispatch_uid="community_mail_given_up")
    mail_taken.connect(_note_taken, dispatch_uid="community_mail_taken")
    email_changed.connect(_has_another_address, dispatch_uid="community_another_address")
