import gzip
import json
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from community.models import Place, PlaceName, PlaceSource
from community.places import gazetteer
from community.places.search import find_places, parse_near, place_by_key
from tests.factories import PlaceFactory

pytestmark = pytest.mark.django_db

# What was typed, and the first place that it finds among all that are shipped.
SHIPPED = [
    ("60601", "Chicago, Illinois 60601, US"),
    ("00901", "San Juan, 00901, Puerto Rico"),
    ("Holtsville NY", "Holtsville, New York, US"),
    ("Birmingham", "Birmingham, England, UK"),
    ("birmingham al", "Birmingham, Alabama, US"),
    ("Springfield, IL", "Springfield, Illinois, US"),
    ("London Ontario", "London, Ontario, Canada"),
    ("são paulo", "São Paulo, Brazil"),
    ("Muenchen", "Munich, Bavaria, Germany"),
    ("Köln", "Köln, North Rhine-Westphalia, Germany"),
    ("Cologne", "Köln, North Rhine-Westphalia, Germany"),
    ("Roma", "Rome, Lazio, Italy"),
    ("Москва", "Moscow, Russia"),
    ("東京", "Tokyo, Japan"),
    ("nyc", "New York City, New York, US"),
    ("st louis", "St. Louis, Missouri, US"),
    ("Ambleside, England", "Ambleside, England, UK"),
    ("Caerdydd", "Cardiff, Wales, UK"),
    ("Edinbrugh", "Edinburgh, Scotland, UK"),
    ("Philedelphia", "Philadelphia, Pennsylvania, US"),
    ("Cincinatti", "Cincinnati, Ohio, US"),
    ("Leeds West Yorkshire", "Leeds, England, UK"),
]


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """Return a function that ships other towns than the real ones."""

    def _ship(*names, zips=()):
        columns = {
            "step": [1] * len(names),
            "name": list(names),
            "other": ["Old Name|Second"] * len(names),
            "country": ["US"] * len(names),
            "region": [0] * len(names),
            "latitude": [4188] * len(names),
            "longitude": [-8762] * len(names),
            "people": [1000] * len(names),
            "zone": [0] * len(names),
        }
        data = {"regions": [["Illinois", "IL"]], "zones": ["America/Chicago"], "columns": columns}
        file = tmp_path / "towns.json.gz"
        file.write_bytes(gzip.compress(json.dumps(data).encode()))
        monkeypatch.setattr(gazetteer, "TOWNS", file)
        rows = [
            {
                "zip_code": code,
                "zip_code_type": "STANDARD",
                "city": city,
                "state": "IL",
                "lat": "41.8858",
                "long": "-87.6181",
                "timezone": "America/Chicago",
            }
            for code, city in zips
        ]
        monkeypatch.setattr(gazetteer, "_read_zips", lambda: rows)

    return _ship


def load(**options):
    out = StringIO()
    call_command("load_places", stdout=out, **options)
    return out.getvalue()


def test_what_is_shipped_is_loaded_once_and_found(django_assert_num_queries):
    assert load() == f"{Place.objects.count():,} towns and ZIP codes loaded.\n"
    assert Place.objects.filter(kind="town").count() > 70_000
    assert Place.objects.filter(kind="zip").count() > 40_000
    assert PlaceSource.objects.get().number == Place.objects.count()

    with django_assert_num_queries(1):
        assert load() == ""

    found = {typed: next(iter(find_places(typed)), None) for typed, _label in SHIPPED}
    assert {typed: str(place) for typed, place in found.items()} == dict(SHIPPED)
    assert place_by_key("t2655603").label == "Birmingham, England, UK"
    assert parse_near("Birmingham").place is None
    assert parse_near("London").place.time_zone == "Europe/London"
    # However many words, the answer stays small and asks the database a few times.
    for typed in ("san " * 25, "santa ana de la cruz", "x" * 200, "Nowhere, Nowhere", "'; --"):
        with CaptureQueriesContext(connection) as queries:
            assert len(find_places(typed)) <= 8
        assert len(queries) <= 6


def test_other_data_replaces_what_was_loaded(shipped):
    shipped("Chicago", "Springfield", zips=[("60601", "Chicago"), ("61001", "Apple River")])
    load()
    shipped("Chicago", zips=[("60601", "Chicago")])

    assert load() == "2 towns and ZIP codes loaded.\n"

    assert [str(place) for place in Place.objects.order_by("pk")] == [
        "Chicago, Illinois, US",
        "Chicago, Illinois 60601, US",
    ]
    assert set(PlaceName.objects.values_list("letters", flat=True)) == {
        "chicago",
        "oldname",
        "second",
    }
    assert load(verbosity=2) == "The towns and ZIP codes are up to date.\n"


def test_place_too_small_for_the_towns_is_found_by_its_zip_code(shipped):
    shipped(
        "Chicago", zips=[("61001", "Apple River"), ("60601", "Chicago"), ("61002", "Apple River")]
    )
    load()

    assert [str(place) for place in find_places("apple river")] == [
        "Apple River, Illinois 61001, US"
    ]


def test_postcodes_outlast_new_towns(shipped):
    PlaceFactory(key="uk-ls1", kind="postcode", name="LS1", names=[])
    shipped("Chicago")

    load()

    assert place_by_key("uk-ls1")


def test_failure_leaves_what_was_there(shipped, monkeypatch):
    shipped("Chicago")
    load()
    shipped("Springfield")
    monkeypatch.setattr(gazetteer, "insert", lambda *args: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        load()

    assert [place.name for place in Place.objects.all()] == ["Chicago"]
    assert PlaceSource.objects.get().mark != gazetteer.mark()


def test_nothing_that_serves_pages_imports_the_zip_codes():
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; "
        "django.setup(); import portal.urls, community.places.search, community.places.gazetteer; "
        "sys.exit('zipcodes' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
