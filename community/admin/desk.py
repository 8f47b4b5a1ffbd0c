"""What the first page of the desk says of groups and services, for whom it concerns."""

from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from community.admin.filters import STALE_AFTER, to_check
from community.meeting_times import days_ago_in_words
from community.member_data.retention import missed_staff
from community.models import Service, Suggestion, SupportGroup, Verification
from community.models.worklist import Todo
from facts.admin.desk import FEW, Line, Panel, first_few, list_url


def panels(user: Any) -> list[Panel]:
    """Return the panels for `user`."""
    found = []
    if user.has_perm("community.change_suggestion"):
        found.append(_suggestions())
    if user.has_perm("community.change_supportgroup"):
        found += [*_worklist(), _groups_without_date()]
    if user.has_perm("community.change_service"):
        found.append(_services_to_check())
    return found


def account_panels(user: Any) -> list[Panel]:
    """Return what an administrator has to know of accounts."""
    return [_missed_staff()] if user.is_superuser else []


def _missed_staff() -> Panel:
    rows, count = first_few(missed_staff(timezone.now()).only("pk", "last_login", "joined_at"))
    return Panel(
        "missed-staff",
        _("Colleagues who have not come for half a year"),
        count,
        [
            Line(
                str(member),
                reverse("admin:community_member_change", args=[member.pk]),
                _("last here on %(day)s") % {"day": date_format(member.seen_at, "j M Y")}
                if member.last_login
                else _("never here"),
            )
            for member in rows
        ],
        list_url("community_member", **{"last-here": "long-ago"}),
        _("Every colleague came within the last half year."),
    )


def _checked(listing: Any) -> str:
    if listing.checked_on is None:
        return _("never checked")
    return _("last checked on %(day)s") % {"day": date_format(listing.checked_on, "j M Y")}


def _suggestions() -> Panel:
    rows, count = first_few(Suggestion.objects.open().select_related("group"))
    today = timezone.localdate()
    return Panel(
        "suggestions",
        _("Suggestions waiting"),
        count,
        [
            Line(
                suggestion.name or _("Without a name"),
                reverse("admin:community_suggestion_change", args=[suggestion.pk]),
                f"{suggestion.get_kind_display()} · "
                f"{days_ago_in_words(suggestion.created_on, today)}",
            )
            for suggestion in rows
        ],
        list_url("community_suggestion", state="open"),
        _("No suggestion waits."),
    )


def _said(group: Any) -> str:
    """What the organizer said, or when the listing was checked."""
    if group.disputed_answer:
        return str(Verification.Answer(group.disputed_answer).label)
    return _checked(group)


def _worklist() -> list[Panel]:
    """Return the worklist of listings, each of which stands in one of its panels; one query."""
    groups: Any = SupportGroup.objects.with_todo(timezone.now()).with_disputed_answer()
    oldest: Any = [F("checked_on").asc(nulls_first=True), "name", "pk"]
    found = groups.annotate(
        rank=Window(RowNumber(), partition_by=["todo"], order_by=oldest),
        in_all=Window(Count("pk"), partition_by=["todo"]),
    )
    by_todo: dict[str, list[Any]] = {}
    for group in found.filter(todo__gt="", rank__lte=FEW).order_by("todo", "rank"):
        by_todo.setdefault(group.todo, []).append(group)
    words = [
        (
            Todo.DISPUTED,
            _("Organizers’ answers to decide"),
            _("No organizer’s answer waits for you."),
        ),
        (Todo.BOUNCED, _("Our mail came back"), _("No mail to an organizer came back.")),
        (
            Todo.SILENT,
            _("No answer from the organizer"),
            _("Every organizer has answered, or still has time."),
        ),
        (Todo.NEVER_CHECKED, _("Never checked"), _("Every group on the site was checked.")),
        (Todo.DUE, _("To be checked soon"), _("No group is to be checked in four weeks.")),
    ]
    return [_todo(todo, title, by_todo.get(todo, []), empty) for todo, title, empty in words]


def _todo(todo: Todo, title: str, rows: list[Any], empty: str) -> Panel:
    return Panel(
        f"groups-{todo}",
        title,
        rows[0].in_all if rows else 0,
        [
            Line(g.name, reverse("admin:community_supportgroup_check", args=[g.pk]), _said(g))
            for g in rows
        ],
        list_url("community_supportgroup", todo=todo.value),
        empty,
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
