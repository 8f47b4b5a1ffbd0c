"""Meeting Guide feeds. B5: what JSON may and may not be. B6: feeds as they were published."""

import json
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.imports import meeting_guide
from community.imports.rows import FileRefused
from community.joining_details import find_joining_details
from tests.community.import_files import FEEDS, MEETING, feed, real_feed
from tests.yardstick import yardsticks

# Accepted as JSON (y_): the bytes, and the value.
Y = {
    "array_empty": (b"[]", []),
    "array_spaces": (b" [\n] ", []),
    "array_nested": (b"[[[]]]", [[[]]]),
    "array_of_null": (b"[null]", [None]),
    "number_zero": (b"[0]", [0]),
    "number_minus_zero": (b"[-0]", [0]),
    "number_exponent": (b"[1E+2]", [100.0]),
    "number_fraction": (b"[1.5e-1]", [0.15]),
    "object_empty": (b"{}", {}),
    "object_empty_name": (b'{"":0}', {"": 0}),
    "object_name_twice": (b'{"a":"b","a":"c"}', {"a": "c"}),
    "object_escaped_nul": (b'{"a\\u0000b":1}', {"a\x00b": 1}),
    "string_alone": (b'"asd"', "asd"),
    "string_escapes": (b'["\\"\\\\\\/\\b\\f\\n\\r\\t"]', ['"\\/\b\f\n\r\t']),
    "string_pair": (b'["\\ud83d\\ude00"]', ["😀"]),
    "string_delete": (b'["\x7f"]', ["\x7f"]),
    "string_utf8": ('["é漢😀"]'.encode(), ["é漢😀"]),
    "string_separator": ('["\u2028"]'.encode(), ["\u2028"]),
    "structure_true": (b"true", True),
    "structure_null": (b"null", None),
    "structure_mark": (b"\xef\xbb\xbf[1]", [1]),
    "structure_utf16": ("[1]".encode("utf-16"), [1]),
}
# Refused (n_).
N = {
    "array_extra_comma": b"[1,]",
    "array_comma_first": b"[,1]",
    "array_double_comma": b"[1,,2]",
    "array_unclosed": b"[1",
    "array_just_minus": b"[-]",
    "array_no_comma": b"[1 2]",
    "array_star": b"[*]",
    "number_nan": b"[NaN]",
    "number_infinity": b"[Infinity]",
    "number_minus_infinity": b"[-Infinity]",
    "number_leading_zero": b"[012]",
    "number_leading_plus": b"[+1]",
    "number_dot_first": b"[.5]",
    "number_dot_last": b"[1.]",
    "number_hex": b"[0x1]",
    "number_full_width": "[１]".encode(),
    "object_single_quotes": b"{'a':0}",
    "object_no_quotes": b"{a: 1}",
    "object_trailing_comma": b'{"a":1,}',
    "object_no_colon": b'{"a" 1}',
    "object_number_as_name": b"{1:1}",
    "object_comment": b'{"a":1}/*x*/',
    "string_newline": b'["a\nb"]',
    "string_tab": b'["\t"]',
    "string_nul": b'["\x00"]',
    "string_half_escape": b'["\\u00A"]',
    "string_bad_escape": b'["\\x00"]',
    "string_invalid_utf8": b'["\xff"]',
    "string_utf8_surrogate": b'["\xed\xa0\x80"]',
    "string_unclosed": b'["a',
    "structure_nothing": b"",
    "structure_spaces": b"  ",
    "structure_mark_alone": b"\xef\xbb\xbf",
    "structure_two": b"[1][2]",
    "structure_word": b"nul",
    "structure_capital": b"[True]",
    "structure_html": b"<!DOCTYPE html><html></html>",
    "structure_csv": b"name,slug\r\nx,1\r\n",
    "structure_word_joiner": "[\u2060]".encode(),
    "structure_100000_open": b"[" * 100_000,
    "structure_100000_nested": b"[" * 100_000 + b"]" * 100_000,
    "structure_50000_objects": b'[{"":' * 50_000,
}


@pytest.mark.parametrize("name", Y)
def test_b5_y_is_accepted_as_json(name):
    data, value = Y[name]

    assert meeting_guide.parse(data) == value


