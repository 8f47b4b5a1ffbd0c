"""The page that tells a member how to join, and that nothing else does (Z3)."""

import itertools
import json
import secrets

import pytest
from django.core import serializers
from django.utils import timezone

from community.models import SupportGroup
from portal.models import SearchEntry
from tests.factories import (
    JoiningDetailsFactory,
    MeetingFactory,
    ServiceFactory,
    SupportGroupFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def make_group(**changes):
    details = JoiningDetailsFactory(
        group__slug="circle",
        link="https://zoom.us/j/81234567890",
        meeting_number="812 3456 7890",
        passcode="lavender",
        phone="+1 646 555 0123,,1234#",
        door_code="C4711",
        note="Ring the second bell",
        **changes,
    )
    return details.group


def test_visitor_is_asked_to_sign_in_and_comes_back(client):
    make_group()

    response = client.get("/groups/circle/joining/")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/groups/circle/joining/"
    assert b"lavender" not in response.content


def test_visitor_does_not_learn_whether_a_group_exists(client):
    response = client.get("/groups/nothing/joining/")

    assert response["Location"] == "/accounts/login/?next=/groups/nothing/joining/"


def test_member_sees_how_to_join(client, member):
    make_group()
    client.force_login(member)

    response = client.get("/groups/circle/joining/")

    text = response.content.decode()
    assert response.status_code == 200
    assert (
        '<a href="https://zoom.us/j/81234567890" rel="noreferrer noopener">'
        "Open the meeting on zoom.us</a>" in text
    )
    for words in ("812 3456 7890", "lavender", "C4711", "Ring the second bell"):
        assert words in text
    assert 'href="tel:+16465550123,,1234%23"' in text
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in text
    assert "<title>How to join" in text


def test_organizer_who_tells_on_request_is_named_instead(client, member):
    make_group(
        group__joining_policy="on-request",
        group__how_to_ask="Write to the library",
        group__public_contact="Ann",
        group__website="https://circle.example.org/",
    )
    client.force_login(member)

    text = client.get("/groups/circle/joining/").content.decode()

    for words in ("Write to the library", "Ann", "circle.example.org"):
        assert words in text
    for words in ("zoom.us", "lavender", "C4711", "812 3456", "second bell", "555 0123"):
        assert words not in text


@pytest.mark.parametrize("policy", ["members", "on-request"])
def test_group_without_any_way_in_says_whom_to_ask(client, member, policy):
    SupportGroupFactory(slug="bare", joining_policy=policy)
    client.force_login(member)

    text = client.get("/groups/bare/joining/").content.decode()

    assert "We do not know whom to ask there." in text
    assert 'class="button" href="/help/"' in text


def test_empty_details_count_as_none(client, member):
    JoiningDetailsFactory(
        group__slug="bare", group__how_to_ask="Ask at the desk", link="", passcode=""
    )
    client.force_login(member)

    text = client.get("/groups/bare/joining/").content.decode()

    assert "We do not have the way in yet." in text
    assert "Ask at the desk" in text


@pytest.mark.parametrize("slug", ["draft", "nothing", "-1", "9" * 400])
def test_member_finds_nothing_where_readers_find_nothing(client, member, slug):
    """B20, and a group that is not published."""
    SupportGroupFactory(slug="draft", published_at=None)
    client.force_login(member)

    assert client.get(f"/groups/{slug}/joining/").status_code == 404


def test_post_is_refused(client, member):
    make_group()
    client.force_login(member)

    assert client.post("/groups/circle/joining/").status_code == 405


def test_group_that_has_ended_lets_nobody_in(client, member):
    make_group(group__ended_on=timezone.localdate())
    client.force_login(member)

    text = client.get("/groups/circle/joining/").content.decode()

    assert "This group has ended" in text
    assert 'href="/groups/"' in text
    for words in ("zoom.us", "lavender", "C4711", "812 3456", "second bell", "555 0123"):
        assert words not in text


def test_page_needs_few_queries(client, member, django_assert_max_num_queries):
    make_group()
    client.force_login(member)

    with django_assert_max_num_queries(10):
        client.get("/groups/circle/joining/")


# Z3

PUBLIC_ADDRESSES = [
    "/", "/groups/", "/groups/?way=online", "/groups/?way=phone", "/groups/canary/",
    "/groups/canary/joining/", "/groups/canary/nothing/", "/groups/nothing/", "/help/", "/facts/",
    "/facts/topic/", "/glossary/", "/questions/", "/about/", "/privacy/", "/accessibility/",
    "/search/?q=canary", "/sitemap.xml", "/robots.txt", "/preferences/", "/lists/",
    "/lists/save/?group=canary", "/lists/state/", "/account/", "/accounts/login/",
    "/admin/community/supportgroup/", "/health/live", "/health/ready", "/feeds/facts.atom",
    "/groups/canary/calendar.ics", "/api/",
]  # fmt: skip


def plant(policy):
    """Return a group with a canary in each field that is not for everybody, and the canaries."""
    canaries = {
        name: secrets.token_hex(12)
        for name in (
            "link", "meeting_number", "passcode", "phone", "door_code", "note", "staff_contact",
        )
    }  # fmt: skip
    group = SupportGroupFactory(
        slug="canary",
        name="Canary group",
        joining_policy=policy,
        staff_contact=canaries["staff_contact"],
        is_by_phone=True,
    )
    MeetingFactory(group=group)
    JoiningDetailsFactory(
        group=group,
        link=f"https://example.org/{canaries['link']}",
        **{name: canaries[name] for name in canaries if name not in {"link", "staff_contact"}},
    )
    group.save()  # Tells whoever listens, now that the details are there.
    return group, canaries


def crawl(client, canaries):
    """Return where a canary was heard, in body or header, as a visitor."""
    heard = []
    searches = [f"/search/?q={canary}" for canary in canaries.values()]
    for address in [*PUBLIC_ADDRESSES, *searches]:
        response = client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        everything = body.decode(errors="replace") + json.dumps(dict(response.headers))
        # What was searched for is shown in the search field.
        asked = address.partition("q=")[2]
        for name, canary in canaries.items():
            if canary in everything and canary != asked:
                heard.append((address, name))
        if asked in canaries.values() and "/groups/canary/" in everything:
            heard.append((address, "found by search"))
    return heard


@pytest.mark.parametrize("policy", ["members", "on-request"])
def test_z3_nothing_of_the_way_in_reaches_a_stranger(client, member, django_client_again, policy):
    TopicFactory(slug="topic")
    ServiceFactory()
    _group, canaries = plant(policy)

    before = crawl(client, canaries)
    client.force_login(member)
    seen = client.get("/groups/canary/joining/").content.decode()
    client.get("/groups/canary/")
    client.get("/search/?q=canary")
    after = crawl(django_client_again, canaries)

    assert before == []
    assert after == []
    details = [canary for name, canary in canaries.items() if name != "staff_contact"]
    assert all((canary in seen) == (policy == "members") for canary in details)
    assert canaries["staff_contact"] not in seen


@pytest.fixture
def django_client_again():
    """A second visitor, who has no session."""
    from django.test import Client

    return Client(raise_request_exception=False)


def test_z3_search_and_history_hold_nothing_of_the_way_in(client):
    group, canaries = plant("members")
    group.joining_details.passcode = "another one"
    group.joining_details.save()

    rows = itertools.chain(
        SearchEntry.objects.all(), SupportGroup.history.all(), group.meetings.all()
    )
    text = serializers.serialize("json", rows)

    details = [canary for name, canary in canaries.items() if name != "staff_contact"]
    assert not [canary for canary in details if canary in text]
    assert canaries["staff_contact"] not in serializers.serialize("json", SearchEntry.objects.all())


def test_z3_error_pages_hold_nothing_of_the_way_in(client, monkeypatch, settings):
    _group, canaries = plant("members")
    client.raise_request_exception = False

    def fail(*args, **kwargs):
        details = SupportGroup.objects.get(slug="canary").joining_details
        raise ValueError(details.link, details.passcode)

    monkeypatch.setattr("community.models.Occurrence.objects.ahead", fail, raising=False)
    monkeypatch.setattr("community.models.occurrences.OccurrenceQuerySet.ahead", fail)
    response = client.get("/groups/canary/")

    assert response.status_code == 500
    assert not [canary for canary in canaries.values() if canary in response.content.decode()]
