"""Days of the week and times of the day, as a condition on the dates of meetings."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Case, F, Func, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from community.meeting_times import LONGEST_MEETING

if TYPE_CHECKING:
    from community.models.occurrences import OccurrenceQuerySet

# Dates further away say little about when a group usually meets; nearer ones would leave out
# those that meet every other month.
COMING_WEEKS = timedelta(weeks=9)
_DAY = 24 * 3600  # seconds
_WEEK = 7 * _DAY
# 1 January 1970 was a Thursday: so long after a Monday began the count of seconds.
_EPOCH_IN_WEEK = 3 * _DAY


@dataclass(frozen=True)
class DayTime:
    """Some days of the week, from Monday = 0, and some hours of the day, by somebody's clock."""

    words: Any  # as they stand after "Groups meeting"
    days: range = range(7)
    hours: range = range(24)


_WEEKDAYS, _WEEKEND = range(5), range(5, 7)
_MORNING, _AFTERNOON, _EVENING = range(5, 12), range(12, 17), range(17, 24)
DAY_TIMES = {
    "weekday": DayTime(_("on weekdays"), _WEEKDAYS),
    "weekend": DayTime(_("on weekends"), _WEEKEND),
    "morning": DayTime(_("in the morning"), hours=_MORNING),
    "afternoon": DayTime(_("in the afternoon"), hours=_AFTERNOON),
    "evening": DayTime(_("in the evening"), hours=_EVENING),
    "weekday-morning": DayTime(_("on weekday mornings"), _WEEKDAYS, _MORNING),
    "weekday-afternoon": DayTime(_("on weekday afternoons"), _WEEKDAYS, _AFTERNOON),
    "weekday-evening": DayTime(_("on weekday evenings"), _WEEKDAYS, _EVENING),
}


class EpochSeconds(Func):
    """The whole seconds from the beginning of 1970 to a moment."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # Its own format for the epoch begins with a per cent sign, which parameters take too.
        template = "CAST(ROUND((julianday(%(expressions)s) - 2440587.5) * 86400) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "CAST(ROUND(EXTRACT(EPOCH FROM %(expressions)s)) AS BIGINT)"
        return self.as_sql(compiler, connection, template=template, **extra)


def offsets(zone: ZoneInfo, begin: datetime, end: datetime) -> list[tuple[datetime, datetime, int]]:
    """Return the stretches of [`begin`, `end`) in which `zone` keeps one offset, in seconds.

    Changes of the clocks are found to the second; two within one day count as none.
    """
    found = []
    # In UTC, so that an hour is an hour.
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    start, at = begin, begin
    while at < end:
        then = min(at + timedelta(days=1), end)
        if _offset(zone, at) != _offset(zone, then):
            before, after = at, then
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) / 2
                if _offset(zone, middle) == _offset(zone, at):
                    before = middle
                else:
                    after = middle
            change = after.replace(microsecond=0)
            found.append((start, change, _offset(zone, at)))
            start = change
        at = then
    found.append((start, end, _offset(zone, start)))
    return found


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def taking_place(
    occurrences: "OccurrenceQuerySet", when: str, zone: str, at: datetime
) -> "OccurrenceQuerySet":
    """Return those of `occurrences` in the coming weeks that begin at `when`.

    `zone` is the name of the zone whose clock counts; without it, it is the clock of each group.
    """
    wanted = DAY_TIMES[when]
    begin, end = at - LONGEST_MEETING, at + COMING_WEEKS
    occurrences = occurrences.filter(starts_at__gt=begin, starts_at__lt=end)
    if not zone:
        return occurrences.filter(_by_own_clock(wanted))
    *earlier, (_start, _end, last) = offsets(ZoneInfo(zone), begin, end)
    changes = [When(starts_at__lt=stop, then=Value(offset)) for _start, stop, offset in earlier]
    offset = Case(*changes, default=Value(last), output_field=IntegerField())
    return occurrences.annotate(
        second_of_week=(EpochSeconds("starts_at") + offset + _EPOCH_IN_WEEK) % _WEEK,
        second_of_day=F("second_of_week") % _DAY,
    ).filter(
        second_of_week__gte=wanted.days.start * _DAY,
        second_of_week__lt=wanted.days.stop * _DAY,
        second_of_day__gte=wanted.hours.start * 3600,
        second_of_day__lt=wanted.hours.stop * 3600,
    )


def _by_own_clock(wanted: DayTime) -> Q:
    condition = Q(meeting__weekday__in=[str(day) for day in wanted.days])
    if wanted.hours.start > 0:
        condition &= Q(meeting__starts_at__gte=time(wanted.hours.start))
    if wanted.hours.stop < 24:
        condition &= Q(meeting__starts_at__lt=time(wanted.hours.stop))
    return condition
