"""What people outside suggest: a new group, or a correction of a listing."""

from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField, UndecipherableText
from community.models.events import Event
from community.models.groups import SupportGroup

# A decided one keeps what may tell who wrote it for so long, and is deleted after that.
PRIVATE_IS_KEPT = timedelta(days=30)
DECIDED_IS_KEPT = timedelta(days=180)
# Whoever waits for an answer is told after this time that there is none yet.
ANSWER_IS_LATE = timedelta(days=90)
DECISION_FIELDS = ("decided_by", "decided_at", "outcome", "reason", "note", "applied", "draft")
PRIVATE_FIELDS = ("joining", "words", "reply_address")


class AlreadyDecided(ValidationError):
    """Somebody else was quicker; `suggestion` says what they decided."""

    def __init__(self, suggestion: "Suggestion") -> None:
        self.suggestion = suggestion
        super().__init__(_("Somebody has decided this already."), code="decided")


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def open(self) -> Self:
        """Suggestions that nobody has decided yet."""
        return self.filter(decided_at__isnull=True)

    def decided_before(self, moment: datetime) -> Self:
        """Suggestions that were decided at `moment` or earlier."""
        return self.filter(decided_at__lte=moment)

    def late(self, on: date) -> Self:
        """Open suggestions that have been here for too long on the day `on`."""
        return self.open().filter(created_on__lte=on - ANSWER_IS_LATE)

    def with_address(self) -> Self:
        """Suggestions that hold an address for an answer."""
        # What is encrypted cannot be compared, but an empty text is kept as it is.
        stored = Cast("reply_address", models.TextField())
        return self.annotate(stored_address=stored).exclude(stored_address="")

    def receive(
        self,
        group: SupportGroup | None,
        *,
        changes: dict[str, dict[str, Any]],
        on: date,
        joining: str = "",
        words: str = "",
        reply_address: str = "",
        language: str = "en",
        sender: Any = None,
    ) -> "Suggestion":
        """Keep what somebody says of `group`, or of one that is missing, on the day `on`.

        `sender` is kept if it is staff, and no other account ever. The same said twice on one
        day is one suggestion: somebody pressed twice.
        """
        kind = Suggestion.Kind.CORRECTION if group else Suggestion.Kind.NEW_GROUP
        sender = sender if sender is not None and sender.is_staff else None
        new = Suggestion(
            kind=kind,
            group=group,
            changes=changes,
            joining=joining,
            words=words,
            reply_address=reply_address,
            language=language,
            created_on=on,
            suggested_by=sender,
        )
        for other in self.open().filter(kind=kind, group=group, created_on=on, suggested_by=sender):
            if other.says_the_same(new):
                return other
        new.save(force_insert=True)
        return new


