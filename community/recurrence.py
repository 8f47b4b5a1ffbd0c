"""A closed form to an RFC 5545 rule, and to dates. Plain functions, no database.

Rules are built from the form alone, never from text: a free rule can make a server count for
ever. Every expansion is bounded.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from operator import attrgetter
from zoneinfo import ZoneInfo

from dateutil import rrule
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

# A day in another year is a slip of the hand, and a rule that begins there a long walk.
YEARS = range(1950, 2200)
_DAY = timedelta(days=1)
NO_BREAK = "\N{NO-BREAK SPACE}"
# Nobody asks for a date further ahead, and a walk must come to an end.
_FARTHEST = timedelta(days=40 * 366)


@dataclass(frozen=True)
class Recurrence:
    """When a meeting takes place.

    `frequency` is "weekly" or "monthly"; `interval` counts weeks or months, 1 to 12. `weekday`
    counts from Monday = 0. `ordinals` say which of the month (1 to 4, -1 for the last) and
    count for "monthly" alone. `start` is clock time in `zone`, so it stays the same when the
    clocks change. `first_on` and `last_on` are days in `zone`, both included; weeks and months
    are counted from the one that holds `first_on`.
    """

    frequency: str
    interval: int
    weekday: int
    ordinals: tuple[int, ...]
    start: time
    duration: timedelta
    zone: ZoneInfo
    first_on: date
    last_on: date | None = None

    def rule(self) -> rrule.rrule:
        """Return the rule over clock times without a zone. Source: RFC 5545, section 3.3.10."""
        first = datetime.combine(self.first_on, self.start)
        weekday = rrule.weekdays[self.weekday]
        if self.frequency == "weekly":
            return rrule.rrule(
                rrule.WEEKLY,
                interval=self.interval,
                byweekday=weekday,
                wkst=rrule.MO,
                dtstart=first,
            )
        return rrule.rrule(
            rrule.MONTHLY,
            interval=self.interval,
            byweekday=[weekday(ordinal) for ordinal in self.ordinals],
            dtstart=first,
        )

    def names(self, day: date) -> bool:
        """Return whether the rule names `day`, a day in `zone`."""
        if self.last_on and day > self.last_on:
            return False
        found = self.rule().after(datetime.combine(day, time.min), inc=True)
        return found is not None and found.date() == day

    def nearest(self, day: date) -> list[date]:
        """Return the last date before `day` and the first after it, as far as there are any."""
        rule = self.rule()
        end = datetime.combine(self.last_on or date.max, time.max)
        found = [
            rule.before(min(datetime.combine(day, time.min), end)),
            rule.after(datetime.combine(day, time.max)),
        ]
        return [clock.date() for clock in found if clock and clock <= end]

    def moment(self, day: date, clock: time) -> datetime:
        """Return in UTC when it is `clock` on `day` in `zone`.

        A clock time that the change to summer time skips is moved by what is skipped; one that
        occurs twice is the first of the two.
        """
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)

    def starts(self, after: datetime, before: datetime) -> Iterator[tuple[date, datetime]]:
        """Yield each date of the rule that begins in [`after`, `before`): its day and moment.

        The day is that of the rule, in `zone`; the moment is in UTC. Raises ValueError if a
        bound is naive.
        """
        if after.tzinfo is None or before.tzinfo is None:
            raise ValueError("The bounds need a time zone.")
        # A day of grace on each side: the Pacific has skipped whole days.
        earliest = after.astimezone(self.zone).replace(tzinfo=None) - _DAY
        latest = before.astimezone(self.zone).replace(tzinfo=None) + _DAY
        if self.last_on:
            latest = min(latest, datetime.combine(self.last_on, time.max))
        for clock in self.rule().xafter(earliest, inc=True):
            if clock > latest:
                return
            start = self.moment(clock.date(), self.start)
            if after <= start < before:
                yield clock.date(), start

    def between(self, after: datetime, before: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield begin and end in UTC of each meeting that begins in [`after`, `before`)."""
        for _day, start in self.starts(after, before):
            yield start, start + self.duration

    def next_occurrences(self, after: datetime, n: int) -> list[tuple[datetime, datetime]]:
        """Return begin and end in UTC of the next `n` that begin later than `after`.

        There are fewer if the rule comes to its last date. Exceptions and pauses are not the
        rule's: `next_planned()` heeds them.
        """
        later = after + timedelta(microseconds=1)
        return list(islice(self.between(later, after + _FARTHEST), n))


@dataclass(frozen=True)
class Change:
    """What is different on the date that a rule names as `on`.

    What is None or "" stays as the rule says.
    """

    on: date
    is_cancelled: bool = False
    new_on: date | None = None
    new_start: time | None = None
    new_duration: timedelta | None = None
    place: str = ""
    note: str = ""


@dataclass(frozen=True)
class Break:
    """Days without meetings, both included; without `last_on`, until further notice."""

    first_on: date
    last_on: date | None = None
    reason: str = ""

    def holds(self, day: date) -> bool:
        """Whether nobody meets on `day`."""
        return self.first_on <= day and (self.last_on is None or day <= self.last_on)


@dataclass(frozen=True)
class Planned:
    """One date of a meeting: when it takes place, or would if it were not canceled.

    `original_on` and `original_starts_at` are what the rule says.
    """

    original_on: date
    original_starts_at: datetime
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool = False
    place: str = ""
    note: str = ""


