"""All numbers of the directory, counted anew and kept, beside a plain count of the groups."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
import time_machine
from django.db.models import Q

from community import demo
from community.care.freshness import stale_on
from community.finding import kept
from community.finding.criteria import (
    AUDIENCES,
    DISTANCES,
    IN_PERSON,
    METASTATIC,
    ONLINE,
    PHONE,
    Criteria,
    km_of,
)
from community.finding.fit import FAMILY
from community.finding.search import Reader, Search
from community.models import Place, SupportGroup
from community.places.distances import km_between
from community.signals import public_state_asked
from tests.factories import MeetingFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
LONDON = Place(name="London", country="GB", latitude=51.51, longitude=-0.13)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def state(monkeypatch):
    """The state of the database, as if somebody knew it."""
    now = {"is": 1}
    monkeypatch.setattr(kept, "_kept", {})
    monkeypatch.setattr(kept, "state", lambda: now["is"])
    return now


def search(without=None, reader=None, **asked):
    place = LONDON if asked.get("near") else None
    return Search(Criteria(**asked), place, reader or Reader(), NOW, without=without or Q())


def some_groups(chance):
    """Groups of which many are in one town, and some end, begin or go stale at about now."""
    towns = len(demo.TOWNS)
    numbers = [1 + towns * n for n in range(40)] + chance.sample(range(2, 900), 60)
    groups = [demo.example(number, NOW).group for number in sorted(set(numbers))]
    for group in groups:
        moment = NOW + timedelta(days=chance.randrange(-2, 3))
        match chance.randrange(8):
            case 0:
                group.published_at = moment
            case 1:
                group.ended_on = moment.date()
            case 2:
                group.checked_on = TODAY - timedelta(weeks=56, days=chance.randrange(-2, 3))
            case 3:
                group.reported_ended_on = moment.date()
            case 4:
                group.published_at = None
    SupportGroup.objects.bulk_create(groups)


def some_criteria(chance):
    near = {"near": "london", "within": chance.choice(DISTANCES)} if chance.random() < 0.5 else {}
    return Criteria(
        audience=chance.choice(["", "", *AUDIENCES]),
        way=chance.choice(["", "", ONLINE, PHONE, IN_PERSON]),
        language=chance.choice(["", "", "en", "fr", "bfi", "pl"]),
        also=chance.choice(["", "unconfirmed"]),
        **near,
    )


def plain_numbers(asked):
    """The numbers of a page, by looking at every group."""
    has_place = bool(asked.near) and asked.way in {"", IN_PERSON}
    numbers = {"total": 0, "hidden": 0, "near": [], "audience": Counter()}
    numbers |= {"language": Counter(), "way": Counter()}
    for group in SupportGroup.objects.all():
        if group.published_at is None or group.published_at > NOW or group.has_ended(NOW):
            continue
        checked = group.checked_on or group.published_at.date()
        is_confirmed = group.reported_ended_on is None and (
            group.checked_on is None or stale_on(checked, group.check_every_weeks) > TODAY
        )
        ways = {ONLINE: group.is_online, PHONE: group.is_by_phone, IN_PERSON: group.is_in_person}
        ways = {way for way in ways if ways[way]}
        km = float("inf")
        if IN_PERSON in ways and group.latitude is not None:
            km = km_between(LONDON.latitude, LONDON.longitude, group.latitude, group.longitude)
        is_near = km <= km_of(asked.within)
        audiences = {*group.audiences, *([METASTATIC] if group.is_metastatic_only else [])}
        languages = {*group.languages, *group.sign_languages}
        is_shown = is_confirmed or bool(asked.also)
        is_meant = not asked.audience or asked.audience in audiences
        is_spoken = not asked.language or asked.language in languages
        if has_place:
            is_reached = is_near or (not asked.way and bool(ways - {IN_PERSON}))
        else:
            is_reached = not asked.way or asked.way in ways
        if is_reached and is_meant and is_spoken:
            numbers["total"] += is_shown
            numbers["hidden"] += not is_shown
        if is_near and is_meant and is_spoken and is_shown and has_place:
            numbers["near"].append(km)
        if is_reached and is_spoken and is_shown:
            numbers["audience"].update(audiences)
        if is_reached and is_meant and is_shown:
            numbers["language"].update(languages)
        if is_meant and is_spoken and is_shown:
            numbers["way"].update(w for w in ways if w != IN_PERSON or not has_place or is_near)
    numbers["near"].sort()
    return numbers


def numbers_of(asked):
    tally = search(**vars(asked)).tally
    return {
        "total": tally.total,
        "hidden": tally.hidden,
        "near": [km for number in range(1, 60) if (km := tally.reach(number)) is not None],
        "audience": tally.by_audience,
        "language": tally.by_language,
        "way": tally.by_way,
    }


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_every_number_is_that_of_a_plain_count(seed, is_kept, request):
    chance = Random(seed)
    some_groups(chance)
    if is_kept:
        request.getfixturevalue("state")

    for _time in range(25):
        asked = some_criteria(chance)
        assert numbers_of(asked) == plain_numbers(asked), asked


def test_what_was_counted_is_kept_until_something_changes(state, django_assert_num_queries):
    SupportGroupFactory()
    assert search().tally.total == 1
    with django_assert_num_queries(0):
        assert search(way="online").tally.total == 1

    SupportGroupFactory()
    state["is"] = 2

    assert search().tally.total == 2


def test_place_is_counted_by_those_near_it_alone(state, django_assert_num_queries):
    SupportGroupFactory(is_in_person=True, place="Soho", latitude=51.5, longitude=-0.1)
    far = search(near="london", within=5)
    assert far.tally.reach(1) is not None

    with django_assert_num_queries(1) as sent:
        assert search(near="london", within=10).tally.total == 1

    assert "latitude" in sent[0]["sql"].partition("WHERE")[2]


def test_those_left_out_are_counted_apart(state):
    SupportGroupFactory(audiences=[FAMILY])
    SupportGroupFactory()

    assert search().tally.total == 2
    assert search(without=Q(audiences__in=[[FAMILY]])).tally.total == 1
    assert search().tally.total == 2


def test_times_are_counted_apart_by_each_clock(state):
    MeetingFactory(starts_at=time(19), time_zone="Europe/London")
    assert search().tally.total == 1

    assert search(when="evening").tally.total == 1
    assert search(when="morning").tally.total == 0
    assert search(when="morning", reader=Reader(zone="America/Los_Angeles")).tally.total == 1
    assert search(when="evening").tally.total == 1


def test_nothing_is_kept_of_what_a_transaction_sees():
    def answer(**kwargs):
        return "known"

    public_state_asked.connect(answer)
    try:
        assert kept.state() is None
    finally:
        public_state_asked.disconnect(answer)
