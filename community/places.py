"""Where is that? Finds the places that somebody may mean, without asking anybody outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from django.db.models import Case, IntegerField, Value, When

from community.models import Place, PlaceName, PlaceSource
from community.place_names import LONGEST, bare, slips, words

# Where a reader is, is known to the nearest twentieth of a degree, at most 4 km off.
GRID = 0.05  # degrees
# A place is meant, though others have its name, if so many times more people live there.
CLEARLY_LARGER = 10
_SHORTEST_BEGINNING = 3  # letters
_SHORTEST_ALIKE = 6  # letters
_MOST_WORDS = 8
_MOST_NAMES = 200
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
    found = find_places(value, limit)
    if not found:
        return Whereabouts(is_postcode_unknown=is_postcode(value) and not knows_postcodes())
    first, *others = found
    if not others or first.population >= CLEARLY_LARGER * max(p.population for p in others):
        return Whereabouts(first, others)
    return Whereabouts(None, found)


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
    text = text[:LONGEST]
    keys = list(postal_keys(text))
    if keys:
        found = Place.objects.in_bulk(keys)
        coded = [found[key] for key in keys if key in found][:1]
        if coded:
            return coded
    return _by_name(_UK_POSTCODE.sub(" ", text), limit)


def postal_keys(text: str) -> Iterator[str]:
    """Yield the keys of the postal codes in `text`, the finest first."""
    for match in _ZIP.finditer(text):
        yield f"zip-{match[1]}"
    part = _UK_POSTCODE.search(text) or _UK_PART.fullmatch(text.strip())
    if part is not None:
        yield from postcode_keys(part[1], part[2])


def postcode_keys(outward: str, sector: str | None) -> Iterator[str]:
    """Yield the keys of a UK postcode's sector ("LS1 4") and of its first half ("LS1")."""
    if sector:
        yield f"uk-{outward.lower()}-{sector}"
    yield f"uk-{outward.lower()}"


@dataclass(frozen=True)
class _Reading:
    """One way to read what was typed: a name, and what may tell it from others."""

    name: str
    rest: str = ""


def _readings(text: str) -> list[_Reading]:
    """Return the ways to read `text`: all of it as a name, or its end as region and country."""
    first, comma, rest = text.partition(",")
    readings = {}
    if comma and bare(first):
        readings[_Reading(bare(first), bare(rest))] = True
    typed = words(text)[:_MOST_WORDS]
    for end in range(len(typed), max(len(typed) - 5, 0), -1):
        readings[_Reading("".join(typed[:end]), "".join(typed[end:]))] = True
    return list(readings)


def _by_name(text: str, limit: int) -> list[Place]:
    readings = _readings(text)
    if not readings:
        return []
    # All of it, or what stands before the comma, may be unfinished.
    whole = [
        reading
        for reading in readings
        if (reading is readings[0] or not reading.rest) and len(reading.name) >= _SHORTEST_BEGINNING
    ]
    found = _Found()
    _add_spelled_or_begun(found, readings, whole)
    if len(found) < limit and not found.has_exact:
        _add_slips(found, readings)
    if not found:
        _add_alike(found, readings)
    if not found:
        # The rest may be a county, a district or a slip: better than no place at all.
        _add_spelled_or_begun(found, readings, [], is_rest_needed=False)
    return found.best(limit)


class _Found:
    """Places with how well each of them fits: a smaller rank is better."""

    def __init__(self) -> None:
        self.ranks: dict[str, tuple[int, int]] = {}
        self.places: dict[str, Place] = {}

    def __len__(self) -> int:
        return len(self.places)

    @property
    def has_exact(self) -> bool:
        """Whether a place is spelled as somebody typed."""
        return any(rank == 0 for rank, _weight in self.ranks.values())

    def add(self, place: Place, rank: int, weight: int) -> None:
        """Keep `place`, by the best of its names."""
        self.places[place.pk] = place
        self.ranks[place.pk] = min(self.ranks.get(place.pk, (9, 0)), (rank, -weight))

    def best(self, limit: int) -> list[Place]:
        """Return the best places; of those that nobody could tell apart, the larger one."""
        ordered = sorted(self.places.values(), key=lambda p: (self.ranks[p.pk], p.pk))
        unlike = {place.label: place for place in reversed(ordered)}
        return [place for place in ordered if unlike[place.label] is place][:limit]


def _add_spelled_or_begun(
    found: _Found, readings: list[_Reading], begun: list[_Reading], is_rest_needed: bool = True
) -> None:
    spellings = {reading.name for reading in readings}
    names = PlaceName.objects.spelled(spellings)
    for reading in begun:
        names |= PlaceName.objects.that_begin(reading.name)
    is_spelled = Case(
        When(letters__in=spellings, then=Value(1)), default=Value(0), output_field=IntegerField()
    )
    rows = list(
        names.annotate(is_spelled=is_spelled)
        .order_by("-is_spelled", "-weight")
        .values_list("letters", "weight", "place_id")[:_MOST_NAMES]
    )
    places = Place.objects.in_bulk({key for _letters, _weight, key in rows})
    for letters, weight, key in rows:
        place = places.get(key)
        if place is None:
            continue
        for reading in readings:
            if is_rest_needed and not _is_told_by(place, reading.rest):
                continue
            if letters == reading.name:
                found.add(place, 0, weight)
            elif reading in begun and letters.startswith(reading.name):
                found.add(place, 1, weight)


def _add_slips(found: _Found, readings: list[_Reading]) -> None:
    meant: dict[str, list[_Reading]] = {}
    for reading in readings:
        for spelling in slips(reading.name):
            meant.setdefault(spelling, []).append(reading)
    if not meant:
        return
    names = PlaceName.objects.spelled(meant).select_related("place").order_by("-weight")
    for name in names[:_MOST_NAMES]:
        if any(_is_told_by(name.place, reading.rest) for reading in meant[name.letters]):
            found.add(name.place, 2, name.weight)


def _add_alike(found: _Found, readings: list[_Reading]) -> None:
    """Add what begins with the same letters and looks much alike: Edinborough."""
    readings = [reading for reading in readings if len(reading.name) >= _SHORTEST_ALIKE]
    if not readings:
        return
    # All readings begin at the first word, so these letters are those of each.
    names = PlaceName.objects.that_begin(readings[0].name[:_SHORTEST_BEGINNING]).order_by("-weight")
    alike: dict[str, PlaceName] = {}
    for name in names.select_related("place")[:_MOST_NAMES]:
        alike.setdefault(name.letters, name)
    for reading in readings:
        for letters in get_close_matches(reading.name, alike, 3, _AS_ALIKE):
            if _is_told_by(alike[letters].place, reading.rest):
                found.add(alike[letters].place, 3, alike[letters].weight)


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
