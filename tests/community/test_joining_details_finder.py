"""The finder of ways in, in free text. Every example is made up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.joining_details import (
    find_joining_details,
    repeats,
    take_out_joining_details,
)
from tests.yardstick import yardsticks

WAYS_IN = [
    "Join us at https://us02web.zoom.us/j/81234567890?pwd=abcDEF",
    "zoom.us/j/81234567890",
    "Our room: acme-hospital.zoom.us/my/annsroom",
    "https://meet.google.com/abc-defg-hij",
    "Teams: https://teams.microsoft.com/l/meetup-join/19%3ameeting_x",
    "https://whereby.com/tuesday-circle every week",
    "meet.jit.si/TuesdayCircleLeeds",
    "https://example.webex.com/meet/ann",
    "Chat: https://chat.whatsapp.com/AbCdEfGhIjK",
    "discord.gg/tuesday",
    "https://t.me/joinchat/AAAA",
    "Short link bit.ly/tuesday-circle",
    "https://video.example.org/room?pwd=hope",
    "zoom dot us/j/81234567890",
    "zoom[.]us/j/81234567890",
    "skype:ann.smith?call",
    "81234567890@zoomcrc.com",
    "Meeting ID 812 3456 7890",
    "Meeting ID: 391 204 233 12",
    "Zoom 812-3456-7890",
    "ID: 575201402",
    "passcode: lavender",
    "Pass code is Hope22",
    "The password is “sunrise”.",
    "pw=serenity",
    "PIN 4821#",
    "Access code 123456",
    "Use door code C1234Y at the side",
    "Gate code - 4711",
    "Contraseña: esperanza",
    "Código de acceso 4821",
    "ID de reunión: 812 3456 7890",
    "Mot de passe : espoir",
    "Kenncode: 4711",
    "Dial in: +44 20 7946 0123",
    "Dial 020 7946 0123, then 81234567890#",
    "+16465550123,,81234567890#",
    "Phone: (646) 555-0123",
    "Call 555-0123 at seven",
    "８１２３４５６７８９０",
    "812\u200b3456\u200b7890",
]
HARMLESS = [
    "",
    "we meet for tea and talk at the library on Tuesday",
    "We meet on Zoom. The link is sent to you by e-mail.",
    "You need the Zoom app; get it at https://zoom.us/download",
    "Read https://support.zoom.us/hc/en-us first if you are new to it.",
    "The password is sent to you on the day.",
    "Passcode required; ask Ann.",
    "The door code is available from reception.",
    "Meeting ID is given on request.",
    "Bring a picture ID. ID required at the desk.",
    "Pin badges and ribbons are welcome, or none.",
    "We pin a note to the door.",
    "Since 2012; 2019-2026 in this building.",
    "Next on 2026-11-24, 18:30 to 20:00.",
    "On 24.11.2026, 18.30-20.00",
    "24/11/2026 and 08/12/2026",
    "From 10:00 to 11:30, doors at 9:45",
    "Room 12, first floor, 45 King Street, Leeds LS1 4AP",
    "In the basement. Room #0651",
    "Hospital room #3N-352, third floor north.",
    "1200 Main Street, Portland, OR 97201-1234",
    "Registered charity 1089464",
    "Company number 02345678",
    "Costs £1,200.00 a year for the whole group, you pay nothing.",
    "Free. A donation of $5 to $10 helps.",
    "Buses 11, 12, 36 and 72 stop outside.",
    "https://www.facebook.com/groups/123456789012345",
    "https://charity.example.org/groups/tuesday?id=1234567890",
    "For people aged 18 to 45, up to 12 at a time.",
    "Children under 16 cannot come. Up to 20 people.",
    "Ask for Ann at the desk on the 2nd floor.",
    "Step-free entrance at the back, hearing loop, parking for blue badges.",
    "ISBN 978-0-00-000000-2 is the book that we read.",
    "Write to the address on the group's web page.",
    "We met at chat.me, a café, and at net.me too/with friends.",
]


@pytest.mark.parametrize("text", WAYS_IN)
def test_way_in_is_found(text):
    assert find_joining_details(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_let_pass(text):
    assert find_joining_details(text) == ""


@settings(deadline=None)  # How long it takes has a test of its own.
@given(
    before=st.text(alphabet="abc xyz.,\n", max_size=30),
    host=st.sampled_from(["zoom.us/j/", "us05web.zoom.us/j/", "meet.google.com/", "whereby.com/"]),
    path=st.text(alphabet="abcdefghijkmnopqrs123456789-", min_size=8, max_size=20),
    scheme=st.sampled_from(["", "http://", "https://"]),
)
def test_link_is_found_in_any_company(before, host, path, scheme):
    assert find_joining_details(f"{before} {scheme}{host}{path} and so on")


@settings(deadline=None)
@given(
    digits=st.text(alphabet="123456789", min_size=9, max_size=12),
    gaps=st.lists(st.sampled_from(["", " ", "-", ".", "\u00a0"]), min_size=12, max_size=12),
)
def test_number_is_found_however_it_is_grouped(digits, gaps):
    # Two digits to a group at least; a full stop between them all would be a sum or a date.
    text = "".join(d + (gaps[i] if i % 3 == 2 else "") for i, d in enumerate(digits))

    assert find_joining_details(f"Enter {text.rstrip(' .-')} please")


@settings(deadline=None)
@given(st.lists(st.sampled_from(HARMLESS[1].split())))
def test_plain_words_are_let_pass(words):
    assert find_joining_details(" ".join(words)) == ""


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_answered_with_a_short_line(text):
    found = find_joining_details(text)

    assert len(found) <= 60
    assert "\n" not in found


@pytest.mark.parametrize(
    "piece", ["code = ", "a.", "1 ", "call in ", "https://", "pin ", "- ", "zoom.", "(", "1.1"]
)
def test_hostile_text_is_answered_at_once(piece):
    text = (piece * 2000)[:2000]

    assert yardsticks(lambda: find_joining_details(text)) < 10
    assert yardsticks(lambda: find_joining_details("passcode" + text)) < 10


def test_phone_to_ask_is_let_pass_where_people_ask():
    assert find_joining_details("Call the centre on 0113 496 0123", may_hold_phone=True) == ""
    assert find_joining_details("Dial-in 0113 496 0123, PIN 4821", may_hold_phone=True)
    assert find_joining_details("passcode: lavender", may_hold_phone=True)
    assert find_joining_details("zoom.us/j/81234567890", may_hold_phone=True)


@pytest.mark.parametrize(
    ("text", "words", "numbers"),
    [
        ("Say lavender at the door", ["lavender"], []),
        ("Say LAVENDER!", ["lavender"], []),
        ("Room 4711 please", ["4711"], []),
        ("Enter 812-3456 7890", [], ["81234567890"]),
        ("Enter 81234567890", [], ["812 3456 7890"]),
    ],
)
def test_what_is_given_away_is_found(text, words, numbers):
    assert repeats(text, words=words, numbers=numbers)


@pytest.mark.parametrize(
    ("text", "words", "numbers"),
    [
        ("We hope", ["hope"], []),  # Too short to be more than chance.
        ("Lavenders grow here", ["lavender"], []),
        ("Since 1947", [], ["1947"]),
        ("Nothing here", [""], [""]),
    ],
)
def test_chance_is_let_pass(text, words, numbers):
    assert repeats(text, words=words, numbers=numbers) == ""


# What the notes of real feeds look like: what may stay, and what belongs to members.
NOTES = [
    (
        "Zoom: https://us02web.zoom.us/j/8246860989?pwd=Afv3W7 Phone: 3-077-604-9154 "
        "Meeting ID: 824 686 0989 Passcode: serenity \r\nThis is now a hybrid meeting.",
        "This is now a hybrid meeting.",
        {
            "link": "https://us02web.zoom.us/j/8246860989?pwd=Afv3W7",
            "phone": "3-077-604-9154",
            "meeting_number": "824 686 0989",
            "passcode": "serenity",
        },
    ),
    (
        "Zoom Meeting ID: 649 227 0087Password: sober\r\n",
        "",
        {"meeting_number": "649 227 0087", "passcode": "sober"},
    ),
    (
        "Zoom Id: 727 536 9409 pwd.. 165851 \n* Last Tuesday is the open meeting.",
        "* Last Tuesday is the open meeting.",
        {"meeting_number": "727 536 9409", "passcode": "165851"},
    ),
    (
        "Every day at noon. PMI: 510 772 8238. Contact Stacey D 114-326-3619 for the password.",
        "Every day at noon.",
        {
            "meeting_number": "510 772 8238",
            "rest": "Contact Stacey D 114-326-3619 for the password.",
        },
    ),
    (
        "Zoom: https://us02web.zoom.us/j/6380622151? pwd=A1tRn35OaNi6 All are welcome",
        "All are welcome",
        {"link": "https://us02web.zoom.us/j/6380622151?pwd=A1tRn35OaNi6"},
    ),
    (
        "In person. PMI: 510 772 8238. The password is 228072.",
        "In person.",
        {"meeting_number": "510 772 8238", "passcode": "228072"},
    ),
    ("We meet on Zoom: https://zoom.us/j/123456789", "We meet on Zoom", None),
    ("No password required. All ladies welcome! zoom.us/j/123456789", "All ladies welcome!", None),
    ("The door code is 4711#. Bring a cup.", "Bring a cup.", {"door_code": "4711#"}),
    ("Passcode: one23 for the first, Passcode: two34 for the second.", None, {"passcode": "one23"}),
]


@pytest.mark.parametrize(("text", "stays", "ways_in"), NOTES)
def test_way_in_is_taken_out_of_a_text(text, stays, ways_in):
    taken = take_out_joining_details(text)

    assert not taken.is_empty
    assert find_joining_details(taken.text) == ""
    if stays is not None:
        assert taken.text == stays
    if ways_in is not None:
        found = {name: value for name, value in vars(taken).items() if value and name != "text"}
        assert found | ways_in == found
        assert set(found) - {"rest"} == set(ways_in) - {"rest"}


@pytest.mark.parametrize("text", HARMLESS)
def test_text_without_a_way_in_stays_as_it_is(text):
    taken = take_out_joining_details(text)

    assert taken.is_empty
    assert taken.text == text


@pytest.mark.parametrize("text", WAYS_IN)
def test_nothing_is_found_in_what_stays(text):
    taken = take_out_joining_details(f"We drink tea. {text} Bring a cup.")

    assert not taken.is_empty
    assert find_joining_details(taken.text) == ""


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [*WAYS_IN, *(text for text, _stays, _ways in NOTES), "\n", ". ", "Zoom"]
            ),
            st.text(max_size=30),
        ),
        max_size=6,
    ).map(" ".join)
)
def test_nothing_is_found_in_what_stays_of_any_text(text):
    assert find_joining_details(take_out_joining_details(text).text) == ""


@given(
    st.from_regex(r"[1-9][0-9]{9,10}", fullmatch=True),
    st.lists(st.sampled_from(["", " ", "-", ".", " - "]), min_size=2, max_size=2),
    st.sampled_from(["Meeting ID: ", "Zoom ID ", "PMI# ", "id=", "Zoom: https://zoom.us/j/"]),
)
def test_no_part_of_a_number_stays(digits, gaps, label):
    number = gaps[0].join((digits[:3], gaps[1].join((digits[3:6], digits[6:]))))
    number = digits if "zoom.us" in label else number

    text = take_out_joining_details(f"We meet. {label}{number} Come early.").text

    assert not any(piece in text for piece in (digits[:3], digits[3:6], digits[6:]))
    assert "We meet." in text
