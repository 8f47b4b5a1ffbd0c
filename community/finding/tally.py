"""How many groups of each kind there are, counted by the database once for a whole page.

Groups that are alike in all that can be looked for are one row with a number. Every count on the
page is a sum over these rows: the results, the choices of the form, and what widening would find.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from community.finding.criteria import IN_PERSON, Criteria

# What makes kinds alike, but for where people meet.
Likeness = tuple[frozenset[str], frozenset[str], frozenset[str], bool, bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """Groups that are alike, and how many there are.

    `miles` is the smallest of `DISTANCES` within which they meet, or None if that is farther, not
    known, or was not asked for; `km` is how far it is then. `is_at` says whether they meet at the
    days and times that were asked for, `is_confirmed` whether lists show them unasked.
    """

    number: int
    ways: frozenset[str]
    audiences: frozenset[str]
    languages: frozenset[str]
    miles: int | None = None
    km: float | None = None
    is_at: bool = True
    is_confirmed: bool = True

    @property
    def likeness(self) -> Likeness:
        """What it has in common with kinds that differ in where people meet."""
        return (self.ways, self.audiences, self.languages, self.is_at, self.is_confirmed)


# What keeps a group out of the results; the larger the number, the later it is given up. Each is
# twice the one before, so that a sum says which.
WAY, DISTANCE, WHEN, AUDIENCE, UNCONFIRMED, LANGUAGE = (2**n for n in range(6))
# Nothing that is given up lets it in.
_NEVER = 2**6


@dataclass(frozen=True)
class Tally:
    """The kinds of groups, against what somebody looks for; `has_place` if near a known place."""

    kinds: tuple[Kind, ...]
    criteria: Criteria
    has_place: bool

    @cached_property
    def _judged(self) -> list[tuple[Kind, int]]:
        return [(kind, self.obstacles(kind)) for kind in self.kinds]

    @cached_property
    def total(self) -> int:
        """How many groups fit."""
        return sum(kind.number for kind, obstacles in self._judged if not obstacles)

    @cached_property
    def known(self) -> int:
        """How many groups there are in all, whether they fit or not."""
        return sum(kind.number for kind in self.kinds)

    @property
    def hidden(self) -> int:
        """How many more would fit if those were shown that nobody has confirmed lately."""
        return sum(kind.number for kind, obstacles in self._judged if obstacles == UNCONFIRMED)

    def reach(self, number: int) -> float | None:
        """Return within how many kilometers `number` of those that fit meet in person.

        None if fewer meet near enough.
        """
        near = sorted(
            (kind.km, kind.number)
            for kind, obstacles in self._judged
            if not obstacles
            and kind.km is not None
            and kind.miles
            and kind.miles <= self.criteria.within
        )
        for km, alike in near:
            number -= alike
            if number <= 0:
                return km
        return None

    def obstacles(self, kind: Kind) -> int:
        """Return the sum of what keeps `kind` out; 0 if it fits."""
        asked = self.criteria
        found = self._of_way(kind)
        if asked.when and not kind.is_at:
            found |= WHEN
        if asked.audience and asked.audience not in kind.audiences:
            found |= AUDIENCE
        if asked.language and asked.language not in kind.languages:
            found |= LANGUAGE
        if not asked.also and not kind.is_confirmed:
            found |= UNCONFIRMED
        return found

    def _of_way(self, kind: Kind) -> int:
        way = self.criteria.way
        if not self.has_place or way not in {"", IN_PERSON}:
            return 0 if not way or way in kind.ways else WAY
        if IN_PERSON in kind.ways and kind.miles and kind.miles <= self.criteria.within:
            return 0
        if kind.ways - {IN_PERSON}:
            return WAY if way else 0
        return DISTANCE if kind.miles else _NEVER

    def _sum(self, but_for: int, values_of: str) -> Counter[str]:
        """Count each value of the kinds that fit, or that only `but_for` keeps out."""
        numbers: Counter[str] = Counter()
        for kind, obstacles in self._judged:
            if not obstacles & ~but_for:
                for value in getattr(kind, values_of):
                    numbers[value] += kind.number
        return numbers

    @cached_property
    def by_audience(self) -> Counter[str]:
        """How many groups there would be for each audience, all else as it is."""
        return self._sum(AUDIENCE, "audiences")

    @cached_property
    def by_language(self) -> Counter[str]:
        """How many groups there would be in each language, all else as it is."""
        return self._sum(LANGUAGE, "languages")

    @cached_property
    def by_way(self) -> Counter[str]:
        """How many groups there would be for each way to attend, all else as it is."""
        numbers: Counter[str] = Counter()
        for kind, obstacles in self._judged:
            if obstacles & ~(WAY | DISTANCE | _NEVER):
                continue
            for way in kind.ways:
                is_too_far = kind.miles is None or kind.miles > self.criteria.within
                if way != IN_PERSON or not self.has_place or not is_too_far:
                    numbers[way] += kind.number
        return numbers

    @cached_property
    def given_up(self) -> int:
        """The least that has to be given up to find any group: 0 if some fit, or nothing helps."""
        return min((o for _kind, o in self._judged if o < _NEVER), default=0)

    def those_without(self, given_up: int) -> list[Kind]:
        """Return the kinds that fit once `given_up` is given up."""
        return [kind for kind, obstacles in self._judged if not obstacles & ~given_up]
