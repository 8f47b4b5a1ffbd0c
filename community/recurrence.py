"""A closed form to an RFC 5545 rule, and to dates. Plain functions, no database.

Rules are built from the form alone, never from text: a free rule can make a server count for
ever. Every expansion is bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil import rrule
from django.utils.formats import time_format
from django.utils.translation import gettext as _


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

    def between(self, after: datetime, before: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield begin and end in UTC of each meeting that begins in [`after`, `before`).

        A clock time that the change to summer time skips is moved by the hour that is skipped;
        one that occurs twice is the first of the two. Raises ValueError if a bound is naive.
        """
        if after.tzinfo is None or before.tzinfo is None:
            raise ValueError("The bounds need a time zone.")
        day = timedelta(days=1)
        earliest = after.astimezone(self.zone).replace(tzinfo=None) - day
        latest = before.astimezone(self.zone).replace(tzinfo=None) + day
        if self.last_on:
            latest = min(latest, datetime.combine(self.last_on, time.max))
        for clock in self.rule().xafter(earliest, inc=True):
            if clock > latest:
                return
            start = clock.replace(tzinfo=self.zone).astimezone(UTC)
            if after <= start < before:
                yield start, start + self.duration


def describe(recurrence: Recurrence) -> str:
    """Return when it meets, in words, in the language that is active."""
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
        "time": time_format(recurrence.start, "TIME_FORMAT"),
    }
