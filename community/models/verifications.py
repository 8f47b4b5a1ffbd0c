"""A question to the organizer of a listing, by mail: is it still right? And what came back."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class VerificationQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Askings that nothing has closed yet; one of them may have expired."""
        return self.filter(
            answered_at__isnull=True, bounced_at__isnull=True, withdrawn_at__isnull=True
        )

    def unsettled(self) -> Self:
        """Askings of which staff have not said that nothing is left to do."""
        return self.filter(settled_at__isnull=True)

    def waiting(self, at: datetime) -> Self:
        """Askings that can be answered at `at`."""
        return self.open().filter(expires_at__gt=at)

    def silent(self, at: datetime) -> Self:
        """Askings to which nothing came back in time."""
        return self.open().unsettled().filter(expires_at__lte=at)

    def bounced(self) -> Self:
        """Askings whose mail did not arrive."""
        return self.unsettled().filter(answered_at__isnull=True, bounced_at__isnull=False)

    def disputed(self) -> Self:
        """Askings whose answer a moderator has to decide."""
        return self.unsettled().filter(answer__in=Verification.Answer.disputes())


class Verification(models.Model):
    """One asking: a mail to the organizer, its one reminder, and the one answer to both.

    Of the links in the two mails only hashes of their secrets are kept. An asking is never
    changed afterwards but for what became of it.
    """

    class Answer(models.TextChoices):
        RIGHT = "right", _("Still right")
        CHANGE = "change", _("Something changes")
        PAUSED = "paused", _("Paused for a while")
        ENDED = "ended", _("Has ended")
        NOT_MINE = "not-mine", _("Not theirs, or no more mails")

        @classmethod
        def disputes(cls) -> list[str]:
            """The answers that a moderator has to decide."""
            return [cls.CHANGE, cls.ENDED, cls.NOT_MINE]

    class State(models.TextChoices):
        """Where an asking stands; computed, never stored."""

        WAITING = "waiting", _("Waiting for an answer")
        ANSWERED = "answered", _("Answered")
        BOUNCED = "bounced", _("The mail came back")
        EXPIRED = "expired", _("No answer came")
        WITHDRAWN = "withdrawn", _("Not needed any more")

    group = models.ForeignKey(
        "community.SupportGroup",
        models.CASCADE,
        related_name="verifications",
        verbose_name=_("support group"),
    )
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("valid until"))
    secret_hash = models.CharField(max_length=64, editable=False)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    reminder_hash = models.CharField(max_length=64, blank=True, editable=False)
    answer = models.CharField(_("answer"), max_length=16, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    bounced_at = models.DateTimeField(_("came back"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-pk"]
        verbose_name = _("question to an organizer")
        verbose_name_plural = _("questions to organizers")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="community_verification_one_secret", fields=["secret_hash"]
            ),
            models.UniqueConstraint(
                name="community_verification_one_reminder_secret",
                fields=["reminder_hash"],
                condition=~Q(reminder_hash=""),
            ),
            models.UniqueConstraint(
                name="community_verification_one_open_per_group",
                fields=["group"],
                condition=Q(
                    answered_at__isnull=True, bounced_at__isnull=True, withdrawn_at__isnull=True
                ),
            ),
            models.CheckConstraint(
                name="community_verification_reminder_is_whole",
                condition=Q(reminded_at__isnull=True, reminder_hash="")
                | (Q(reminded_at__isnull=False) & ~Q(reminder_hash="")),
            ),
            models.CheckConstraint(
                name="community_verification_answer_known",
                condition=Q(answer__in=["", "right", "change", "paused", "ended", "not-mine"]),
            ),
            models.CheckConstraint(
                name="community_verification_answer_is_whole",
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="community_verification_answered_or_withdrawn",
                condition=Q(answered_at__isnull=True) | Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="community_verification_ends_after_it_was_sent",
                condition=Q(expires_at__gt=F("sent_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}, {self.sent_at:%Y-%m-%d}"

    def state(self, at: datetime) -> "Verification.State":
        """Return where it stands at `at`."""
        if self.answered_at is not None:
            return self.State.ANSWERED
        if self.bounced_at is not None:
            return self.State.BOUNCED
        # A later asking takes an expired one back, which stays unanswered all the same.
        if self.withdrawn_at is not None and self.withdrawn_at < self.expires_at:
            return self.State.WITHDRAWN
        return self.State.EXPIRED if at >= self.expires_at else self.State.WAITING
