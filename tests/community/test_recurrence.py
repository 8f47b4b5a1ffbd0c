"""Rules and their dates, without a database (F16: the nights when the clocks change)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.recurrence import Recurrence, describe

ZONES = [
    "UTC", "Europe/London", "America/Chicago", "America/New_York", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca",
    "Pacific/Kiritimati", "Pacific/Niue", "Pacific/Chatham", "America/Sao_Paulo",
]  # fmt: skip
DAY = timedelta(days=1)


def make(**changes):
    values = {
        "frequency": "weekly",
        "interval": 1,
        "weekday": 1,
        "ordinals": (),
        "start": time(18, 30),
        "duration": timedelta(minutes=90),
        "zone": ZoneInfo("Europe/London"),
        "first_on": date(2026, 1, 6),
    }
    return Recurrence(**{**values, **changes})


def starts(recurrence, after, before):
    return [start for start, _end in recurrence.between(after, before)]


def clock(recurrence, after, before):
    return [
        f"{start.astimezone(recurrence.zone):%Y-%m-%d %H:%M}"
        for start in starts(recurrence, after, before)
    ]


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def walk(recurrence, after, before):
    """Go through the days one by one and ask of each whether the form names it."""
    found = []
    day = recurrence.first_on
    monday = day - timedelta(days=day.weekday())
    while day <= before.date() + 2 * DAY:
        if recurrence.frequency == "weekly":
            weeks = (day - timedelta(days=day.weekday()) - monday).days // 7
            is_named = weeks % recurrence.interval == 0
        else:
            months = (day.year - recurrence.first_on.year) * 12
            months += day.month - recurrence.first_on.month
            from_start = (day.day - 1) // 7 + 1
            is_last = (day + timedelta(days=7)).month != day.month
            is_named = months % recurrence.interval == 0 and (
                from_start in recurrence.ordinals or (is_last and -1 in recurrence.ordinals)
            )
        is_over = recurrence.last_on is not None and day > recurrence.last_on
        if is_named and day.weekday() == recurrence.weekday and not is_over:
            local = datetime.combine(day, recurrence.start, tzinfo=recurrence.zone)
            start = local.astimezone(UTC)
            if after <= start < before:
                found.append(start)
        day += DAY
    return found


@given(
    frequency=st.sampled_from(["weekly", "monthly"]),
    interval=st.integers(1, 12),
    weekday=st.integers(0, 6),
    ordinals=st.sets(st.sampled_from([1, 2, 3, 4, -1]), min_size=1),
    start=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    first_on=st.dates(date(2023, 1, 1), date(2027, 12, 31)),
    days=st.one_of(st.none(), st.integers(0, 900)),
    after=st.datetimes(datetime(2023, 1, 1), datetime(2028, 6, 1), timezones=st.just(UTC)),
    length=st.integers(0, 400),
)
@settings(max_examples=300, deadline=None)
def test_dates_are_those_of_a_walk_over_days(
    frequency, interval, weekday, ordinals, start, zone, first_on, days, after, length
):
    recurrence = make(
        frequency=frequency,
        interval=interval,
        weekday=weekday,
        ordinals=tuple(ordinals),
        start=start,
        zone=zone,
        first_on=first_on,
        last_on=None if days is None else first_on + timedelta(days=days),
    )
    before = after + timedelta(days=length)

    assert starts(recurrence, after, before) == walk(recurrence, after, before)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    start=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    cut=st.integers(1, 399 * 24 * 60),
)
@settings(max_examples=60, deadline=None)
def test_two_halves_hold_what_the_whole_holds(zone, start, cut):
    recurrence = make(zone=zone, start=start)
    after, before = utc(2026, 3, 1), utc(2027, 4, 5)
    middle = after + timedelta(minutes=cut)

    halves = starts(recurrence, after, middle) + starts(recurrence, middle, before)

    assert halves == starts(recurrence, after, before)


@pytest.mark.parametrize(
    ("zone", "after", "before", "expected"),
    [
        ("Europe/London", utc(2026, 3, 20), utc(2026, 4, 3), [18, 17]),
        ("Europe/London", utc(2026, 10, 16), utc(2026, 10, 30), [17, 18]),
        ("America/Chicago", utc(2026, 3, 1), utc(2026, 3, 14), [0, 23]),
        ("America/Chicago", utc(2026, 10, 26), utc(2026, 11, 6), [23, 0]),
        ("Australia/Lord_Howe", utc(2026, 3, 29), utc(2026, 4, 10), [7, 8]),
        ("Asia/Kathmandu", utc(2026, 3, 20), utc(2026, 4, 3), [12, 12]),
    ],
)
def test_clock_time_stays_when_the_clocks_change(zone, after, before, expected):
    recurrence = make(zone=ZoneInfo(zone))

    found = starts(recurrence, after, before)

    assert [start.hour for start in found] == expected
    assert {f"{s.astimezone(recurrence.zone):%H:%M}" for s in found} == {"18:30"}


def test_odd_offsets_are_kept_to_the_minute():
    kathmandu = make(zone=ZoneInfo("Asia/Kathmandu"))
    lord_howe = make(zone=ZoneInfo("Australia/Lord_Howe"))

    assert starts(kathmandu, utc(2026, 6, 1), utc(2026, 6, 8)) == [utc(2026, 6, 2, 12, 45)]
    assert starts(lord_howe, utc(2026, 6, 1), utc(2026, 6, 8)) == [utc(2026, 6, 2, 8, 0)]
    assert starts(lord_howe, utc(2026, 12, 1), utc(2026, 12, 8)) == [utc(2026, 12, 1, 7, 30)]


@pytest.mark.parametrize(
    ("zone", "sunday", "start", "expected"),
    [
        ("Europe/London", utc(2026, 3, 29), time(1, 30), "2026-03-29 02:30"),
        ("America/Chicago", utc(2026, 3, 8), time(2, 15), "2026-03-08 03:15"),
        # Half an hour is skipped there.
        ("Australia/Lord_Howe", utc(2026, 10, 3), time(2, 10), "2026-10-04 02:40"),
    ],
)
def test_clock_time_that_is_skipped_moves_by_what_is_skipped(zone, sunday, start, expected):
    recurrence = make(zone=ZoneInfo(zone), weekday=6, start=start)

    assert clock(recurrence, sunday, sunday + 2 * DAY)[:1] == [expected]


@pytest.mark.parametrize(
    ("zone", "sunday", "start", "expected"),
    [
        ("Europe/London", utc(2026, 10, 25), time(1, 30), utc(2026, 10, 25, 0, 30)),
        ("America/Chicago", utc(2026, 11, 1), time(1, 30), utc(2026, 11, 1, 6, 30)),
        ("Australia/Lord_Howe", utc(2026, 4, 4), time(1, 45), utc(2026, 4, 4, 14, 45)),
    ],
)
def test_clock_time_that_comes_twice_is_the_first(zone, sunday, start, expected):
    recurrence = make(zone=ZoneInfo(zone), weekday=6, start=start)

    assert starts(recurrence, sunday, sunday + 2 * DAY) == [expected]


def test_length_is_real_time_when_the_clocks_change():
    recurrence = make(weekday=5, start=time(23, 30), duration=timedelta(hours=3))

    [(start, end)] = recurrence.between(utc(2026, 3, 28), utc(2026, 3, 29))

    assert end - start == timedelta(hours=3)
    assert f"{end.astimezone(recurrence.zone):%H:%M}" == "03:30"


def test_last_weekday_of_february():
    recurrence = make(frequency="monthly", ordinals=(-1,), first_on=date(2024, 1, 1))

    found = clock(recurrence, utc(2024, 2, 1), utc(2028, 3, 1))

    februaries = [day[:10] for day in found if day[5:7] == "02"]
    assert februaries == ["2024-02-27", "2025-02-25", "2026-02-24", "2027-02-23", "2028-02-29"]


def test_fourth_that_is_also_the_last_is_told_once():
    recurrence = make(frequency="monthly", ordinals=(4, -1))

    found = clock(recurrence, utc(2026, 2, 1), utc(2026, 4, 1))

    assert [day[:10] for day in found] == ["2026-02-24", "2026-03-24", "2026-03-31"]


def test_every_other_week_is_counted_from_the_first_date():
    # The first date is a Friday: its week holds a Tuesday that has gone by.
    recurrence = make(interval=2, first_on=date(2026, 1, 9))

    found = clock(recurrence, utc(2026, 1, 1), utc(2026, 2, 10))

    assert [day[:10] for day in found] == ["2026-01-20", "2026-02-03"]


def test_first_and_last_date_are_included_and_nothing_outside():
    recurrence = make(first_on=date(2026, 3, 3), last_on=date(2026, 3, 17))

    found = clock(recurrence, utc(2026, 1, 1), utc(2027, 1, 1))

    assert [day[:10] for day in found] == ["2026-03-03", "2026-03-10", "2026-03-17"]


def test_last_date_is_a_day_in_the_zone():
    # 11:30 p.m. in Chicago is the next day in UTC.
    recurrence = make(
        zone=ZoneInfo("America/Chicago"),
        start=time(23, 30),
        first_on=date(2026, 3, 3),
        last_on=date(2026, 3, 3),
    )

    assert starts(recurrence, utc(2026, 3, 1), utc(2026, 4, 1)) == [utc(2026, 3, 4, 5, 30)]


def test_bound_at_the_end_is_left_out_and_at_the_beginning_is_taken():
    recurrence = make()
    moment = utc(2026, 1, 6, 18, 30)

    assert starts(recurrence, moment, moment + DAY) == [moment]
    assert starts(recurrence, moment - DAY, moment) == []


def test_naive_bounds_are_refused():
    with pytest.raises(ValueError):
        list(make().between(datetime(2026, 1, 1), utc(2026, 2, 1)))


def test_first_date_far_ahead_gives_nothing_now():
    assert starts(make(first_on=date(9999, 12, 1)), utc(2026, 1, 1), utc(2027, 1, 1)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Every Tuesday, 6:30 p.m."),
        ({"interval": 2}, "Every other Tuesday, 6:30 p.m."),
        ({"interval": 3, "weekday": 6}, "Sunday, every 3 weeks, 6:30 p.m."),
        (
            {"frequency": "monthly", "ordinals": (2, 4)},
            "Second and fourth Tuesday of the month, 6:30 p.m.",
        ),
        (
            {"frequency": "monthly", "ordinals": (1, 2, -1), "interval": 2},
            "First, second and last Tuesday of every other month, 6:30 p.m.",
        ),
        (
            {"frequency": "monthly", "ordinals": (-1,), "interval": 3, "start": time(12)},
            "Last Tuesday, every 3 months, noon",
        ),
    ],
)
def test_rule_in_words(changes, words):
    assert describe(make(**changes)) == words
