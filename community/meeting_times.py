"""When something happens, in words: by the reader's clock, by the group's, and how long ago.

Plain functions, no database.
"""

from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.recurrence import Planned, clock_time

if TYPE_CHECKING:
    from community.models import Occurrence

# The first part of a zone's name, if its last part is a place on the map.
_REGIONS = {
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
    "Indian", "Pacific",
}  # fmt: skip
# What began longer ago is over; the database says so too.
LONGEST_MEETING = timedelta(days=1)
# A date further away than this is told with its year.
_FAR_AWAY = timedelta(days=180)


@cache
def time_zone_names() -> frozenset[str]:
    """Return the names of the IANA time zone database, read once: it is slow to list.

    Without the two that mean whatever the machine is set to.
    """
    return frozenset(available_timezones() - {"localtime", "Factory"})


@cache
def place_names() -> tuple[str, ...]:
    """Return the zones that are named after a place, sorted; those that people can choose."""
    return tuple(sorted(n for n in time_zone_names() if n.split("/")[0] in _REGIONS))


def place_of(zone: str) -> str:
    """Return the place that a zone is named after, or "" if it is named after none.

    "America/Argentina/Buenos_Aires" is "Buenos Aires"; "UTC" and "US/Central" have no place.
    """
    region, _slash, rest = zone.partition("/")
    return rest.rpartition("/")[2].replace("_", " ") if region in _REGIONS else ""


def zone_in_words(zone: str) -> str:
    """Return what people call the time of a zone: "London time", or its plain name."""
    place = place_of(zone)
    if place:
        return _("%(place)s time") % {"place": place}
    region, _slash, rest = zone.partition("/")
    if region == "Etc" and rest.startswith("GMT") and rest[3:4] in {"+", "-"}:
        # In these names the sign is the other way round. Source: tz database, "etcetera".
        return f"UTC{'-' if rest[3] == '+' else '+'}{rest[4:]}"
    if region == "Etc" or not rest:
        return rest or zone
    return _("%(place)s time") % {"place": rest.replace("_", " ").replace("/", ", ")}


def _day(moment: datetime, now: datetime) -> str:
    is_far_away = abs(moment - now) > _FAR_AWAY
    return date_format(moment, "l j F Y" if is_far_away else "l j F")


def when_in_words(
    starts_at: datetime, zone: str, reader_zone: str, now: datetime
) -> tuple[str, str]:
    """Return when a meeting begins: for the reader first, then by the group's clock.

    `zone` and `reader_zone` are names; without `reader_zone` there is one answer, by the
    group's clock. The second is "" too if both clocks show the same. Another day in the
    group's zone is said.
    """
    theirs = starts_at.astimezone(ZoneInfo(zone))
    if not reader_zone:
        words = _("%(day)s, %(time)s %(zone)s") % {
            "day": _day(theirs, now),
            "time": clock_time(theirs),
            "zone": zone_in_words(zone),
        }
        return words, ""
    mine = starts_at.astimezone(ZoneInfo(reader_zone))
    first = _("%(day)s, %(time)s your time") % {
        "day": _day(mine, now),
        "time": clock_time(mine),
    }
    if mine.utcoffset() == theirs.utcoffset():
        return first, ""
    time = clock_time(theirs)
    if theirs.date() != mine.date():
        time = _("%(day)s, %(time)s") % {"day": _day(theirs, now), "time": time}
    place = place_of(zone)
    if place:
        return first, _("%(time)s in %(place)s") % {"time": time, "place": place}
    return first, f"{time} {zone_in_words(zone)}"


def planned_in_words(date: Planned, zone: tzinfo) -> str:
    """Return one date of a meeting by the group's clock: canceled, moved or different."""
    start = date.starts_at.astimezone(zone)
    words = _clock_time(start)
    if date.is_cancelled:
        words = _("%(date)s: canceled") % {"date": words}
    elif start.date() != date.original_on:
        words = _("%(date)s, instead of %(day)s") % {
            "date": words,
            "day": date_format(date.original_on, "l j F Y"),
        }
    elif date.starts_at != date.original_starts_at:
        words = _("%(date)s, instead of %(time)s") % {
            "date": words,
            "time": clock_time(date.original_starts_at.astimezone(zone)),
        }
    return ". ".join(part.rstrip(".") for part in (words, date.place, date.note) if part) + "."


def own_time_in_words(occurrence: "Occurrence") -> str:
    """Return when a date begins by the group's clock, and where if it is somewhere else."""
    words = _clock_time(occurrence.starts_at.astimezone(ZoneInfo(occurrence.meeting.time_zone)))
    return ": ".join(part for part in (words, occurrence.place) if part)


def _clock_time(moment: datetime) -> str:
    return _("%(day)s, %(time)s") % {
        "day": date_format(moment, "l j F Y"),
        "time": clock_time(moment),
    }


def duration_in_words(minutes: int) -> str:
    """Return how long something takes: "90 minutes", "1 hour", "2 hours 30 minutes"."""
    hours, rest = divmod(minutes, 60)
    if rest and hours < 2:
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    words = ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    if rest:
        words += " " + ngettext("%(number)d minute", "%(number)d minutes", rest) % {"number": rest}
    return words


def days_ago_in_words(day: date, today: date) -> str:
    """Return how long ago `day` was, in the largest measure that is honest: "3 weeks ago"."""
    days = (today - day).days
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days < 14:
        return _("%(number)d days ago") % {"number": days}
    if days < 60:
        return _("%(number)d weeks ago") % {"number": days // 7}
    if days < 730:
        return _("%(number)d months ago") % {"number": days * 12 // 365}
    return _("%(number)d years ago") % {"number": days // 365}
