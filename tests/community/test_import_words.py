"""What people write in cells, and what it means."""

import csv
import io
import re
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.cells import defuse, undo_defuse
from community.imports import words
from community.imports.rows import plain_text, text_of_html


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("18:30", time(18, 30)),
        ("18:30:00", time(18, 30)),
        ("6:30 PM", time(18, 30)),
        ("6:30pm", time(18, 30)),
        ("6 p.m.", time(18)),
        ("18.30", time(18, 30)),
        ("18h30", time(18, 30)),
        ("18h", time(18)),
        ("1830", time(18, 30)),
        ("8:00", time(8)),
        ("12:00 AM", time(0)),
        ("12:30 PM", time(12, 30)),
        ("noon", time(12)),
        ("0.770833333333333", time(18, 30)),
    ],
)
def test_clock_time_is_read_as_people_write_it(text, clock):
    assert words.clock(text) == clock


@pytest.mark.parametrize("text", ["", "7", "25:00", "6:75", "0 pm", "13 am", "evening", "٦:٣٠"])
def test_what_is_no_clock_time_is_refused(text):
    with pytest.raises(ValueError, match="is no time"):
        words.clock(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31", "31/01/2026", "01/31/2026", "31.1.2026", "January 31, 2026", "31 Jan 2026",
        "31st January 2026", "46053", "2026-01-31 00:00:00",
    ],
)  # fmt: skip
def test_day_is_read_as_people_write_it(text):
    assert words.day(text) == date(2026, 1, 31)


def test_day_that_could_be_two_is_refused():
    assert words.day("2/2/2026") == date(2026, 2, 2)
    with pytest.raises(ValueError, match="two different days"):
        words.day("1/2/2026")


@pytest.mark.parametrize("text", ["2026-02-30", "soon", "0000-01-01", "1/1", "Ja 1 2026", "9" * 50])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError, match="is no day"):
        words.day(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90", 90), ("90 min", 90), ("1:30", 90), ("1.5 hours", 90), ("2 h", 120), ("1 h 30", 90)],
)
def test_length_is_read_as_people_write_it(text, minutes):
    assert words.minutes(text) == minutes


@pytest.mark.parametrize(
    ("text", "number"), [("Tuesday", "1"), ("tue", "1"), ("Sundays", "6"), ("miércoles", "2")]
)
def test_day_of_the_week_is_read_by_its_name(text, number):
    assert words.weekday(text) == number


@pytest.mark.parametrize(
    ("text", "ordinals"),
    [("2", ["2"]), ("2nd and 4th", ["2", "4"]), ("last, first", ["1", "-1"]), ("2;4", ["2", "4"])],
)
def test_which_of_the_month_is_read(text, ordinals):
    assert words.ordinals(text) == ordinals


@pytest.mark.parametrize(
    ("text", "answer"), [("Yes", True), ("x", True), ("no", False), ("", False)]
)
def test_yes_and_no_are_read(text, answer):
    assert words.yes_or_no(text) is answer


def test_time_zone_is_found_however_it_is_written():
    assert words.time_zone("america/new york") == "America/New_York"
    with pytest.raises(ValueError, match="not a time zone"):
        words.time_zone("Eastern Time")


def test_rule_is_read_as_closed_forms():
    monthly = {"frequency": "monthly", "interval": 1, "weekday": "1", "ordinals": ["2", "4"]}
    every_other = {"frequency": "weekly", "interval": 2, "weekday": "0", "ordinals": []}

    assert words.rule("FREQ=MONTHLY;BYDAY=2TU,4TU") == [monthly]
    assert words.rule("freq=weekly;interval=2;wkst=mo;byday=mo") == [every_other]


@pytest.mark.parametrize(
    "text",
    [
        "", "FREQ=SECONDLY", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=5TU", "FREQ=WEEKLY;INTERVAL=0;BYDAY=TU", "FREQ=DAILY;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=TU;COUNT=3", "FREQ=WEEKLY;INTERVAL=13;BYDAY=TU",
    ],
)  # fmt: skip
def test_rule_that_a_meeting_cannot_have_is_refused(text):
    with pytest.raises(ValueError, match="rule"):
        words.rule(text)


READERS = [
    words.clock, words.day, words.minutes, words.weekday, words.ordinals, words.yes_or_no,
    words.time_zone, words.rule, words.whole_number,
    lambda text: words.coordinate(text, 90),
    lambda text: words.several(text, [("a", "A"), ("b", "B")]),
]  # fmt: skip


@given(st.sampled_from(READERS), st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(reader, text):
    said = ""
    try:
        reader(text)
    except ValueError as error:
        said = str(error)

    assert len(said) < 250
    assert said[:1] in {"", "“"}


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=80))
def test_any_text_can_be_kept(text):
    for made in (plain_text(text), text_of_html(text)):
        made.encode()
        assert "\x00" not in made
        assert "\r" not in made
    assert plain_text(plain_text(text)) == plain_text(text)


def test_html_becomes_words():
    text = "<p>First &amp; last</p><p>Next<br/>line <b>bold</b> ages <40 &lt;b&gt;</p>"

    assert text_of_html(text) == "First & last\n\nNext\nline bold ages <40 <b>"


@pytest.mark.parametrize("opener", ["=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋"])
@pytest.mark.parametrize("before", ["", " ", "'", "' '", "  \t"])
def test_b18_no_cell_opens_a_formula(opener, before):
    cell = f"{before}{opener}cmd|' /C calc'!A0"

    assert defuse(cell).startswith(f"'{before}")
    assert undo_defuse(defuse(cell)) == cell


@pytest.mark.parametrize("separator", [";", "\t", "\n", "\r\n"])
@pytest.mark.parametrize("text", ["mild{}=1+1", 'mild{} "-1+1', "{}@SUM(1)", "a{}{}＝1"])
def test_b18_no_part_of_a_cell_opens_a_formula(text, separator):
    cell = text.replace("{}", separator)
    line = io.StringIO()
    csv.writer(line).writerow(["1", "Note", defuse(cell), "end"])

    for part in re.split(r"[;\t\r\n]", line.getvalue()):
        assert not re.match(r"[\s\"]*[=+\-@＝]", part)
    assert undo_defuse(defuse(cell)) == cell


@given(st.text(st.sampled_from("'=+-@\t\r\n |%a;\""), max_size=8))
def test_b18_what_was_defused_is_read_as_it_was(cell):
    assert undo_defuse(defuse(cell)) == cell
    assert not defuse(cell)[:1] or defuse(cell)[0] not in "=+-@\t\r\n|%"
