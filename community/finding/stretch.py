"""Which groups stand on one page of a long list, without putting all of them in order.

Only numbers and coordinates are read, from an index; the groups are read whole afterwards, and
only those of the page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from community.finding.criteria import NEXT, km_of
from community.meeting_times import LONGEST_MEETING
from community.models import Occurrence
from community.models.groups import SupportGroupQuerySet
from community.places.distances import km_between, within_box

if TYPE_CHECKING:
    from community.finding.search import Search

# More groups than these, equally far away, are left to the database to put in order.
MOST = 1_000


@dataclass(frozen=True)
class Stretch:
    """Groups that, put in order, begin `skipped` places before what was asked for.

    They are those of `groups` with one of `numbers`, or near enough.
    """

    groups: Q
    numbers: frozenset[int]
    skipped: int = 0


def stretch(search: "Search", first: int, last: int) -> Stretch | None:
    """Return the groups from place `first` up to `last` of what `search` finds. One statement.

    None if there are not so many that have a date or are near: the rest has to be put in order.
    """
    if search.order == NEXT:
        found = soonest(search.fitting(), search.at, last)
        return _those(found[first:]) if found else None
    reach = search.tally.reach(last)
    if reach is None:
        return None if search.criteria.way else _near_and_soonest(search, last, first)
    near = _within(search, reach)
    if len(near) < last:
        return None
    # Whoever is as far away as the first or the last of the page may stand there, too.
    begin, end = near[first][0], near[last - 1][0]
    numbers = [pk for km, pk in near if begin <= km <= end]
    skipped = first - sum(km < begin for km, _pk in near)
    return _those(numbers, skipped) if len(numbers) <= MOST else None


def _those(numbers: list[int], skipped: int = 0) -> Stretch:
    return Stretch(Q(pk__in=numbers), frozenset(numbers), skipped)


def _near_and_soonest(search: "Search", number: int, first: int) -> Stretch | None:
    """Return all that are near, and those that meet next of those that are joined from anywhere."""
    assert search.place is not None  # noqa: S101  Only then is anything ordered by distance.
    # Some of them may be near as well, so that so many are enough.
    found = soonest(
        search.fitting_anywhere().filter(Q(is_online=True) | Q(is_by_phone=True)),
        search.at,
        number,
    )
    if found is None:
        return None
    latitude, longitude = search.place.latitude, search.place.longitude
    box = within_box(latitude, longitude, km_of(search.criteria.within))
    near = Q(is_in_person=True) & box
    return Stretch(Q(pk__in=found) | near, frozenset(found), first)


def soonest(groups: SupportGroupQuerySet, at: datetime, number: int) -> list[int] | None:
    """Return the `number` of `groups` that meet next, as `by_next_meeting()` orders them.

    None if fewer have a date.
    """
    ahead = Occurrence.objects.upcoming(at).filter(starts_at__gt=at - LONGEST_MEETING)
    coming: Any = ahead.of(groups)
    coming = coming.order_by("starts_at", "group_name", "group")
    # A group has more than one date, and some have two meetings a week.
    found = dict.fromkeys(coming.values_list("group", flat=True)[: 2 * number + 20])
    return list(found)[:number] if len(found) >= number else None


def _within(search: "Search", km: float) -> list[tuple[float, int]]:
    """Return the kilometers to each group that fits and is at most `km` away, with its number."""
    assert search.place is not None  # noqa: S101  Only then is anything ordered by distance.
    here = search.place.latitude, search.place.longitude
    groups = search.fitting_anywhere().filter(within_box(*here, km), is_in_person=True)
    rows = groups.order_by().values_list("pk", "latitude", "longitude")
    found = [(km_between(*here, north, east), pk) for pk, north, east in rows]
    return sorted((far, pk) for far, pk in found if far <= km)