@pytest.mark.parametrize("name", N)
def test_b5_n_is_refused_with_one_sentence(name):
    def refused():
        with pytest.raises(FileRefused, match=r"^[A-Z].{10,150}\.$"):
            meeting_guide.read(N[name])

    assert yardsticks(refused) < 20


@pytest.mark.parametrize("name", Y)
def test_b5_json_that_is_no_list_of_meetings_is_refused_or_reported(name):
    try:
        reading = meeting_guide.read(Y[name][0])
    except FileRefused:
        return
    assert reading.listings == []
    assert len(reading.refused_rows) == reading.row_count


def test_b5_nested_100000_deep_is_said_in_words():
    with pytest.raises(FileRefused, match="nested too deeply"):
        meeting_guide.read(N["structure_100000_nested"])


def test_b5_huge_numbers_are_no_trouble():
    data = json.dumps([MEETING]).replace('"day": 2', f'"day": {"9" * 100_000}').encode()

    reading = meeting_guide.read(data)

    assert [(p.row, p.field) for p in reading.refused] == [(1, "day")]


def test_b5_field_that_stands_twice_is_refused():
    data = json.dumps([MEETING]).replace('"day": 2', '"day": 2, "day": 3').encode()

    reading = meeting_guide.read(data)

    assert [(p.row, p.field) for p in reading.refused] == [(1, "day")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = (
    "name", "slug", "day", "time", "end_time", "timezone", "types", "location", "address", "city",
    "state", "country", "region", "regions", "notes", "conference_url", "conference_phone", "url",
    "latitude", "longitude", "group", "entity", "approximate", "rrule", "first_date",
    "contact_1_email",
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8) | JSON, max_size=5))
def test_b5_any_values_are_read_or_refused(value):
    rows = [
        MEETING | item | {"slug": n} if isinstance(item, dict) else item
        for n, item in enumerate(value)
    ]
    data = json.dumps(rows).encode()
    try:
        reading = meeting_guide.read(data, "Europe/London", "en")
    except FileRefused as error:
        assert rows == [] or "NaN" in str(error)  # noqa: PT017
        return

    in_listings = [row for listing in reading.listings for row in listing.rows]
    assert sorted({*in_listings, *reading.refused_rows}) == list(range(1, len(rows) + 1))
    assert len(in_listings) + len(reading.refused_rows) == reading.row_count


@given(st.binary(max_size=200))
def test_b5_any_bytes_are_read_or_refused(data):
    with suppress(FileRefused):
        meeting_guide.read(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"day": 2, "time": "18:30"},
        {"day": [2], "time": "6:30 PM"},
        {"day": "2", "time": "6:30pm"},
        {"day": ["2"], "time": "18.30"},
        {"day": "Tuesday", "time": "18:30:00"},
        {"day": "[2]", "time": "1830"},
    ],
)
def test_day_and_time_are_read_as_feeds_write_them(changes):
    (listing,) = meeting_guide.read(feed(changes)).listings

    assert listing.meetings == [
        {
            "frequency": "weekly",
            "interval": 1,
            "weekday": "1",
            "ordinals": [],
            "starts_at": "18:30:00",
            "duration_minutes": 60,
            "time_zone": "Europe/London",
        }
    ]


def test_sunday_is_the_day_0():
    (listing,) = meeting_guide.read(feed({"day": [0, 6]})).listings

    assert [meeting["weekday"] for meeting in listing.meetings] == ["6", "5"]


@pytest.mark.parametrize(
    ("ends", "minutes"), [("20:00", 90), ("00:30", 360), ("", 60), ("18:30", 60), ("late", 60)]
)
def test_end_may_be_missing_or_after_midnight(ends, minutes):
    (listing,) = meeting_guide.read(feed({"end_time": ends})).listings

    assert listing.meetings[0]["duration_minutes"] == minutes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"slug": None}, "slug"),
        ({"day": 7}, "day"),
        ({"day": True}, "day"),
        ({"day": "Caturday"}, "day"),
        ({"day": None}, "day"),
        ({"time": ""}, "time"),
        ({"time": "evening"}, "time"),
        ({"timezone": "Eastern"}, "time"),
        ({"timezone": ""}, "timezone"),
        ({"types": [], "conference_url": "", "location": ""}, "address"),
    ],
)
def test_row_that_cannot_be_imported_says_where_and_why(changes, field):
    reading = meeting_guide.read(feed({"slug": "1"}, changes))

    assert [listing.rows for listing in reading.listings] == [[1]]
    assert [(problem.row, problem.field) for problem in reading.refused] == [(2, field)]


