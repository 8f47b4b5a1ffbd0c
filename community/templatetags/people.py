"""The people who meet next, for pages of other subjects."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils import timezone

from community.finding.soon import meeting_next

register = template.Library()


@register.inclusion_tag("community/_next_groups.html", takes_context=True)
def next_groups(
    context: dict[str, Any],
    count: int,
    is_online: bool = False,
    audiences: Iterable[str] = (),
    is_short: bool = False,
) -> dict[str, Any]:
    """Show the `count` groups that meet next; those online alone if asked.

    In short there is a line for when, and one for the name; else a card.

    They are those that the directory shows unasked. Groups for one of `audiences` in particular
    come first, if they meet within a month.
    """
    groups = meeting_next(count, timezone.now(), is_online, audiences)
    return {"groups": groups, "is_short": is_short, "preferences": context.get("preferences")}
