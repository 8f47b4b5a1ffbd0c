"""How far a listing can be trusted, in words, by the clock alone. Nothing has to run for it.

A listing is fresh for its interval and the four weeks in which its organizer can answer. After
that its label says since when nobody has confirmed it, for as long as the interval once more, but
no longer than a year. Then it is stale: lists leave it out, and its page says why.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from django.db.models import DateField, F, Func, Q, Value
from django.db.models.functions import Coalesce, Least, TruncDate
from django.db.models.lookups import GreaterThan
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from community.meeting_times import days_ago_in_words

if TYPE_CHECKING:
    from community.models import SupportGroup

# How long an organizer who was asked has for the answer.
WEEKS_TO_ANSWER = 4
# A listing that is rarely checked is not waited for twice as long.
MOST_WEEKS_UNCONFIRMED = 52

Level = Literal["fresh", "unconfirmed", "stale", "unchecked", "reported-ended"]


@dataclass(frozen=True)
class Freshness:
    """How far a listing can be trusted: a level for machines, a few words, and all of it."""

    level: Level
    words: str
    sentences: str

    @property
    def needs_care(self) -> bool:
        """Whether a reader should ask before setting out."""
        return self.level != "fresh"

    @property
    def is_loud(self) -> bool:
        """Whether it must not be overlooked."""
        return self.level in {"stale", "reported-ended"}


def freshness(group: "SupportGroup", today: date) -> Freshness:
    """Return how far the listing of `group` can be trusted on the day `today`."""
    if group.reported_ended_on is not None:
        return Freshness(
            "reported-ended",
            _("Said to have ended"),
            _(
                "The organizer says that this group has ended. We are looking into it. Please ask "
                "before you set out."
            ),
        )
    if group.checked_on is None:
        return Freshness(
            "unchecked",
            _("Not checked yet"),
            _("Nobody has checked this listing yet. Ask the organizer before you set out."),
        )
    if today <= fresh_until(group.checked_on, group.check_every_weeks):
        said = {
            "ago": days_ago_in_words(group.checked_on, today),
            "day": date_format(group.checked_on, "j F Y"),
        }
        return Freshness(
            "fresh", _("Checked %(ago)s") % said, _("Checked %(ago)s, on %(day)s.") % said
        )
    said = {"month": date_format(group.checked_on, "F Y")}
    words = _("Not confirmed since %(month)s") % said
    if today < stale_on(group.checked_on, group.check_every_weeks):
        return Freshness(
            "unconfirmed",
            words,
            _("Not confirmed since %(month)s. Ask the organizer before you set out.") % said,
        )
    return Freshness(
        "stale",
        words,
        _(
            "Nobody has confirmed this listing since %(month)s, so our lists leave it out. The "
            "group may still meet: ask the organizer before you set out."
        )
        % said,
    )


def fresh_until(checked_on: date, every_weeks: int) -> date:
    """Return the last day on which a listing counts as fresh."""
    return checked_on + timedelta(weeks=every_weeks + WEEKS_TO_ANSWER)


def stale_on(checked_on: date, every_weeks: int) -> date:
    """Return the first day on which a listing is left out of lists."""
    more = min(every_weeks, MOST_WEEKS_UNCONFIRMED)
    return checked_on + timedelta(weeks=every_weeks + WEEKS_TO_ANSWER + more)


class WeeksAfter(Func):
    """The day so many weeks after another, counted by the database."""

    template = "(%(expressions)s)"
    arg_joiner = " + 7 * "
    output_field = DateField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps days as text, and counts them with a function of its own."""
        context |= {"template": "date(%(expressions)s) || ' days')", "arg_joiner": ", (7 * "}
        return self.as_sql(compiler, connection, **context)


def stale_day() -> WeeksAfter:
    """Return `stale_on` as the database counts it, from the publication if never checked."""
    every_weeks = F("check_every_weeks")
    return WeeksAfter(
        Coalesce("checked_on", TruncDate("published_at")),
        every_weeks + WEEKS_TO_ANSWER + Least(every_weeks, MOST_WEEKS_UNCONFIRMED),
    )


def shown_unasked(at: datetime) -> Q:
    """Return the condition that lists show a group at `at` unless more is asked for.

    Left out are those that nobody has confirmed for very long, and those of which the organizer
    says that they have ended. One that was never checked is as old as its publication; an
    example that nobody could check does not grow old.
    """
    is_current = GreaterThan(stale_day(), Value(timezone.localdate(at)))
    never_ages = Q(is_example=True, checked_on__isnull=True)
    return Q(reported_ended_on__isnull=True) & (never_ages | Q(is_current))
