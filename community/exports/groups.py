"""Which groups are open data, and what each format needs to know of them."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone

from community.models import Meeting, SupportGroup

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def open_groups(at: datetime) -> Any:
    """Return the groups that are open data at `at`, with meetings and pauses, in three queries.

    They are public, exist and have not ended. Joining details are not fetched at all.
    """
    return (
        SupportGroup.objects.published(at)
        .real()
        .running(at)
        .prefetch_related(Prefetch("meetings", Meeting.objects.order_by("pk")), "pauses")
        .order_by("pk")
    )


def running_meetings(group: Any, at: datetime) -> list[Meeting]:
    """Return the meetings of a group that are not over, from what was fetched."""
    today = timezone.localdate(at)
    return [m for m in group.meetings.all() if m.last_on is None or m.last_on >= today]


def is_paused(group: Any, day: date) -> bool:
    """Return whether a group does not meet on `day`, from what was fetched."""
    return any(
        p.first_on <= day and (p.last_on is None or day <= p.last_on) for p in group.pauses.all()
    )


def by_day(meeting: Meeting) -> str:
    """Return the days of a meeting's rule: "TU", "2TU,4TU". Source: RFC 5545, section 3.3.10."""
    day = _DAYS[int(meeting.weekday)]
    if meeting.frequency == Meeting.Frequency.WEEKLY:
        return day
    return ",".join(f"{ordinal}{day}" for ordinal in meeting.ordinals)


def rule(meeting: Meeting) -> str:
    """Return a meeting's rule, without its end: FREQ=MONTHLY;BYDAY=2TU,4TU."""
    interval = f";INTERVAL={meeting.interval}" if meeting.interval > 1 else ""
    return f"FREQ={meeting.frequency.upper()}{interval};BYDAY={by_day(meeting)}"


def whole_address(path: str) -> str:
    """Return the address of one of our pages as others need it, made from SITE_URL."""
    return f"{settings.SITE_URL}{path}"
