from datetime import datetime
from typing import Any, Never

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from facts.models.events import AppendOnlyQuerySet


class EventQuerySet(AppendOnlyQuerySet):
    def forget(self, before: datetime) -> None:
        """Delete what happened before a moment; nothing else ever goes."""
        models.QuerySet.delete(self.filter(at__lt=before))


class Event(models.Model):
    """What staff did to a listing, a suggestion or an account, and when. Only ever added to.

    It holds no note, no address and nothing that a member keeps: `subject_key` is the row's
    number, `detail` a few words from a closed list.
    """

    class Action(models.TextChoices):
        SUGGESTION_ACCEPTED = "suggestion-accepted", _("suggestion taken over")
        SUGGESTION_PARTLY = "suggestion-partly", _("suggestion taken over in part")
        SUGGESTION_REJECTED = "suggestion-rejected", _("suggestion not taken over")
        ADDRESS_LOOKED_UP = "address-looked-up", _("address looked up")
        MEMBER_SEEN = "member-seen", _("page of an account opened")
        MEMBER_MAILED = "member-mailed", _("mail with the way in sent")
        MEMBER_SIGNED_OUT = "member-signed-out", _("signed out everywhere")
        MEMBER_SWITCHED_OFF = "member-switched-off", _("account switched off")
        MEMBER_SWITCHED_ON = "member-switched-on", _("account switched on")
        MEMBER_ROLES = "member-roles", _("roles changed")
        MEMBER_DELETED = "member-deleted", _("account deleted on request")
        GROUP_CHECKED = "group-checked", _("listing checked")
        GROUP_ENDED = "group-ended", _("group said to have ended")
        ORGANIZER_ASKED = "organizer-asked", _("organizer asked")
        MAIL_CAME_BACK = "mail-came-back", _("mail to the organizer came back")
        GROUPS_IMPORTED = "groups-imported", _("groups imported")
        QUESTION_SETTLED = "question-settled", _("question to the organizer settled")

    # What is done to keep a listing true.
    VERIFYING = (
        Action.GROUP_CHECKED,
        Action.GROUP_ENDED,
        Action.ORGANIZER_ASKED,
        Action.MAIL_CAME_BACK,
        Action.QUESTION_SETTLED,
    )

    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    action = models.CharField(_("what"), max_length=40, choices=Action.choices)
    subject_kind = models.CharField(_("of what kind"), max_length=20)
    subject_key = models.CharField(_("number"), max_length=80)
    detail = models.CharField(_("more"), max_length=200, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        default_permissions = ("view",)
        indexes = [
            models.Index(name="community_event_subject", fields=["subject_kind", "subject_key"]),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_key}: {self.get_action_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise ValueError("An event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise ValueError("An event is never deleted.")
