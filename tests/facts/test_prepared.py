"""A query that is written once finds what it would find if it were written each time."""

import inspect
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.models import ReadingList, SavedItem
from facts.models import FactVersion, Topic
from facts.prepared import ValueForgotten, prepared
from tests.factories import FactFactory, ReadingListFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    """The queries that were made, each by its values."""
    return []


@pytest.fixture
def live_versions(asked):
    @prepared
    def live_versions(facts, at, language):
        asked.append(facts)
        live = FactVersion.objects.live(at).filter(fact__in=facts, language=language)
        return live.select_related("fact__topic").order_by("pk")

    return live_versions


def test_values_differ_from_time_to_time(live_versions, asked):
    versions = [make_live(FactFactory()) for _number in range(5)]
    facts = [version.fact_id for version in versions]
    now = timezone.now()

    for at in (now, now - timedelta(days=365), now + timedelta(days=1)):
        for some in (facts[:1], facts[:3], facts[1:4], facts, facts[::-1]):
            plain = FactVersion.objects.live(at).filter(fact__in=some, language="en")
            assert live_versions(some, at, "en") == list(plain.order_by("pk"))
    assert live_versions(facts, now, "es") == []

    # Lists of three and four, and of five to eight, are one.
    assert {len(facts) for facts in asked} == {1, 4, 8}


def test_rows_come_with_what_they_were_asked_with(live_versions):
    fact = make_live(FactFactory(topic=TopicFactory(title="Sleep"))).fact

    with CaptureQueriesContext(connection) as captured:
        found = live_versions([fact.pk], timezone.now(), "en")
        assert found[0].fact.topic.title == "Sleep"
        assert found[0].live_from.tzinfo

    assert len(captured) == 1


def test_nothing_is_found_in_an_empty_list(live_versions):
    make_live()

    assert live_versions([], timezone.now(), "en") == []


def test_none_is_asked_for_as_itself():
    @prepared
    def archived_at(moment):
        return ReadingList.objects.filter(archived_at=moment).values_list("title")

    now = timezone.now()
    ReadingListFactory(title="Here")
    ReadingListFactory(title="Aside", archived_at=now)

    assert archived_at(None) == [("Here",)]
    assert archived_at(now) == [("Aside",)]
    assert archived_at(None) == [("Here",)]


def test_slice_begins_where_it_is_asked_to(asked):
    @prepared
    def titles(first, title):
        asked.append(first)
        return Topic.objects.exclude(title=title).order_by("pk").values_list("title")[first:][:2]

    for number in range(5):
        TopicFactory(title=f"100% {number}")

    for first in (0, 1, 3, 9):
        plain = [(f"100% {n}",) for n in range(5) if n != 1]
        assert titles(first, "100% 1") == plain[first : first + 2]
    assert len(set(asked)) == 1


def test_list_is_found_by_its_uuid_alone():
    @prepared
    def items(reading_list):
        return SavedItem.objects.filter(reading_list=reading_list)

    mine, other = ReadingListFactory(), ReadingListFactory()
    item, _is_new = mine.add(TopicFactory())

    assert items(mine.pk) == [item]
    assert items(other.pk) == items(uuid4()) == []


def test_query_that_forgets_a_value_is_refused():
    @prepared
    def topics(number):
        return Topic.objects.all()

    with pytest.raises(ValueForgotten):
        topics(1)


def test_value_of_another_kind_is_refused():
    @prepared
    def topics(number):
        return Topic.objects.filter(pk=number)

    with pytest.raises(KeyError):
        topics(1.5)


def test_day_is_that_of_the_time_zone_of_the_moment():
    @prepared
    def published_on(day):
        return Topic.objects.filter(published_at__date=day).values_list("title")

    TopicFactory(title="Late", published_at=datetime(2026, 11, 28, 23, tzinfo=UTC))
    found = {}
    for zone in ("UTC", "Asia/Tokyo", "UTC"):
        with timezone.override(zone):
            found[zone] = [bool(published_on(date(2026, 11, day))) for day in (28, 29)]

    assert found == {"UTC": [True, False], "Asia/Tokyo": [False, True]}


def test_query_without_days_is_written_once_for_all_time_zones(live_versions, asked):
    for zone in ("UTC", "Asia/Tokyo", "America/Lima"):
        with timezone.override(zone):
            live_versions([1], timezone.now(), "en")

    # And twice more to see whether the time zone is in it.
    assert len(asked) == 3


def test_nothing_of_the_thread_that_wrote_it_is_kept(live_versions):
    live_versions([1], timezone.now(), "en")
    kept = inspect.getclosurevars(live_versions).nonlocals["kept"]

    assert [each.compiler.connection for each in kept.values()] == [None]
