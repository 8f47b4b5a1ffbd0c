from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.models import HistoricalRecords

from community.meeting_times import time_zone_names
from community.models.groups import JoiningDetails, SupportGroup, ways_in
from community.recurrence import (
    YEARS,
    Break,
    Change,
    Planned,
    Recurrence,
    describe,
    next_planned,
    planned,
)
from facts.fields import ChoicesField

WEEKDAYS = [
    ("0", _("Monday")),
    ("1", _("Tuesday")),
    ("2", _("Wednesday")),
    ("3", _("Thursday")),
    ("4", _("Friday")),
    ("5", _("Saturday")),
    ("6", _("Sunday")),
]
ORDINALS = [
    ("1", _("first")),
    ("2", _("second")),
    ("3", _("third")),
    ("4", _("fourth")),
    ("-1", _("last")),
]
# How far a single date may be moved, from the day that the rule names.
FARTHEST_MOVE = timedelta(days=366)


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is a zone of the IANA time zone database."""
    if name not in time_zone_names():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Give one such as Europe/London."),
            code="time_zone",
            params={"name": name},
        )


def wrong_years(row: Any, *names: str) -> dict[str, Any]:
    """Return an error for each day in `names` that nobody can have meant."""
    days = {name: getattr(row, name) for name in names}
    return {
        name: _("Look at the year again: it should have four digits.")
        for name, day in days.items()
        if day and day.year not in YEARS
    }


def refuse_ways_in(row: Any, group_id: int | None) -> dict[str, ValidationError]:
    """Return an error for each public field of `row` that lets people into the group."""
    texts = {name: getattr(row, name) for name in row.PUBLIC_FIELDS}
    errors = ways_in(texts)
    details = JoiningDetails.objects.filter(group=group_id).first() if any(texts.values()) else None
    for name, text in texts.items():
        if details and name not in errors and details.given_away_by(text):
            errors[name] = ValidationError(
                _(
                    "Everybody can read this field, and it repeats what stands under “Joining "
                    "details”. Take it out here."
                ),
                code="repeated",
            )
    return errors


class MeetingQuerySet(models.QuerySet):
    def current(self, at: datetime) -> Self:
        """Meetings that have not come to their last date yet."""
        return self.exclude(last_on__lt=at.date() - timedelta(days=1))


class Meeting(models.Model):
    """A recurring occasion of a group: a closed form, never free text, in a named time zone.

    The form becomes an RFC 5545 rule in `community.recurrence`. The time is clock time in the
    zone, so it stays the same when the clocks change.
    """

    class Frequency(models.TextChoices):
        WEEKLY = "weekly", _("Every week, or every few weeks")
        MONTHLY = "monthly", _("On certain weekdays of the month")

    group = models.ForeignKey(
        SupportGroup, models.CASCADE, related_name="meetings", verbose_name=_("support group")
    )
    frequency = models.CharField(
        _("how often"), max_length=16, choices=Frequency.choices, default=Frequency.WEEKLY
    )
    interval = models.PositiveSmallIntegerField(
        _("every how many weeks or months"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("1 for every one, 2 for every other."),
    )
    weekday = models.CharField(_("weekday"), max_length=1, choices=WEEKDAYS)
    ordinals = ChoicesField(
        _("which of the month"),
        choices=ORDINALS,
        help_text=_("For meetings by the month: second and fourth, or last."),
    )
    starts_at = models.TimeField(_("begins"), help_text=_("By the clock of the time zone: 18:30"))
    duration_minutes = models.PositiveSmallIntegerField(
        _("lasts (minutes)"),
        default=90,
        validators=[MinValueValidator(5), MaxValueValidator(24 * 60)],
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        validators=[validate_time_zone],
        help_text=_("Europe/London, America/Chicago"),
    )
    first_on = models.DateField(
        _("first date"), help_text=_("No meeting is shown before this day.")
    )
    last_on = models.DateField(_("last date"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    objects = MeetingQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["group_id", "pk"]
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        constraints = [
            models.CheckConstraint(
                name="community_meeting_interval_1_to_12",
                condition=Q(interval__gte=1, interval__lte=12),
                violation_error_message=_("Meetings repeat every 1 to 12 weeks or months."),
            ),
            models.CheckConstraint(
                name="community_meeting_monthly_has_ordinals",
                condition=~Q(frequency="monthly") | ~Q(ordinals=""),
                violation_error_message=_("Say which of the month: second, fourth, last."),
            ),
            models.CheckConstraint(
                name="community_meeting_dates_in_order",
                condition=Q(last_on__isnull=True)
                | Q(last_on__isnull=False, last_on__gte=F("first_on")),
                violation_error_message=_("The last date cannot come before the first."),
            ),
            models.CheckConstraint(
                name="community_meeting_duration_within_a_day",
                condition=Q(duration_minutes__gte=5, duration_minutes__lte=1440),
                violation_error_message=_("A meeting lasts 5 minutes to 24 hours."),
            ),
        ]

    def __str__(self) -> str:
        # A form with a mistake in it names its meeting, too.
        return self.rule_in_words if self.is_whole else _now("Meeting")

    def clean(self) -> None:
        """Say beside the field what the constraints would say of the whole form."""
        super().clean()
        errors = wrong_years(self, "first_on", "last_on")
        if self.frequency == self.Frequency.MONTHLY and not self.ordinals:
            errors["ordinals"] = _("Say which of the month: second, fourth, last.")
        if self.frequency == self.Frequency.WEEKLY and self.ordinals:
            errors["ordinals"] = _(
                "Choose “On certain weekdays of the month” above, or tick nothing here."
            )
        if self.first_on and self.last_on and self.last_on < self.first_on:
            errors["last_on"] = _("The last date cannot come before the first.")
        if errors:
            raise ValidationError(errors)

    @property
    def recurrence(self) -> Recurrence:
        """The closed form, as `community.recurrence` takes it."""
        return Recurrence(
            frequency=self.frequency,
            interval=self.interval,
            weekday=int(self.weekday),
            ordinals=tuple(int(o) for o in self.ordinals),
            start=self.starts_at,
            duration=timedelta(minutes=self.duration_minutes),
            zone=ZoneInfo(self.time_zone),
            first_on=self.first_on,
            last_on=self.last_on,
        )

    @property
    def is_whole(self) -> bool:
        """Whether it has a rule, as it may not while somebody fills in its form."""
        try:
            self.clean_fields(exclude={"group"})
            self.clean()
        except ValidationError:
            return False
        return True

    @property
    def changes(self) -> list[Change]:
        """Its exceptions, as `community.recurrence` takes them."""
        return [exception.change for exception in self.exceptions.all()]  # type: ignore[attr-defined]

    def planned(self, after: datetime, before: datetime) -> Iterator[Planned]:
        """Yield its dates that begin in [`after`, `before`), canceled ones among them."""
        return planned(self.recurrence, self.changes, self.group.breaks, after, before)

    def next_occurrences(self, after: datetime, n: int) -> list[Planned]:
        """Return its next `n` dates that take place and begin later than `after`.

        Exceptions and pauses are heeded. There are fewer if it comes to its last date.
        """
        return next_planned(self.recurrence, self.changes, self.group.breaks, after, n)

    def is_current(self, at: datetime) -> bool:
        """Whether its last date, if it has one, is still to come, or is today in its zone."""
        return self.last_on is None or self.last_on >= at.astimezone(self.recurrence.zone).date()

    @property
    def rule_in_words(self) -> str:
        """When it meets, in words: Second and fourth Tuesday of the month, 6:30 p.m."""
        return describe(self.recurrence)


class MeetingException(models.Model):
    """A single date of a meeting that is canceled, moved, or different in some way.

    `on` is the date that the meeting's rule names, a day in the meeting's zone. What is left
    empty stays as the rule says.
    """

    PUBLIC_FIELDS: ClassVar = ("place", "note")

    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="exceptions", verbose_name=_("meeting")
    )
    on = models.DateField(
        _("date"), help_text=_("A date on which it would meet by its rule: December 22.")
    )
    is_cancelled = models.BooleanField(_("canceled: nobody meets"), default=False)
    new_on = models.DateField(
        _("moved to"), null=True, blank=True, help_text=_("Empty if the day stays.")
    )
    new_starts_at = models.TimeField(
        _("begins at another time"), null=True, blank=True, help_text=_("Empty if the time stays.")
    )
    new_duration_minutes = models.PositiveSmallIntegerField(
        _("lasts longer or shorter (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(24 * 60)],
        help_text=_("Empty if the length stays."),
    )
    place = models.CharField(
        _("another place"),
        max_length=200,
        blank=True,
        help_text=_("The town hall, small room. Empty if the place stays."),
    )
    note = models.CharField(
        _("what people should know"),
        max_length=300,
        blank=True,
        help_text=_("A speaker: Dr. Lee on pain. Or why it is canceled: Public holiday."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["on", "pk"]
        verbose_name = _("date that is canceled or different")
        verbose_name_plural = _("dates that are canceled or different")
        constraints = [
            models.UniqueConstraint(
                name="community_meetingexception_once",
                fields=["meeting", "on"],
                violation_error_message=_("This date is here already. Change it there."),
            ),
            models.CheckConstraint(
                name="community_meetingexception_changes_something",
                condition=Q(is_cancelled=True)
                | Q(new_on__isnull=False)
                | Q(new_starts_at__isnull=False)
                | Q(new_duration_minutes__isnull=False)
                | ~Q(place="")
                | ~Q(note=""),
                violation_error_message=_("Say what is different on this date."),
            ),
            models.CheckConstraint(
                name="community_meetingexception_canceled_alone",
                condition=Q(is_cancelled=False)
                | Q(
                    new_on__isnull=True,
                    new_starts_at__isnull=True,
                    new_duration_minutes__isnull=True,
                    place="",
                ),
                violation_error_message=_("A date is either canceled, or moved or different."),
            ),
            models.CheckConstraint(
                name="community_meetingexception_duration_within_a_day",
                condition=Q(new_duration_minutes__isnull=True)
                | Q(
                    new_duration_minutes__isnull=False,
                    new_duration_minutes__gte=5,
                    new_duration_minutes__lte=1440,
                ),
                violation_error_message=_("A meeting lasts 5 minutes to 24 hours."),
            ),
        ]

    def __str__(self) -> str:
        return date_format(self.on, "l j F Y")

    @property
    def change(self) -> Change:
        """The exception, as `community.recurrence` takes it."""
        length = self.new_duration_minutes
        return Change(
            on=self.on,
            is_cancelled=self.is_cancelled,
            new_on=self.new_on,
            new_start=self.new_starts_at,
            new_duration=None if length is None else timedelta(minutes=length),
            place=self.place,
            note=self.note,
        )

    def clean(self) -> None:
        """Say beside the field what is wrong, and look for ways in where everybody reads."""
        super().clean()
        meeting = self.meeting if self.meeting_id else None
        errors: dict[str, Any] = {
            **refuse_ways_in(self, meeting.group_id if meeting else None),
            **wrong_years(self, "on", "new_on"),
        }
        if self.is_cancelled and (
            self.new_on or self.new_starts_at or self.new_duration_minutes or self.place
        ):
            errors["is_cancelled"] = _("A date is either canceled, or moved or different.")
        if self.on and self.new_on and abs(self.new_on - self.on) > FARTHEST_MOVE:
            errors.setdefault("new_on", _("A date can be moved by a year at most."))
        if meeting and self.is_whole and not errors:
            errors |= self._misfits(meeting)
        if errors:
            raise ValidationError(errors)

    def _misfits(self, meeting: Meeting) -> dict[str, ValidationError]:
        """Return an error if the rule does not name the date, or if it moves onto another.

        A date that once was right stays, though its meeting may keep to another rule by now.
        """
        rule = meeting.recurrence
        if not rule.names(self.on):
            stored = MeetingException.objects.filter(pk=self.pk, meeting=meeting, on=self.on)
            if self.pk and stored.exists():
                return {}
            return {"on": ValidationError(self.misfit_in_words(meeting), code="misfit")}
        if self.new_on in {None, self.on} or not rule.names(self.new_on):
            return {}
        others = MeetingException.objects.filter(meeting=meeting.pk, on=self.new_on)
        if (self.new_starts_at or rule.start) == rule.start and not others.exists():
            return {
                "new_on": ValidationError(
                    _("The group meets then already. Cancel this date instead."), code="taken"
                )
            }
        return {}

    def misfit_in_words(self, meeting: Meeting) -> str:
        """Say that the rule does not name the date, and which ones near it the rule names."""
        near = [date_format(day, "l j F Y") for day in meeting.recurrence.nearest(self.on)]
        words = _now("By its rule (%(rule)s) the group does not meet on %(day)s.") % {
            "rule": meeting.rule_in_words,
            "day": date_format(self.on, "l j F Y"),
        }
        if not near:
            return words
        nearest = ngettext(
            "The nearest date is %(days)s.", "The nearest dates are %(days)s.", len(near)
        )
        return f"{words} {nearest % {'days': _now(' and ').join(near)}}"

    @property
    def is_whole(self) -> bool:
        """Whether it and its meeting hold what can be reckoned with."""
        return bool(self.on and self.meeting.is_whole and not wrong_years(self, "on", "new_on"))

    @property
    def fits(self) -> bool:
        """Whether the rule of its meeting names its date; if not, it is passed over."""
        return self.meeting.recurrence.names(self.on)


class Pause(models.Model):
    """A time in which a group does not meet at all: a summer break, or until further notice."""

    PUBLIC_FIELDS: ClassVar = ("reason",)

    group = models.ForeignKey(
        SupportGroup, models.CASCADE, related_name="pauses", verbose_name=_("support group")
    )
    first_on = models.DateField(_("from"), help_text=_("The first day without meetings."))
    last_on = models.DateField(
        _("until"),
        null=True,
        blank=True,
        help_text=_("The last day without meetings. Empty for: until further notice."),
    )
    reason = models.CharField(
        _("reason"),
        max_length=200,
        blank=True,
        help_text=_("Shown to everybody: Summer break. The room is being painted."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["first_on", "pk"]
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [
            models.CheckConstraint(
                name="community_pause_dates_in_order",
                condition=Q(last_on__isnull=True)
                | Q(last_on__isnull=False, last_on__gte=F("first_on")),
                violation_error_message=_("A pause cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        first = date_format(self.first_on, "j F Y")
        last = date_format(self.last_on, "j F Y") if self.last_on else _now("further notice")
        return _now("%(first)s until %(last)s") % {"first": first, "last": last}

    def clean(self) -> None:
        """Say beside the field what is wrong, and look for ways in where everybody reads."""
        super().clean()
        errors: dict[str, Any] = {
            **refuse_ways_in(self, self.group_id),
            **wrong_years(self, "first_on", "last_on"),
        }
        if self.first_on and self.last_on and self.last_on < self.first_on:
            errors["last_on"] = _("A pause cannot end before it begins.")
        if errors:
            raise ValidationError(errors)

    @property
    def as_break(self) -> Break:
        """The pause, as `community.recurrence` takes it."""
        return Break(self.first_on, self.last_on, self.reason)
