"""A member's own calendar: a secret address that can be changed, and says what its member chose."""

import re

import pytest
from django.db import IntegrityError

from community.models import CalendarFeed
from tests.factories import (
    JoiningDetailsFactory,
    MeetingFactory,
    MemberFactory,
    ReadingListFactory,
    SavedItemFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db
SETTINGS = "/lists/calendar/"


@pytest.fixture
def saved(client, member):
    """A group that the member, who is signed in, saved on one of two lists; with its way in."""
    group = MeetingFactory(group__name="Tuesday circle", group__joining_policy="members").group
    JoiningDetailsFactory(group=group, link="https://meet.example.org/canary")
    SavedItemFactory(reading_list=ReadingListFactory(member=member), topic=None, group=group)
    SavedItemFactory(reading_list=ReadingListFactory(member=member), topic=TopicFactory())
    client.force_login(member)
    return group


def make(client, **choices):
    client.post(SETTINGS, choices)
    return CalendarFeed.objects.get().address.removeprefix("http://localhost:8000")


def unfolded(response):
    return response.content.decode().replace("\r\n ", "")


def test_feed_holds_the_saved_groups_for_whoever_has_the_address(client, saved):
    MeetingFactory(group__name="Another circle")
    address = make(client)
    client.logout()

    text = unfolded(client.get(address))

    assert "SUMMARY:Tuesday circle" in text
    assert "Another circle" not in text
    assert "CLASS:PRIVATE" in text
    assert "canary" not in text


def test_neutral_feed_names_neither_group_nor_site(client, saved):
    text = unfolded(client.get(make(client, is_neutral="on")))

    assert "SUMMARY:Meeting" in text
    for word in ("Tuesday", "circle", "/groups/", "breast", "cancer"):
        assert word not in text


@pytest.mark.parametrize("policy", ["members", "on-request"])
def test_way_in_is_there_only_if_chosen_and_allowed(client, saved, policy):
    saved.joining_policy = policy
    saved.save()

    text = unfolded(client.get(make(client, holds_ways_in="on", is_neutral="on")))

    assert ("https://meet.example.org/canary" in text) == (policy == "members")


def test_new_address_ends_the_old_one(client, saved):
    old = make(client)

    new = make(client, renew="1")

    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_keeping_a_choice_keeps_the_address(client, saved):
    assert make(client) == make(client, is_neutral="on")
    assert CalendarFeed.objects.count() == 1


def test_ended_address_leads_nowhere(client, saved):
    address = make(client)

    client.post(SETTINGS, {"end": "1"})

    assert client.get(address).status_code == 404


@pytest.mark.parametrize("how", ["switched off", "deleted"])
def test_address_ends_with_its_member(client, member, saved, how):
    address = make(client)
    if how == "deleted":
        member.delete()
    else:
        member.is_active = False
        member.save()

    assert client.get(address).status_code == 404


def test_another_member_never_sees_the_address(client, saved):
    secret = re.search(r"calendar/([\w-]+)[.]ics", make(client))[1]
    assert len(secret) == 32  # 192 bits
    assert secret in client.get(SETTINGS).text
    client.force_login(MemberFactory())

    assert secret not in client.get(SETTINGS).text


def test_secret_is_encrypted_in_the_database(client, saved):
    make(client)

    (row,) = CalendarFeed.objects.values_list("secret", "secret_hash")
    assert CalendarFeed.objects.get().secret not in f"{row[0].token} {row[1]}"


def test_no_copy_of_either_page_is_kept(client, saved):
    address = make(client)

    for page in (SETTINGS, address):
        assert client.get(page)["Cache-Control"] == "private, no-store"
    assert client.get(address)["X-Robots-Tag"] == "noindex, nofollow"


def test_z6_posting_more_than_the_form_has_changes_nothing_else(client, member, saved):
    make(client, member=MemberFactory().pk, secret="known", secret_hash="known", id="7")

    feed = CalendarFeed.objects.get()
    assert feed.member == member
    assert feed.secret != "known"


@pytest.mark.parametrize("secret", ["x", "é", "a" * 5000, "..", "%00", "1", "-1"])
def test_made_up_address_is_not_found(client, db, secret):
    assert client.get(f"/lists/calendar/{secret}.ics").status_code in {400, 404}


def test_database_refuses_a_feed_without_a_secret(member):
    with pytest.raises(IntegrityError, match="community_calendarfeed_has_secret"):
        CalendarFeed.objects.create(member=member, secret="x", secret_hash="")


def test_queries_do_not_grow_with_groups(client, member, saved, django_assert_max_num_queries):
    reading_list = member.reading_lists.first()
    for _ in range(8):
        SavedItemFactory(reading_list=reading_list, topic=None, group=MeetingFactory().group)
    address = make(client)
    client.logout()

    with django_assert_max_num_queries(6):
        client.get(address)
