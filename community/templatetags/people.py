"""The people who meet next, for pages of other subjects."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import template
from django.db.models import Q
from django.utils import timezone

from community.models import Occurrence, SupportGroup

register = template.Library()

# So many of the next dates are looked through for groups that differ.
_LOOKED_THROUGH = 40
_SOON = timedelta(days=31)


@register.inclusion_tag("community/_next_groups.html", takes_context=True)
def next_groups(
    context: dict[str, Any], count: int, is_online: bool = False, audiences: Iterable[str] = ()
) -> dict[str, Any]:
    """Show the `count` groups that meet next, in one query; those online alone if asked.

    They are those that the directory shows unasked. Groups for one of `audiences` in particular
    come first, if they meet within a month.
    """
    now = timezone.now()
    shown = SupportGroup.objects.in_default_results(now)
    if is_online:
        shown = shown.filter(is_online=True)
    soon = Occurrence.objects.upcoming(now).filter(meeting__group__in=shown)
    wanted = set(audiences)
    rows = soon[:_LOOKED_THROUGH]
    if wanted:
        told: Any = soon.with_is_for(wanted)
        theirs = told.filter(is_for_them=True, starts_at__lt=now + _SOON)[:_LOOKED_THROUGH]
        others = told.filter(is_for_them=False)[:_LOOKED_THROUGH]
        either = Q(pk__in=theirs.values("pk")) | Q(pk__in=others.values("pk"))
        rows = Occurrence.objects.upcoming(now).filter(either)
    found = sorted(
        rows.select_related("meeting__group"),
        key=lambda occurrence: wanted.isdisjoint(occurrence.meeting.group.audiences),
    )
    groups: dict[int, SupportGroup] = {}
    for occurrence in found:
        group = occurrence.meeting.group
        if group.pk not in groups and len(groups) < count:
            group.next_occurrence = occurrence
            groups[group.pk] = group
    return {"groups": list(groups.values()), "preferences": context.get("preferences")}
