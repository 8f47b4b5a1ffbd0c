"""Of many groups only those are put in order that can stand on a page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from community import demo
from community.finding import search as finding
from community.finding.criteria import Criteria
from community.finding.search import Reader, Search
from community.models import Place, SupportGroup

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONDON = Place(name="London", country="GB", latitude=51.51, longitude=-0.13)
ASKED = [
    {},
    {"way": "online"},
    {"way": "in-person", "near": "x"},
    {"near": "x"},
    {"near": "x", "within": 5, "audience": "men"},
    {"near": "x", "within": 5},
    {"near": "x", "order": "next", "language": "en"},
    {"near": "x", "order": "match"},
]


@pytest.fixture(autouse=True)
def _groups(monkeypatch):
    """Many groups in one town, a few elsewhere, and some that have no date ahead."""
    monkeypatch.setattr(demo, "HORIZON", timedelta(days=60))
    with time_machine.travel(NOW, tick=False):
        towns = len(demo.TOWNS)
        made = [demo.example(1 + towns * n, NOW) for n in range(50)]
        made += [demo.example(2 + n, NOW) for n in range(10)]
        demo.save(made, NOW)
        yield


def pages(asked):
    search = Search(Criteria(**asked), LONDON if "near" in asked else None, Reader(), NOW)
    numbers = range(1, search.page(None).paginator.num_pages + 1)
    return [[group.pk for group in search.page(str(number))] for number in numbers]


@pytest.mark.parametrize("farthest", [30, 4_000])
@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_every_page_is_the_same_as_if_all_were_put_in_order(asked, farthest, monkeypatch):
    expected = pages(asked)
    monkeypatch.setattr(finding, "MANY", 0)
    monkeypatch.setattr(finding, "FARTHEST", farthest)

    found = pages(asked)

    assert found == expected
    assert sum(map(len, found)) > 3


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_page_of_many_groups_takes_few_queries(asked, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(finding, "MANY", 0)

    # With the place, which the view looks up, there are six.
    with django_assert_max_num_queries(5):
        search = Search(Criteria(**asked), LONDON if "near" in asked else None, Reader(), NOW)
        assert search.page(None).object_list


def planned(asked):
    """Return how the database plans what finds the groups of the first page, and the groups."""
    search = Search(Criteria(**asked), LONDON if "near" in asked else None, Reader(), NOW)
    _count = search.tally
    statements = []

    def note(execute, sql, params, many, context):
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        search.page(None)
    plans = []
    with connection.cursor() as cursor:
        is_postgresql = connection.vendor == "postgresql"
        if is_postgresql:
            # So few rows would be read through, and sorted, by any database.
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        for sql, params in statements:
            cursor.execute(f"EXPLAIN {'' if is_postgresql else 'QUERY PLAN '}{sql}", params)
            plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
            if "next_starts_at" in sql:
                return plans
    return plans


def test_next_meetings_are_read_through_an_index(monkeypatch):
    monkeypatch.setattr(finding, "MANY", 0)

    finds, groups = planned({})

    assert "community_occurrence_coming" in finds
    assert "community_occurrence_next" in groups


def test_nearest_groups_are_read_through_an_index(monkeypatch):
    monkeypatch.setattr(finding, "MANY", 0)

    *finds, _groups = planned({"way": "in-person", "near": "x"})

    assert finds
    assert all("community_group_coordinates" in plan for plan in finds)


def test_those_equally_far_away_stand_in_the_same_order_on_every_page(monkeypatch):
    """All meet at one address, so that only their next meetings tell them apart."""
    SupportGroup.objects.filter(is_in_person=True).update(latitude=51.5, longitude=-0.1)
    search = Search(Criteria(near="x", way="in-person"), LONDON, Reader(), NOW)
    expected = [group.pk for group in search.groups]
    monkeypatch.setattr(finding, "MANY", 0)

    found = pages({"near": "x", "way": "in-person"})

    assert [pk for page in found for pk in page] == expected
    assert len(found) > 1
