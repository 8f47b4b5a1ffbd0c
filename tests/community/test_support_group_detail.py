"""The page of a group."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from community.models import SupportGroup
from tests.factories import (
    JoiningDetailsFactory,
    MeetingExceptionFactory,
    MeetingFactory,
    PauseFactory,
    SupportGroupFactory,
)

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
        country="GB",
        region_served="Leeds and around",
        first_meeting="Sam meets you.\n\nYou can just listen.",
        sign_languages=["bfi"],
        access_features=["step-free", "hearing-loop", "camera-off"],
        access="The door is at the back",
        attendance="drop-in",
        size="small",
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
        "<dd>Library, Leeds<br>United Kingdom</dd>",
        "<dd>Leeds and around</dd>",
        "<p>Sam meets you.</p> <p>You can just listen.</p>",
        "<li>A way in without steps</li><li>A hearing loop</li>"
        "<li>You may keep your camera off</li></ul> <p>The door is at the back</p>",
        "Whether there is an elevator or a room on the ground floor, an accessible toilet, "
        "parking close to the door, a bus or train stop close by, live captions or a quiet room "
        "to step out to. Ask before you set out.",
        "<dd>British Sign Language</dd>",
        "<dd>Come when you like, without signing up</dd>",
        "<dd>Small: up to 8 people</dd>",
        "<dd>Free</dd>",
        "<dd>Ann</dd>",
        "<dd>Write to the library</dd>",
        '<a href="https://www.circle.example.org/tuesday/" rel="noreferrer noopener">'
        "circle.example.org/tuesday</a>",
        "Second and fourth Tuesday of the month, 6:30 p.m. London time.",
        "The next dates",
        "Tuesday 24 November, 6:30 p.m. London time",
        "Checked 3 weeks ago, on 1 November 2026.",
        'href="#ask">How to ask</a>',
        '<section class="section" aria-labelledby="ask">',
        'href="/groups/tuesday/correct/"',
        'href="/lists/save/?group=tuesday"',
    ):
        assert words in text, words
    # The next one, and a list of four.
    assert text.count("<time ") == 5


def test_nobody_has_checked_it_is_said(client):
    SupportGroupFactory(slug="new")

    text = read(client, "/groups/new/")

    assert "Nobody has checked this listing yet." in text
    assert "No date is known just now." in text
    assert text.count("<dd>Not known; ask first</dd>") == 2
    assert text.count("<dd>Not known</dd>") == 2
    assert "Whether there is live captions." in text
    assert "Nobody has told us yet." in text


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
    assert text.count("<time ") == 1 + 3


def dates_of(text):
    """Return what the list of dates says, without its marks."""
    start = text.index('<ul class="meeting-times">')
    rows = text[start : text.index("</ul>", start)].split("<li>")[1:]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_canceled_date_is_said_in_words_and_does_not_count(client):
    meeting = MeetingFactory(group__slug="circle")
    MeetingExceptionFactory(meeting=meeting, on=date(2026, 11, 24), note="Snow")

    text = read(client, "/groups/circle/")

    assert dates_of(text) == [
        "Canceled: Tuesday 24 November, 6:30 p.m. London time Snow",
        "Tuesday 1 December, 6:30 p.m. London time 90 minutes",
        "Tuesday 8 December, 6:30 p.m. London time 90 minutes",
        "Tuesday 15 December, 6:30 p.m. London time 90 minutes",
        "Tuesday 22 December, 6:30 p.m. London time 90 minutes",
    ]
    first, second = text.index("Canceled:"), text.index('<p class="next-meeting">')
    assert first < second
    assert "Tuesday 1 December" in text[second : second + 200]


def test_group_with_nothing_but_canceled_dates_has_no_next_one(client):
    meeting = MeetingFactory(group__slug="circle", last_on=date(2026, 12, 5))
    for day in (date(2026, 11, 24), date(2026, 12, 1)):
        MeetingExceptionFactory(meeting=meeting, on=day)

    text = read(client, "/groups/circle/")

    assert "No date is known just now." in text
    assert '<p class="next-meeting">' not in text
    assert len(dates_of(text)) == 2


def test_moved_and_different_dates_say_what_is_different(client):
    meeting = MeetingFactory(group__slug="circle", group__is_in_person=True, group__place="Library")
    MeetingExceptionFactory(
        meeting=meeting,
        on=date(2026, 11, 24),
        is_cancelled=False,
        new_on=date(2026, 11, 25),
        new_duration_minutes=120,
        place="Town hall",
        note="Dr. Lee on pain",
    )
    client.cookies["preferences"] = "zone=America%2FNew_York"

    text = read(client, "/groups/circle/")

    assert dates_of(text)[0] == (
        "Wednesday 25 November, 1:30 p.m. your time 6:30 p.m. in London · 2 hours "
        "Moved from Tuesday 24 November, 1:30 p.m. your time "
        "Another place this time: Town hall Dr. Lee on pain"
    )
    # The usual place is not said of a date that is elsewhere.
    panel = text[text.index('class="card next-date"') : text.index('id="what"')]
    assert "Library" not in panel


def test_group_that_pauses_says_until_when_and_when_it_meets_next(client):
    group = MeetingFactory(group__slug="circle").group
    PauseFactory(group=group, first_on=date(2026, 11, 20), last_on=date(2026, 12, 14), reason="")
    PauseFactory(group=group, first_on=date(2026, 12, 20))

    text = read(client, "/groups/circle/")

    assert "The group is having a break" in text
    assert "<strong>Paused until 14 December.</strong>" in text
    assert "No meetings from 20 December to 3 January: Winter break." in text
    assert "The next meeting after it:" in text
    assert dates_of(text)[0].startswith("Tuesday 15 December")


def test_pause_that_is_over_is_not_told(client):
    group = MeetingFactory(group__slug="circle").group
    PauseFactory(group=group, first_on=date(2026, 8, 1), last_on=date(2026, 11, 21))

    text = read(client, "/groups/circle/")

    assert "Paused" not in text
    assert "Winter break" not in text


def test_pause_until_further_notice_leads_to_other_groups(client):
    group = MeetingFactory(group__slug="circle").group
    PauseFactory(group=group, first_on=date(2026, 11, 1), last_on=None, reason="Sam is ill")

    text = read(client, "/groups/circle/")

    assert "Paused until further notice: Sam is ill." in text
    assert '<a href="/groups/">Groups that meet sooner</a>' in text
    assert "<time " not in text


def test_group_that_has_ended_says_so_kindly_and_what_else_there_is(client):
    group = MeetingFactory(
        group__slug="circle", group__ended_on=date(2026, 11, 22), group__joining_policy="members"
    ).group

    text = read(client, "/groups/circle/")

    assert "This group has ended" in text
    assert "Nobody has met here since 22 November 2026." in text
    assert '<a href="/groups/">Groups that meet soon</a>' in text
    assert '<a href="/help/">Somebody to call or write to</a>' in text
    for words in ("<time ", "Every Tuesday", "/joining/", "pin-up", "Ask the organizer before"):
        assert words not in text, words
    assert group.name not in read(client, "/groups/")
    assert "/groups/circle/" not in client.get("/sitemap.xml").content.decode()
    assert "/groups/circle/" not in read(client, "/search/?q=tea")


def test_group_that_ends_later_is_shown_until_then(client):
    MeetingFactory(group__slug="circle", group__ended_on=date(2026, 12, 8))

    text = read(client, "/groups/circle/")

    assert len(dates_of(text)) == 2
    assert "This group has ended" not in text
    assert "/groups/circle/" in read(client, "/groups/")
    assert "/groups/circle/" in read(client, "/search/?q=tea")
    with time_machine.travel(datetime(2026, 12, 8, tzinfo=UTC), tick=False):
        assert "This group has ended" in read(client, "/groups/circle/")
        assert "/groups/circle/" not in read(client, "/search/?q=tea")


def test_three_dates_are_told_and_a_check_is_no_edit(client, moderator):
    with time_machine.travel(datetime(2026, 5, 3, tzinfo=UTC), tick=False):
        group = SupportGroupFactory(slug="circle")
    with time_machine.travel(datetime(2026, 9, 7, 12, tzinfo=UTC), tick=False):
        group.save()
    client.force_login(moderator)
    client.post(
        "/admin/community/supportgroup/",
        {"action": "mark_as_checked", "_selected_action": [group.pk]},
    )

    text = read(client, "/groups/circle/")

    for words in (
        "<dt>Checked</dt><dd>22 November 2026</dd>",
        "<dt>Edited</dt><dd>7 September 2026</dd>",
        "<dt>Listed since</dt><dd>3 May 2026</dd>",
    ):
        assert words in text


def test_members_are_led_to_the_way_in_and_others_to_whom_to_ask(client):
    SupportGroupFactory(slug="members", joining_policy="members")
    SupportGroupFactory(slug="request", joining_policy="on-request")

    assert 'href="/groups/members/joining/">How to join</a>' in read(client, "/groups/members/")
    text = read(client, "/groups/request/")
    assert 'href="#ask">How to ask</a>' in text
    assert "/joining/" not in text


def test_card_to_pin_up_goes_by_the_groups_clock_and_spells_out_addresses(client):
    group = JoiningDetailsFactory(
        group__slug="circle",
        group__is_in_person=True,
        group__place="Library, Leeds",
        group__website="https://circle.example.org/tuesday/",
        group__how_to_ask="Ring 0113 496 0123",
        group__public_contact="Ann",
        passcode="lavender",
    ).group
    meeting = MeetingFactory(group=group)
    MeetingExceptionFactory(meeting=meeting, on=date(2026, 11, 24))
    MeetingExceptionFactory(
        meeting=meeting, on=date(2026, 12, 1), is_cancelled=False, place="Town hall"
    )
    client.cookies["preferences"] = "zone=Asia%2FTokyo"

    text = read(client, "/groups/circle/")
    card = text[text.index('<section class="pin-up">') :]

    for words in (
        "Every Tuesday, 6:30 p.m. (London time)",
        "Tuesday 1 December 2026, 6:30 p.m.: Town hall<br>"
        "Tuesday 8 December 2026, 6:30 p.m.<br>Tuesday 15 December 2026, 6:30 p.m.",
        "Library, Leeds<br>Online",
        "Ask for Ann.",
        "Ring 0113 496 0123",
        "https://circle.example.org/tuesday/",
        "<strong>http://localhost:8000/groups/circle/</strong>",
        "Printed on 22 November 2026.",
    ):
        assert words in card, words
    for words in ("your time", "24 November", "lavender", "zoom.us"):
        assert words not in card


def test_clocks_that_change_between_two_meetings_are_followed(client):
    client.cookies["preferences"] = "zone=America%2FNew_York"

    with time_machine.travel(datetime(2026, 3, 4, tzinfo=UTC), tick=False):
        MeetingFactory(group__slug="spring", time_zone="Europe/London")
        text = read(client, "/groups/spring/")

    assert "Tuesday 10 March, 2:30 p.m. your time" in text  # New York has changed, London not.
    assert "Tuesday 31 March, 1:30 p.m. your time" in text
    assert text.count("6:30 p.m. in London") == 1 + 4


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
        meeting = MeetingFactory(group=group, weekday=str(index % 7))
        MeetingExceptionFactory(meeting=meeting, on=meeting.occurrences.first().original_on)
        PauseFactory(group=group, first_on=date(2027, 1, 1 + index), last_on=None)

    with django_assert_num_queries(4):
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


@pytest.mark.parametrize(
    "words", ["hearing loop", "British Sign", "nothing to say", "Yorkshire", "United Kingdom"]
)
def test_search_finds_a_group_by_what_its_page_says(client, words):
    SupportGroupFactory(
        slug="circle",
        first_meeting="You need nothing to say.",
        region_served="Yorkshire",
        country="GB",
        sign_languages=["bfi"],
        access_features=["hearing-loop"],
    )

    assert "/groups/circle/" in read(client, f"/search/?q={words}")
