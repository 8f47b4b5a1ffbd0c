"""Groups in the Meeting Guide format, which knows weekly meetings alone.

A meeting by the month, or every few weeks, names no `day`: read as weekly it would be wrong. Its
`rrule` says it, and so do the words in `notes`. Without its ways in, an online meeting leads to
the group's page.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from community.exports.groups import is_paused, rule, running_meetings, whole_address
from community.imports.meeting_guide import ACCESS, AUDIENCES, LANGUAGES, SIGN_LANGUAGES
from community.models import Meeting
from community.recurrence import with_plain_spaces


def records(groups: Iterable[Any], at: datetime) -> list[dict[str, Any]]:
    """Return one record for each time at which a group meets; one without times for the others."""
    found = []
    for group in groups:
        meetings: list[Meeting | None] = [*running_meetings(group, at)] or [None]
        for number, meeting in enumerate(meetings, 1):
            slug = group.slug if len(meetings) == 1 else f"{group.slug}-{number}"
            found.append(_record(group, meeting, slug, at))
    return found


def _record(group: Any, meeting: Meeting | None, slug: str, at: datetime) -> dict[str, Any]:
    when = _when(meeting) if meeting else {}
    words = when.pop("words", "")
    record = {
        "name": group.name,
        "slug": slug,
        **when,
        "types": _types(group, is_paused(group, timezone.localdate(at))),
        "attendance_option": _attendance(group),
        "notes": "\n\n".join(part for part in (words, group.description) if part),
        "formatted_address": group.place,
        "region": group.region_served,
        "country": group.country,
        "url": whole_address(group.get_absolute_url()),
        "website": group.website,
        "entity": group.organisation,
        "updated": group.edited_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }
    if group.latitude is not None:
        record |= {"latitude": group.latitude, "longitude": group.longitude, "approximate": "no"}
    return {name: value for name, value in record.items() if value not in ("", None)}


def _when(meeting: Meeting) -> dict[str, Any]:
    begins = datetime.combine(meeting.first_on, meeting.starts_at)
    told: dict[str, Any] = {
        "time": meeting.starts_at.strftime("%H:%M"),
        "end_time": (begins + timedelta(minutes=meeting.duration_minutes)).strftime("%H:%M"),
        "timezone": meeting.time_zone,
        "first_date": meeting.first_on.isoformat(),
        "last_date": meeting.last_on.isoformat() if meeting.last_on else "",
    }
    if meeting.frequency == Meeting.Frequency.WEEKLY and meeting.interval == 1:
        # The format counts from Sunday, a meeting from Monday.
        return {"day": (int(meeting.weekday) + 1) % 7, **told}
    return {"rrule": rule(meeting), "words": with_plain_spaces(meeting.rule_in_words), **told}


def _attendance(group: Any) -> str:
    is_remote = group.is_online or group.is_by_phone
    if group.is_in_person:
        return "hybrid" if is_remote else "in_person"
    return "online"


def _types(group: Any, is_closed: bool) -> list[str]:
    types = [code for code, value in LANGUAGES.items() if value in group.languages]
    types += [code for code, value in SIGN_LANGUAGES.items() if value in group.sign_languages]
    types += [code for code, value in AUDIENCES.items() if value in group.audiences]
    types += [code for code, value in ACCESS.items() if value in group.access_features]
    types += ["ONL"] if group.is_online else []
    return types + (["TC"] if is_closed else [])
