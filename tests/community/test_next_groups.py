"""The people who meet next, on pages of other subjects."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from community import demo
from community.finding import soon
from community.models import Occurrence, SupportGroup
from tests.factories import (
    FactFactory,
    MeetingFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db
NAMES = ("In a room", "On screens", "Later on screens", "Even later", "Men meet", "Stale", "Ended")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def groups():
    near = {"group__is_online": False, "group__is_in_person": True, "group__place": "Leeds"}
    MeetingFactory(group__name="In a room", weekday="0", **near)
    MeetingFactory(group__name="On screens", weekday="1")
    MeetingFactory(group__name="Later on screens", weekday="2")
    MeetingFactory(group__name="Even later", weekday="3")
    MeetingFactory(group__name="Stale", weekday="0", group__checked_on=date(2025, 1, 1))
    MeetingFactory(group__name="Ended", weekday="0", group__ended_on=date(2026, 11, 1))


def names(client, address):
    text = client.get(address).content.decode()
    order = sorted((text.index(f">{name}</a>"), name) for name in NAMES if f">{name}</a>" in text)
    return [name for _place, name in order]


def test_home_shows_the_next_two_that_meet_online(client, groups):
    assert names(client, "/") == ["On screens", "Later on screens"]


def test_topic_shows_the_next_two_of_those_that_the_directory_shows(client, groups):
    TopicFactory(slug="bones")

    assert names(client, "/facts/bones/") == ["In a room", "On screens"]


def test_topic_for_somebody_in_particular_shows_their_groups_first(client, groups):
    MeetingFactory(group__name="Men meet", weekday="5", group__audiences=["men"])
    topic = TopicFactory(slug="bones")
    make_live(FactFactory(topic=topic), audiences=["men"])
    make_live(FactFactory(topic=topic), audiences=["men", "family-carer"])
    make_live(FactFactory(topic=topic))

    assert names(client, "/facts/bones/") == ["Men meet", "In a room"]


def test_audience_of_few_facts_changes_nothing(client, groups):
    MeetingFactory(group__name="Men meet", weekday="5", group__audiences=["men"])
    topic = TopicFactory(slug="bones")
    for audiences in (["men"], [], []):
        make_live(FactFactory(topic=topic), audiences=audiences)

    assert names(client, "/facts/bones/") == ["In a room", "On screens"]


def test_group_that_meets_every_day_leaves_room_for_another(client):
    daily = SupportGroupFactory(name="Men meet", audiences=["men"])
    for weekday in "0123456":
        MeetingFactory(group=daily, weekday=weekday)
    MeetingFactory(group__name="Later on screens", weekday="2")
    make_live(FactFactory(topic=TopicFactory(slug="bones")), audiences=["men"])

    assert names(client, "/facts/bones/") == ["Men meet", "Later on screens"]


def expected(count, audiences=(), is_online=False):
    """What is shown, found by reading every date: when they meet, and whether for `audiences`."""
    shown = SupportGroup.objects.in_default_results(NOW)
    shown = shown.filter(is_online=True) if is_online else shown
    first = {}
    for row in Occurrence.objects.upcoming(NOW).select_related("meeting__group"):
        first.setdefault(row.meeting.group, row.starts_at)
    known = [(g, first[g], not set(audiences).isdisjoint(g.audiences)) for g in shown if g in first]
    month = NOW + timedelta(days=31)
    known = [(at, is_for) for _group, at, is_for in known if at < month or not is_for]
    return sorted(known, key=lambda each: (not each[1], each[0]))[:count]


@pytest.mark.parametrize("looked_through", [1, 7, 60])
@pytest.mark.parametrize(
    "asked",
    [{}, {"is_online": True}, {"audiences": ["men"]}, {"audiences": ["bereaved", "de-novo"]}],
    ids=str,
)
def test_same_groups_are_found_however_few_dates_are_looked_through(
    asked, looked_through, monkeypatch
):
    monkeypatch.setattr(demo, "HORIZON", timedelta(days=60))
    demo.save([demo.example(number, NOW) for number in range(1, 40)], NOW)
    monkeypatch.setattr(soon, "LOOKED_THROUGH", looked_through)

    found = soon.meeting_next(6, NOW, **asked)

    wanted = set(asked.get("audiences", ()))
    assert [
        (group.next_occurrence.starts_at, not wanted.isdisjoint(group.audiences)) for group in found
    ] == expected(6, **asked)


def test_one_query_is_enough(groups, django_assert_num_queries):
    with django_assert_num_queries(1):
        soon.meeting_next(2, NOW, audiences=["men"])


def test_nobody_listed_is_no_reason_to_ask_again(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert soon.meeting_next(2, NOW, audiences=["men"]) == []


def test_dates_of_a_year_are_no_reason_to_ask_again(django_assert_num_queries):
    group = MeetingFactory(weekday="1").group

    with django_assert_num_queries(1):
        assert soon.meeting_next(2, NOW) == [group]


def test_nothing_is_asked_while_nothing_has_changed(monkeypatch, django_assert_num_queries):
    state = {"is": 1}
    monkeypatch.setattr(soon, "_kept", {})
    monkeypatch.setattr(soon.kept, "state", lambda: state["is"])
    first = MeetingFactory(weekday="1", group__is_online=True).group
    assert soon.meeting_next(2, NOW) == [first]
    with django_assert_num_queries(0):
        assert soon.meeting_next(2, NOW)[0].next_occurrence.starts_at
    by_phone = {"group__is_online": False, "group__is_by_phone": True}
    second = MeetingFactory(weekday="2", **by_phone).group

    with django_assert_num_queries(0):
        assert soon.meeting_next(2, NOW) == [first]
    assert soon.meeting_next(2, NOW, is_online=True) == [first]
    state["is"] = 2
    assert soon.meeting_next(2, NOW) == [first, second]
    second.delete()
    state["is"] = None
    assert soon.meeting_next(2, NOW) == [first]
    assert soon.meeting_next(2, NOW, audiences=["men"]) == [first]
