"""CSV files, as people and their programs save them. B8: hostile ones."""

import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.imports import csv
from community.imports.columns import COLUMNS
from community.imports.rows import FileRefused
from tests.community.import_files import ROW, csv_file, many_rows
from tests.yardstick import yardsticks


def reasons(reading):
    return [(problem.row, problem.field, problem.reason) for problem in reading.refused]


def test_row_becomes_a_listing():
    row = {
        "which": "second; fourth",
        "minutes": "2 hours",
        "first date": "2026-01-13",
        "last date": "",
        "languages": "en; Español",
        "for": "Men",
        "country": "Mexico",
        "in person": "x",
        "place": "Hope House",
        "latitude": "53.8",
        "longitude": "-1,5",
        "link to join": "https://zoom.us/j/81234567890",
    }

    reading = csv.read(csv_file(row))

    assert reading.refused == []
    assert reading.row_count == 1
    (listing,) = reading.listings
    assert listing.rows == [2]
    assert listing.key == "7"
    assert listing.fields["name"] == "Tuesday circle"
    assert listing.fields["languages"] == ["en", "es"]
    assert listing.fields["audiences"] == ["men"]
    assert listing.fields["country"] == "MX"
    assert listing.fields["is_online"] is True
    assert listing.fields["is_in_person"] is True
    assert (listing.fields["latitude"], listing.fields["longitude"]) == (53.8, -1.5)
    assert listing.meetings == [
        {
            "frequency": "monthly",
            "interval": 1,
            "weekday": "1",
            "ordinals": ["2", "4"],
            "starts_at": "18:30:00",
            "duration_minutes": 120,
            "time_zone": "Europe/London",
            "first_on": "2026-01-13",
            "last_on": None,
        }
    ]
    assert listing.joining == {"link": "https://zoom.us/j/81234567890"}


def test_what_the_file_cannot_tell_is_not_told():
    (listing,) = csv.read(b"name\nTuesday circle\n").listings

    assert listing.fields == {"name": "Tuesday circle"}
    assert listing.meetings is None
    assert listing.joining is None
    assert listing.key == "tuesday circle | "


def test_rows_with_one_key_are_one_group_that_meets_at_several_times():
    reading = csv.read(csv_file({}, {"day": "Friday", "name": "", "description": ""}, {"key": "8"}))

    first, second = reading.listings
    assert first.rows == [2, 3]
    assert [meeting["weekday"] for meeting in first.meetings] == ["1", "4"]
    assert second.rows == [4]


def test_rows_of_one_group_that_contradict_each_other_are_refused():
    reading = csv.read(csv_file({}, {"day": "Friday", "online": "no"}))

    assert reading.listings == []
    words = "Row 3 says something else than row 2 of the same group."
    assert reasons(reading) == [(2, "online", words), (3, "online", words)]


def test_a_group_is_not_imported_by_halves():
    reading = csv.read(csv_file({}, {"day": "Caturday"}, {"key": "8"}))

    assert [listing.key for listing in reading.listings] == ["8"]
    assert reasons(reading) == [
        (3, "day", "“Caturday” is no day of the week. Write its name: Tuesday."),
        (2, "", "Row 3 of the same group was refused."),
    ]


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ({"name": ""}, "name", "This field cannot be blank."),
        ({"begins": "evening"}, "begins", "“evening” is no time."),
        ({"begins": ""}, "begins", "only in part"),
        ({"day": ""}, "day", "only in part"),
        ({"time zone": ""}, "time zone", "names no time zone"),
        ({"time zone": "London"}, "time zone", "“London” is not a time zone."),
        ({"repeats": "weekly", "which": "last"}, "repeats", "has no “which of the month”"),
        ({"repeats": "monthly"}, "day", "Say which of the month"),
        ({"repeats": "daily"}, "repeats", "not one of the choices: weekly, monthly"),
        ({"every": "13"}, "day", "less than or equal to 12"),
        ({"minutes": "1441"}, "day", "less than or equal to 1440"),
        ({"first date": "1/2/2026"}, "first date", "two different days"),
        ({"first date": "2026-02-01", "last date": "2026-01-01"}, "day", "cannot come before"),
        ({"run by": "nobody"}, "run by", "not one of the choices: peer, professional, both"),
        ({"online": "perhaps"}, "online", "neither yes nor no"),
        ({"latitude": "91", "longitude": "0"}, "latitude", "no place on the map"),
        ({"name": "a" * 121}, "name", "at most 120 characters"),
        ({"description": "a" * 2001}, "description", "longer than 2000 characters"),
        ({"contact": "Sam Smith"}, "contact", "one word"),
        ({"web page": "javascript:alert(1)"}, "web page", "no web address"),
        ({"web page": "ftp://example.org/x"}, "web page", "no web address"),
        ({"link to join": "data:text/html,x"}, "link to join", "no web address"),
        ({"organizer’s address": "nobody"}, "organizer’s address", "Give one e-mail address."),
    ],
)
def test_row_that_cannot_be_imported_says_where_and_why(row, field, reason):
    reading = csv.read(csv_file(row))

    assert reading.listings == []
    assert [(problem.row, problem.field) for problem in reading.refused] == [(2, field)]
    assert reason in reading.refused[0].reason


