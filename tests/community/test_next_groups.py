"""The people who meet next, on pages of other subjects."""

from datetime import UTC, date, datetime

import pytest
import time_machine

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
