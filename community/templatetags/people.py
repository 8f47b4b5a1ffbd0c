"""The people who meet next, for pages of other subjects."""

from typing import Any

from django import template
from django.utils import timezone

from community.models import Occurrence, SupportGroup

register = template.Library()

# So many of the next dates are looked through for groups that differ.
_LOOKED_THROUGH = 40


@register.inclusion_tag("community/_next_groups.html", takes_context=True)
def next_groups(context: dict[str, Any], count: int, is_online: bool = False) -> dict[str, Any]:
    """Show the `count` groups that meet next, in one query; those online alone if asked.

    They are those that the directory shows unasked.
    """
    now = timezone.now()
    shown = SupportGroup.objects.in_default_results(now)
    if is_online:
        shown = shown.filter(is_online=True)
    soon = Occurrence.objects.upcoming(now).filter(meeting__group__in=shown)
    groups: dict[int, SupportGroup] = {}
    for occurrence in soon.select_related("meeting__group")[:_LOOKED_THROUGH]:
        group = occurrence.meeting.group
        if group.pk not in groups and len(groups) < count:
            group.next_occurrence = occurrence
            groups[group.pk] = group
    return {"groups": list(groups.values()), "preferences": context.get("preferences")}
