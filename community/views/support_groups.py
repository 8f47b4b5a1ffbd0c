"""The directory of support groups, and the page that tells members how to join one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from community.finding.choices import choices
from community.finding.criteria import (
    IN_PERSON,
    NEAREST,
    ONLINE,
    ORDERS,
    UNCONFIRMED,
    Criteria,
)
from community.finding.fit import LIKE, YOU, Answers, found_in_words
from community.finding.search import Reader, Search
from community.meeting_times import own_time_in_words
from community.models import JoiningDetails, Occurrence, SupportGroup
from community.places.search import Whereabouts, parse_near
from community.recurrence import describe_break
from community.views.near_me import may_ask_for_location

UPCOMING = 4
# Paper cannot be taken back: a card to pin up holds so many dates alone.
PRINTED = 3


@may_ask_for_location
@require_safe
def support_group_list(request: HttpRequest) -> HttpResponse:
    """Show the groups that fit what the address says; what it says wrongly is passed over."""
    criteria = Criteria.parse(request.GET)
    where = _where(criteria)
    if where.place and where.place.key != criteria.near:
        # The key is the same for ever, however the place was spelled.
        return redirect(replace(criteria, near=where.place.key))
    search = Search(criteria, where.place, _reader(request), timezone.now())
    is_lost = _is_lost(criteria, where)
    context = {
        "is_lost": is_lost,
        "search": search,
        "choices": choices(search, is_counted=not is_lost),
        **_elsewhere(criteria, where, Criteria.get_absolute_url),
    }
    if not is_lost:
        context |= _found(search, Criteria.get_absolute_url, request)
        context |= {"found_words": search.sentence.counted(search.tally.total)}
        orders = [order for order in ORDERS if order != NEAREST or search.has_distance]
        # Nothing fits better than the rest while nothing is looked for.
        context["orders"] = criteria.is_narrow and [
            (
                ORDERS[order],
                replace(criteria, order=order).get_absolute_url(),
                order == search.order,
            )
            for order in orders
        ]
    return render(request, "community/support_group_list.html", context)


@may_ask_for_location
@require_safe
def support_group_fit(request: HttpRequest) -> HttpResponse:
    """Ask four questions, none of which needs an answer, and show the groups that fit best."""
    answers = Answers.parse(request.GET)
    criteria = answers.criteria
    where = _where(criteria)
    if where.place and where.place.key != criteria.near:
        response: HttpResponse = redirect(answers.address(replace(criteria, near=where.place.key)))
    else:
        search = answers.search(where.place, _reader(request), timezone.now())
        is_lost = answers.is_given and _is_lost(criteria, where)
        context = {
            "is_lost": is_lost,
            "search": search,
            "answers": answers,
            "YOU": YOU,
            "LIKE": LIKE,
            "choices": choices(search, is_counted=False),
            **_elsewhere(criteria, where, answers.address),
        }
        if answers.is_given and not is_lost:
            context |= _found(search, answers.address, request)
            context["found_words"] = found_in_words(search.tally.total)
        response = render(request, "community/support_group_fit.html", context)
    if answers.is_given:
        # What somebody said of themselves: no copy may be kept anywhere.
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _reader(request: HttpRequest) -> Reader:
    preferences = request.preferences  # type: ignore[attr-defined]
    return Reader(preferences.zone, preferences.units)


def _needs_place(criteria: Criteria) -> bool:
    return bool(criteria.near) and criteria.way in {"", IN_PERSON}


def _where(criteria: Criteria) -> Whereabouts:
    return parse_near(criteria.near) if _needs_place(criteria) else Whereabouts()


def _is_lost(criteria: Criteria, where: Whereabouts) -> bool:
    """Return whether a place is needed and nobody knows which."""
    return _needs_place(criteria) and where.place is None


def _elsewhere(
    criteria: Criteria, where: Whereabouts, address: Callable[[Criteria], str]
) -> dict[str, Any]:
    """Return the addresses of the same search at other places, and without one."""
    return {
        "where": where,
        "candidates": [
            (place, address(replace(criteria, near=place.key))) for place in where.others
        ],
        "elsewhere": address(replace(criteria, near="")),
        "online": address(replace(criteria, near="", way=ONLINE)),
    }


def _found(
    search: Search, address: Callable[[Criteria], str], request: HttpRequest
) -> dict[str, Any]:
    """Return what `_groups_found.html` shows of a search for a place that is known, if any."""
    criteria = search.criteria
    total = search.tally.total
    wider = search.wider
    shown = wider.search if wider else search
    farther = search.farther
    also = "" if criteria.also else UNCONFIRMED
    return {
        "wider": wider,
        "page_obj": shown.page(request.GET.get("page")),
        "services": [] if total else search.services,
        "farther": farther,
        "farther_address": address(farther.criteria) if farther else "",
        "hidden": search.tally.hidden,
        "also_address": address(replace(criteria, also=also)),
        "site_url": settings.SITE_URL,
        "printed_url": f"{settings.SITE_URL}{address(criteria)}",
        "today": timezone.localdate(search.at),
    }


def listing_of(group: SupportGroup, at: datetime) -> dict[str, Any]:
    """Return what `_group_listing.html` shows of `group`, fetched with its meetings.

    Of the dates ahead, the next few that take place, and the canceled ones between them.
    """
    today = timezone.localdate(at)
    has_ended = group.has_ended(at)
    ahead = Occurrence.objects.ahead(at).filter(meeting__group=group).select_related("meeting")
    dates = [] if has_ended else list(ahead[: 3 * UPCOMING])
    taking_place = [date for date in dates if not date.is_cancelled][:UPCOMING]
    if len(taking_place) == UPCOMING:
        dates = dates[: dates.index(taking_place[-1]) + 1]
    breaks = [b for b in group.breaks if b.last_on is None or b.last_on >= today]
    return {
        "group": group,
        "has_ended": has_ended,
        "meetings": [
            meeting
            for meeting in group.meetings.all()  # type: ignore[attr-defined]
            if meeting.is_current(at) and not has_ended
        ],
        "occurrences": dates,
        "taking_place": taking_place,
        "pauses": [describe_break(b, today) for b in breaks if not has_ended],
        "is_paused": any(b.holds(today) for b in breaks),
    }


@require_safe
def support_group_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one group; nothing here tells how to get in."""
    now = timezone.now()
    groups = SupportGroup.objects.published(now).with_meetings()
    group = get_object_or_404(groups, slug=slug)
    context = listing_of(group, now)
    # On paper the group's own clock counts, whoever prints it.
    context["own_times"] = [own_time_in_words(date) for date in context["taking_place"][:PRINTED]]
    return render(request, "community/support_group_detail.html", context)


@require_safe
@login_required
def joining_details(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a member how to join a group, or whom to ask."""
    group = get_object_or_404(SupportGroup.objects.published(timezone.now()), slug=slug)
    details = None
    has_ended = group.has_ended(timezone.now())
    if group.joining_policy == SupportGroup.JoiningPolicy.MEMBERS and not has_ended:
        details = JoiningDetails.objects.filter(group=group).first()
        details = None if details is None or details.is_empty else details
    context = {"group": group, "details": details, "has_ended": has_ended}
    response = render(request, "community/joining_details.html", context)
    # Not left to the middleware alone: no copy of this page may be kept anywhere.
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
