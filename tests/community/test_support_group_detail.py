"""The page of a group."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from community.models import SupportGroup
from tests.factories import MeetingFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def read(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_everything_that_readers_may_know_is_there(client):
    group = SupportGroupFactory(
        slug="tuesday",
        name="Tuesday circle",
        description="We talk.\n\nWe drink tea.",
        organisation="Leeds Hospice",
        run_by="both",
        audiences=["men", "bereaved"],
        is_metastatic_only=True,
        languages=["en", "es"],
        is_in_person=True,
        place="Library, Leeds",
        access="Hearing loop",
        cost="Free",
        website="https://www.circle.example.org/tuesday/",
        public_contact="Ann",
        how_to_ask="Write to the library",
        checked_on=date(2026, 11, 1),
    )
    MeetingFactory(group=group, frequency="monthly", ordinals=["2", "4"])

    text = read(client, "/groups/tuesday/")

    for words in (
        "<h1>Tuesday circle</h1>",
        "<p>We talk.</p>",
        "People with metastatic breast cancer only. In particular: men, bereaved.",
        "A professional and people living with it run it together<br>Leeds Hospice",
        '<span lang="en">English</span>, <span lang="es">Español</span>',
        "<dd>In person or online</dd>",
        "<dd>Library, Leeds</dd>",
        "<dd>Hearing loop</dd>",
        "<dd>Free</dd>",
        "<dd>Ann</dd>",
        "<dd>Write to the library</dd>",
        '<a href="https://www.circle.example.org/tuesday/" rel="noreferrer noopener">'
        "circle.example.org/tuesday</a>",
        "Second and fourth Tuesday of the month, 6:30 p.m. London time.",
        "The next 4 meetings",
        "Tuesday 24 November, 6:30 p.m. London time",
        "Checked 3 weeks ago, on 1 November 2026.",
        'href="/groups/tuesday/joining/">How to join</a>',
        'href="/lists/save/?group=tuesday"',
    ):
        assert words in text, words
    assert text.count("<time ") == 4


def test_nobody_has_checked_it_is_said(client):
    SupportGroupFactory(slug="new")

    text = read(client, "/groups/new/")

    assert "Nobody has checked this listing yet." in text
    assert "No date is known just now." in text
    assert "Not known; ask first" in text


def test_staff_contact_is_not_shown(client):
    SupportGroupFactory(slug="new", staff_contact="Only-for-staff")

    assert "Only-for-staff" not in read(client, "/groups/new/")


def test_example_says_so_and_is_not_indexed(client):
    SupportGroupFactory(slug="real")
    SupportGroupFactory(slug="example", is_example=True)

    text = read(client, "/groups/example/")

    assert "This is an example, not a real group." in text
    assert '<meta name="robots" content="noindex">' in text
    assert "noindex" not in read(client, "/groups/real/")


def test_meeting_that_has_ended_for_good_is_not_told(client):
    group = SupportGroupFactory(slug="old")
    MeetingFactory(group=group, weekday="0", last_on=date(2026, 10, 1))
    MeetingFactory(group=group, weekday="2", last_on=date(2026, 12, 9))

    text = read(client, "/groups/old/")

    assert "Every Monday" not in text
    assert "Every Wednesday, 6:30 p.m. London time. Until 9 December 2026." in text
    assert "The next 3 meetings" in text


def test_clocks_that_change_between_two_meetings_are_followed(client):
    client.cookies["preferences"] = "zone=America%2FNew_York"

    with time_machine.travel(datetime(2026, 3, 4, tzinfo=UTC), tick=False):
        MeetingFactory(group__slug="spring", time_zone="Europe/London")
        text = read(client, "/groups/spring/")

    assert "Tuesday 10 March, 2:30 p.m. your time" in text  # New York has changed, London not.
    assert "Tuesday 31 March, 1:30 p.m. your time" in text
    assert text.count("6:30 p.m. in London") == 4


@pytest.mark.parametrize(
    "slug",
    ["nothing", "-1", "0", "9223372036854775808", "9" * 400, "1.0", "%D9%A1%D9%A2", "a%20b",
     "..", "A" * 3000, "%F0%9F%92%9B"],
)  # fmt: skip
def test_unknown_address_is_404(client, slug):
    """B20: odd identifiers are not found, and never an error."""
    assert client.get(f"/groups/{slug}/").status_code == 404


@pytest.mark.parametrize("slug", ["%00", "a%00b", "%ED%A0%80"])
def test_broken_address_is_refused(client, slug):
    assert client.get(f"/groups/{slug}/").status_code in {400, 404}


def test_group_that_is_not_published_is_404(client):
    SupportGroupFactory(slug="draft", published_at=None)
    SupportGroupFactory(slug="later", published_at=timezone.now() + timedelta(minutes=1))

    assert client.get("/groups/draft/").status_code == 404
    assert client.get("/groups/later/").status_code == 404
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        assert client.get("/groups/later/").status_code == 200


@pytest.mark.parametrize("number", [1, 12])
def test_queries_do_not_grow_with_meetings(client, number, django_assert_num_queries):
    group = SupportGroupFactory(slug="busy")
    for index in range(number):
        MeetingFactory(group=group, weekday=str(index % 7))

    with django_assert_num_queries(3):
        client.get("/groups/busy/")


def test_page_is_the_same_for_a_member_and_sets_no_cookie(client, member):
    MeetingFactory(group__slug="open")
    anonymous = client.get("/groups/open/")
    client.force_login(member)
    signed_in = client.get("/groups/open/")

    assert not anonymous.cookies
    assert "csrfmiddlewaretoken" not in anonymous.content.decode()
    assert anonymous.content == signed_in.content


def test_post_is_refused(client):
    SupportGroupFactory(slug="open")

    assert client.post("/groups/open/").status_code == 405


def test_words_of_a_group_that_look_like_markup_stay_words(client):
    hostile = '<script>alert(1)</script>"><img src=x>'
    SupportGroupFactory(slug="odd", name=hostile, description=hostile, place=hostile)

    for address in ("/groups/odd/", "/groups/"):
        text = read(client, address)
        assert "<script>alert" not in text
        assert "<img" not in text


@pytest.mark.parametrize(
    ("ways", "words"),
    [
        ({"is_online": True}, "online"),
        ({"is_in_person": True, "is_by_phone": True}, "in person or by phone"),
        (
            {"is_in_person": True, "is_online": True, "is_by_phone": True},
            "in person, online or by phone",
        ),
    ],
)
def test_ways_to_attend_as_one_phrase(ways, words):
    assert SupportGroup(**ways).ways_in_words == words


def test_long_web_address_is_shortened_for_reading():
    group = SupportGroup(website="https://www.example.org/" + "a" * 100)

    assert len(group.website_in_short) == 60
    assert group.website_in_short.startswith("example.org/aaa")
