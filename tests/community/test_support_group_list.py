"""The directory: one sentence that finds groups."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from random import Random
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.finding.criteria import AUDIENCES, LANGUAGES, ORDERS, WAYS, Sentence
from community.finding.day_times import DAY_TIMES
from tests.factories import (
    MeetingFactory,
    PauseFactory,
    PlaceFactory,
    ServiceFactory,
    SupportGroupFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def read(client, address="/groups/", status=200):
    response = client.get(address)
    assert response.status_code == status
    return " ".join(unescape(response.content.decode()).split())


def options(text, name):
    """The options of a part of the sentence: value and words."""
    part = text.split(f'name="{name}">')[1].split("</select>")[0]
    return dict(re.findall(r'<option value="([^"]*)"(?: selected)?>([^<]*)</option>', part))


@pytest.fixture
def leeds():
    return PlaceFactory(key="t1", name="Leeds", names=["leeds"], population=500_000)


def near_leeds(name, north=0.0, **fields):
    fields = {"is_online": False, "languages": ["en"]} | fields
    return SupportGroupFactory(
        name=name, is_in_person=True, place="Hall", latitude=53.8 + north, longitude=-1.55, **fields
    )


# The list


def test_cards_lead_with_the_next_meeting_in_its_order(client):
    later = MeetingFactory(weekday="4", group__name="Friday group").group
    sooner = MeetingFactory(weekday="0", group__name="Monday group").group
    silent = SupportGroupFactory(name="Silent group")

    text = read(client)

    order = [text.index(group.name) for group in (sooner, later, silent)]
    assert order == sorted(order)
    assert text.index("Monday 23 November, 6:30 p.m. London time") < order[0]
    assert '<time datetime="2026-11-23T18:30Z" data-theirs>' in text
    assert "Next date not known" in text


def test_times_go_by_the_groups_clock_and_the_reader_can_change_that(client):
    MeetingFactory(time_zone="America/Chicago")

    text = read(client, "/groups/?way=online&when=evening")

    assert "Tuesday 24 November, 6:30 p.m. Chicago time" in text
    assert 'datetime="2026-11-25T00:30Z"' in text
    # And comes back to the very same search.
    assert (
        'href="/preferences/?next=%2Fgroups%2F%3Fway%3Donline%26when%3Devening%23found#id_zone">'
        "See them in your own time</a>" in text
    )


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


def test_20_groups_to_a_page_and_the_search_is_kept(client):
    SupportGroupFactory.create_batch(25)

    first, second = read(client, "/groups/?way=online"), read(client, "/groups/?way=online&page=2")

    assert first.count("group-card") == 20
    assert second.count("group-card") == 5
    assert "25 groups meeting online" in first
    assert "?way=online&page=2" in first
    assert "Page 2 of 2" in second


def test_group_that_is_not_published_or_has_ended_is_not_listed(client):
    SupportGroupFactory(name="Draft", published_at=None)
    SupportGroupFactory(name="Tomorrow", published_at=timezone.now() + timedelta(days=1))
    SupportGroupFactory(name="Over", ended_on=date(2026, 11, 1))

    for address in ("/groups/", "/groups/?also=unconfirmed"):
        text = read(client, address)
        assert not any(name in text for name in ("Draft", "Tomorrow", "Over"))


def test_group_on_a_break_says_until_when(client):
    PauseFactory(
        group__name="Painting", first_on=date(2026, 11, 1), last_on=None, reason="Painting"
    )
    PauseFactory(group=MeetingFactory().group, first_on=NOW.date(), last_on=date(2027, 1, 3))

    text = read(client)

    assert "Takes a break until further notice" in text
    assert "Takes a break until 3 January" in text
    assert "Tuesday 5 January, 6:30 p.m." in text
    assert "Next date not known" not in text


def test_example_says_so(client):
    SupportGroupFactory(is_example=True)

    assert "This is an example, not a real group." in read(client)


# The sentence


def test_sentence_is_a_form_with_a_label_for_each_part(client):
    SupportGroupFactory(languages=["en"])

    text = read(client)

    for name in ("for", "way", "within", "near", "in", "when"):
        assert f'<label class="visually-hidden" for="{name}">' in text
        assert f'id="{name}" name="{name}"' in text
    assert "csrfmiddlewaretoken" not in text
    assert "<h1>People who understand</h1>" in text
    assert ">1 group</h2>" in text
    assert "<title>Support groups" in text


def test_each_choice_says_how_many_groups_there_would_be(client):
    SupportGroupFactory(audiences=["men"], languages=["en", "es"], sign_languages=["bfi"])
    SupportGroupFactory(is_online=False, is_by_phone=True, languages=["es"])

    text = read(client, "/groups/?way=phone")

    assert options(text, "for")["men"] == "men (0)"
    assert options(text, "way") == {
        "": "any way",
        "online": "online (1)",
        # What is chosen is part of the sentence; its number stands above the results.
        "phone": "by phone",
        "in-person": "in person (0)",
    }
    assert options(text, "in") == {"": "any language", "es": "Spanish · Español (1)"}
    assert "1 group meeting by phone" in text
    everywhere = options(read(client), "in")
    assert everywhere["bfi"] == "British Sign Language (1)"
    assert everywhere["en"] == "English (1)"


def test_sentence_title_and_results_say_the_same(client):
    group = MeetingFactory(group__audiences=["men"], group__languages=["es"]).group
    SupportGroupFactory(name="Another")

    text = read(client, "/groups/?for=men&way=online&in=es&when=weekday-evening")

    words = "for men, meeting online, in Spanish, on weekday evenings"
    assert f"<title>Groups {words} ·" in text
    assert f">1 group {words}</h2>" in text
    assert group.name in text
    assert "Another" not in text
    assert "Men · in Spanish · online · on weekday evenings" in text
    assert '<a href="/groups/">Start again</a>' in text


@pytest.mark.parametrize(
    "query",
    ["way=carrier-pigeon", "way=", "way=online&way=nonsense", "page=abc", "page=-1", "page=0",
     "page=99", "page=" + "9" * 5000, "page=%D9%A1", "page=1.0", "page=1e400", "zone=Mars",
     "for=%25", "in=%27%22", "when=" + "x" * 200, "within=-5", "within=1e400", "by=%F0%9F%92%9B",
     "also=all", "&".join(["for=men"] * 50 + ["for=all"]), "x=" + "y" * 2000, "near=", "near=%20"],
)  # fmt: skip
def test_odd_values_are_passed_over_kindly(client, query):
    SupportGroupFactory(name="Still here")

    text = read(client, f"/groups/?{query}")

    assert "Still here" in text
    assert "Support groups ·" in text


@pytest.mark.parametrize("query", ["near=%00", "for=%00", "page=%00", "near=%ED%A0%80"])
def test_broken_bytes_are_refused(client, query):
    assert client.get(f"/groups/?{query}").status_code in {200, 400}


# Places


def test_place_that_was_typed_gets_an_address_that_lasts(client, leeds):
    near_leeds("Hall group", 0.05)

    response = client.get("/groups/?for=&way=in-person&near=+leeds&within=25&in=&when=")
    assert response.status_code == 302
    assert response["Location"] == "/groups/?way=in-person&near=t1"
    assert response["Cache-Control"] == "private, no-store"

    text = read(client, response["Location"])
    assert "1 group meeting in person within 25 miles of Leeds, England, UK" in text
    assert 'value="Leeds, England, UK"' in text
    assert "3 miles away" in text


def test_place_does_not_matter_to_those_who_meet_on_a_screen(client, leeds):
    SupportGroupFactory(name="On screens")

    text = read(client, "/groups/?way=online&near=nowhere+at+all")

    assert "1 group meeting online" in text
    # It is kept, for another way.
    assert 'value="nowhere at all"' in text


def test_place_that_several_have_is_asked_back(client):
    for key, region, country in (("t1", "England", "GB"), ("t2", "Alabama", "US")):
        PlaceFactory(
            key=key, name="Birmingham", region=region, country=country, names=["birmingham"],
            population=500_000,
        )  # fmt: skip
    SupportGroupFactory(name="Online")

    text = read(client, "/groups/?for=men&way=in-person&near=Birmingham&in=es&page=3")

    assert "Which “Birmingham” do you mean?" in text
    assert (
        '<a href="/groups/?for=men&way=in-person&near=t1&in=es#found">Birmingham, England, UK</a>'
        in text
    )
    assert 'near=t2&in=es#found">Birmingham, Alabama, US</a>' in text
    assert "group-card" not in text


def test_place_that_nobody_knows_is_said_and_nothing_is_lost(client):
    text = read(client, "/groups/?for=men&way=in-person&near=Xyzzyville&in=es")

    assert "We found no place called “Xyzzyville”" in text
    assert '<option value="men" selected>' in text
    assert 'value="Xyzzyville"' in text
    assert 'href="/groups/?for=men&way=online&in=es#found">Groups that meet online</a>' in text
    assert 'href="/help/"' in text


def test_postcode_before_postcodes_are_known_is_said(client):
    text = read(client, "/groups/?way=in-person&near=LS1+4AP")

    assert "This site does not know postcodes yet" in text


def test_where_the_reader_is_is_made_coarse(client):
    response = client.get("/groups/?way=in-person&near=53.8123456,-1.5491")
    assert response["Location"] == "/groups/?way=in-person&near=53.8%2C-1.55"

    near_leeds("Close by", 0.01)
    text = read(client, response["Location"])

    assert "1 group meeting in person within 25 miles of where you are" in text
    assert '<input type="hidden" name="near" value="53.8,-1.55">' in text
    assert '<a href="/groups/?way=in-person">Choose a place instead</a>' in text


def test_words_that_look_like_markup_stay_words(client):
    response = client.get("/groups/", {"way": "in-person", "near": '"><script>alert(1)</script>'})

    assert b"<script>alert" not in response.content


@pytest.mark.parametrize(
    ("cookie", "words"),
    [("", "within 16 kilometers of Lyon"), ("units=miles", "within 10 miles of Lyon")],
)
def test_distance_is_told_as_the_reader_or_the_country_does(client, cookie, words):
    PlaceFactory(key="t9", name="Lyon", region="", country="FR", latitude=45.76, longitude=4.84)
    if cookie:
        client.cookies["preferences"] = cookie

    text = read(client, "/groups/?way=in-person&near=t9&within=10")

    assert words in text
    assert '<option value="10" selected>' in text


# No dead end


def test_empty_directory_says_where_to_turn(client):
    ServiceFactory(name="A helpline", country="")

    text = read(client)

    assert "No groups are listed yet" in text
    assert "A helpline" in text
    assert 'href="/help/"' in text


def test_search_that_finds_nothing_says_what_else_there_is(client, leeds):
    SupportGroupFactory(name="On screens")
    near_leeds("Farther", 0.6)
    ServiceFactory(name="British line", country="GB")
    ServiceFactory(name="American line", country="US")

    text = read(client, "/groups/?way=in-person&near=t1")

    assert "No group meets in person within 25 miles of Leeds, England, UK." in text
    assert "These meet online." in text
    assert "On screens" in text
    assert (
        '<a href="/groups/?way=in-person&near=t1&within=50#found">Look further: 1 group within 50 '
        "miles</a>" in text
    )
    assert "British line" in text
    assert "American line" not in text
    assert 'href="/help/">All helplines, by country</a>' in text


def test_nothing_at_all_is_said_kindly(client):
    text = read(client, "/groups/?for=men&in=cy")

    assert "No group for men meets in Welsh." in text
    assert 'href="/help/"' in text
    assert '<a href="/groups/">Start again</a>' in text


def test_listing_that_nobody_confirmed_is_a_link_away(client):
    SupportGroupFactory(name="Fresh", checked_on=NOW.date())
    SupportGroupFactory(name="Stale", checked_on=NOW.date() - timedelta(weeks=60))

    text = read(client)

    assert "Stale" not in text
    link = '<a href="/groups/?also=unconfirmed#found">Show also 1 group that nobody has confirmed'
    assert link in text
    text = read(client, "/groups/?also=unconfirmed")
    assert "Stale" in text
    assert '<a href="/groups/#found">Leave out the groups that nobody has confirmed lately' in text


# Paper


def test_leaflet_says_what_it_is_when_and_whom_to_ask(client):
    MeetingFactory(
        group__name="Tuesday circle",
        group__slug="tuesday",
        group__website="https://www.circle.example.org/tuesday/",
        group__how_to_ask="Write to the library",
    )

    text = read(client, "/groups/?way=online&when=evening")

    for words in (
        "Printed on 22 November 2026",
        "Every Tuesday, 6:30 p.m. London time.",
        "How to ask: Write to the library",
        "circle.example.org/tuesday",
        "http://localhost:8000/groups/tuesday/",
        '<p class="print-only">http://localhost:8000/groups/?way=online&when=evening</p>',
    ):
        assert words in text, words


# Load


def make_groups(number):
    for index in range(number):
        group = MeetingFactory(
            group__is_in_person=True, group__place="Leeds", group__latitude=53.8 + index / 100,
            group__longitude=-1.55, group__audiences=["men"], group__languages=["en"],
        ).group  # fmt: skip
        MeetingFactory(group=group, weekday="3")


@pytest.mark.parametrize("number", [3, 45])
@pytest.mark.parametrize(
    ("query", "queries"),
    [
        ("", 4),
        ("for=men&way=online&in=en&when=evening&by=match", 4),
        ("way=in-person&near=t1", 5),
        # Nobody: what is wider, and services.
        ("way=phone&for=bereaved", 5),
        ("for=bereaved&way=in-person&near=t1&within=5&when=morning", 6),
    ],
)
def test_queries_do_not_grow_with_groups(
    client, leeds, number, query, queries, django_assert_num_queries
):
    """L1: a public page needs 6 queries at most, the same at any number of rows."""
    make_groups(number)
    ServiceFactory()

    with django_assert_num_queries(queries):
        client.get(f"/groups/?{query}")


def test_any_combination_is_a_page_within_six_queries_that_says_what_it_shows(client, leeds):
    """L5: every address is answered, whatever its parameters say."""
    make_groups(4)
    SupportGroupFactory(is_by_phone=True, sign_languages=["bfi"], is_metastatic_only=True)
    chance = Random(7)
    odd = ["", "x", "-1", "9" * 200, "%", "'", '"', "١٢", "a_b", "null", "\u202e", "👩‍🔬" * 50]
    values = {
        "for": [*AUDIENCES, *odd],
        "way": [*WAYS, *odd],
        "near": ["", "t1", "t999", "Leeds", "leeeds", "53.8,-1.55", "91,181", "LS1 4AP", *odd],
        "within": ["5", "10", "25", "50", "100", *odd],
        "in": [*sorted(LANGUAGES), *odd],
        "when": [*DAY_TIMES, *odd],
        "by": [*ORDERS, *odd],
        "also": ["unconfirmed", *odd],
        "page": ["1", "2", "1e400", *odd],
    }
    for _round in range(200):
        names = [name for name in values if chance.random() < 0.6]
        asked = {name: chance.choice(values[name]) for name in names}
        address = f"/groups/?{urlencode(asked)}"
        for _hop in range(2):
            with CaptureQueriesContext(connection) as queries:
                response = client.get(address)
            assert len(queries) <= 6, address
            if response.status_code != 302:
                break
            address = response["Location"]
        assert response.status_code == 200, address
        text = " ".join(unescape(response.content.decode()).split())
        search = response.context["search"]
        sentence = Sentence(search.criteria, search.place.label if search.place else "", "miles")
        if "page_obj" in response.context and sentence.is_narrow:
            total = search.tally.total
            assert (sentence.counted(total) if total else sentence.none_found) in text, address
            assert f"<title>{sentence} ·" in text


def test_reading_sets_no_cookie_and_is_the_same_for_a_member(client, member):
    make_groups(2)
    anonymous = client.get("/groups/?way=online")
    client.force_login(member)
    signed_in = client.get("/groups/?way=online")

    assert not anonymous.cookies
    assert "csrfmiddlewaretoken" not in anonymous.content.decode()
    assert anonymous.content == signed_in.content
    assert anonymous["Cache-Control"] == "no-cache"
    assert signed_in["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)("/groups/").status_code == 405
