"""What the first page of the desk says of groups and services, for whom it concerns."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from community.admin.filters import STALE_AFTER, to_check
from community.models import Service, SupportGroup
from facts.admin.desk import Line, Panel, first_few, list_url


def panels(user: Any) -> list[Panel]:
    """Return the panels for `user`, one query each."""
    found = []
    if user.has_perm("community.change_supportgroup"):
        found += [_groups_to_check(), _groups_without_date()]
    if user.has_perm("community.change_service"):
        found.append(_services_to_check())
    return found


def _checked(listing: Any) -> str:
    if listing.checked_on is None:
        return _("never checked")
    return _("last checked on %(day)s") % {"day": date_format(listing.checked_on, "j M Y")}


def _groups_to_check() -> Panel:
    groups = to_check(SupportGroup.objects.running(timezone.now()))
    rows, count = first_few(groups)
    return Panel(
        "groups-to-check",
        _("Groups to check"),
        count,
        [
            Line(g.name, reverse("admin:community_supportgroup_change", args=[g.pk]), _checked(g))
            for g in rows
        ],
        list_url("community_supportgroup", checked="due", ended="no"),
        _("Every group was checked in the last %(days)d days.") % {"days": STALE_AFTER.days},
    )


def _groups_without_date() -> Panel:
    now = timezone.now()
    groups: Any = SupportGroup.objects.running(now).by_next_meeting(now)
    groups = groups.filter(published_at__lte=now, next_starts_at__isnull=True)
    rows, count = first_few(groups.order_by("name", "pk"))
    return Panel(
        "groups-without-date",
        _("Groups on the site without a date ahead"),
        count,
        [Line(g.name, reverse("admin:community_supportgroup_change", args=[g.pk])) for g in rows],
        list_url("community_supportgroup", published="yes", next="unknown", ended="no"),
        _("Every group on the site has a date ahead."),
    )


def _services_to_check() -> Panel:
    rows, count = first_few(to_check(Service.objects.all()))
    return Panel(
        "services-to-check",
        _("Services to check"),
        count,
        [
            Line(s.name, reverse("admin:community_service_change", args=[s.pk]), _checked(s))
            for s in rows
        ],
        list_url("community_service", checked="due"),
        _("Every service was checked in the last %(days)d days.") % {"days": STALE_AFTER.days},
    )
