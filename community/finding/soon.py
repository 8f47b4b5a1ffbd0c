"""The few groups that meet next, of many, for pages of other subjects."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, F, Q, Subquery, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber

from community.finding import kept
from community.meeting_times import LONGEST_MEETING
from community.models import Occurrence, SupportGroup
from community.models.groups import SupportGroupQuerySet
from community.models.occurrences import HORIZON

# So many of the next dates are looked through. Only where too few of the groups that are wanted
# have one of them is every such group asked for its next date.
LOOKED_THROUGH = 500
# So many groups are read, more than any page shows.
READ = 20
_SOON = timedelta(days=31)

# What was found in which state of the database: Django takes longer to write the query than any
# database to answer it.
_kept: dict[tuple[int, bool, frozenset[str]], tuple[Hashable, list[SupportGroup]]] = {}
_ROOM = 50


@dataclass
class Wanted:
    """Groups that are wanted if they meet before `until`; those found so far, and if it is all."""

    groups: SupportGroupQuerySet
    until: datetime
    found: list[SupportGroup] = field(default_factory=list)
    is_all: bool = False


def meeting_next(
    count: int, at: datetime, is_online: bool = False, audiences: Iterable[str] = ()
) -> list[SupportGroup]:
    """Return the `count` groups that meet next, each with its `next_occurrence`.

    They are those that the directory shows unasked; those online alone if asked. Groups for one
    of `audiences` in particular come first if they meet within a month, and are left out if not.
    One query, and none while nothing that readers see has changed; a few more only where groups
    that are wanted are rare among many.
    """
    state, asked = kept.state(), (count, is_online, frozenset(audiences))
    was, groups = _kept.get(asked, (None, []))
    if state is None or was != state:
        groups = _meeting_next(count, at, is_online, audiences)
        if state is not None:
            if len(_kept) >= _ROOM:
                _kept.clear()
            _kept[asked] = state, groups
    return groups


def _meeting_next(
    count: int, at: datetime, is_online: bool, audiences: Iterable[str]
) -> list[SupportGroup]:
    shown = SupportGroup.objects.in_default_results(at)
    if is_online:
        shown = shown.filter(is_online=True)
    is_for = Q()
    for audience in audiences:
        is_for |= Q(audiences__contains=audience)
    wanted = [Wanted(shown, at + HORIZON)]
    if is_for:
        wanted = [
            Wanted(shown.filter(is_for), at + _SOON),
            Wanted(shown.exclude(is_for), at + HORIZON),
        ]
    _look_through(wanted, set(audiences), at)
    groups: list[SupportGroup] = []
    for each in wanted:
        missing = count - len(groups)
        if len(each.found) < missing and not each.is_all:
            each.found = _asked(each, at, missing)
        groups += each.found[:missing]
    return groups


def _look_through(wanted: list[Wanted], audiences: set[str], at: datetime) -> None:
    """Find those groups, wanted for `audiences` first if any, that have one of the next dates."""
    ahead = Occurrence.objects.upcoming(at).filter(starts_at__gt=at - LONGEST_MEETING)
    # The first date that is not looked at any more.
    end = ahead[LOOKED_THROUGH : LOOKED_THROUGH + 1]
    seen_until = Coalesce(
        Subquery(end.values("starts_at")), Value(at + HORIZON), output_field=DateTimeField()
    )
    parts = [end]
    for each in wanted:
        dates = ahead.filter(starts_at__lt=seen_until).filter(starts_at__lt=each.until)
        # The next one of each group: a group that meets every week has dozens.
        turn = Window(RowNumber(), partition_by=F("group"), order_by=["starts_at", "pk"])
        parts.append(dates.of(each.groups).annotate(turn=turn).filter(turn=1)[:READ])
    # Each within a query of its own, since not every database unites what has an order.
    first, *others = (
        Occurrence.objects.filter(pk__in=part.values("pk")).order_by().values("pk")
        for part in parts
    )
    rows = Occurrence.objects.filter(pk__in=first.union(*others, all=True)).annotate(
        is_end=Case(When(pk=Subquery(end.values("pk")), then=True), default=False)
    )
    ends = at + HORIZON
    for row in rows.order_by("starts_at", "pk").select_related("meeting__group"):
        group = row.meeting.group
        if row.is_end:
            ends = row.starts_at
            continue
        place = int(len(wanted) > 1 and audiences.isdisjoint(group.audiences))
        group.next_occurrence = row
        wanted[place].found.append(group)
    for each in wanted:
        each.is_all = len(each.found) < READ and each.until <= ends


def _asked(wanted: Wanted, at: datetime, number: int) -> list[SupportGroup]:
    """Return the `number` of the groups that meet next, after each was asked for its next date."""
    groups = list(wanted.groups.by_next_meeting(at)[:number])
    Occurrence.objects.attach_next(groups, at)
    return [g for g in groups if g.next_starts_at and g.next_starts_at < wanted.until]
