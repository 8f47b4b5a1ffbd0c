"""What the community app does when one of its rows is saved, or somebody signs in."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.utils import timezone

from community.models import Meeting, Occurrence


def _rebuild_occurrences(instance: Meeting, **kwargs: Any) -> None:
    Occurrence.objects.rebuild(instance, timezone.now())


def _save_what_was_chosen(request: Any, user: Any, **kwargs: Any) -> None:
    from community.saving import save_chosen

    save_chosen(request, user)


def connect() -> None:
    """Connect the receivers; `dispatch_uid` keeps a second call from doubling them."""
    post_save.connect(_rebuild_occurrences, sender=Meeting, dispatch_uid="community_occurrences")
    user_logged_in.connect(_save_what_was_chosen, dispatch_uid="community_save_chosen")
