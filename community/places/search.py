"""Where is that? Finds the places that somebody may mean, without asking anybody outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import IntEnum

from django.db.models import Case, IntegerField, Value, When

from community.models import Place, PlaceName, PlaceSource
from community.models.places import PlaceNameQuerySet
from community.places.names import LONGEST, bare, slips, words

# Where a reader is, is known to the nearest twentieth of a degree, at most 4 km off.
GRID = 0.05  # degrees
# A place is meant, though others have its name, if so many times more people live there; fewer
# will do against a place that has another name first.
CLEARLY_LARGER, LARGER_THAN_BYNAME = 10, 2
_SHORTEST_BEGINNING = 3  # letters
_SHORTEST_ALIKE = 6  # letters
_MOST_WORDS = 8
# So that no words, however many, keep the database busy.
_MOST, _MOST_READINGS, _MOST_SPELLINGS, _MOST_ALIKE = 150, 5, 1200, 2
_AS_ALIKE = 0.8  # of `difflib`; 0.8 still finds Edinburgh by "Edinborough"

_KEY = re.compile(r"t[0-9]{1,10}|zip-[0-9]{5}|uk-[a-z0-9]{2,4}(?:-[0-9])?")
_COORDINATES = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,20})?), ?(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)")
_ZIP = re.compile(r"(?<![\w-])([0-9]{5})(?:[- ]?[0-9]{4})?(?![\w-])", re.ASCII)
# The shapes of https://www.gov.uk/government/publications/bulk-data-transfer-for-sponsors-xml-schema
_OUTWARD = r"(GIR|[A-Z]{1,2}[0-9][0-9A-Z]?)"
_UK_POSTCODE = re.compile(rf"(?<!\w){_OUTWARD}\s*([0-9])\s*[A-Z]{{2}}(?!\w)", re.ASCII | re.I)
_UK_PART = re.compile(rf"{_OUTWARD}(?:\s+([0-9]))?", re.ASCII | re.I)

# What countries are called beside their names and their two letters.
_BYNAMES = {
    "GB": ("uk", "greatbritain", "britain"),
    "US": ("usa", "america", "unitedstatesofamerica"),
    "AE": ("uae", "emirates"),
    "NL": ("holland",),
    "CZ": ("czechrepublic",),
    "IE": ("eire", "republicofireland"),
    "NZ": ("aotearoa",),
    "BR": ("brasil",),
    "ES": ("espana",),
    "DE": ("deutschland",),
}


@dataclass(frozen=True)
class Whereabouts:
    """What somebody means by a place.

    `place` is None if nothing was found, or if several places have an equal claim; `others`
    are those to choose from, the likeliest first. `is_postcode_unknown` says that a UK
    postcode was typed and none are known here yet.
    """

    place: Place | None = None
    others: list[Place] = field(default_factory=list)
    is_postcode_unknown: bool = False


def place_by_key(key: str) -> Place | None:
    """Return the place that `key` stands for, or None. Takes any text."""
    return Place.objects.filter(pk=key).first() if _KEY.fullmatch(key) else None


def here(value: str) -> Place | None:
    """Return the unnamed place at `value`, such as "53.8,-1.55", or None.

    Coordinates that are finer than the grid are made coarse, so that no distance is ever
    computed from somebody's door.
    """
    match = _COORDINATES.fullmatch(value.strip())
    if match is None:
        return None
    latitude, longitude = (float(degrees) for degrees in match.groups())
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Place.here(*(round(round(d / GRID) * GRID, 2) for d in (latitude, longitude)))


def parse_near(value: str, limit: int = 8) -> Whereabouts:
    """Return what `value` means: a key, coordinates ("53.8,-1.55"), or what somebody typed.

    A town is taken as meant if it alone has the name or is far larger than all that share it;
    the smaller ones are in `others` all the same.
    """
    value = value[:LONGEST].strip()
    known = here(value) or place_by_key(value)
    if known is not None:
        return Whereabouts(known)
    hits = _find(value, limit)
    if not hits:
        return Whereabouts(is_postcode_unknown=is_postcode(value) and not knows_postcodes())
    found = [hit.place for hit in hits]
    # A form that was filled in before sends the whole label.
    named = next((place for place in found if bare(place.label) == bare(value)), None)
    if named is None and any(hit.rivals(hits[0]) for hit in hits[1:]):
        return Whereabouts(None, found)
    meant = named or found[0]
    return Whereabouts(meant, [place for place in found if place != meant])


def is_postcode(text: str) -> bool:
    """Return whether `text` looks like a UK postcode, or the first part of one."""
    text = text[:LONGEST].strip()
    return bool(_UK_POSTCODE.search(text) or _UK_PART.fullmatch(text))


def knows_postcodes() -> bool:
    """Return whether an operator has imported the postcodes of the UK."""
    return PlaceSource.objects.filter(pk=PlaceSource.Name.POSTCODES).exists()


def find_places(text: str, limit: int = 8) -> list[Place]:
    """Return the places that `text` may mean, the likeliest first.

    Takes ZIP codes ("60601-1234"), UK postcodes in any spacing and their first half, and names
    of towns, alone or with region and country ("birmingham al", "Birmingham, UK"). What is
    spelled so comes before what begins so, and that before what is a slip away; within each,
    the larger town first. At most six queries, whatever is typed.
    """
    return [hit.place for hit in _find(text, limit)]


def postal_keys(text: str) -> Iterator[str]:
    """Yield the keys of the postal codes in `text`, the finest first."""
    for match in _ZIP.finditer(text):
        yield f"zip-{match[1]}"
    # A label says the country too: "LS1 4, England, UK".
    part = _UK_POSTCODE.search(text) or _UK_PART.fullmatch(text.partition(",")[0].strip())
    if part is not None:
        yield from postcode_keys(part[1], part[2])


def postcode_keys(outward: str, sector: str | None) -> Iterator[str]:
    """Yield the keys of a UK postcode's sector ("LS1 4") and of its first half ("LS1")."""
    if sector:
        yield f"uk-{outward.lower()}-{sector}"
    yield f"uk-{outward.lower()}"


