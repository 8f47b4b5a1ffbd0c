"""One wording of a fact, and the transitions that a wording may go through.

draft ⇄ in review → approved (by somebody else) → live, until superseded or withdrawn
                  ↘ rejected
"""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts.choices import Audience, ChangeKind, Evidence, Origin, Sensitivity, SourceFlag, Status
from facts.fields import ChoicesField, RichTextField
from facts.models.events import Event
from facts.models.facts import Fact
from facts.models.reviews import Review
from facts.models.version_queries import (
    MEASURED_FIELDS,
    TEXT_FIELDS,
    WRITTEN_FIELDS,
    FactVersionQuerySet,
    FinalText,
)

AS_IT_IS: Any = object()  # Says that a value is not to be touched.
NEEDS_NEUTRAL_HEADING = (Sensitivity.STATISTICS, Sensitivity.PROGNOSIS, Sensitivity.END_OF_LIFE)
GRADE_FIELDS = ("reading_grade", "reading_grades")


def _require_permission(by: Any, permission: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied(_now("Your role does not include this."))


class FactVersion(models.Model):
    """One wording of a fact in one language; never changed once it is approved."""

    fact = models.ForeignKey(Fact, models.PROTECT, related_name="versions", verbose_name=_("fact"))
    language = models.CharField(_("language"), max_length=10, default="en")
    number = models.PositiveIntegerField(_("version"), default=1)
    title = models.CharField(
        _("heading"),
        max_length=120,
        blank=True,
        help_text=_("The answer in a few words: It is not your fault"),
    )
    neutral_heading = models.CharField(
        _("neutral heading"),
        max_length=120,
        blank=True,
        help_text=_(
            "What gentle readers, search and link previews show instead, when the fact is "
            "sensitive. It tells the subject, not the answer: Figures over five years"
        ),
    )
    body = RichTextField(
        _("text"),
        blank=True,
        help_text=_("60 to 180 words: the answer first, then why, then what the reader can do."),
    )
    call_now = models.CharField(
        _("when to call now"),
        max_length=400,
        blank=True,
        help_text=_(
            "Only for what cannot wait: one to three sentences for a box that stands out. No phone "
            "number, since numbers differ by country. For example: Call your cancer team today if "
            "your legs feel weak or numb."
        ),
    )
    sensitivity = models.CharField(
        _("sensitivity"),
        max_length=16,
        choices=Sensitivity.choices,
        blank=True,
        help_text=_("Does it hold figures, an outlook, or the end of life?"),
    )
    evidence = models.CharField(
        _("kind of evidence"), max_length=32, choices=Evidence.choices, blank=True
    )
    audiences = ChoicesField(
        _("for whom in particular"),
        choices=Audience.choices,
        help_text=_("Tick nothing if it is for everybody."),
    )
    grade_reason = models.CharField(
        _("why it cannot be simpler"),
        max_length=300,
        blank=True,
        help_text=_(
            "Only if its reading grade is over 9. For example: It spells out the names of six "
            "tests."
        ),
    )
    plain_words = models.CharField(
        _("words that need no glossary"),
        max_length=400,
        blank=True,
        help_text=_(
            "Medical words that the text itself explains, or that everybody knows, separated by "
            "commas. For example: lymph nodes, liver"
        ),
    )
    # The median reading grade and what it is made of (facts.readability), as last saved.
    reading_grade = models.DecimalField(
        _("reading grade"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    reading_grades = models.JSONField(_("reading grades by formula"), default=dict, blank=True)
    change_kind = models.CharField(
        _("kind of change"), max_length=16, choices=ChangeKind.choices, blank=True
    )
    change_note = models.CharField(
        _("what changed, and why"),
        max_length=300,
        blank=True,
        help_text=_("One plain sentence that readers see: The figure is now that of 2024."),
    )
    status = models.CharField(
        _("status"), max_length=16, choices=Status.choices, default=Status.DRAFT
    )
    origin = models.CharField(
        _("origin"), max_length=16, choices=Origin.choices, default=Origin.STAFF
    )
    # PROTECT: who wrote and who approved a published text must stay known.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    live_from = models.DateTimeField(_("live from"), null=True, blank=True)
    live_until = models.DateTimeField(_("live until"), null=True, blank=True)
    withdrawn_reason = models.CharField(
        _("why it was withdrawn"),
        max_length=300,
        blank=True,
        help_text=_("One plain sentence that readers see."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), default=timezone.now)

    objects = FactVersionQuerySet.as_manager()

    class Meta:
        ordering = ["fact_id", "language", "-number"]
        verbose_name = _("version of a fact")
        verbose_name_plural = _("versions of facts")
        permissions = [("approve_factversion", _("Can approve and withdraw facts"))]
        indexes = [
            models.Index(
                name="facts_factversion_live",
                fields=["fact", "language", "live_from", "live_until"],
            ),
            # The newest first; and when the next text begins or ends.
            models.Index(
                name="facts_factversion_newest", fields=["live_from", "language", "number"]
            ),
            models.Index(
                name="facts_factversion_ends",
                fields=["live_until"],
                condition=Q(live_until__isnull=False),
            ),
            models.Index(
                name="facts_factversion_later",
                fields=["live_from", "language", "number"],
                condition=Q(number__gt=1),
            ),
            models.Index(
                name="facts_factversion_for_some",
                fields=["language", "audiences"],
                condition=~Q(audiences=""),
            ),
            # The few that say what cannot wait, and the few that were withdrawn.
            models.Index(
                name="facts_factversion_call_now",
                fields=["language", "fact"],
                condition=~Q(call_now=""),
            ),
            models.Index(
                name="facts_factversion_withdrawn",
                fields=["language", "live_until"],
                condition=~Q(withdrawn_reason=""),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="facts_factversion_one_number",
                fields=["fact", "language", "number"],
            ),
            models.UniqueConstraint(
                name="facts_factversion_one_open_interval",
                fields=["fact", "language"],
                condition=Q(live_from__isnull=False, live_until__isnull=True),
            ),
            models.UniqueConstraint(
                name="facts_factversion_one_at_work",
                fields=["fact", "language"],
                condition=Q(status__in=["draft", "in-review"]),
                violation_error_message=_("Somebody is already working on this fact."),
            ),
            models.CheckConstraint(
                name="facts_factversion_live_is_approved",
                condition=Q(live_from__isnull=True) | Q(status="approved"),
                violation_error_message=_("Approve this version first."),
            ),
            models.CheckConstraint(
                name="facts_factversion_interval_in_order",
                condition=Q(live_until__isnull=True)
                | Q(
                    live_from__isnull=False,
                    live_until__isnull=False,
                    live_until__gte=F("live_from"),
                ),
                violation_error_message=_("A version cannot end before it begins."),
            ),
            models.CheckConstraint(
                name="facts_factversion_approved_by_another",
                condition=~Q(status="approved")
                | Q(origin__in=["starter library", "example"], author__isnull=True)
                | Q(author__isnull=False, approver__isnull=False) & ~Q(author=F("approver")),
                violation_error_message=_("Somebody else than the author must approve it."),
            ),
            models.CheckConstraint(
                name="facts_factversion_approved_is_complete",
                condition=~Q(status="approved")
                | (
                    ~Q(title="")
                    & ~Q(body="")
                    & ~Q(sensitivity="")
                    & ~Q(evidence="")
                    & Q(approved_at__isnull=False)
                ),
                violation_error_message=_("An approved version has a heading and a text."),
            ),
            models.CheckConstraint(
                name="facts_factversion_sensitive_has_neutral_heading",
                condition=~Q(status="approved") | Q(sensitivity="none") | ~Q(neutral_heading=""),
                violation_error_message=_("A sensitive fact needs a neutral heading."),
            ),
            models.CheckConstraint(
                name="facts_factversion_author_unless_starter",
                condition=Q(origin__in=["starter library", "example"]) | Q(author__isnull=False),
                violation_error_message=_("A version has an author."),
            ),
            models.CheckConstraint(
                name="facts_factversion_sensitivity_known",
                condition=Q(sensitivity__in=["", *Sensitivity.values]),
            ),
            models.CheckConstraint(
                name="facts_factversion_status_known", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                name="facts_factversion_later_says_what_changed",
                condition=~Q(status="approved")
                | Q(number=1)
                | (~Q(change_kind="") & ~Q(change_note="")),
                violation_error_message=_("Say what kind of change it is, and what changed."),
            ),
        ]

    def __str__(self) -> str:
        return _now("%(title)s (version %(number)d)") % {
            "title": self.heading or str(self.fact),
            "number": self.number,
        }

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk and not self._state.adding:
            before = type(self).objects.filter(pk=self.pk, status=Status.APPROVED).first()
            if before and any(getattr(before, n) != getattr(self, n) for n in TEXT_FIELDS):
                raise FinalText("The text of an approved version never changes.")
        self._measure_before_save(kwargs)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return self.fact.get_absolute_url()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete a draft with its events. Raises FinalText once it was sent or decided."""
        with transaction.atomic():
            if self.locked().status != Status.DRAFT:
                raise FinalText("Only a draft can be deleted.")
            # Their own managers refuse to delete; a draft that is gone leaves no trail.
            models.QuerySet(Event).filter(version=self).delete()
            models.QuerySet(Review).filter(version=self).delete()
            return super().delete(*args, **kwargs)

    def _measure_before_save(self, kwargs: dict[str, Any]) -> None:
        """Bring the reading grade up to date, while the text may still change."""
        from facts import bench

        fields = kwargs.get("update_fields")
        if not self.is_open or (fields is not None and not MEASURED_FIELDS & set(fields)):
            return
        bench.measure(self)
        if fields is not None:
            kwargs["update_fields"] = {*fields, *GRADE_FIELDS}

    # What it is at a moment

    @property
    def heading(self) -> str:
        """The heading that may stand anywhere: neutral wherever the fact is sensitive."""
        if self.sensitivity == Sensitivity.NONE or not self.neutral_heading:
            return self.title
        return self.neutral_heading

    @property
    def subject(self) -> str:
        """What it is about, without its answer: for a text that was withdrawn."""
        return self.neutral_heading or str(self.fact)

    @property
    def is_open(self) -> bool:
        """Whether it is still being worked on."""
        return self.status in {Status.DRAFT, Status.IN_REVIEW}

    def is_live(self, at: datetime) -> bool:
        """Return whether readers see it at `at`."""
        return (
            self.live_from is not None
            and self.live_from <= at
            and (self.live_until is None or at < self.live_until)
        )

    def is_scheduled(self, at: datetime) -> bool:
        """Return whether readers will see it some time after `at`."""
        return (
            self.live_from is not None
            and self.live_from > at
            and (self.live_until is None or self.live_until > self.live_from)
        )

    @property
    def is_withdrawn(self) -> bool:
        """Whether staff took it back, now or at the moment when it ends."""
        return bool(self.withdrawn_reason)

    @property
    def last_review(self) -> Review | None:
        """The newest review of this very text, or None: then nobody qualified has reviewed it.

        With `with_evidence()` it came along, with what is printed of it.
        """
        if "last_review_said" in self.__dict__:
            said = self.__dict__["last_review_said"]
            return Review.of_printed(said) if said else None
        return self.reviews.standing().first()  # type: ignore[attr-defined]

    @property
    def sources_checked_on(self) -> date | None:
        """The day on which all its sources had been checked: the oldest of their days."""
        return min((c.source.accessed_on for c in self.citations.all()), default=None)

    def missing(self) -> list[str]:
        """Return, in words, everything that stands between this text and its approval."""
        from facts import gate

        return gate.missing(self)

    # Transitions: each checks who, when and what under a row lock, and writes its event.

    def locked(self) -> "FactVersion":
        """Return this row as it is now, locked, with its fact locked first."""
        Fact.objects.select_for_update().get(pk=self.fact_id)
        return FactVersion.objects.select_for_update().get(pk=self.pk)

    def was_written_by(self, person: Any) -> bool:
        """Return whether `person` wrote any of it: then somebody else must decide it."""
        return (
            self.author_id == person.pk
            or self.events.filter(  # type: ignore[attr-defined]
                verb=Event.Verb.CREATED, actor=person
            ).exists()
        )

    def was_sent_out_by(self, person: Any) -> bool:
        """Return whether `person` asked a clinician about it: then somebody else must decide it.

        So it stays if the request was taken back, or the text changed since.
        """
        return self.review_requests.filter(asked_by=person).exists()  # type: ignore[attr-defined]

    def _require_decider(self, by: Any) -> None:
        """Raise PermissionDenied unless `by` may decide versions, and neither wrote nor sent it."""
        _require_permission(by, "facts.approve_factversion")
        if self.was_written_by(by):
            raise PermissionDenied(_now("You wrote some of this text, so somebody else decides."))
        if self.was_sent_out_by(by):
            raise PermissionDenied(
                _now("You sent this text to a clinician, so somebody else decides.")
            )

    def _require(self, *statuses: Status) -> None:
        if self.status not in statuses:
            raise ValidationError(
                _("This version is already “%(status)s”. Somebody else may have decided it."),
                code="decided",
                params={"status": self.get_status_display()},
            )

    def _note(self, verb: Event.Verb, actor: Any, at: datetime, note: str = "") -> None:
        Event.objects.create(version=self, verb=verb, actor=actor, note=note, happened_at=at)
        self.refresh_from_db()

    @classmethod
    def start(cls, fact: Fact, author: Any, language: str = "en") -> "FactVersion":
        """Begin a new draft of `fact`, with the text and citations of the newest version.

        Raises PermissionDenied, or ValidationError if somebody is already working on one.
        """
        from facts.models.sources import Citation

        _require_permission(author, "facts.add_factversion")
        with transaction.atomic():
            Fact.objects.select_for_update().get(pk=fact.pk)
            versions = cls.objects.filter(fact=fact, language=language)
            if versions.open().exists():
                raise ValidationError(_("Somebody is already working on this fact."), code="open")
            now = timezone.now()
            last = versions.filter(status=Status.APPROVED).order_by("-number").first()
            draft = cls(
                fact=fact,
                language=language,
                number=(versions.aggregate(last=Max("number"))["last"] or 0) + 1,
                author=author,
                edited_at=now,
            )
            if last:
                for name in WRITTEN_FIELDS:
                    setattr(draft, name, getattr(last, name))
            draft.save()
            if last:
                for citation in last.citations.all():
                    Citation.objects.create(
                        version=draft,
                        source_id=citation.source_id,
                        supports=citation.supports,
                        passages=citation.passages,
                        position=citation.position,
                    )
            draft._note(Event.Verb.CREATED, author, now)
        return draft

    def record_edit(self, by: Any) -> None:
        """Note that `by` has changed the text or the sources of this draft.

        Its author is whoever changed it last, and everybody who ever wrote on it has an event,
        so that none of them can approve it. A text of the starter library becomes ours.
        Raises PermissionDenied, or ValidationError if it is no draft any more.
        """
        _require_permission(by, "facts.change_factversion")
        with transaction.atomic():
            version = self.locked()
            now = timezone.now()  # Later than every review of the text before this change.
            version._require(Status.DRAFT)
            is_new_hand = not version.was_written_by(by)
            version.author, version.origin, version.edited_at = by, Origin.STAFF, now
            version.save(update_fields=["author", "origin", "edited_at"])
            if is_new_hand:
                self._note(Event.Verb.CREATED, by, now)
            else:
                self.refresh_from_db()

    def submit(self, by: Any) -> None:
        """Send a draft for review. Raises PermissionDenied, or ValidationError if it is none."""
        _require_permission(by, "facts.change_factversion")
        with transaction.atomic():
            version = self.locked()
            version._require(Status.DRAFT)
            version.status = Status.IN_REVIEW
            version.save(update_fields=["status"])
            self._note(Event.Verb.SUBMITTED, by, timezone.now())

    def return_to_author(self, by: Any, note: str = "") -> None:
        """Make a version in review a draft again; `note` says why.

        A reviewer sends it back with a note; whoever wrote it may take it back without one.
        Raises PermissionDenied or ValidationError.
        """
        with transaction.atomic():
            version = self.locked()
            if version.was_written_by(by):
                _require_permission(by, "facts.change_factversion")
            else:
                _require_permission(by, "facts.approve_factversion")
                if not note.strip():
                    raise ValidationError(_("Say what should be changed."), code="reason")
            version._require(Status.IN_REVIEW)
            version.status = Status.DRAFT
            version.save(update_fields=["status"])
            self._note(Event.Verb.RETURNED, by, timezone.now(), note.strip())

    def reject(self, by: Any, note: str) -> None:
        """Refuse a version in review for good; `note` says why. Staff can still read it.

        Raises PermissionDenied if `by` may not decide it, or wrote some of it.
        """
        with transaction.atomic():
            version = self.locked()
            version._require_decider(by)
            if not note.strip():
                raise ValidationError(_("Say why you reject it."), code="reason")
            version._require(Status.IN_REVIEW)
            version.status = Status.REJECTED
            version.save(update_fields=["status"])
            self._note(Event.Verb.REJECTED, by, timezone.now(), note.strip())

    def approve(
        self,
        by: Any,
        *,
        change_kind: str = "",
        change_note: str = "",
        live_from: datetime | None = None,
        read_at: datetime | None = None,
    ) -> None:
        """Approve a version in review, to be live from `live_from`, or from now.

        The version before it ends at that moment, in the same transaction. `read_at` is the
        `edited_at` of the text that `by` has read, if known. Raises PermissionDenied if `by` may
        not approve, or wrote some of it; ValidationError with everything that is missing, if
        the text is another by now, or if somebody else has decided it.
        """
        with transaction.atomic():
            now = timezone.now()
            version = self.locked()
            version._require_decider(by)
            version._require(Status.IN_REVIEW)
            if read_at is not None and read_at != version.edited_at:
                raise ValidationError(
                    _("The text has changed since you opened it. Please read it again."),
                    code="stale",
                )
            missing = version.missing()
            is_known = change_kind in ChangeKind.values
            if version.number > 1 and not (is_known and change_note.strip()):
                missing.append(_now("Say what kind of change it is, and what changed."))
            if live_from is not None and live_from < now:
                missing.append(_now("It cannot have been live before it was approved."))
            if missing:
                raise ValidationError(missing, code="missing")
            if version.number > 1:
                version.change_kind, version.change_note = change_kind, change_note.strip()
            version._go_live(approver=by, at=now, live_from=live_from or now)
            self._note(Event.Verb.APPROVED, by, now)

    def publish_from_starter_library(self) -> None:
        """Make a version of the starter library live now; nobody has approved it, and it says so.

        Raises ValidationError if it is incomplete, or not of the starter library.
        """
        with transaction.atomic():
            now = timezone.now()
            version = self.locked()
            version._require(Status.DRAFT)
            missing = version.missing()
            if version.origin != Origin.STARTER_LIBRARY or missing:
                raise ValidationError(
                    missing or [_now("It is not of the starter library.")], code="missing"
                )
            version._go_live(approver=None, at=now, live_from=now)
            self._note(Event.Verb.APPROVED, None, now, str(Origin.STARTER_LIBRARY.label))

    def _go_live(self, *, approver: Any, at: datetime, live_from: datetime) -> None:
        """Approve this locked row, and end every version that would be live at the same time."""
        others = FactVersion.objects.filter(
            fact_id=self.fact_id, language=self.language, live_from__isnull=False
        ).exclude(live_until__lte=live_from)
        for other in others:
            # One that was to begin later never begins.
            other.live_until = max(live_from, other.live_from or live_from)
            other.save(update_fields=["live_until"])
        self.status = Status.APPROVED
        self.approver = approver
        self.approved_at = at
        self.live_from = live_from
        self.save()

    def withdraw(self, by: Any, reason: str, *, replaced_by: Fact | None = AS_IT_IS) -> None:
        """Take the fact's live version back now, with any that is scheduled; or a scheduled one.

        `reason` is one sentence that readers see, if they ever saw the version. When a scheduled
        one is taken back, the version before it stays. `replaced_by` is the fact that now answers
        the question: readers are shown the way to it. Whoever wrote a version may take it back:
        a text that does harm must not wait. Raises PermissionDenied, or ValidationError if there
        is no reason, the version is neither live nor scheduled, or readers do not see what is to
        replace it.
        """
        _require_permission(by, "facts.approve_factversion")
        if not reason.strip():
            raise ValidationError(_("Tell readers why, in one sentence."), code="reason")
        with transaction.atomic():
            now = timezone.now()
            version = self.locked()
            if version.is_live(now):
                version._end_for_readers(now, reason.strip())
                if replaced_by is not AS_IT_IS:
                    version._replace_fact(replaced_by, now)
            elif version.is_scheduled(now):
                version._end_before_it_begins()
            else:
                raise ValidationError(_("Readers do not see this version now."), code="decided")
            self._note(Event.Verb.WITHDRAWN, by, now, reason.strip())

    def _others(self) -> FactVersionQuerySet:
        """Return the other versions of this fact in this language."""
        others = FactVersion.objects.filter(fact_id=self.fact_id, language=self.language)
        return others.exclude(pk=self.pk)

    def _end_for_readers(self, at: datetime, reason: str) -> None:
        """End this locked, live row and every one that was to follow it."""
        for other in self._others().scheduled(at):
            other.live_until = other.live_from
            other.save(update_fields=["live_until"])
        self.live_until, self.withdrawn_reason = at, reason
        self.save(update_fields=["live_until", "withdrawn_reason"])

    def _replace_fact(self, replacement: Fact | None, at: datetime) -> None:
        """Say which fact answers the question of this locked row's fact from now on, or none."""
        fact = Fact.objects.get(pk=self.fact_id)
        if replacement is not None:
            others = Fact.objects.live(at, self.language).exclude(pk=fact.pk)
            if not others.filter(pk=replacement.pk).exists():
                raise ValidationError(
                    _("Readers do not see the fact that is to replace it. Choose another one."),
                    code="replacement",
                )
        fact.replaced_by = replacement
        fact.save(update_fields=["replaced_by"])

    def _end_before_it_begins(self) -> None:
        """Let this locked, scheduled row never begin; the one before it stays for as long."""
        until, self.live_until = self.live_until, self.live_from
        self.save(update_fields=["live_until"])
        before = self._others().filter(
            live_until=self.live_from, live_from__lt=self.live_from, withdrawn_reason=""
        )
        for other in before:
            other.live_until = until
            other.save(update_fields=["live_until"])

    def record_review(
        self,
        by: Any,
        *,
        reviewer_name: str,
        reviewer_role: str,
        reviewed_on: date,
        review_due: date,
        note: str = "",
    ) -> Review:
        """Add what a qualified person said of this version; nothing else changes.

        Raises PermissionDenied, or ValidationError if readers neither see it nor will, or if the
        days cannot be.
        """
        _require_permission(by, "facts.add_review")
        if reviewed_on > timezone.localdate():
            raise ValidationError(
                {"reviewed_on": _("This day is still to come. Give the day it was reviewed.")}
            )
        with transaction.atomic():
            version, now = self.locked(), timezone.now()
            if not (version.is_live(now) or version.is_scheduled(now)):
                raise ValidationError(_("Readers do not see this version now."), code="decided")
            return self._add_review(
                by,
                recorded_by=by,
                reviewer_name=reviewer_name,
                reviewer_role=reviewer_role,
                reviewed_on=reviewed_on,
                review_due=review_due,
                note=note,
            )

    def flagged_citations(self, at: datetime) -> Any:
        """Return its citations of sources with a warning that nobody has looked at since."""
        from facts.models.sources import Citation

        return Citation.objects.to_look_at(at).filter(version=self).in_order()

    def say_it_stands(self, by: Any, note: str = "") -> None:
        """Note that the text holds in spite of a warning on a source that it cites.

        This takes its fact from the queue until the next warning. A retraction takes a `note`
        that says why. Raises PermissionDenied if `by` may not decide or wrote some of it, or
        ValidationError.
        """
        _require_permission(by, "facts.approve_factversion")
        if self.was_written_by(by):
            raise PermissionDenied(_now("You wrote some of this text, so somebody else decides."))
        with transaction.atomic():
            version = self.locked()
            now = timezone.now()
            flags = {c.source.flag for c in version.flagged_citations(now)}
            if not flags:
                raise ValidationError(
                    _("No source of this text has a warning that waits for a word."),
                    code="decided",
                )
            if SourceFlag.RETRACTED in flags and not note.strip():
                raise ValidationError(
                    _("A source was retracted. Say what the text rests on instead."), code="reason"
                )
            self._note(Event.Verb.STANDS, by, now, note.strip())

    def _add_review(self, actor: Any, **fields: Any) -> Review:
        """Add a review with `fields`, and its event; nobody is its actor if it came by a link."""
        with transaction.atomic():
            review = Review(version=self, **fields)
            review.full_clean()
            review.save()
            said = f"{review.reviewer_name}, {review.reviewer_role}"
            self._note(Event.Verb.REVIEWED, actor, timezone.now(), said)
        return review
