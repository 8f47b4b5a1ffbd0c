"""Meetings for calendar programs: of one group, for everybody; of what a member saved, for them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from community.calendars import Entry, calendar
from community.fields import UndecipherableText
from community.forms.calendars import CalendarFeedForm
from community.models import CalendarFeed, JoiningDetails, SupportGroup

CONTENT_TYPE = "text/calendar; charset=utf-8"


@require_safe
def support_group_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The meetings of one group; how to get in is not in it."""
    now = timezone.now()
    groups = SupportGroup.objects.published(now).with_dates()
    group = get_object_or_404(groups, slug=slug)
    response = HttpResponse(calendar([Entry(group)], group.name, now), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{group.slug}.ics"'
    return response


@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The meetings of the groups that a member saved, for whoever has the secret address."""
    feed = CalendarFeed.objects.opened_by(secret).first()
    if feed is None:
        raise Http404
    now = timezone.now()
    entries = [
        Entry(group, _way_in(group) if feed.holds_ways_in else None, is_neutral=feed.is_neutral)
        for group in feed.groups(now)
    ]
    name = _("Meetings")
    response = HttpResponse(
        calendar(entries, name, now, is_private=True), content_type=CONTENT_TYPE
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _way_in(group: SupportGroup) -> JoiningDetails | None:
    """Return how to join `group`, if it lets members know."""
    if group.joining_policy != SupportGroup.JoiningPolicy.MEMBERS:
        return None
    return getattr(group, "joining_details", None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_settings(request: HttpRequest) -> HttpResponse:
    """A member's calendar address: make one, change it, end it, and what it may say."""
    feed = CalendarFeed.objects.filter(member=request.user.pk).first()
    form = CalendarFeedForm(request.POST if request.method == "POST" else None, instance=feed)
    if request.method == "POST":
        if "end" in request.POST:
            CalendarFeed.objects.filter(member=request.user.pk).delete()
            messages.success(request, _("The address leads nowhere any more."))
            return redirect("community:calendar-settings")
        if form.is_valid():
            _save(request.user, form, renew="renew" in request.POST)
            messages.success(request, _("Saved."))
            return redirect("community:calendar-settings")
    context: dict[str, Any] = {"form": form, "feed": feed, "address": _address(feed)}
    response = render(request, "community/calendar_settings.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _save(member: Any, form: CalendarFeedForm, *, renew: bool) -> None:
    with transaction.atomic():
        existing = CalendarFeed.objects.select_for_update().filter(member=member).first()
        feed = existing or CalendarFeed(member=member)
        feed.is_neutral = form.cleaned_data["is_neutral"]
        feed.holds_ways_in = form.cleaned_data["holds_ways_in"]
        if existing is None or renew:
            feed.change_secret()
        feed.save()


def _address(feed: CalendarFeed | None) -> str:
    """Return the address, or "" if there is none or no key opens it any more."""
    try:
        return feed.address if feed else ""
    except UndecipherableText:
        return ""
