"""Which groups stand on one page of a long list, without putting all of them in order.

Only numbers and coordinates are read, from an index; the groups are read whole afterwards, and
only those of the page.
"""

from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import TYPE_CHECKING

from django.db.models import Q

from community.distances import km_between, within_box
from community.finding.criteria import DISTANCES, NEXT, km_of
from community.meeting_times import LONGEST_MEETING
from community.models import Occurrence
from community.models.groups import SupportGroupQuerySet

if TYPE_CHECKING:
    from community.finding.search import Search

# More groups than these, equally far away, are left to the database to put in order.
MOST = 1_000
# Groups that stand farther down are found with less work by putting all in order.
FARTHEST = 4_000


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

    None if there are not so many that have a date or are near, or if they stand far down: then
    all have to be put in order.
    """
    if last > FARTHEST:
        return None
    if search.order == NEXT:
        found = soonest(search.fitting(), search.at, last)
        return _those(found[first:]) if found else None
    if search.tally.near(search.criteria.within) < last:
        return None if search.criteria.way else _near_and_soonest(search, last, first)
    near = _nearest(search, last)
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
    coming = ahead.of(groups).order_by("starts_at", "group_name", "group")
    # A group has more than one date, and some have two meetings a week.
    for dates in (2 * number + 20, 8 * number + 200):
        rows = list(coming.values_list("group", flat=True)[:dates])
        found = list(dict.fromkeys(rows))
        if len(found) >= number:
            return found[:number]
        if len(rows) < dates:
            break
    return None


def _nearest(search: "Search", number: int) -> list[tuple[float, int]]:
    """Return the kilometers to each of the nearest groups that fit, with its number.

    They are at least `number`, or all that are near enough.
    """
    assert search.place is not None  # noqa: S101  Only then is anything ordered by distance.
    latitude, longitude = search.place.latitude, search.place.longitude
    in_person = search.fitting_anywhere().filter(is_in_person=True).order_by()
    within = search.criteria.within
    miles = next((m for m in DISTANCES if search.tally.near(m) >= number), within)
    miles = min(miles, within)
    # Were they spread evenly, twice as many as are needed would meet so near.
    share = 2 * number / max(search.tally.near(miles), 1)
    found = []
    for reach in [miles * sqrt(share), miles] if share < 1 else [miles]:
        km = km_of(reach)
        rows = in_person.filter(within_box(latitude, longitude, km))
        found = [
            (far, pk)
            for pk, north, east in rows.values_list("pk", "latitude", "longitude")
            if (far := km_between(latitude, longitude, north, east)) <= km
        ]
        if len(found) >= number:
            break
    return sorted(found)
