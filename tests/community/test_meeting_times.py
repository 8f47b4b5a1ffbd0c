"""When something happens, in words."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from community.meeting_times import (
    days_ago_in_words,
    duration_in_words,
    place_names,
    place_of,
    time_zone_names,
    when_in_words,
    zone_in_words,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)


def test_without_a_zone_of_the_reader_the_groups_clock_is_named():
    words = when_in_words(TUESDAY, "Europe/London", "", NOW)

    assert words == ("Tuesday 24 November, 6:30\xa0p.m. London time", "")


@pytest.mark.parametrize(
    ("zone", "reader", "expected"),
    [
        (
            "America/Chicago",
            "America/New_York",
            ("Tuesday 24 November, 1:30\xa0p.m. your time", "12:30\xa0p.m. in Chicago"),
        ),
        (
            "Asia/Kathmandu",
            "Europe/London",
            ("Tuesday 24 November, 6:30\xa0p.m. your time",
             "Wednesday 25 November, 12:15\xa0a.m. in Kathmandu"),
        ),
        (
            "Europe/London",
            "Australia/Lord_Howe",
            ("Wednesday 25 November, 5:30\xa0a.m. your time",
             "Tuesday 24 November, 6:30\xa0p.m. in London"),
        ),
        ("Europe/London", "Europe/Lisbon", ("Tuesday 24 November, 6:30\xa0p.m. your time", "")),
        ("UTC", "Europe/Paris",
         ("Tuesday 24 November, 7:30\xa0p.m. your time", "6:30\xa0p.m. UTC")),
    ],
)  # fmt: skip
def test_readers_clock_comes_first_and_the_groups_second(zone, reader, expected):
    assert when_in_words(TUESDAY, zone, reader, NOW) == expected


def test_clocks_that_change_on_different_days_are_each_right():
    # On 12 March 2026 New York has changed its clocks already, London has not.
    moment = datetime(2026, 3, 12, 18, 30, tzinfo=UTC)

    first, second = when_in_words(moment, "Europe/London", "America/New_York", NOW)

    assert first == "Thursday 12 March 2026, 2:30\xa0p.m. your time"
    assert second == "6:30\xa0p.m. in London"


def test_date_far_away_is_told_with_its_year():
    moment = datetime(2027, 11, 23, 18, 30, tzinfo=UTC)

    first, _second = when_in_words(moment, "Europe/London", "", NOW)

    assert first == "Tuesday 23 November 2027, 6:30\xa0p.m. London time"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/London", "London time"),
        ("America/New_York", "New York time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("US/Central", "Central time"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("Etc/GMT+5", "UTC-5"),
    ],
)
def test_zone_in_words(zone, words):
    assert zone_in_words(zone) == words


def test_every_zone_has_words_and_a_clock():
    for name in time_zone_names():
        assert zone_in_words(name)
        assert ZoneInfo(name)
    assert {"Europe/London", "America/Chicago"} <= set(place_names())
    assert not {"localtime", "Factory"} & time_zone_names()
    assert place_of("UTC") == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (45, "45 minutes"), (60, "1 hour"), (90, "90 minutes"), (120, "2 hours"),
        (150, "2 hours 30 minutes"), (1440, "24 hours"),
    ],
)  # fmt: skip
def test_duration_in_words(minutes, words):
    assert duration_in_words(minutes) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 23), "today"),
        (date(2026, 11, 22), "today"),
        (date(2026, 11, 21), "yesterday"),
        (date(2026, 11, 12), "10 days ago"),
        (date(2026, 11, 1), "3 weeks ago"),
        (date(2026, 3, 22), "8 months ago"),
        (date(2024, 11, 1), "2 years ago"),
    ],
)
def test_days_ago_in_words(day, words):
    assert days_ago_in_words(day, date(2026, 11, 22)) == words