class _Fit(IntEnum):
    """How well a place fits what was typed; a smaller one is better."""

    SPELLED = 0  # Its name, or one of them, is written so.
    BEGUN = 1  # Its name begins so.
    BYNAME_BEGUN = 2
    SLIP = 3  # One slip of the fingers away.
    NAME_ALONE = 4  # What comes after its name is no region and no country.
    ALIKE = 5


@dataclass(frozen=True)
class _Hit:
    """A place that was found, and why."""

    place: Place
    fit: _Fit
    weight: int = 0
    is_byname: bool = False

    @property
    def order(self) -> tuple[int, int, str]:
        """What sorts the best first, the same on every database."""
        return self.fit, -self.weight, self.place.pk

    def rivals(self, first: "_Hit") -> bool:
        """Return whether this may as well be meant as the `first` that was found."""
        if self.fit != first.fit:
            return self.place.population > first.place.population
        times = LARGER_THAN_BYNAME if self.is_byname else CLEARLY_LARGER
        return self.place.population * times > first.place.population


@dataclass(frozen=True)
class _Reading:
    """One way to read what was typed: a name, and what may tell it from others."""

    name: str
    rest: str = ""


def _find(text: str, limit: int) -> list[_Hit]:
    text = text[:LONGEST]
    keys = list(postal_keys(text))
    if keys:
        found = Place.objects.in_bulk(keys)
        coded = [_Hit(found[key], _Fit.SPELLED) for key in keys if key in found]
        if coded:
            return coded[:1]
    return _by_name(_UK_POSTCODE.sub(" ", text), limit)


def _by_name(text: str, limit: int) -> list[_Hit]:
    readings = _readings(text)
    if not readings:
        return []
    hits = _spelled_or_begun(readings)
    if any(hit.fit == _Fit.SPELLED for hit in hits):
        # What merely begins so, or once did, would hide the few that are meant.
        hits = [hit for hit in hits if hit.fit != _Fit.BYNAME_BEGUN]
    elif len(hits) < limit:
        hits += _slips(readings)
    hits = hits or _name_alone(readings) or _alike(readings)
    return _best(hits, limit)


def _readings(text: str) -> list[_Reading]:
    """Return the ways to read `text`: all of it as a name, or its end as region and country."""
    readings = {}
    first, comma, rest = text.partition(",")
    if comma and bare(first):
        readings[_Reading(bare(first), bare(rest))] = True
    typed = words(text)[:_MOST_WORDS]
    for end in range(len(typed), max(len(typed) - _MOST_READINGS, 0), -1):
        readings[_Reading("".join(typed[:end]), "".join(typed[end:]))] = True
    return list(readings)


def _best(hits: list[_Hit], limit: int) -> list[_Hit]:
    """Return each place once, the best first; of those that nobody could tell apart, one."""
    best: dict[str, _Hit] = {}
    for hit in sorted(hits, key=lambda hit: hit.order):
        best.setdefault(hit.place.label, hit)
        if len(best) == limit:
            break
    return list(best.values())


