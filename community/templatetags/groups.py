"""Tags for meetings: when they are, for this reader and by the group's own clock."""

from datetime import UTC, date
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html

from community.care.freshness import freshness as freshness_of
from community.meeting_times import (
    days_ago_in_words,
    duration_in_words,
    place_of,
    when_in_words,
    zone_in_words,
)
from community.models import Occurrence, SupportGroup

register = template.Library()


@register.inclusion_tag("community/_meeting_time.html", takes_context=True)
def meeting_time(
    context: dict[str, Any], occurrence: Occurrence, is_short: bool = False
) -> dict[str, Any]:
    """Show when `occurrence` begins, in the zone that the reader has chosen, if any.

    Its meeting must have been fetched with it. In short, nothing else is said of that date. What
    goes by the group's clock, since no zone was chosen, is marked for own-times.js.
    """
    now = timezone.now()
    preferences = context.get("preferences")
    chosen, theirs = preferences.zone if preferences else "", occurrence.meeting.time_zone
    first, second = when_in_words(occurrence.starts_at, theirs, chosen, now)
    instead = ""
    if occurrence.is_moved:
        moment = occurrence.original_starts_at
        instead, _second = when_in_words(moment, theirs, chosen, now)
        if not chosen:
            instead = format_html(
                '<time datetime="{}" data-theirs>{}</time>',
                f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
                instead,
            )
    length = occurrence.ends_at - occurrence.starts_at
    return {
        "occurrence": occurrence,
        "is_theirs": not chosen,
        "is_short": is_short,
        "first": first,
        "second": second,
        "instead": instead,
        "is_on": occurrence.starts_at <= now < occurrence.ends_at and not occurrence.is_cancelled,
        "duration": duration_in_words(int(length.total_seconds()) // 60),
    }


@register.inclusion_tag("community/_freshness.html")
def freshness(group: SupportGroup, is_short: bool = False) -> dict[str, Any]:
    """Say how far the listing of `group` can be trusted today; a card says it in short.

    Of a group that has ended there is nothing to say any more.
    """
    now = timezone.now()
    label = None if group.has_ended(now) else freshness_of(group, timezone.localdate(now))
    return {"label": label, "is_short": is_short}


@register.filter
def time_zone_words(zone: str) -> str:
    """Return what people call the time of a zone: "London time"."""
    return zone_in_words(zone)


@register.filter
def time_zone_place(zone: str) -> str:
    """Return the place that a zone is named after, or the name itself."""
    return place_of(zone) or zone


@register.filter
def days_ago(day: date) -> str:
    """Return how long ago a day was: "3 weeks ago"."""
    return days_ago_in_words(day, timezone.localdate())
