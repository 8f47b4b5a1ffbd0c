"""The people who meet next, for pages of other subjects."""

from typing import Any

from django import template
from django.utils import timezone

from community.models import Occurrence, SupportGroup

register = template.Library()

# So many of the next dates are looked through for groups that differ.
_LOOKED_THROUGH = 40


@register.inclusion_tag("community/_next_groups.html", takes_context=True)
def next_groups(context: dict[str, Any], count: int) -> dict[str, Any]:
    """Show the `count` groups that meet next, in one query."""
    now = timezone.now()
    soon = Occurrence.objects.upcoming(now).public(now).select_related("meeting__group")
    groups: dict[int, SupportGroup] = {}
    for occurrence in soon[:_LOOKED_THROUGH]:
        group = occurrence.meeting.group
        if group.pk not in groups and len(groups) < count:
            group.next_occurrence = occurrence
            groups[group.pk] = group
    return {"groups": list(groups.values()), "preferences": context.get("preferences")}