def test_second_row_with_a_slug_is_refused():
    reading = meeting_guide.read(feed({}, {"name": "Another"}))

    assert [(p.row, p.reason) for p in reading.refused] == [
        (2, "Row 1 has the same “slug”. It has to be another one.")
    ]


def test_meeting_by_appointment_has_no_time():
    (listing,) = meeting_guide.read(feed({"day": None, "time": None})).listings

    assert listing.meetings == []


def test_codes_become_fields_and_words():
    changes = {"types": "S, X,XB,M ,Y,ASL,C,W,B,??", "location": "Hall", "address": "1 High St"}

    reading = meeting_guide.read(feed(changes), language="en")

    fields = reading.listings[0].fields
    assert fields["languages"] == ["es"]
    assert fields["sign_languages"] == ["ase"]
    assert fields["audiences"] == ["men", "young-adults"]
    assert fields["access_features"] == ["step-free", "accessible-toilet"]
    assert fields["description"] == (
        "We drink tea.\n\nClosed to all but those who are affected themselves. For women."
    )
    assert [remark.reason.split("”")[0] for remark in reading.remarks] == [
        "A listing here has no place for the code “??",
        "A listing here has no place for the code “B",
    ]


def test_every_language_of_the_format_is_known():
    types = json.loads((FEEDS / "types.json").read_text(encoding="utf-8"))
    left_out = {
        "11", "12x12", "A", "ABSI", "AL", "AL-AN", "B", "BRK", "CAN", "DB", "DD", "DR", "GR", "H",
        "LIT", "LS", "P", "POA", "SM", "ST", "TR", "XT",
    }  # fmt: skip

    reading = meeting_guide.read(feed({"types": [*types, "ONL"]}))

    said = {remark.reason.split("“")[1].split("”")[0] for remark in reading.remarks}
    assert said == {code.upper() for code in left_out}


def test_place_that_is_closed_for_now_is_a_pause_unless_people_meet_online():
    place = {"location": "Hall", "address": "1 High St, Leeds", "conference_url": None}

    reading = meeting_guide.read(
        feed(
            {"slug": "1", "types": ["TC"], **place}, {"slug": "2", "types": ["TC", "ONL"], **place}
        )
    )

    closed, online = reading.listings
    assert closed.is_paused is True
    assert closed.fields["is_in_person"] is True
    assert online.is_paused is False
    assert online.fields["is_in_person"] is False
    assert online.fields["place"] == ""


@pytest.mark.parametrize(
    ("changes", "place", "country"),
    [
        ({"formatted_address": "1 High St, Leeds, UK"}, "Hall, 1 High St, Leeds", "GB"),
        (
            {"address": "1 Main St", "city": "Alpena", "state": "MI", "country": "US"},
            "Hall, 1 Main St, Alpena, MI",
            "US",
        ),
        ({"address": "1 Main St, Los Angeles, CA"}, "Hall, 1 Main St, Los Angeles, CA", ""),
        ({"address": "Hall 1, Rue 2, Canada"}, "Hall 1, Rue 2", "CA"),
    ],
)
def test_address_is_one_line_and_the_country_its_own(changes, place, country):
    changes = {"types": [], "conference_url": None, "location": "Hall", **changes}

    (listing,) = meeting_guide.read(feed(changes)).listings

    assert listing.fields["place"] == place
    assert listing.fields["country"] == country


def test_street_of_a_home_is_kept_from_the_public():
    changes = {
        "types": [],
        "conference_url": "",
        "location": "Private Residence",
        "address": "12 Mill Lane, Leeds, UK",
        "notes": "The house west of the church.",
        "latitude": 53.8,
        "longitude": -1.5,
    }

    (listing,) = meeting_guide.read(feed(changes)).listings

    assert listing.fields["place"] == "A private home, Leeds"
    assert listing.fields["description"] == ""
    assert listing.fields["latitude"] is None
    assert listing.joining["note"] == "12 Mill Lane, Leeds The house west of the church."


