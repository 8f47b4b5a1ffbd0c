"""The list of groups."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import MeetingFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def read(client, address="/groups/"):
    return " ".join(client.get(address).content.decode().split())


def test_cards_lead_with_the_next_meeting_in_its_order(client):
    later = MeetingFactory(weekday="4", group__name="Friday group").group
    sooner = MeetingFactory(weekday="0", group__name="Monday group").group
    silent = SupportGroupFactory(name="Silent group")

    text = read(client)

    order = [text.index(group.name) for group in (sooner, later, silent)]
    assert order == sorted(order)
    assert text.index("Monday 23 November, 6:30 p.m. London time") < order[0]
    assert '<time datetime="2026-11-23T18:30Z">' in text
    assert "Next date not known" in text


def test_times_go_by_the_groups_clock_and_the_reader_can_change_that(client):
    MeetingFactory(time_zone="America/Chicago")

    text = read(client)

    assert "Tuesday 24 November, 6:30 p.m. Chicago time" in text
    assert 'datetime="2026-11-25T00:30Z"' in text
    assert 'href="/preferences/">See them in your own time</a>' in text


def test_reader_who_has_chosen_a_zone_sees_both_clocks(client):
    MeetingFactory(time_zone="America/Chicago")
    client.cookies["preferences"] = "zone=America%2FNew_York"

    response = client.get("/groups/")

    text = " ".join(response.content.decode().split())
    assert "Tuesday 24 November, 7:30 p.m. your time" in text
    assert "6:30 p.m. in Chicago" in text
    assert "Times are in your own time (New York)." in text
    assert response["Cache-Control"] == "private, no-store"


def test_meeting_that_is_on_says_so(client):
    MeetingFactory(weekday="6", starts_at=datetime(2026, 11, 22, 11, 30).time())

    assert "It is on now" in read(client)


@pytest.mark.parametrize(
    ("way", "name"),
    [("online", "On screens"), ("phone", "By wire"), ("in-person", "Round a table")],
)
def test_way_to_attend_narrows_the_list(client, way, name):
    SupportGroupFactory(name="On screens")
    SupportGroupFactory(name="By wire", is_online=False, is_by_phone=True)
    SupportGroupFactory(name="Round a table", is_online=False, is_in_person=True, place="Leeds")

    text = read(client, f"/groups/?way={way}")

    names = {"On screens", "By wire", "Round a table"}
    assert {n for n in names if n in text} == {name}
    assert f'<option value="{way}" selected>' in text
    assert '<a href="/groups/">Show all groups</a>' in text


@pytest.mark.parametrize(
    "query",
    ["way=carrier-pigeon", "way=", "way=online&way=nonsense", "page=abc", "page=-1", "page=0",
     "page=99", "page=" + "9" * 5000, "page=%D9%A1", "page=1.0", "zone=Mars"],
)  # fmt: skip
def test_odd_values_are_passed_over_kindly(client, query):
    SupportGroupFactory(name="Still here")

    response = client.get(f"/groups/?{query}")

    assert response.status_code == 200
    assert "Still here" in response.content.decode()


def test_20_groups_to_a_page_and_the_filter_is_kept(client):
    SupportGroupFactory.create_batch(25)

    first, second = read(client, "/groups/?way=online"), read(client, "/groups/?way=online&page=2")

    assert first.count("group-card") == 20
    assert second.count("group-card") == 5
    assert "?way=online&amp;page=2" in first
    assert "Page 2 of 2" in second


def test_empty_list_says_where_to_turn(client):
    text = read(client)

    assert "No groups are listed yet" in text
    assert 'href="/help/"' in text


def test_filter_that_finds_nothing_offers_the_way_back(client):
    SupportGroupFactory()

    text = read(client, "/groups/?way=phone")

    assert "No group here meets by phone yet" in text
    assert '<a class="button" href="/groups/">Show all groups</a>' in text


def test_group_that_is_not_published_is_not_listed(client):
    SupportGroupFactory(name="Draft", published_at=None)
    SupportGroupFactory(name="Tomorrow", published_at=timezone.now() + timedelta(days=1))

    text = read(client)

    assert "Draft" not in text
    assert "Tomorrow" not in text


def test_example_says_so(client):
    SupportGroupFactory(is_example=True)

    assert "This is an example, not a real group." in read(client)


def make_groups(number):
    for _ in range(number):
        group = MeetingFactory(group__is_in_person=True, group__place="Leeds").group
        MeetingFactory(group=group, weekday="3")


@pytest.mark.parametrize("number", [3, 30])
def test_queries_do_not_grow_with_groups(client, number, django_assert_num_queries):
    """L1: a public page needs 6 queries at most; this one 3, at any number of rows."""
    make_groups(number)

    with django_assert_num_queries(3):
        client.get("/groups/")


def test_reading_sets_no_cookie_and_is_the_same_for_a_member(client, member):
    make_groups(2)
    anonymous = client.get("/groups/")
    client.force_login(member)
    signed_in = client.get("/groups/")

    assert not anonymous.cookies
    assert "csrfmiddlewaretoken" not in anonymous.content.decode()
    assert anonymous.content == signed_in.content
    assert anonymous["Cache-Control"] == "no-cache"
    assert signed_in["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)("/groups/").status_code == 405