def test_way_in_goes_where_it_belongs():
    reading = csv.read(
        csv_file(
            {
                "description": "We drink tea. Zoom: https://zoom.us/j/81234567890 Passcode: hope12",
                "web page": "https://zoom.us/j/81234567890",
                "getting in": "Door code 4711. Ring twice.",
                "how to ask": "Call Sam on 0113 496 0000.",
            }
        )
    )

    (listing,) = reading.listings
    assert listing.fields["description"] == "We drink tea."
    assert listing.fields["website"] == ""
    assert listing.fields["access"] == "Ring twice."
    assert listing.fields["how_to_ask"] == "Call Sam on 0113 496 0000."
    assert listing.joining["link"] == "https://zoom.us/j/81234567890"
    assert listing.joining["passcode"] == "hope12"
    assert listing.joining["door_code"] == "4711"
    assert {remark.field for remark in reading.remarks} == {"description", "getting in", "web page"}


def test_sentence_that_repeats_a_private_column_is_left_out():
    row = {"description": "We drink tea. The word is lavender.", "passcode": "lavender"}

    (listing,) = csv.read(csv_file(row)).listings

    assert listing.fields["description"] == "We drink tea."


def test_example_of_the_template_is_never_imported():
    reading = csv.read(csv_file({"name": "EXAMPLE Tuesday circle"}))

    assert reading.listings == []
    assert reasons(reading) == [(2, "name", "The example of the template: never imported.")]


def test_time_zone_of_the_file_is_for_rows_that_name_none():
    (listing,) = csv.read(csv_file({"time zone": ""}), "America/Chicago").listings

    assert listing.meetings[0]["time_zone"] == "America/Chicago"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_b8_file_is_read_however_a_program_saves_it(delimiter, encoding):
    data = csv_file({"name": "Café; “tea”, äöü"}, delimiter=delimiter, encoding=encoding)

    reading = csv.read(data)

    assert [listing.fields["name"] for listing in reading.listings] == ["Café; “tea”, äöü"]
    assert reading.remarks == []


def test_b8_windows_1252_is_guessed_and_said():
    reading = csv.read(csv_file({"name": "Café – “tea”"}, encoding="cp1252"))

    assert reading.listings[0].fields["name"] == "Café – “tea”"
    assert "Windows-1252" in reading.remarks[0].reason


def test_b8_line_for_spreadsheets_alone_is_passed_over():
    reading = csv.read(b"sep=;\r\nname;online\r\nTuesday circle;yes\r\n")

    assert reading.listings[0].rows == [3]
    assert reading.listings[0].fields == {"name": "Tuesday circle", "is_online": True}


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_b8_lines_may_end_in_any_way(newline):
    data = newline.join([b"name,description", b'One,"two', b'lines"', b"", b"Two,x"])

    reading = csv.read(data)

    assert [(x.rows, x.fields["description"]) for x in reading.listings] == [
        ([2], "two\nlines"),
        ([4], "x"),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b" \r\n\x00", "The file is empty."),
        (b"name\r\n", "nothing below it"),
        (b"x,y\r\n1,2\r\n", "no column called “name”"),
        (b"\xff\xfe\x00", "not written as it says"),
        (b"\xef\xbb\xbfname\r\n\xff", "not written as it says"),
        (b"PK\x03\x04....", "kind .xlsx"),
        (b"\xd0\xcf\x11\xe0....", "kind .xls."),
        (b"%PDF-1.7", "kind .pdf"),
        (b"name,name\r\nx,y\r\n", "Two columns are called “name”"),
        (b'name\r\nx\r\n"never closed\r\nx\r\n', "In row 3 a quotation mark"),
        (b'"name\r\nx', "In row 1 a quotation mark"),
        (b"name\n" + b"x\n" * 5001, "more than 5000 rows"),
        (b"name\n" + b"x" * 5_300_000, "larger than 5 MB"),
        (b'name\n"' + b"x" * 200_000 + b'"\n', "In row 2 a quotation mark"),
        (b"name" + b",x" * 200 + b"\nx\n", "more than 200 columns"),
        (b'[{"name": "x"}]', "no column called “name”"),
    ],
)
def test_b8_file_of_which_nothing_can_be_made_gets_one_sentence(data, words):
    with pytest.raises(FileRefused, match=words):
        csv.read(data)


