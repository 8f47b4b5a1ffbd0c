"""The people who meet next, on pages of other subjects."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from tests.factories import MeetingFactory, TopicFactory

pytestmark = pytest.mark.django_db
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
    order = sorted(
        (text.index(f">{name}</a>"), name)
        for name in ("In a room", "On screens", "Later on screens", "Even later", "Stale", "Ended")
        if f">{name}</a>" in text
    )
    return [name for _place, name in order]


def test_home_shows_the_next_two_that_meet_online(client, groups):
    assert names(client, "/") == ["On screens", "Later on screens"]


def test_topic_shows_the_next_two_of_those_that_the_directory_shows(client, groups):
    TopicFactory(slug="bones")

    assert names(client, "/facts/bones/") == ["In a room", "On screens"]
