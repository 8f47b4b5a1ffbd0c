"""Meetings as a calendar that other programs read. Source: RFC 5545, and RFC 7986 for its name.

Plain functions over groups that were fetched with `with_dates()`. A way in is never in here
unless the caller hands it over for the one member who asks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from community.finding.day_times import offsets
from community.models import JoiningDetails, Meeting, SupportGroup

if TYPE_CHECKING:
    # Ten megabytes that few pages need: each function that makes something imports its own.
    from icalendar import Event, Timezone, vRecur

# So long ago and so far ahead single dates are written out; the rule itself has no end.
PAST = timedelta(days=60)
AHEAD = timedelta(days=800)
_LOOKED_BACK = timedelta(days=400)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029]+")
# Sequence numbers are minutes since then: whatever is saved later has a higher one.
_FIRST_MINUTE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """A group in a calendar.

    `details` are the way in, for a member's own calendar alone. With `is_neutral` its events name
    neither the group nor this site.
    """

    group: SupportGroup
    details: JoiningDetails | None = None
    is_neutral: bool = False


def calendar(
    entries: Iterable[Entry], name: str, at: datetime, *, is_private: bool = False
) -> bytes:
    """Return the meetings of `entries` as an iCalendar file called `name`.

    `is_private` asks programs not to show the events to others. The bytes change only when a
    listing does, or with the day.
    """
    from icalendar import Calendar

    whole: Any = Calendar()
    whole.add("prodid", "-//Waymark//Meetings//EN")
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("name", _line(name))
    whole.add("x-wr-calname", _line(name))
    whole.add("refresh-interval", timedelta(days=1), parameters={"VALUE": "DURATION"})
    whole.add("x-published-ttl", "P1D")
    for entry in entries:
        for meeting in entry.group.meetings.all():  # type: ignore[attr-defined]
            for event in _events(meeting, entry, at, is_private=is_private):
                whole.add_component(event)
    begun: dict[str, datetime] = {}
    for event in whole.walk("VEVENT"):
        start = event["dtstart"].dt
        if start.tzinfo is not UTC:
            begun[start.tzinfo.key] = min(start, begun.get(start.tzinfo.key, start))
    for key in sorted(begun):
        whole.add_component(_zone(begun[key], at))
    return whole.to_ical()


def _zone(begin: datetime, at: datetime) -> "Timezone":
    """Describe the zone of `begin` from then on, as every file must that uses it.

    icalendar's own description looks at the clock now and then, and misses the weeks of Ramadan
    in Morocco. Clocks that changed more than a year ago are passed over. Source: RFC 5545,
    section 3.6.5.
    """
    from icalendar import Timezone, TimezoneStandard

    zone = begin.tzinfo
    assert isinstance(zone, ZoneInfo)  # noqa: S101  Meetings are in named zones.
    described: Any = Timezone()
    described.add("tzid", zone.key)
    stretches = offsets(zone, max(begin, at - _LOOKED_BACK), at + AHEAD)
    before = stretches[0][2]
    for number, (start, _end, offset) in enumerate(stretches):
        observance: Any = TimezoneStandard()
        # By the clock that went before; the first reaches back to the first date.
        clock = start + timedelta(seconds=before) if number else begin
        observance.add("dtstart", clock.replace(tzinfo=None))
        observance.add("tzoffsetfrom", timedelta(seconds=before))
        observance.add("tzoffsetto", timedelta(seconds=offset))
        observance.add("tzname", start.astimezone(zone).tzname())
        described.add_component(observance)
        before = offset
    return described


def _plain(text: str) -> str:
    """Return `text` without what could begin a line of its own."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _line(text: str) -> str:
    return " ".join(_plain(text).split())


