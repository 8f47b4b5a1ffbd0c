"""Reads open files of UK postcodes, and keeps of them where each sector is.

Known are the ONS Postcode Directory, Code-Point Open of Ordnance Survey (with or without a line
of headings), the CSV of doogal.co.uk, and any CSV with a postcode and coordinates; also inside a
zip file, as the first two are published. A sector ("LS1 4") has some 3,000 addresses, and one
postcode 15: what is finer than a sector is not kept.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple

from django.db import transaction
from django.utils import timezone

from community.models import Place, PlaceSource
from community.places.gazetteer import PlaceRow, delete_places, insert
from community.places.national_grid import to_degrees

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) *([0-9])[A-Z]{2}", re.ASCII)
# What the columns are called, as bare letters; the earlier name wins.
_HEADINGS = {
    "postcode": ("pcds", "postcode", "pcd8", "pcd7", "pcd2", "pcd", "pc"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "long", "lon", "lng"),
    "easting": ("eastings", "easting", "east1m", "oseast1m", "ea"),
    "northing": ("northings", "northing", "north1m", "osnrth1m", "no"),
    "country": ("countrycode", "ctry", "ctry25cd", "country", "cy"),
    "ended": ("doterm",),
    "in_use": ("inuse",),
}
# Code-Point Open comes without headings: postcode, quality, easting, northing, country …
_CODE_POINT = {"postcode": 0, "easting": 2, "northing": 3, "country": 4}
_CODE_POINT_COLUMNS = 10
# The beginning of the codes of the statistical offices, and what the country is called.
_NATIONS = {"E": "England", "W": "Wales", "S": "Scotland", "N": "Northern Ireland"}
_SOUTH, _NORTH, _WEST, _EAST = 49.0, 61.5, -9.0, 2.5
_LONGEST_LINE = 100_000  # characters; a file that is no CSV may hold a line without end
EVERY = 50_000  # rows


class WrongFile(Exception):
    """The file is not one of postcodes; the message says so in one sentence."""


class Postcode(NamedTuple):
    """What is read of one row: "LS1", "4", and where it is."""

    outward: str
    sector: str
    latitude: float
    longitude: float
    nation: str


@dataclass
class _Middle:
    """The middle of an area, while its postcodes are read."""

    latitude: float = 0
    longitude: float = 0
    number: int = 0
    nation: str = ""

    def add(self, postcode: Postcode) -> None:
        self.latitude += postcode.latitude
        self.longitude += postcode.longitude
        self.number += 1
        self.nation = self.nation or postcode.nation


@dataclass(frozen=True)
class Report:
    """What an import did: rows read, postcodes among them, areas kept, whether any is new."""

    rows: int
    postcodes: int
    areas: int
    is_new: bool


def import_postcodes(
    path: Path, tell: Callable[[int], None] = lambda rows: None, *, may_be_fewer: bool = False
) -> Report:
    """Put the sectors and outward codes of the file at `path` in the place of those there are.

    The file is read row by row; what is kept in memory grows with the areas, some 15,000.
    `tell` is called with the number of rows now and then. Raises WrongFile, and leaves what was
    there, if the file holds no postcodes, or far fewer than there are.
    """
    areas: dict[tuple[str, str], _Middle] = {}
    rows = postcodes = 0
    for postcode in read_postcodes(path):
        rows += 1
        if postcode is not None:
            postcodes += 1
            for key in ((postcode.outward, ""), (postcode.outward, postcode.sector)):
                areas.setdefault(key, _Middle()).add(postcode)
        if rows % EVERY == 0:
            tell(rows)
    if not postcodes:
        raise WrongFile(f"{path.name} holds no postcodes of the UK that are in use.")
    places = [_place(*key, middle) for key, middle in sorted(areas.items())]
    return Report(rows, postcodes, len(places), _keep(places, may_be_fewer=may_be_fewer))


def _place(outward: str, sector: str, middle: _Middle) -> PlaceRow:
    return PlaceRow(
        key=f"uk-{outward}-{sector}".lower().rstrip("-"),
        kind=Place.Kind.POSTCODE.value,
        name=f"{outward} {sector}".rstrip(),
        town="",
        region=middle.nation,
        region_code="",
        country="GB",
        latitude=round(middle.latitude / middle.number, 3),
        longitude=round(middle.longitude / middle.number, 3),
        population=0,
        time_zone="Europe/London",
    )


@transaction.atomic
def _keep(places: list[PlaceRow], *, may_be_fewer: bool) -> bool:
    """Replace the postcodes by `places`; return False, and do nothing, if they are the same."""
    mark = sha256(repr(places).encode()).hexdigest()
    source, _is_new = PlaceSource.objects.select_for_update().get_or_create(
        pk=PlaceSource.Name.POSTCODES,
        defaults={"mark": "", "number": 0, "loaded_at": timezone.now()},
    )
    if source.mark == mark:
        return False
    if len(places) * 2 < source.number and not may_be_fewer:
        raise WrongFile(
            f"The file knows {len(places):,} sectors and first halves of postcodes, and there are "
            f"{source.number:,} by now: is it a part? Nothing was changed; --may-be-fewer takes it."
        )
    delete_places(Place.Kind.POSTCODE)
    insert(Place, PlaceRow._fields, places)
    source.mark, source.number, source.loaded_at = mark, len(places), timezone.now()
    source.save()
    return True


def read_postcodes(path: Path) -> Iterator[Postcode | None]:
    """Yield each row of the file at `path`; None for one without a postcode, or without a place.

    Raises WrongFile if the file cannot be read, or has no column of postcodes.
    """
    try:
        is_zip = zipfile.is_zipfile(path)
        if not is_zip:
            with open(path, "rb") as file:
                yield from _read_csv(file, path.name)
            return
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            yield from _read_members(archive, names, path.name)
    except OSError as error:
        raise WrongFile(f"{path} cannot be read: {error.strerror or error}.") from error
    except (csv.Error, zlib.error, zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise WrongFile(f"{path.name} is damaged, or is no CSV file: {error}.") from error


def _read_members(
    archive: zipfile.ZipFile, names: list[str], told: str
) -> Iterator[Postcode | None]:
    """Yield the rows of those files of an archive that hold postcodes; others explain codes."""
    found = False
    for name in names:
        with archive.open(name) as file:
            try:
                for postcode in _read_csv(file, name):
                    found = True
                    yield postcode
            except _NoPostcodes:
                continue
    if not found:
        raise WrongFile(f"No file in {told} has a column of postcodes with coordinates.")


class _NoPostcodes(WrongFile):
    pass


def _read_csv(file: IO[bytes], told: str) -> Iterator[Postcode | None]:
    text = io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="")
    rows = csv.reader(iter(lambda: text.readline(_LONGEST_LINE), ""))
    first = next(rows, [])
    columns = _columns(first)
    if columns is None:
        raise _NoPostcodes(
            f"{told} has no columns for a postcode and its latitude and longitude, or its "
            "easting and northing."
        )
    if columns is _CODE_POINT:
        yield _read_row(first, columns)
    for row in rows:
        if row:
            yield _read_row(row, columns)


def _columns(first: list[str]) -> dict[str, int] | None:
    """Return which column is which, by the first row of a file; None if it holds no postcodes."""
    headings = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in first]
    columns = {}
    for name, spellings in _HEADINGS.items():
        known = [headings.index(spelling) for spelling in spellings if spelling in headings]
        if known:
            columns[name] = known[0]
    has_place = {"latitude", "longitude"} <= set(columns) or {"easting", "northing"} <= set(columns)
    if "postcode" in columns and has_place:
        return columns
    is_code_point = len(first) == _CODE_POINT_COLUMNS and _POSTCODE.fullmatch(first[0].strip())
    return _CODE_POINT if is_code_point else None


def _read_row(row: list[str], columns: dict[str, int]) -> Postcode | None:
    def cell(name: str) -> str:
        at = columns.get(name, len(row))
        return row[at].strip() if at < len(row) else ""

    match = _POSTCODE.fullmatch(cell("postcode").upper())
    if match is None or cell("ended") or cell("in_use").lower() in {"no", "n", "false", "0"}:
        return None
    place = _place_of(cell, match[1])
    if place is None:
        return None
    country = cell("country")
    nation = country if country in _NATIONS.values() else _NATIONS.get(country[:1], "")
    return Postcode(match[1], match[2], *place, nation)


def _place_of(cell: Callable[[str], str], outward: str) -> tuple[float, float] | None:
    try:
        if cell("latitude"):
            latitude, longitude = float(cell("latitude")), float(cell("longitude"))
        elif outward.startswith("BT"):
            return None  # Northern Ireland is on a grid of its own.
        else:
            easting, northing = float(cell("easting")), float(cell("northing"))
            if not (0 < easting < 700_000 and 0 < northing < 1_300_000):
                return None
            latitude, longitude = to_degrees(easting, northing)
    except ValueError:
        return None
    if _SOUTH < latitude < _NORTH and _WEST < longitude < _EAST:
        return latitude, longitude
    return None  # Unknown, which is written as 99.999999 and 0, or a mistake.
