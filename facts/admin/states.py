"""Where a version or a fact stands, in the words of those who write it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facts.choices import Origin, Status
from facts.models import FactVersion


@dataclass(frozen=True)
class State:
    """A key, which sets the colour, and the words that say it."""

    key: str
    words: str

    def __html__(self) -> SafeString:
        return format_html('<span class="state state-{}">{}</span>', self.key, self.words)

    def __str__(self) -> str:
        return self.__html__()


def day(moment: datetime) -> str:
    """Return the day of `moment`, in the server's time zone, with the month in words."""
    return date_format(timezone.localtime(moment), "j M Y")


def day_and_time(moment: datetime) -> str:
    """Return day and clock time of `moment`, in the server's time zone."""
    return date_format(timezone.localtime(moment), "j M Y, H:i")


def person(account: Any, account_id: int | None, viewer: Any) -> str:
    """Name an account to `viewer` without telling an address: accounts have numbers."""
    if account_id is None:
        return _("nobody")
    if account_id == viewer.pk:
        return _("you")
    return _("a colleague (%(number)s)") % {"number": account or f"M{account_id}"}


def version_state(version: FactVersion, at: datetime, viewer: Any) -> State:
    """Return where `version` stands at `at`, told to `viewer`."""
    if version.status == Status.DRAFT:
        if version.author_id is None and version.origin == Origin.STARTER_LIBRARY:
            return State("draft", _("Draft of the starter library"))
        by = person(None, version.author_id, viewer)
        return State("draft", _("Draft by %(person)s") % {"person": by})
    if version.status == Status.IN_REVIEW:
        return State("in-review", _("In review"))
    if version.status == Status.REJECTED:
        return State("rejected", _("Rejected"))
    begins, ends = version.live_from, version.live_until
    if begins is None or (ends is not None and ends <= begins):
        return State("over", _("Never appeared"))
    if version.is_scheduled(at):
        return State("scheduled", _("Scheduled for %(when)s") % {"when": day_and_time(begins)})
    if ends is None or ends > at:
        topic = version.fact.topic
        if topic.published_at is None or topic.published_at > at:
            return State("scheduled", _("Approved, appears with its topic"))
        return State("live", _("Live since %(day)s") % {"day": day(begins)})
    if version.is_withdrawn:
        return State("withdrawn", _("Withdrawn on %(day)s") % {"day": day(ends)})
    return State("over", _("Replaced on %(day)s") % {"day": day(ends)})


def fact_states(versions: Iterable[FactVersion], at: datetime, viewer: Any) -> list[State]:
    """Return where a fact stands, given all its versions: what readers see, then what is at work.

    A fact of which neither is true has the state of its newest version.
    """
    newest_first = sorted(versions, key=lambda v: v.number, reverse=True)
    seen = [v for v in newest_first if v.is_live(at)]
    coming = [v for v in newest_first if v.is_scheduled(at)]
    at_work = [v for v in newest_first if v.is_open]
    telling = seen + coming + at_work or newest_first[:1]
    if not telling:
        return [State("over", _("Nothing written yet"))]
    return [version_state(version, at, viewer) for version in telling]


def tags(states: Iterable[State]) -> SafeString:
    """Return `states` as HTML, side by side."""
    return format_html_join(" ", "{}", ((state,) for state in states))


class StateColumn(admin.ModelAdmin):
    """A list with the column "state", which speaks to whoever looks at it ("Draft by you")."""

    def states_of(self, obj: Any, at: datetime, viewer: Any) -> list[State]:
        """Return the states of one row."""
        raise NotImplementedError

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        now = timezone.now()

        @admin.display(description=gettext_lazy("state"))
        def state(obj: Any) -> SafeString:
            return tags(self.states_of(obj, now, request.user))

        return [state if name == "state" else name for name in super().get_list_display(request)]

    def state(self, obj: Any) -> str:
        """Name the column in `list_display`; get_list_display() puts the real one in its place."""
        return ""