def _events(meeting: Meeting, entry: Entry, at: datetime, *, is_private: bool) -> "Iterable[Event]":
    """Yield the event of the rule, then one for each date that is canceled or different."""
    recurrence, group = meeting.recurrence, entry.group
    meeting.group = group
    first = recurrence.rule().after(datetime.combine(recurrence.first_on, time.min), inc=True)
    if first is None:
        return
    breaks = group.breaks
    # From this day on nobody meets any more, as far as anybody knows.
    end = min((b.first_on for b in breaks if b.last_on is None), default=None)
    ends = [recurrence.last_on, end - timedelta(days=1) if end else None]
    last = min((day for day in ends if day), default=None)
    if last and first.date() > last:
        return
    dates = {date.original_on: date for date in meeting.planned(at - PAST, at + AHEAD)}
    different = {e.on for e in meeting.exceptions.all()}  # type: ignore[attr-defined]
    frame = _frame(meeting, entry, is_private=is_private)
    event = _event(frame, first.replace(tzinfo=recurrence.zone), recurrence.duration)
    event.add("rrule", _rule(meeting, last))
    for day, _moment in recurrence.starts(at - PAST, at + AHEAD):
        if (last is None or day <= last) and day not in dates:
            event.add("exdate", _clock(meeting, day))
    yield event
    for day, planned in dates.items():
        if day not in different:
            continue
        other = _event(
            frame,
            planned.starts_at.astimezone(recurrence.zone),
            planned.ends_at - planned.starts_at,
            place=planned.place,
            note=planned.note,
            is_cancelled=planned.is_cancelled,
        )
        if last is None or day <= last:
            other.add("recurrence-id", _clock(meeting, day))
        else:  # Moved out of a pause without an end: a date by itself.
            other["uid"] = f"meeting-{meeting.pk}-{day:%Y%m%d}@{settings.SITE_HOST}"
        yield other


def _clock(meeting: Meeting, day: date) -> datetime:
    return datetime.combine(day, meeting.starts_at, tzinfo=meeting.recurrence.zone)


def _rule(meeting: Meeting, last: date | None) -> "vRecur":
    """Return the closed form as a rule. Source: RFC 5545, section 3.3.10."""
    from icalendar import vRecur

    recurrence = meeting.recurrence
    day = _DAYS[recurrence.weekday]
    rule: dict[str, Any] = {"freq": recurrence.frequency, "interval": recurrence.interval}
    if recurrence.frequency == Meeting.Frequency.WEEKLY:
        rule |= {"byday": day, "wkst": "MO"}
    else:
        rule["byday"] = [f"{ordinal}{day}" for ordinal in recurrence.ordinals]
    if last:
        # In UTC, since the beginning has a zone; the day's end lets its own meeting pass.
        rule["until"] = recurrence.moment(last, time(23, 59, 59))
    return vRecur(rule)


def _frame(meeting: Meeting, entry: Entry, *, is_private: bool) -> dict[str, Any]:
    """Return what all events of a meeting share."""
    group, details = entry.group, entry.details
    saved = [
        meeting.edited_at,
        group.edited_at,
        *(e.edited_at for e in meeting.exceptions.all()),  # type: ignore[attr-defined]
        *(p.edited_at for p in group.pauses.all()),  # type: ignore[attr-defined]
    ]
    edited_at = max(saved).replace(microsecond=0)
    named: dict[str, Any] = {"summary": _("Meeting")}
    lines = _way_in(details) if details else []
    if not entry.is_neutral:
        page = f"{settings.SITE_URL}{group.get_absolute_url()}"
        named = {
            "summary": _line(group.name),
            "location": _line(group.place if group.is_in_person else ""),
            "url": page,
        }
        how = _("How to join, and what has changed: %(page)s") % {"page": page}
        lines = [*lines, group.organisation, how]
    return {
        "uid": f"meeting-{meeting.pk}@{settings.SITE_HOST}",
        "dtstamp": edited_at,
        "last-modified": edited_at,
        "sequence": max(0, int((edited_at - _FIRST_MINUTE).total_seconds() // 60)),
        "description": "\n".join(_plain(line) for line in lines if line),
        **named,
        "class": "PRIVATE" if is_private else "PUBLIC",
        "transp": "OPAQUE",
    }


def _way_in(details: JoiningDetails) -> list[str]:
    named = [
        (_("Link"), details.link),
        (_("Meeting number"), details.meeting_number),
        (_("Passcode"), details.passcode),
        (_("Phone"), details.phone),
        (_("Door code"), details.door_code),
        (_("Good to know"), details.note),
    ]
    return [f"{label}: {value}" for label, value in named if value]


def _event(
    frame: dict[str, Any],
    start: datetime,
    duration: timedelta,
    *,
    place: str = "",
    note: str = "",
    is_cancelled: bool = False,
) -> "Event":
    from icalendar import Event

    event: Any = Event()
    values = dict(frame)
    if place and "url" in values:
        values["location"] = _line(place)
    if note and "url" in values:
        values["description"] = f"{_plain(note)}\n{values['description']}"
    if is_cancelled:
        values["summary"] = _("Canceled: %(name)s") % {"name": values["summary"]}
    for name, value in values.items():
        if value != "":
            event.add(name, value)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("dtstart", start)
    event.add("duration", duration)
    return event
