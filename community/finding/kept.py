"""The kinds of groups, kept while nothing that readers see has changed.

Counting them reads every group. Whoever knows of changes answers `public_state_asked`; where
nobody does, and within a transaction, which may see what nobody else does, each page counts anew.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace

from django.db import connection
from django.db.models import Q

from community.finding.criteria import Criteria
from community.finding.tally import Kind, Likeness, Tally
from community.signals import public_state_asked

# What was counted for those asked last, and tallies of it: each takes work and room where there
# are many kinds.
_ROOM, _TALLIES = 4, 8


@dataclass
class Kept:
    """All kinds of groups in one state of the database, however far away they meet."""

    state: Hashable
    kinds: dict[Likeness, Kind]
    tallies: dict[Criteria, Tally] = field(default_factory=dict)

    def tally(self, criteria: Criteria) -> Tally:
        """Return the kinds against `criteria`, if it does not matter how far away people meet."""
        # What makes no difference for the numbers.
        asked = replace(criteria, near="", within=Criteria.within, order="")
        found = self.tallies.get(asked)
        if found is None:
            found = Tally(tuple(self.kinds.values()), asked, has_place=False)
            if len(self.tallies) >= _TALLIES:
                self.tallies.clear()
            self.tallies[asked] = found
        return found

    def with_near(self, near: Iterable[Kind]) -> tuple[Kind, ...]:
        """Return all kinds, those apart that are `near`, of which each knows its distance."""
        kinds = dict(self.kinds)
        apart = [kind for kind in near if kind.miles is not None]
        for kind in apart:
            # None, if it has come this very moment; then this page is made once more.
            if (all_alike := kinds.get(kind.likeness)) is not None:
                number = max(all_alike.number - kind.number, 0)
                kinds[kind.likeness] = replace(all_alike, number=number)
        return (*(kind for kind in kinds.values() if kind.number), *apart)


# Which groups were left out, and which days and times were asked for, by whose clock.
Which = tuple[Q, str, str]
_kept: dict[Which, Kept] = {}


def state() -> Hashable | None:
    """Return what differs after each change of what readers see, or None if nobody knows."""
    if connection.in_atomic_block:
        return None
    answers = [answer for _receiver, answer in public_state_asked.send(sender=None)]
    return answers[0] if answers else None


def find(now: Hashable | None, which: Which) -> Kept | None:
    """Return what was counted of `which`, if the state is `now` what it was then."""
    kept = _kept.get(which)
    return kept if kept is not None and now is not None and kept.state == now else None


def keep(now: Hashable | None, which: Which, kinds: Iterable[Kind]) -> None:
    """Keep what was counted after the state was `now`."""
    if now is None:
        return
    alike: dict[Likeness, Kind] = {}
    for kind in kinds:
        number = kind.number + (alike[kind.likeness].number if kind.likeness in alike else 0)
        alike[kind.likeness] = replace(kind, number=number, miles=None, km=None)
    if which not in _kept and len(_kept) >= _ROOM:
        _kept.clear()
    _kept[which] = Kept(now, alike)
