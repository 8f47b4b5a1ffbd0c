"""The directory of support groups, and the page that tells members how to join one."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from community.models import JoiningDetails, Occurrence, SupportGroup
from community.views.near_me import may_ask_for_location

PAGE_SIZE = 20
UPCOMING = 4

# What `?way=` may say, and the words for it on the page.
WAYS = {
    "online": (_("online"), {"is_online": True}),
    "phone": (_("by phone"), {"is_by_phone": True}),
    "in-person": (_("in person"), {"is_in_person": True}),
}


@may_ask_for_location
@require_safe
def support_group_list(request: HttpRequest) -> HttpResponse:
    """Show the groups, the one that meets next first. An unknown way to attend is passed over."""
    now = timezone.now()
    way = request.GET.get("way", "")
    way = way if way in WAYS else ""
    groups = SupportGroup.objects.published(now).running(now)
    if way:
        groups = groups.filter(**WAYS[way][1])
    page = Paginator(groups.by_next_meeting(now), PAGE_SIZE).get_page(request.GET.get("page"))
    Occurrence.objects.attach_next(page.object_list, now)
    context = {
        "page_obj": page,
        "groups": page.object_list,
        "ways": [(value, words) for value, (words, _filter) in WAYS.items()],
        "way": way,
        "way_words": WAYS[way][0] if way else "",
    }
    return render(request, "community/support_group_list.html", context)


def listing_of(group: SupportGroup, at: datetime) -> dict[str, Any]:
    """Return what `_group_listing.html` shows of `group`, fetched with its meetings."""
    occurrences = Occurrence.objects.upcoming(at).filter(meeting__group=group)
    return {
        "group": group,
        "meetings": [m for m in group.meetings.all() if m.is_current(at)],  # type: ignore[attr-defined]
        "occurrences": occurrences.select_related("meeting")[:UPCOMING],
    }


@require_safe
def support_group_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one group; nothing here tells how to get in."""
    now = timezone.now()
    groups = SupportGroup.objects.published(now).with_meetings()
    group = get_object_or_404(groups, slug=slug)
    context = listing_of(group, now)
    return render(request, "community/support_group_detail.html", context)


@require_safe
@login_required
def joining_details(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a member how to join a group, or whom to ask."""
    group = get_object_or_404(SupportGroup.objects.published(timezone.now()), slug=slug)
    details = None
    if group.joining_policy == SupportGroup.JoiningPolicy.MEMBERS:
        details = JoiningDetails.objects.filter(group=group).first()
        details = None if details is None or details.is_empty else details
    context = {"group": group, "details": details}
    response = render(request, "community/joining_details.html", context)
    # Not left to the middleware alone: no copy of this page may be kept anywhere.
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
