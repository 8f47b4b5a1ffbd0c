"""Rules and their dates, without a database (F16: the nights when the clocks change)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.recurrence import (
    Break,
    Change,
    Planned,
    Recurrence,
    describe,
    describe_break,
    next_planned,
    planned,
)

ZONES = [
    "UTC", "Europe/London", "America/Chicago", "America/New_York", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca",
    "Pacific/Kiritimati", "Pacific/Niue", "Pacific/Chatham", "America/Sao_Paulo", "Asia/Gaza",
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


def moment(day, clock, zone):
    """Try every offset from UTC and return the first moment at which the clocks show it.

    If none does, the clocks skipped it: then they are read as they ran the day before.
    """
    wanted = datetime.combine(day, clock)
    found = []
    for quarters in range(-15 * 4, 15 * 4):
        tried = wanted.replace(tzinfo=UTC) - timedelta(minutes=15 * quarters)
        if tried.astimezone(zone).replace(tzinfo=None) == wanted:
            found.append(tried)
    if found:
        return min(found)
    offset = (wanted - DAY).replace(tzinfo=zone).utcoffset()
    return wanted.replace(tzinfo=UTC) - offset


def is_named(recurrence, day):
    """Ask the calendar whether the form names `day`."""
    first = recurrence.first_on
    if day < first or (recurrence.last_on is not None and day > recurrence.last_on):
        return False
    if day.weekday() != recurrence.weekday:
        return False
    if recurrence.frequency == "weekly":
        monday = first - timedelta(days=first.weekday())
        weeks = (day - timedelta(days=day.weekday()) - monday).days // 7
        return weeks % recurrence.interval == 0
    months = (day.year - first.year) * 12 + day.month - first.month
    is_last = (day + timedelta(days=7)).month != day.month
    nth = (day.day - 1) // 7 + 1
    return months % recurrence.interval == 0 and (
        nth in recurrence.ordinals or (is_last and -1 in recurrence.ordinals)
    )


def walk(recurrence, after, before):
    """Go through the days one by one and ask of each whether the form names it."""
    return [date.starts_at for date in walk_planned(recurrence, [], [], after, before)]


def walk_planned(recurrence, changes, breaks, after, before):
    """Go through the days one by one, and see what becomes of each that the form names."""
    found = []
    day = recurrence.first_on
    # A date may have been moved by two months at most, in these tests.
    while day <= before.date() + 64 * DAY:
        change = next((c for c in changes if c.on == day), Change(on=day))
        is_free = not any(
            b.first_on <= (change.new_on or day) <= (b.last_on or date.max) for b in breaks
        )
        if is_free and is_named(recurrence, day):
            clock = change.new_start or recurrence.start
            start = moment(change.new_on or day, clock, recurrence.zone)
            length = change.new_duration or recurrence.duration
            if after <= start < before:
                original = moment(day, recurrence.start, recurrence.zone)
                found.append(
                    Planned(
                        day,
                        original,
                        start,
                        start + length,
                        change.is_cancelled,
                        change.place,
                        change.note,
                    )
                )
        day += DAY
    return sorted(found, key=lambda date: (date.starts_at, date.original_starts_at))


minutes = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@st.composite
def recurrences(draw):
    """Any rule that the form can hold."""
    first_on = draw(st.dates(date(2023, 1, 1), date(2027, 12, 31)))
    days = draw(st.one_of(st.none(), st.integers(0, 900)))
    return make(
        frequency=draw(st.sampled_from(["weekly", "monthly"])),
        interval=draw(st.integers(1, 12)),
        weekday=draw(st.integers(0, 6)),
        ordinals=tuple(draw(st.sets(st.sampled_from([1, 2, 3, 4, -1]), min_size=1))),
        start=draw(minutes),
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        first_on=first_on,
        last_on=None if days is None else first_on + timedelta(days=days),
    )


@st.composite
def changed(draw, recurrence, after):
    """Changes near `after`, most of them for dates that the rule names, and a few pauses."""
    near = [
        day
        for day in ((after.date() + (n - 100) * DAY) for n in range(400))
        if is_named(recurrence, day)
    ]
    days = st.dates(date(2023, 1, 1), date(2028, 6, 1))
    if near:
        days = st.one_of(st.sampled_from(near), st.sampled_from(near), days)
    changes = []
    for on in draw(st.sets(days, max_size=6)):
        if draw(st.booleans()):
            changes.append(Change(on, is_cancelled=True, note="Nobody is there."))
        else:
            move = draw(st.one_of(st.none(), st.integers(-60, 60)))
            changes.append(
                Change(
                    on,
                    new_on=None if move is None else on + move * DAY,
                    new_start=draw(st.one_of(st.none(), minutes)),
                    new_duration=draw(st.sampled_from([None, timedelta(minutes=45)])),
                    place=draw(st.sampled_from(["", "Town hall"])),
                    note="A speaker",
                )
            )
    breaks = []
    for _number in range(draw(st.integers(0, 3))):
        first = after.date() + draw(st.integers(-60, 300)) * DAY
        length = draw(st.one_of(st.none(), st.integers(0, 90)))
        breaks.append(Break(first, None if length is None else first + length * DAY))
    return changes, breaks


moments = st.datetimes(datetime(2023, 1, 1), datetime(2028, 6, 1), timezones=st.just(UTC))


@given(recurrence=recurrences(), after=moments, length=st.integers(0, 400))
@settings(max_examples=120, deadline=None)
def test_dates_are_those_of_a_walk_over_days(recurrence, after, length):
    before = after + timedelta(days=length)

    assert starts(recurrence, after, before) == walk(recurrence, after, before)


@given(data=st.data(), recurrence=recurrences(), after=moments, length=st.integers(0, 400))
@settings(max_examples=120, deadline=None)
def test_f16_dates_with_exceptions_and_pauses_are_those_of_a_walk(data, recurrence, after, length):
    before = after + timedelta(days=length)
    changes, breaks = data.draw(changed(recurrence, after))

    found = list(planned(recurrence, changes, breaks, after, before))

    assert found == walk_planned(recurrence, changes, breaks, after, before)


@given(data=st.data(), recurrence=recurrences(), after=moments, n=st.integers(0, 6))
@settings(max_examples=80, deadline=None)
def test_f16_next_dates_are_the_first_of_a_walk(data, recurrence, after, n):
    changes, breaks = data.draw(changed(recurrence, after))
    # Six dates every twelve months reach seven years, and a pause may take one or two.
    later, far = after + timedelta(microseconds=1), after + timedelta(days=9 * 366)

    bare = recurrence.next_occurrences(after, n)
    found = next_planned(recurrence, changes, breaks, after, n)

    assert [start for start, _end in bare] == walk(recurrence, later, far)[:n]
    all_dates = walk_planned(recurrence, changes, breaks, later, far)
    assert found == [date for date in all_dates if not date.is_cancelled][:n]


@pytest.mark.parametrize(
    ("day", "near"),
    [
        (date(2026, 8, 20), [date(2026, 8, 13)]),  # The last day, on which they meet.
        (date(2026, 8, 19), [date(2026, 8, 13), date(2026, 8, 20)]),
        (date(2026, 9, 30), [date(2026, 8, 20)]),
        (date(2025, 1, 1), [date(2025, 10, 2)]),
    ],
)
def test_nearest_days_end_with_the_last(day, near):
    thursdays = make(weekday=3, first_on=date(2025, 10, 1), last_on=date(2026, 8, 20))

    assert thursdays.nearest(day) == near


@given(recurrence=recurrences(), day=st.dates(date(2022, 12, 1), date(2029, 1, 1)))
@settings(max_examples=120, deadline=None)
def test_day_is_named_by_the_rule_as_by_the_calendar(recurrence, day):
    assert recurrence.names(day) == is_named(recurrence, day)
    for near in recurrence.nearest(day):
        assert is_named(recurrence, near)
        assert near != day


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    start=minutes,
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
        ("America/St_Johns", utc(2026, 3, 1), utc(2026, 3, 14), [22, 21]),
        # Morocco sets its clocks back for Ramadan, and forward again after it.
        ("Africa/Casablanca", utc(2026, 2, 9), utc(2026, 2, 20), [17, 18]),
        ("Africa/Casablanca", utc(2026, 3, 16), utc(2026, 3, 27), [18, 17]),
        ("Asia/Gaza", utc(2026, 3, 23), utc(2026, 4, 3), [16, 15]),
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
        ({}, "Every Tuesday, 6:30\xa0p.m."),
        ({"interval": 2}, "Every other Tuesday, 6:30\xa0p.m."),
        ({"interval": 3, "weekday": 6}, "Sunday, every 3 weeks, 6:30\xa0p.m."),
        (
            {"frequency": "monthly", "ordinals": (2, 4)},
            "Second and fourth Tuesday of the month, 6:30\xa0p.m.",
        ),
        (
            {"frequency": "monthly", "ordinals": (1, 2, -1), "interval": 2},
            "First, second and last Tuesday of every other month, 6:30\xa0p.m.",
        ),
        (
            {"frequency": "monthly", "ordinals": (-1,), "interval": 3, "start": time(12)},
            "Last Tuesday, every 3 months, noon",
        ),
    ],
)
def test_rule_in_words(changes, words):
    assert describe(make(**changes)) == words


def test_day_that_the_pacific_skipped_is_read_by_the_clock_before():
    # Samoa had no December 30, 2011: it went from the 29th to the 31st.
    apia = make(zone=ZoneInfo("Pacific/Apia"), weekday=4, first_on=date(2011, 12, 2))

    found = clock(apia, utc(2011, 12, 16), utc(2012, 1, 8))

    assert found == [
        "2011-12-16 18:30", "2011-12-23 18:30", "2011-12-31 18:30", "2012-01-06 18:30",
    ]  # fmt: skip


def test_february_29_is_a_date_like_any_other():
    recurrence = make(weekday=3, interval=4, first_on=date(2024, 2, 1), start=time(10))

    found = recurrence.next_occurrences(utc(2024, 2, 10), 2)

    assert [f"{start:%Y-%m-%d}" for start, _end in found] == ["2024-02-29", "2024-03-28"]


def test_next_date_is_later_than_the_moment_that_was_asked_about():
    recurrence = make()
    moment = utc(2026, 1, 6, 18, 30)

    assert recurrence.next_occurrences(moment - DAY, 1)[0][0] == moment
    assert recurrence.next_occurrences(moment, 1)[0][0] == moment + 7 * DAY


def test_rule_that_has_come_to_its_end_has_no_next_date():
    recurrence = make(last_on=date(2026, 1, 13))

    assert len(recurrence.next_occurrences(utc(2026, 1, 1), 5)) == 2
    assert recurrence.next_occurrences(utc(2026, 2, 1), 5) == []


def days(dates):
    return [f"{date.starts_at:%Y-%m-%d}" for date in dates]


def test_canceled_date_stays_and_says_so():
    dates = planned(
        make(),
        [Change(date(2026, 1, 13), is_cancelled=True, note="Snow")],
        [],
        utc(2026, 1, 1),
        utc(2026, 1, 25),
    )

    assert [(f"{d.starts_at:%d}", d.is_cancelled, d.note) for d in dates] == [
        ("06", False, ""), ("13", True, "Snow"), ("20", False, ""),
    ]  # fmt: skip


def test_moved_date_remembers_where_it_was():
    [moved] = planned(
        make(),
        [
            Change(
                date(2026, 1, 13),
                new_on=date(2026, 1, 15),
                new_start=time(10),
                new_duration=timedelta(hours=3),
                place="Town hall",
            )
        ],
        [],
        utc(2026, 1, 12),
        utc(2026, 1, 19),
    )

    assert moved == Planned(
        original_on=date(2026, 1, 13),
        original_starts_at=utc(2026, 1, 13, 18, 30),
        starts_at=utc(2026, 1, 15, 10),
        ends_at=utc(2026, 1, 15, 13),
        place="Town hall",
    )


def test_date_that_is_moved_comes_into_the_bounds_or_leaves_them():
    changes = [
        Change(date(2026, 1, 27), new_on=date(2026, 1, 12)),
        Change(date(2026, 1, 13), new_on=date(2026, 3, 1)),
    ]

    dates = planned(make(), changes, [], utc(2026, 1, 10), utc(2026, 1, 21))

    assert days(dates) == ["2026-01-12", "2026-01-20"]


def test_change_for_a_day_that_the_rule_does_not_name_is_passed_over():
    changes = [Change(date(2026, 1, 14), new_on=date(2026, 1, 15))]

    dates = planned(make(), changes, [], utc(2026, 1, 10), utc(2026, 1, 21))

    assert days(dates) == ["2026-01-13", "2026-01-20"]


def test_pause_takes_its_days_and_both_its_ends():
    pause = Break(date(2026, 1, 13), date(2026, 1, 20))

    dates = planned(make(), [], [pause], utc(2026, 1, 1), utc(2026, 2, 1))

    assert days(dates) == ["2026-01-06", "2026-01-27"]


def test_date_that_is_moved_out_of_a_pause_takes_place():
    pause = Break(date(2026, 8, 1), date(2026, 8, 31))
    changes = [
        Change(date(2026, 8, 25), new_on=date(2026, 9, 3)),
        Change(date(2026, 9, 8), new_on=date(2026, 8, 28)),
    ]

    dates = planned(make(), changes, [pause], utc(2026, 7, 25), utc(2026, 9, 16))

    assert days(dates) == ["2026-07-28", "2026-09-01", "2026-09-03", "2026-09-15"]


def test_pause_until_further_notice_leaves_nothing():
    pause = Break(date(2026, 1, 13))

    assert days(next_planned(make(), [], [pause], utc(2026, 1, 1), 9)) == ["2026-01-06"]


@pytest.mark.parametrize("last", [None, date.max])
def test_pause_without_an_end_in_sight_keeps_nobody_waiting(last):
    pause = Break(date(2026, 1, 1), last)

    assert next_planned(make(interval=12), [], [pause], utc(2026, 1, 1), 3) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 14), [date(2026, 1, 13), date(2026, 1, 20)]),
        (date(2026, 1, 13), [date(2026, 1, 6), date(2026, 1, 20)]),
        (date(2025, 6, 1), [date(2026, 1, 6)]),
        (date(2026, 6, 1), [date(2026, 1, 20)]),
    ],
)
def test_nearest_dates_are_those_that_the_rule_names(day, expected):
    assert make(last_on=date(2026, 1, 25)).nearest(day) == expected


TODAY = date(2026, 8, 10)


@pytest.mark.parametrize(
    ("pause", "words"),
    [
        (Break(date(2026, 8, 1), date(2026, 8, 31)), "Paused until 31 August."),
        (Break(date(2026, 8, 1), None, "Sam is ill"), "Paused until further notice: Sam is ill."),
        (Break(date(2026, 8, 1), date(2027, 8, 31)), "Paused until 31 August 2027."),
        (
            Break(date(2026, 12, 20), date(2027, 1, 3), "Happy holidays!"),
            "No meetings from 20 December to 3 January: Happy holidays!",
        ),
        (Break(date(2026, 9, 1)), "No meetings from 1 September until further notice."),
        (Break(date(2026, 9, 1), date(2026, 9, 1)), "No meeting on 1 September."),
    ],
)
def test_pause_in_words(pause, words):
    assert describe_break(pause, TODAY) == words


def test_rule_in_words_tells_the_pause_that_is_on():
    breaks = [
        Break(date(2026, 8, 1), date(2026, 8, 15)),
        Break(date(2026, 8, 9), date(2026, 8, 31), "Summer"),
        Break(date(2026, 12, 20), date(2027, 1, 3)),
    ]

    assert describe(make(), breaks, TODAY) == (
        "Every Tuesday, 6:30\xa0p.m. Paused until 31 August: Summer."
    )
    assert describe(make(), breaks, date(2026, 7, 1)) == "Every Tuesday, 6:30\xa0p.m."
    assert describe(make(start=time(12)), [Break(TODAY)], TODAY) == (
        "Every Tuesday, noon. Paused until further notice."
    )