def _spelled_or_begun(readings: list[_Reading]) -> list[_Hit]:
    # All of it, or what stands before the comma, may be unfinished.
    begun = [
        reading
        for reading in readings
        if (reading is readings[0] or not reading.rest) and len(reading.name) >= _SHORTEST_BEGINNING
    ]
    names = PlaceName.objects.spelled(reading.name for reading in readings)
    for reading in begun:
        names |= PlaceName.objects.that_begin(reading.name)
    hits = []
    for name, place in _with_places(names, readings):
        for reading in readings:
            is_spelled = name.letters == reading.name
            is_begun = reading in begun and name.letters.startswith(reading.name)
            if (is_spelled or is_begun) and _is_told_by(place, reading.rest):
                is_byname = name.letters != bare(place.town or place.name)
                fit = _Fit.BYNAME_BEGUN if is_byname else _Fit.BEGUN
                fit = _Fit.SPELLED if is_spelled else fit
                hits.append(_Hit(place, fit, name.weight, is_byname))
    return hits


def _with_places(
    names: PlaceNameQuerySet, readings: list[_Reading]
) -> Iterator[tuple[PlaceName, Place]]:
    """Yield the weightiest of `names`, those that are spelled as read before all others.

    Places are fetched afterwards, for the few names that are left.
    """
    spellings = {reading.name for reading in readings}
    is_spelled = Case(
        When(letters__in=spellings, then=Value(1)), default=Value(0), output_field=IntegerField()
    )
    rows = list(names.annotate(is_spelled=is_spelled).order_by("-is_spelled", "-weight")[:_MOST])
    places = Place.objects.in_bulk({row.place_id for row in rows})
    for row in rows:
        if row.place_id in places:
            yield row, places[row.place_id]


def _slips(readings: list[_Reading]) -> list[_Hit]:
    meant: dict[str, list[_Reading]] = {}
    for reading in readings:
        if len(meant) < _MOST_SPELLINGS:
            for spelling in slips(reading.name):
                meant.setdefault(spelling, []).append(reading)
    if not meant:
        return []
    rows = PlaceName.objects.weightiest_of(meant, _MOST)
    places = Place.objects.in_bulk({row.place_id for row in rows})
    return [
        _Hit(place, _Fit.SLIP, row.weight, row.letters != bare(place.name))
        for row in rows
        if (place := places.get(row.place_id))
        and any(_is_told_by(place, reading.rest) for reading in meant[row.letters])
    ]


def _name_alone(readings: list[_Reading]) -> list[_Hit]:
    """Return what is spelled like the longest reading that is a name, whatever follows it.

    The rest may be a county, a district or a slip: better a choice than no place at all.
    """
    names = PlaceName.objects.spelled(reading.name for reading in readings)
    return [
        _Hit(place, _Fit.NAME_ALONE, name.weight, name.letters != bare(place.name))
        for name, place in _with_places(names, readings)
    ]


def _alike(readings: list[_Reading]) -> list[_Hit]:
    """Return what begins with the same letters and looks much alike: Edinborough."""
    readings = [reading for reading in readings if len(reading.name) >= _SHORTEST_ALIKE]
    if not readings:
        return []
    # Every reading begins with the first word, so these letters are those of each.
    names = PlaceName.objects.that_begin(readings[0].name[:_SHORTEST_BEGINNING])
    alike: dict[str, PlaceName] = {}
    for name in names.select_related("place").order_by("-weight")[:_MOST]:
        alike.setdefault(name.letters, name)
    return [
        _Hit(alike[letters].place, _Fit.ALIKE, alike[letters].weight)
        for reading in readings[:_MOST_ALIKE]
        for letters in get_close_matches(reading.name, alike, 3, _AS_ALIKE)
        if _is_told_by(alike[letters].place, reading.rest)
    ]


def _is_told_by(place: Place, rest: str) -> bool:
    """Return whether `rest`, which is bare, is what `place` may be told from others by."""
    if not rest:
        return True
    regions = {bare(place.region), bare(place.region_code)} - {""}
    countries = {
        place.country.lower(),
        bare(place.full_country_name),
        *_BYNAMES.get(place.country, ()),
    }
    told = regions | countries | {r + c for r in regions for c in countries}
    return rest in told or (len(rest) > 2 and any(name.startswith(rest) for name in told))