class Suggestion(models.Model):
    """A new group or a correction of one: open, then taken over or not.

    It holds the day, never the hour, and nothing of who sent it: no account, no address of a
    machine. Two exceptions: the account of a sender who was signed in as staff, who then cannot
    decide it; and an address for one answer, encrypted and shown to nobody.
    """

    class Kind(models.TextChoices):
        NEW_GROUP = "new-group", _("New group")
        CORRECTION = "correction", _("Correction")

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Taken over")
        PARTLY = "partly", _("Taken over in part")
        REJECTED = "rejected", _("Not taken over")

    class Reason(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("Nobody could confirm it")
        KNOWN = "known", _("It is here already")
        RIGHT = "right", _("The listing is right as it stands")
        NOT_FITTING = "not-fitting", _("It is not what this directory is for")
        UNCLEAR = "unclear", _("It could not be understood")
        OTHER = "other", _("Another reason")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    # A listing that goes takes its corrections along; the desk deletes no listing that has any.
    group = models.ForeignKey(
        SupportGroup,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="suggestions",
        verbose_name=_("support group"),
    )
    # {field: {"was": what the sender saw, "new": what they say}}; "was" only in a correction.
    changes = models.JSONField(_("what they say"), default=dict, blank=True)
    joining = EncryptedTextField(_("how to join, in their words"), blank=True, default="")
    words = EncryptedTextField(_("what else they say"), blank=True, default="")
    reply_address = EncryptedTextField(
        _("address for one answer"), blank=True, default="", editable=False
    )
    # In which the answer is written.
    language = models.CharField(_("language of the page"), max_length=12, default="en")
    created_on = models.DateField(_("day"))
    suggested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("sent by a colleague"),
    )
    outcome = models.CharField(
        _("what came of it"), max_length=16, choices=Outcome.choices, blank=True
    )
    reason = models.CharField(_("why not"), max_length=16, choices=Reason.choices, blank=True)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    applied = models.JSONField(_("what was taken over"), default=dict, blank=True)
    draft = models.ForeignKey(
        SupportGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("listing made of it"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answer sent"), null=True, blank=True, editable=False)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        # Open ones first, and of those the one that waits longest.
        ordering = [F("decided_at").desc(nulls_first=True), "created_on", "pk"]
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        # People outside write them, a job deletes them; moderators read and decide.
        default_permissions = ("view", "change")
        indexes = [
            models.Index(
                name="community_suggestion_open",
                fields=["created_on"],
                condition=Q(decided_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="community_suggestion_kind_known",
                condition=Q(kind__in=["new-group", "correction"]),
            ),
            models.CheckConstraint(
                name="community_suggestion_outcome_known",
                condition=Q(outcome__in=["", "accepted", "partly", "rejected"]),
            ),
            models.CheckConstraint(
                name="community_suggestion_correction_has_group",
                condition=Q(kind="correction", group__isnull=False)
                | Q(kind="new-group", group__isnull=True),
            ),
            models.CheckConstraint(
                name="community_suggestion_decided_has_outcome",
                condition=Q(decided_at__isnull=True, outcome="", decided_by__isnull=True)
                | Q(decided_at__isnull=False) & ~Q(outcome=""),
            ),
            models.CheckConstraint(
                name="community_suggestion_rejected_has_reason",
                condition=Q(outcome="rejected") & ~Q(reason="")
                | ~Q(outcome="rejected") & Q(reason=""),
                violation_error_message=_("Say why not."),
            ),
            models.CheckConstraint(
                name="community_suggestion_draft_of_new_group",
                condition=Q(draft__isnull=True) | Q(kind="new-group", outcome="accepted"),
            ),
            models.CheckConstraint(
                name="community_suggestion_sender_does_not_decide",
                condition=Q(suggested_by__isnull=True)
                | Q(decided_by__isnull=True)
                | Q(suggested_by__isnull=False, decided_by__isnull=False)
                & ~Q(suggested_by=F("decided_by")),
                violation_error_message=_("Somebody else decides what you sent yourself."),
            ),
        ]

    def __str__(self) -> str:
        return _now("%(kind)s: %(name)s") % {"kind": self.get_kind_display(), "name": self.name}

    @property
    def name(self) -> str:
        """The name of the group that it is about."""
        if self.group is not None:
            return self.group.name
        return str(self.changes.get("name", {}).get("new", ""))

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided it yet."""
        return self.decided_at is None

    @property
    def is_from_organizer(self) -> bool:
        """Whether it came by the link in a mail to the organizer of the group."""
        return hasattr(self, "verification")

    def says_the_same(self, other: "Suggestion") -> bool:
        """Whether both say the same, and ask for an answer to the same address."""
        try:
            return self.changes == other.changes and all(
                getattr(self, name) == getattr(other, name)
                for name in ("joining", "words", "reply_address")
            )
        except UndecipherableText:
            return False

    def private(self, name: str) -> str | None:
        """Return one of PRIVATE_FIELDS, or None if no key opens it."""
        try:
            return getattr(self, name)
        except UndecipherableText:
            return None

    def is_of(self, person: Any) -> bool:
        """Whether `person` sent it, signed in as staff, and so cannot decide it."""
        return self.suggested_by_id is not None and self.suggested_by_id == person.pk

    # Deciding: the row is locked until the transaction ends.

    def lock_to_decide(self, by: Any) -> "Suggestion":
        """Return it as it is now, locked, for `by` to decide.

        Raises PermissionDenied if `by` may not, or sent it; AlreadyDecided.
        """
        if not by.has_perm("community.change_suggestion"):
            raise PermissionDenied(_now("Your role does not include this."))
        locked = _lock(self.pk)
        if locked.is_of(by):
            raise PermissionDenied(_now("You sent this yourself, so a colleague decides it."))
        if not locked.is_open:
            raise AlreadyDecided(locked)
        return locked

    def close(
        self,
        by: Any,
        *,
        outcome: str,
        reason: str = "",
        note: str = "",
        applied: dict[str, Any] | None = None,
        draft: SupportGroup | None = None,
    ) -> None:
        """Keep what came of it, and who decided. Raises what lock_to_decide() raises."""
        with transaction.atomic():
            locked = self.lock_to_decide(by)
            locked.decided_by, locked.decided_at = by, timezone.now()
            locked.outcome, locked.reason, locked.note = outcome, reason, note.strip()
            locked.applied, locked.draft = applied or {}, draft
            locked.validate_constraints(exclude=set(PRIVATE_FIELDS))
            locked.save(update_fields=DECISION_FIELDS)
            Event.objects.create(
                at=locked.decided_at,
                actor=by,
                action=f"suggestion-{outcome}",
                subject_kind="suggestion",
                subject_key=str(self.pk),
                detail=reason,
            )
        self.refresh_from_db(fields=DECISION_FIELDS)


def _lock(pk: int) -> Suggestion:
    return Suggestion.objects.select_for_update().get(pk=pk)