def test_address_of_a_person_is_for_staff():
    notes = "We drink tea. Write to sam@example.org for more. Bring a cup."

    (listing,) = meeting_guide.read(feed({"notes": notes, "contact_1_name": "Ann"})).listings

    assert listing.fields["description"] == "We drink tea.\nBring a cup."
    assert listing.fields["staff_contact"] == "Write to sam@example.org for more.\nAnn"


def test_html_of_notes_is_taken_out():
    (listing,) = meeting_guide.read(feed({"notes": "<p>Tea &amp; <b>cake</b></p>"})).listings

    assert listing.fields["description"] == "Tea & cake"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://hope.example.org/", "https://hope.example.org/"),
        ("javascript:alert(1)", ""),
        ("ftp://example.org/x", ""),
        ("data:text/html,x", ""),
        ("https://zoom.us/j/81234567890", ""),
        (["https://example.org"], ""),
    ],
)
def test_only_pages_of_the_web_are_kept(address, kept):
    (listing,) = meeting_guide.read(feed({"url": address})).listings

    assert listing.fields["website"] == kept


def test_rows_that_are_one_group_become_one_listing():
    reading = meeting_guide.read(
        feed(
            {"slug": "1", "day": 1},
            {"slug": "2", "day": 3, "notes": "We walk."},
            {"slug": "3", "day": 5, "conference_url": "https://zoom.us/j/99999999999"},
            {"slug": "4", "day": 6, "types": ["ONL", "M"]},
        )
    )

    first, other_room, for_men = reading.listings
    assert first.rows == [1, 2]
    assert first.parts == ["1", "2"]
    assert first.fields["description"] == "Monday: We drink tea.\n\nWednesday: We walk."
    assert [meeting["weekday"] for meeting in first.meetings] == ["0", "2"]
    assert (other_room.rows, for_men.rows) == ([3], [4])


def test_broken_way_in_is_kept_for_members():
    reading = meeting_guide.read(
        feed({"conference_url": "Ask Sam", "conference_phone": "1,,2" * 30})
    )

    (listing,) = reading.listings
    assert listing.joining["link"] == ""
    assert listing.joining["note"] == "Ask Sam"
    assert len(listing.joining["phone"]) <= 60
    assert [remark.field for remark in reading.remarks] == ["conference_url"]


@pytest.mark.parametrize(
    ("name", "rows", "listings"), [("edmonton", 315, 256), ("meetings", 46, 27)]
)
def test_b6_every_row_of_a_real_feed_is_accounted_for(name, rows, listings):
    reading = meeting_guide.read(real_feed(name), "America/Edmonton", "en")

    assert reading.row_count == rows
    assert len(reading.listings) == listings
    counted = Counter(row for listing in reading.listings for row in listing.rows)
    counted.update(reading.refused_rows)
    assert counted == Counter(range(1, rows + 1))
    meetings = sum(len(listing.meetings) for listing in reading.listings)
    assert meetings == rows


def test_b6_nothing_public_of_a_real_feed_lets_anybody_in():
    reading = meeting_guide.read(real_feed("edmonton"), "America/Edmonton", "en")

    assert sum(bool(listing.joining["link"]) for listing in reading.listings) >= 50
    for listing in reading.listings:
        for name, value in listing.fields.items():
            if isinstance(value, str) and name != "staff_contact":
                assert find_joining_details(value) == "", listing.rows


def test_b6_file_that_is_no_json_is_one_error():
    with pytest.raises(FileRefused, match="not JSON"):
        meeting_guide.read(b"name,slug\nTuesday circle,1\n")


def test_b7_one_bad_row_of_2000_is_refused_alone():
    for place in (0, 1000, 1999):
        meetings = [{"slug": n, "name": f"Group {n}"} for n in range(2000)]
        meetings[place]["time"] = "evening"

        reading = meeting_guide.read(feed(*meetings))

        assert len(reading.listings) == 1999
        assert [problem.row for problem in reading.refused] == [place + 1]