def test_b8_odd_rows_are_reported_and_the_others_read():
    data = (
        b"key,name,nonsense,,online\r\n"
        b"1,Short\r\n"
        b"2,Long,x,,yes,more\r\n"
        b'3,"Quoted" twice,x,,yes\r\n'
        b"4,N\x00ul,x,,yes\r\n"
        b",,,,\r\n"
        b"5," + b"h" * 120_000 + b",x,,yes\r\n"
        b"6,Fine,x,,yes,,\r\n"
    )

    reading = csv.read(data)

    assert [listing.fields["name"] for listing in reading.listings] == ["Short", "Nul", "Fine"]
    assert reasons(reading) == [
        (3, "", "It has more cells than there are headings."),
        (4, "", "A quotation mark stands in the middle of a cell."),
        (7, "name", "It holds more than 20000 characters."),
    ]
    assert reading.row_count == 6
    assert [(r.row, r.field) for r in reading.remarks] == [(0, ""), (1, "nonsense")]


def test_b8_column_without_a_heading_is_said():
    reading = csv.read(b"name,\r\nTuesday circle,lost\r\n")

    assert [(r.row, r.reason) for r in reading.remarks] == [
        (1, "A column without a heading was left out.")
    ]


@pytest.mark.parametrize("place", [0, 1000, 1999])
def test_b7_one_bad_row_of_2000_is_refused_alone(place):
    reading = csv.read(many_rows(2000, **{f"at_{place}": {"begins": "evening"}}))

    assert reading.row_count == 2000
    assert len(reading.listings) == 1999
    assert [problem.row for problem in reading.refused] == [place + 2]


HOSTILE = [
    b'name,description\n"' + b'""' * 60_000 + b'",x\n',
    b"name\n" + b'"a""b"\n' * 4_000,
    b"," * 1_000_000 + b"\n" + b"," * 1_000_000,
    b"name," + b"x," * 500_000 + b"\n1,2\n",
    b"name,description\n" + (b"x," + b"id 1 " * 3_900 + b"\n") * 250,
    b"name,description\n" + (b"x," + b"zoom.us/j/1 " * 1_600 + b"\n") * 250,
    b"name,description\n" + (b"x,<" + b"a<" * 9_000 + b"\n") * 250,
    b"name,latitude,begins,first date\n"
    + (b"x," + b"9" * 400 + b",1:1," + b"1/" * 200 + b"\n") * 5_000,
    b"name\n" + b"\x00" * 3_000_000,
    b"name\n" + b"\r" * 3_000_000,
    bytes(range(256)) * 4_000,
]


@pytest.mark.parametrize("data", HOSTILE)
def test_b8_hostile_file_is_answered_in_time(data):
    def read():
        try:
            csv.read(data)
        except FileRefused as error:
            assert str(error)  # noqa: PT017

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert yardsticks(read) < 200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024


@given(st.binary(max_size=300))
def test_b8_any_bytes_are_read_or_refused(data):
    try:
        reading = csv.read(b"name,day,begins\n" + data)
    except FileRefused:
        return

    in_listings = [row for listing in reading.listings for row in listing.rows]
    assert len(in_listings) + len(reading.refused_rows) == reading.row_count
    assert not set(in_listings) & reading.refused_rows


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                column.heading: st.one_of(
                    st.sampled_from([column.example, "", "x", "-1", "=1", "yes", "\n"]),
                    st.text(max_size=20),
                )
                for column in COLUMNS
            },
        ),
        min_size=1,
        max_size=4,
    )
)
def test_b8_any_cells_are_read_or_refused(rows):
    reading = csv.read(csv_file(*rows))

    in_listings = [row for listing in reading.listings for row in listing.rows]
    assert sorted({*in_listings, *reading.refused_rows}) == [n + 2 for n in range(len(rows))]
    assert len(in_listings) + len(reading.refused_rows) == reading.row_count


def test_each_column_reads_its_own_example():
    row = {column.heading: column.example for column in COLUMNS}

    reading = csv.read(csv_file(row))

    assert reading.refused == []
    assert reading.remarks == []
    assert set(row) == {c.heading for c in COLUMNS} >= set(ROW)