def changed(recurrence: Recurrence, change: Change) -> Planned:
    """Return what becomes of the date that `change` is for, whether the rule names it or not."""
    start = recurrence.moment(change.new_on or change.on, change.new_start or recurrence.start)
    return Planned(
        original_on=change.on,
        original_starts_at=recurrence.moment(change.on, recurrence.start),
        starts_at=start,
        ends_at=start + (change.new_duration or recurrence.duration),
        is_cancelled=change.is_cancelled,
        place=change.place,
        note=change.note,
    )


def planned(
    recurrence: Recurrence,
    changes: Iterable[Change],
    breaks: Iterable[Break],
    after: datetime,
    before: datetime,
) -> Iterator[Planned]:
    """Yield the dates that begin in [`after`, `before`), canceled ones among them, in order.

    A change for a day that the rule does not name is passed over. A date that was moved counts
    where it was moved to, for the bounds and for the breaks alike: a group that moves its last
    date of August into September meets in spite of its summer break.
    """
    by_day = {change.on: change for change in changes}
    breaks = list(breaks)
    # From this day on the rule has nothing more to say, however far it reaches.
    end = min((b.first_on for b in breaks if b.last_on is None), default=date.max)

    def unchanged() -> Iterator[Planned]:
        for day, start in recurrence.starts(after, before):
            if day >= end:
                return
            if day not in by_day and not any(b.holds(day) for b in breaks):
                yield Planned(day, start, start, start + recurrence.duration)

    others = [
        changed(recurrence, change)
        for change in by_day.values()
        if recurrence.names(change.on)
        and not any(b.holds(change.new_on or change.on) for b in breaks)
    ]
    in_order = attrgetter("starts_at", "original_starts_at")
    within = sorted((d for d in others if after <= d.starts_at < before), key=in_order)
    yield from heapq.merge(unchanged(), within, key=in_order)


def next_planned(
    recurrence: Recurrence,
    changes: Iterable[Change],
    breaks: Iterable[Break],
    after: datetime,
    n: int,
) -> list[Planned]:
    """Return the next `n` dates that take place and begin later than `after`, or all there are."""
    later = after + timedelta(microseconds=1)
    dates = planned(recurrence, changes, breaks, later, after + _FARTHEST)
    return list(islice((date for date in dates if not date.is_cancelled), n))


def clock_time(moment: datetime | time) -> str:
    """Return a clock time in words that never part at the end of a line: "6:30 p.m.".

    The spaces within it are no-break spaces.
    """
    return time_format(moment, "TIME_FORMAT").replace(" ", NO_BREAK)


def with_plain_spaces(words: str) -> str:
    """Return `words` as other programs expect them, and as they are compared."""
    return words.replace(NO_BREAK, " ")


def describe(
    recurrence: Recurrence, breaks: Iterable[Break] = (), today: date | None = None
) -> str:
    """Return when it meets, in words, in the language that is active.

    The break that holds on `today` is told as well.
    """
    words = _describe_rule(recurrence)
    now = [b for b in breaks if today and b.holds(today)]
    if today and now:
        last = max(now, key=lambda b: b.last_on or date.max)
        words = _("%(rule)s. %(pause)s") % {
            "rule": words.rstrip("."),
            "pause": describe_break(last, today),
        }
    return words


def describe_break(pause: Break, today: date) -> str:
    """Return a break that is on, or still to come, in words: Paused until 31 August: holidays."""
    days = {
        "first": _day(pause.first_on, today),
        "last": _day(pause.last_on, today) if pause.last_on else "",
    }
    if pause.first_on <= today:
        words = _("Paused until %(last)s") if pause.last_on else _("Paused until further notice")
    elif pause.last_on is None:
        words = _("No meetings from %(first)s until further notice")
    elif pause.last_on == pause.first_on:
        words = _("No meeting on %(first)s")
    else:
        words = _("No meetings from %(first)s to %(last)s")
    words %= days
    if pause.reason:
        words = _("%(pause)s: %(reason)s") % {"pause": words, "reason": pause.reason}
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _day(day: date, today: date) -> str:
    return date_format(day, "j F" if abs(day - today) < timedelta(days=180) else "j F Y")


def _describe_rule(recurrence: Recurrence) -> str:
    day = {
        0: _("Monday"),
        1: _("Tuesday"),
        2: _("Wednesday"),
        3: _("Thursday"),
        4: _("Friday"),
        5: _("Saturday"),
        6: _("Sunday"),
    }[recurrence.weekday]
    if recurrence.frequency == "weekly":
        if recurrence.interval == 1:
            rule = _("Every %(day)s")
        elif recurrence.interval == 2:
            rule = _("Every other %(day)s")
        else:
            rule = _("%(day)s, every %(interval)d weeks")
    else:
        if recurrence.interval == 1:
            rule = _("%(ordinals)s %(day)s of the month")
        elif recurrence.interval == 2:
            rule = _("%(ordinals)s %(day)s of every other month")
        else:
            rule = _("%(ordinals)s %(day)s, every %(interval)d months")
    names = {
        1: _("first"),
        2: _("second"),
        3: _("third"),
        4: _("fourth"),
        -1: _("last"),
    }
    ordinals = [names[ordinal] for ordinal in recurrence.ordinals]
    if len(ordinals) > 1:
        joined = _("%(first)s and %(last)s") % {
            "first": ", ".join(ordinals[:-1]),
            "last": ordinals[-1],
        }
    else:
        joined = "".join(ordinals)
    words = rule % {"day": day, "interval": recurrence.interval, "ordinals": joined}
    return _("%(rule)s, %(time)s") % {
        "rule": words[:1].upper() + words[1:],
        "time": clock_time(recurrence.start),
    }
