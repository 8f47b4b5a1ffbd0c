"""Groups as services of the Human Services Data Specification (HSDS) 3.1.

Only what is known is said. Source: https://github.com/openreferral/specification
"""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.utils import timezone
from django.utils.translation import gettext as _

from community.exports.groups import by_day, is_paused, running_meetings, whole_address
from community.models import Meeting
from community.recurrence import with_plain_spaces

VERSION = "3.1"


def service_id(slug: str) -> UUID:
    """Return the lasting identifier of a group, made of the address of its page."""
    return uuid5(NAMESPACE_URL, whole_address(f"/groups/{slug}/"))


def service(group: Any, at: datetime) -> dict[str, Any]:
    """Return a group as a service with all that belongs to it."""
    own = service_id(group.slug)
    page = whole_address(group.get_absolute_url())
    whom = [_("people with metastatic breast cancer")] if group.is_metastatic_only else []
    whom += [words.lower() for words in group.audience_labels]
    ways = [group.get_attendance_display() if group.attendance else "", group.how_to_ask]
    record = {
        "id": str(own),
        "name": group.name,
        "description": group.description,
        "url": group.website or page,
        "additional_urls": [
            {"id": _id(own, "page"), "label": _("Listing"), "url": page, "service_id": str(own)}
        ],
        "status": "temporarily closed" if is_paused(group, timezone.localdate(at)) else "active",
        "interpretation_services": ", ".join(group.signed),
        "application_process": ". ".join(part.rstrip(".") for part in ways if part),
        "fees_description": group.cost,
        "eligibility_description": ", ".join(whom),
        "assured_date": group.checked_on.isoformat() if group.checked_on else "",
        "last_modified": _moment(group.edited_at),
        "organization": _organization(group, own),
        "schedules": [_schedule(meeting, own) for meeting in running_meetings(group, at)],
        "service_areas": _areas(group, own),
        "languages": [
            {
                "id": _id(own, f"language {language['code']}"),
                "service_id": str(own),
                "name": language["name"],
                "code": language["code"],
            }
            for language in group.spoken
        ],
        "service_at_locations": _locations(group, own),
    }
    return _without_nothing(record)


def _id(own: UUID, part: str) -> str:
    return str(uuid5(own, part))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _without_nothing(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value not in ("", None, [])}


def _organization(group: Any, own: UUID) -> dict[str, Any]:
    """Return who is behind the group; if nobody is, the group itself."""
    if group.organisation:
        return {
            "id": str(uuid5(NAMESPACE_URL, whole_address(f"/organization/{group.organisation}"))),
            "name": group.organisation,
            "description": group.organisation,
        }
    return {
        "id": _id(own, "organization"),
        "name": group.name,
        "description": group.description or group.name,
    }


def _schedule(meeting: Meeting, own: UUID) -> dict[str, Any]:
    """Return when a group meets. Clock times are those of the zone that the notes name.

    The specification has a fixed offset for a zone; that would be wrong for half of the year.
    """
    minutes = meeting.starts_at.hour * 60 + meeting.starts_at.minute + meeting.duration_minutes
    last = meeting.last_on.isoformat() if meeting.last_on else ""
    return _without_nothing(
        {
            "id": _id(own, f"schedule {meeting.pk}"),
            "service_id": str(own),
            "valid_from": meeting.first_on.isoformat(),
            "valid_to": last,
            "dtstart": meeting.first_on.isoformat(),
            "until": last,
            "wkst": "MO",
            "freq": meeting.frequency.upper(),
            "interval": meeting.interval,
            "byday": by_day(meeting),
            "opens_at": meeting.starts_at.strftime("%H:%M"),
            "closes_at": f"{minutes // 60 % 24:02}:{minutes % 60:02}",
            "description": with_plain_spaces(meeting.rule_in_words),
            "notes": _("Clock times in the time zone %(zone)s.") % {"zone": meeting.time_zone},
        }
    )


def _areas(group: Any, own: UUID) -> list[dict[str, Any]]:
    if not group.region_served:
        return []
    area = {"id": _id(own, "area"), "service_id": str(own), "name": group.region_served}
    return [area]


def _locations(group: Any, own: UUID) -> list[dict[str, Any]]:
    found = []
    if group.is_in_person:
        place = {
            "id": _id(own, "place"),
            "location_type": "physical",
            "name": group.place,
            "latitude": group.latitude,
            "longitude": group.longitude,
            "accessibility": _accessibility(group, own),
        }
        found.append(("at place", place))
    if group.is_online or group.is_by_phone:
        ways = [_("online")] if group.is_online else []
        ways += [_("by phone")] if group.is_by_phone else []
        remote = {
            "id": _id(own, "remote place"),
            "location_type": "virtual",
            "name": " / ".join(ways),
            "description": _("The organizer tells how to join."),
        }
        found.append(("remote", remote))
    return [
        {
            "id": _id(own, part),
            "service_id": str(own),
            "location_id": location["id"],
            "location": _without_nothing(location),
        }
        for part, location in found
    ]


def _accessibility(group: Any, own: UUID) -> list[dict[str, Any]]:
    if not (group.access_labels or group.access):
        return []
    told = {
        "id": _id(own, "accessibility"),
        "location_id": _id(own, "place"),
        "description": "; ".join(group.access_labels),
        "details": group.access,
    }
    return [_without_nothing(told)]


def page_of(services: list[dict[str, Any]], number: int, total: int, size: int) -> dict[str, Any]:
    """Return a page of services in the envelope of the specification's API."""
    pages = max(1, -(-total // size))
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": number,
        "size": len(services),
        "first_page": number == 1,
        "last_page": number == pages,
        "empty": not services,
        "contents": services,
    }
