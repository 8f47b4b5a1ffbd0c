"""The right text among the first three, for what people really type (docs/search.md)."""

import tomllib
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from facts.preferences import GENTLE_BY_DEFAULT
from portal.search.query import search

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parent / "data"
# What docs/search.md reports, of 40 each; a change of search or of the library may better them.
LEAST = {
    "lay_queries_before.toml": {"sqlite": 40, "postgresql": 40},
    "lay_queries_after.toml": {"sqlite": 37, "postgresql": 36},
}


def first_three(text):
    found = search(text, timezone.now(), "en", GENTLE_BY_DEFAULT)
    return [result.url for result in found.results[:3]]


@pytest.mark.parametrize("name", LEAST)
def test_right_text_is_among_the_first_three(name, starter_library):
    queries = tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))["query"]

    missed = [q["text"] for q in queries if not set(q["wants"]) & set(first_three(q["text"]))]

    assert len(queries) == 40
    assert len(queries) - len(missed) >= LEAST[name][connection.vendor], missed


@pytest.mark.parametrize("name", LEAST)
def test_what_is_wanted_is_there(name, starter_library, client):
    queries = tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))["query"]
    addresses = {url.split("#")[0] for query in queries for url in query["wants"]}

    codes = {url: client.get(url).status_code for url in addresses}

    assert set(codes.values()) == {200}, codes
