"""What readers say of a fact, and what staff made of it."""

from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts.models.events import Event
from facts.models.facts import Fact
from facts.models.versions import FactVersion

WORDS_LENGTH = 2000
NOTE_LENGTH = 2000
# After this time a closed report keeps its kind and its outcome, and not the reader's words.
WORDS_ARE_KEPT = timedelta(days=180)


class ReportQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Reports that nobody has closed yet."""
        return self.filter(closed_at__isnull=True)

    def with_old_words(self, at: datetime) -> Self:
        """Reports whose words are to be deleted at `at`: closed for longer than they are kept."""
        return self.filter(closed_at__lte=at - WORDS_ARE_KEPT).exclude(words="")

    def with_facts(self) -> Self:
        """Reports with what their list shows."""
        return self.select_related("version__fact__topic", "mended_in", "answered_by__topic")

    def receive(self, version: FactVersion, *, kind: str, words: str, on: date) -> "Report":
        """Keep what a reader says of `version` on the day `on`.

        The same words of the same day are one report: somebody pressed twice.
        """
        same = {"version": version, "kind": kind, "words": words, "created_on": on}
        found: Any = self.open().filter(**same).first()
        if found is not None:
            return found
        report = Report(**same)
        report.full_clean(exclude=["version"])
        report.save(force_insert=True)
        return report


class Report(models.Model):
    """A reader's words on a version of a fact: open, then closed with what came of it.

    It holds the day, never the hour, and nothing of who wrote it: no address, no account.
    """

    class Kind(models.TextChoices):
        WRONG = "wrong", _("Something looks wrong")
        UNCLEAR = "unclear", _("It is hard to understand")
        OUT_OF_DATE = "out-of-date", _("It is out of date")
        DEAD_LINK = "dead-link", _("A link does not work")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        MENDED = "mended", _("Put right")
        RIGHT = "right", _("It is right as it stands")
        CANNOT = "cannot", _("We cannot help it")
        OFF_TOPIC = "off-topic", _("Not about this fact")

    # PROTECT: readers have seen this version, so it stays.
    version = models.ForeignKey(
        FactVersion, models.PROTECT, related_name="reports", verbose_name=_("version they read")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    words = models.TextField(
        _("what the reader wrote"), blank=True, validators=[MaxLengthValidator(WORDS_LENGTH)]
    )
    created_on = models.DateField(_("day"))
    outcome = models.CharField(
        _("what came of it"), max_length=16, choices=Outcome.choices, blank=True
    )
    mended_in = models.ForeignKey(
        FactVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("put right in"),
    )
    answered_by = models.ForeignKey(
        Fact,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("fact that answers it now"),
        help_text=_("If another fact says what this reader was looking for."),
    )
    note = models.TextField(
        _("note"),
        blank=True,
        validators=[MaxLengthValidator(NOTE_LENGTH)],
        help_text=_(
            "For staff; no reader sees it. It is kept, so repeat nothing that tells who wrote."
        ),
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        # Open ones first, then the newest.
        ordering = [F("closed_at").desc(nulls_first=True), "-created_on", "-pk"]
        verbose_name = _("reader’s report")
        verbose_name_plural = _("readers’ reports")
        # Readers write them, a job empties them; staff read and close them.
        default_permissions = ("view", "change")
        indexes = [
            models.Index(
                name="facts_report_open", fields=["created_on"], condition=Q(closed_at__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="facts_report_open_has_words",
                condition=~Q(words="") | Q(closed_at__isnull=False),
                violation_error_message=_("Tell us in a few words what you noticed."),
            ),
            models.CheckConstraint(
                name="facts_report_closed_has_outcome",
                condition=Q(closed_at__isnull=True, outcome="")
                | Q(closed_at__isnull=False) & ~Q(outcome=""),
                violation_error_message=_("Say what came of it."),
            ),
            models.CheckConstraint(
                name="facts_report_kind_known",
                condition=Q(kind__in=["wrong", "unclear", "out-of-date", "dead-link", "other"]),
            ),
            models.CheckConstraint(
                name="facts_report_outcome_known",
                condition=Q(outcome__in=["", "mended", "right", "cannot", "off-topic"]),
            ),
            models.CheckConstraint(
                name="facts_report_mended_in_if_mended",
                condition=Q(mended_in__isnull=True) | Q(outcome="mended"),
                violation_error_message=_("Choose a version only for what was put right."),
            ),
            models.CheckConstraint(
                name="facts_report_open_has_no_answer",
                condition=Q(closed_at__isnull=False)
                | Q(answered_by__isnull=True, closed_by__isnull=True, note=""),
            ),
        ]

    def __str__(self) -> str:
        return _now("%(kind)s: %(version)s") % {
            "kind": self.get_kind_display(),
            "version": self.version,
        }

    @property
    def fact(self) -> Fact:
        """The fact that it is about."""
        return self.version.fact

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed it yet."""
        return self.closed_at is None

    def newer_versions(self, at: datetime) -> models.QuerySet[FactVersion]:
        """Return the versions that came after the one they read, and that readers have seen.

        One of them can be said to have put it right.
        """
        version = self.version
        return FactVersion.objects.ever_live(at).filter(
            fact=version.fact_id, language=version.language, number__gt=version.number
        )

    def close(
        self,
        by: Any,
        *,
        outcome: str,
        note: str = "",
        mended_in: FactVersion | None = None,
        answered_by: Fact | None = None,
        is_emptied: bool = False,
    ) -> None:
        """Close it, and say what came of it; `is_emptied` deletes the reader's words at once.

        Raises PermissionDenied; ValidationError if somebody closed it before (code "closed"), if
        `mended_in` is none of newer_versions(), or if readers do not see `answered_by`.
        """
        if not by.has_perm("facts.change_report"):
            raise PermissionDenied(_now("Your role does not include this."))
        with transaction.atomic():
            report = Report.objects.select_for_update().get(pk=self.pk)
            now = timezone.now()
            if report.closed_at is not None:
                raise ValidationError(_("Somebody has closed this report already."), code="closed")
            if mended_in is not None and not self.newer_versions(now).filter(pk=mended_in.pk):
                raise ValidationError(
                    {"mended_in": _("Choose a newer version of this fact that readers see.")}
                )
            seen = Fact.objects.live(now, self.version.language)
            if answered_by is not None and not seen.filter(pk=answered_by.pk):
                raise ValidationError(
                    {"answered_by": _("Readers do not see this fact. Choose another one.")}
                )
            report.closed_by, report.closed_at = by, now
            report.outcome, report.note = outcome, note.strip()
            report.mended_in, report.answered_by = mended_in, answered_by
            if is_emptied:
                report.words = ""
            report.full_clean(exclude=["version", "closed_by", "mended_in", "answered_by"])
            report.save()
            Event.objects.create(
                version=self.version,
                verb=Event.Verb.REPORT_CLOSED,
                actor=by,
                note=str(report.get_outcome_display()),
                happened_at=now,
            )
        self.refresh_from_db()
