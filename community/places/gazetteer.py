"""Fills the tables of places from what is shipped: towns of the world, and US ZIP codes.

The `zipcodes` package takes some 140 MB of memory once it is imported, so that nothing that
serves pages may import it: here it is imported while its rows are read.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.utils import timezone

from community.models import Place, PlaceName, PlaceSource
from community.places.names import bare

TOWNS = Path(__file__).parents[1] / "data/towns.json.gz"
# Goes up when the same files are to be read in another way, or `place_names.bare` changes.
READER = 1
# A byname counts for less than a name: Rome, Italy, is behind no other "Roma", but a village
# that was once called Oak Ridge is behind the town of that name.
BYNAME = 10
# They have ZIP codes, and are countries of their own to everybody else.
_TERRITORIES = frozenset({"AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"})


class PlaceRow(NamedTuple):
    """What stands in one row of `Place`."""

    key: str
    kind: str
    name: str
    town: str
    region: str
    region_code: str
    country: str
    latitude: float
    longitude: float
    population: int
    time_zone: str


class NameRow(NamedTuple):
    """What stands in one row of `PlaceName`."""

    place_id: str
    letters: str
    weight: int


def mark() -> str:
    """Return what changes when the shipped places, or the way they are read, do."""
    towns = hashlib.sha256(TOWNS.read_bytes()).hexdigest()[:16]
    return f"{READER}:{towns}:{version('zipcodes')}"


def load_shipped() -> int | None:
    """Put the shipped places into the database; return their number, or None if they are there.

    All of it is one transaction: readers find the old places until the new ones are whole.
    """
    now = mark()
    if PlaceSource.objects.filter(pk=PlaceSource.Name.SHIPPED, mark=now).exists():
        return None
    towns, names = read_towns()
    zips, zip_names = read_zips(towns)
    with transaction.atomic():
        # The row is the lock between machines that start at once.
        source, _is_new = PlaceSource.objects.select_for_update().get_or_create(
            pk=PlaceSource.Name.SHIPPED,
            defaults={"mark": "", "number": 0, "loaded_at": timezone.now()},
        )
        if source.mark == now:
            return None
        PlaceName.objects.all().delete()
        delete_places(Place.Kind.TOWN, Place.Kind.ZIP)
        insert(Place, PlaceRow._fields, [*towns, *zips])
        insert(PlaceName, NameRow._fields, [*names, *zip_names])
        source.mark, source.number = now, len(towns) + len(zips)
        source.loaded_at = timezone.now()
        source.save()
    return source.number


def read_towns() -> tuple[list[PlaceRow], list[NameRow]]:
    """Return the towns of the shipped file, and their spellings."""
    data = json.loads(gzip.decompress(TOWNS.read_bytes()))
    columns = data["columns"]
    columns["number"] = accumulate(columns.pop("step"))
    # -1 is none.
    regions, zones = [*data["regions"], ("", "")], data["zones"]
    towns, names = [], []
    for row in zip(*columns.values(), strict=True):
        town = dict(zip(columns, row, strict=True))
        region, region_code = regions[town["region"]]
        key, people = f"t{town['number']}", town["people"]
        towns.append(
            PlaceRow(
                key=key,
                kind=Place.Kind.TOWN.value,
                name=town["name"],
                town="",
                region=region,
                region_code=region_code,
                country=town["country"],
                latitude=town["latitude"] / 100,
                longitude=town["longitude"] / 100,
                population=people,
                time_zone=zones[town["zone"]],
            )
        )
        own = bare(town["name"])
        names.append(NameRow(key, own, people))
        others = {bare(other) for other in town["other"].split("|")} - {own, ""}
        names.extend(NameRow(key, other, people // BYNAME) for other in sorted(others))
    return towns, names


def read_zips(towns: Iterable[PlaceRow]) -> tuple[list[PlaceRow], list[NameRow]]:
    """Return the ZIP codes, and the names of US places that are too small to be in `towns`."""
    us = [town for town in towns if town.country == "US"]
    states = {town.region_code: town.region for town in us}
    known = {(bare(town.name), town.region_code) for town in us}
    zips, names = [], []
    # The usual kind first, so that the name of a place leads to where people live.
    for row in sorted(_read_zips(), key=_usual_first):
        state, town = row["state"], row["city"]
        is_territory = state in _TERRITORIES
        key = f"zip-{row['zip_code']}"
        zips.append(
            PlaceRow(
                key=key,
                kind=Place.Kind.ZIP.value,
                name=row["zip_code"],
                town=town,
                region="" if is_territory else states[state],
                region_code="" if is_territory else state,
                country=state if is_territory else "US",
                latitude=round(float(row["lat"]), 2),
                longitude=round(float(row["long"]), 2),
                population=0,
                time_zone=row["timezone"] if "/" in row["timezone"] else "",
            )
        )
        letters = bare(town)
        if letters and (letters, state) not in known:
            known.add((letters, state))
            names.append(NameRow(key, letters, 0))
    return zips, names


def _usual_first(row: dict[str, Any]) -> tuple[bool, str]:
    return row["zip_code_type"] != "STANDARD", row["zip_code"]


def _read_zips() -> Iterator[dict[str, Any]]:
    """Yield the ZIP codes that are somewhere: not those of the forces, nor of mail firms."""
    import zipcodes

    for row in zipcodes.list_all():
        if row["zip_code_type"] != "MILITARY" and (float(row["lat"]), float(row["long"])) != (0, 0):
            yield row


def delete_places(*kinds: str) -> None:
    """Delete places by kind, without reading each of them first to look for their names."""
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(kinds))
        table = connection.ops.quote_name(Place._meta.db_table)
        cursor.execute(f"DELETE FROM {table} WHERE kind IN ({marks})", list(kinds))  # noqa: S608


def insert(model: type[models.Model], columns: tuple[str, ...], rows: Sequence[tuple]) -> None:
    """Insert many rows: `bulk_create` would take ten times as long for 300,000 of them."""
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
