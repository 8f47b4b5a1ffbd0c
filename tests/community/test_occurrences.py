"""The dates that are kept ready (F16: they are right on the nights when the clocks change)."""

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import OperationalError, connection, connections
from django.utils import timezone

from community.models import Meeting, MeetingException, Occurrence, Pause, SupportGroup
from community.tasks import rebuild_occurrences
from tests.factories import (
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


def test_saving_a_meeting_keeps_its_dates_ready_for_400_days():
    meeting = MeetingFactory()

    starts = list(meeting.occurrences.values_list("starts_at", flat=True))

    assert starts[0] == datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    assert NOW + timedelta(days=390) < starts[-1] <= NOW + timedelta(days=400)
    assert len(starts) == 57


def test_rows_that_stay_right_keep_their_number():
    meeting = MeetingFactory()
    before = dict(meeting.occurrences.values_list("starts_at", "pk"))

    meeting.last_on = date(2027, 1, 31)
    meeting.save()

    after = dict(meeting.occurrences.values_list("starts_at", "pk"))
    assert len(after) == 10
    assert after.items() <= before.items()


def test_another_length_changes_the_ends():
    meeting = MeetingFactory()

    meeting.duration_minutes = 60
    meeting.save()

    ends = {row.ends_at - row.starts_at for row in meeting.occurrences.all()}
    assert ends == {timedelta(hours=1)}


def test_daily_work_adds_what_comes_and_takes_away_what_is_past():
    meeting = MeetingFactory()
    before = dict(meeting.occurrences.values_list("starts_at", "pk"))
    first = min(before)

    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        number = rebuild_occurrences()

    after = dict(meeting.occurrences.values_list("starts_at", "pk"))
    assert number == 1
    assert first not in after
    assert len(after) == 57
    assert len(after.keys() - before.keys()) == 1
    assert all(after[start] == before[start] for start in after.keys() & before.keys())


def test_daily_work_twice_changes_nothing(django_assert_num_queries):
    meeting = MeetingFactory()
    before = list(meeting.occurrences.values_list("pk", flat=True))

    rebuild_occurrences()
    rebuild_occurrences()

    assert list(meeting.occurrences.values_list("pk", flat=True)) == before


def test_meeting_that_was_removed_is_passed_over():
    meeting = MeetingFactory()
    Meeting.objects.filter(pk=meeting.pk).delete()

    assert Occurrence.objects.rebuild(meeting, NOW) is False
    assert not Occurrence.objects.exists()


def test_clock_time_that_is_skipped_has_a_row():
    meeting = MeetingFactory(weekday="6", starts_at=time(1, 30))

    sunday = datetime(2027, 3, 28, tzinfo=UTC)
    row = meeting.occurrences.get(starts_at__gte=sunday, starts_at__lt=sunday + timedelta(days=1))

    assert row.starts_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 2:30 by the clock.
    assert row.ends_at - row.starts_at == timedelta(minutes=90)


def rows_of(meeting):
    """What the rows say, soonest first: day, by the meeting's clock, and what is special."""
    zone = ZoneInfo(meeting.time_zone)
    return [
        " ".join(
            filter(
                None,
                [
                    f"{row.starts_at.astimezone(zone):%m-%d %H:%M}",
                    f"{(row.ends_at - row.starts_at).seconds // 60}",
                    row.is_cancelled and "canceled",
                    row.starts_at != row.original_starts_at and f"from {row.original_on:%m-%d}",
                    row.place,
                    row.note,
                ],
            )
        )
        for row in meeting.occurrences.order_by("starts_at")
    ]


def test_exceptions_and_pauses_are_in_the_rows():
    meeting = MeetingFactory(last_on=date(2027, 2, 28))
    PauseFactory(group=meeting.group, first_on=date(2027, 1, 1), last_on=date(2027, 2, 5))
    for on, changes in {
        date(2026, 12, 1): {"is_cancelled": True, "note": "Snow"},
        date(2026, 12, 22): {"new_on": date(2026, 12, 21)},
        date(2026, 12, 29): {"new_starts_at": time(10), "place": "Town hall"},
        date(2026, 12, 8): {"new_duration_minutes": 120, "note": "A speaker"},
    }.items():
        MeetingExceptionFactory(meeting=meeting, on=on, **{"is_cancelled": False, **changes})

    assert rows_of(meeting) == [
        "11-24 18:30 90",
        "12-01 18:30 90 canceled Snow",
        "12-08 18:30 120 A speaker",
        "12-15 18:30 90",
        "12-21 18:30 90 from 12-22",
        "12-29 10:00 90 from 12-29 Town hall",
        "02-09 18:30 90",
        "02-16 18:30 90",
        "02-23 18:30 90",
    ]


def test_date_that_is_changed_keeps_its_row_and_gets_back_what_it_was():
    meeting = MeetingFactory()
    before = list(meeting.occurrences.values().order_by("pk"))

    exception = MeetingExceptionFactory(
        meeting=meeting, is_cancelled=False, new_on=date(2026, 12, 23), place="Town hall"
    )
    moved = list(meeting.occurrences.values_list("pk", flat=True).order_by("pk"))
    exception.delete()

    assert moved == [row["id"] for row in before]
    assert list(meeting.occurrences.values().order_by("pk")) == before


def test_pause_that_is_taken_back_gives_the_dates_back():
    meeting = MeetingFactory()
    whole = rows_of(meeting)

    pause = PauseFactory(group=meeting.group)
    paused = rows_of(meeting)
    pause.first_on = date(2026, 11, 1)
    pause.last_on = None
    pause.save()
    nothing = rows_of(meeting)
    Pause.objects.filter(pk=pause.pk).delete()

    assert [day for day in whole if day not in paused] == ["12-22 18:30 90", "12-29 18:30 90"]
    assert nothing == []
    assert rows_of(meeting) == whole


def test_exceptions_taken_back_together_give_the_dates_back():
    meeting = MeetingFactory()
    whole = rows_of(meeting)
    MeetingExceptionFactory(meeting=meeting)
    MeetingExceptionFactory(meeting=meeting, on=date(2026, 12, 29))

    MeetingException.objects.filter(meeting=meeting).delete()

    assert rows_of(meeting) == whole


def test_pause_is_that_of_all_meetings_and_of_one_group():
    meeting, elsewhere = MeetingFactory(), MeetingFactory()
    second = MeetingFactory(group=meeting.group, weekday="4")
    whole = rows_of(elsewhere)

    PauseFactory(group=meeting.group, first_on=date(2026, 11, 1), last_on=None)

    assert rows_of(meeting) == rows_of(second) == []
    assert rows_of(elsewhere) == whole


def test_group_that_ends_has_dates_until_then_and_all_of_them_if_it_does_not():
    meeting = MeetingFactory()
    group = meeting.group
    whole = rows_of(meeting)

    group.ended_on = date(2026, 12, 8)
    group.save()
    until = rows_of(meeting)
    group.ended_on = None
    group.save()

    assert until == ["11-24 18:30 90", "12-01 18:30 90"]
    assert rows_of(meeting) == whole


def test_rule_that_changes_leaves_an_exception_that_no_longer_fits_alone():
    meeting = MeetingFactory()
    exception = MeetingExceptionFactory(meeting=meeting)

    meeting.weekday = "2"
    meeting.save()

    assert MeetingException.objects.get() == exception
    assert "canceled" not in " ".join(rows_of(meeting))


def test_group_with_all_that_hangs_on_it_can_be_deleted():
    """What is deleted on the way builds no dates for a meeting that is about to go."""
    meeting = MeetingFactory()
    MeetingExceptionFactory(meeting=meeting)
    PauseFactory(group=meeting.group)
    other = MeetingFactory(group=meeting.group)
    MeetingExceptionFactory(meeting=other)

    other.delete()
    meeting.group.delete()

    assert not Occurrence.objects.exists()
    assert not SupportGroup.objects.exists()


@pytest.mark.parametrize("number", [1, 20])
def test_rebuilding_needs_as_many_queries_for_many(number, django_assert_max_num_queries):
    group = SupportGroupFactory()
    for index in range(number):
        meeting = MeetingFactory(group=group, weekday=str(index % 7))
        MeetingExceptionFactory(meeting=meeting)
        PauseFactory(group=group, first_on=date(2027, 3, 1 + index), last_on=date(2027, 3, 30))
    Occurrence.objects.filter(starts_at__gt=NOW + timedelta(days=380)).delete()
    Occurrence.objects.filter(starts_at__lt=NOW + timedelta(days=8)).update(note="Wrong")

    # Savepoints count as well.
    with django_assert_max_num_queries(14):
        Occurrence.objects.rebuild_group(group.pk, NOW)

    assert not Occurrence.objects.filter(note="Wrong").exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_leave_the_dates_of_both(transactional_db):
    meeting = MeetingFactory(last_on=date(2027, 1, 10))
    group, barrier = meeting.group, Barrier(3)

    def move_the_time():
        mine = Meeting.objects.get(pk=meeting.pk)
        mine.starts_at = time(10)
        return mine

    savers = [
        move_the_time,
        lambda: PauseFactory.build(group=group),
        lambda: MeetingExceptionFactory.build(meeting=meeting, on=date(2026, 12, 8)),
    ]

    def work(make):
        row = make()
        barrier.wait()
        while True:
            try:
                row.save()
            except OperationalError:
                # SQLite's database in memory refuses at once what the one on disk waits for.
                clock.sleep(0.01)
                continue
            break
        connections.close_all()

    threads = [Thread(target=work, args=[saver]) for saver in savers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    meeting.refresh_from_db()
    assert rows_of(meeting) == [
        "11-24 10:00 90",
        "12-01 10:00 90",
        "12-08 10:00 90 canceled",
        "12-15 10:00 90",
        "01-05 10:00 90",
    ]


@pytest.mark.parametrize(
    ("zone", "summer", "winter"),
    [
        ("Europe/London", (2026, 6, 23, 17, 30), (2026, 12, 22, 18, 30)),
        ("America/Chicago", (2026, 6, 23, 23, 30), (2026, 12, 23, 0, 30)),
        ("Asia/Kathmandu", (2026, 6, 23, 12, 45), (2026, 12, 22, 12, 45)),
        ("Australia/Lord_Howe", (2026, 6, 23, 8, 0), (2026, 12, 22, 7, 30)),
    ],
)
def test_clock_time_is_the_same_in_summer_and_in_winter(zone, summer, winter):
    with time_machine.travel(datetime(2026, 6, 20, tzinfo=UTC), tick=False):
        meeting = MeetingFactory(time_zone=zone)

    starts = set(meeting.occurrences.values_list("starts_at", flat=True))
    assert {datetime(*summer, tzinfo=UTC), datetime(*winter, tzinfo=UTC)} <= starts


# Night of the change, a clock time that is skipped or comes twice, and the moment that counts.
NIGHTS = [
    ("Europe/London", date(2027, 3, 28), time(1, 30), (2027, 3, 28, 1, 30)),
    ("Europe/London", date(2026, 10, 25), time(1, 30), (2026, 10, 25, 0, 30)),
    ("America/Chicago", date(2027, 3, 14), time(2, 30), (2027, 3, 14, 8, 30)),
    ("America/Chicago", date(2026, 11, 1), time(1, 30), (2026, 11, 1, 6, 30)),
    ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), (2026, 10, 3, 15, 45)),
    ("Australia/Lord_Howe", date(2027, 4, 4), time(1, 45), (2027, 4, 3, 14, 45)),
]


@pytest.mark.parametrize(("zone", "night", "time_of_day", "moment"), NIGHTS)
@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_f16_group_times_are_right_on_the_nights_when_the_clocks_change(
    client, zone, night, time_of_day, moment, hours
):
    """F16: with the machine's clock right, an hour slow and an hour fast."""
    client.cookies["preferences"] = "zone=Etc%2FUTC"
    expected = datetime(*moment, tzinfo=UTC)

    with time_machine.travel(expected + timedelta(hours=hours - 3), tick=False):
        meeting = MeetingFactory(
            group__slug="night",
            weekday=str(night.weekday()),
            starts_at=time_of_day,
            time_zone=zone,
            first_on=night - timedelta(days=28),
        )
        rebuild_occurrences()
        row = meeting.occurrences.get(original_on=night)
        pages = [client.get(address).content.decode() for address in ("/groups/night/", "/groups/")]

    weeks = meeting.occurrences.filter(starts_at__lt=expected + timedelta(weeks=8))
    assert row.starts_at == expected
    for page in pages:
        assert f'<time datetime="{expected:%Y-%m-%dT%H:%MZ}">' in page
    # By the group's clock it is the same time in every other week.
    usual = {f"{week.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for week in weeks if week != row}
    assert usual == {f"{time_of_day:%H:%M}"}


@pytest.mark.parametrize("zone", ["Europe/London", "America/Chicago", "Australia/Lord_Howe"])
def test_f16_clock_that_is_set_back_or_forward_leaves_every_date_in_its_place(zone):
    meeting = MeetingFactory(time_zone=zone)
    before = dict(meeting.occurrences.values_list("starts_at", "pk"))

    for hours in (1, -1, 0):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
            rebuild_occurrences()

    assert dict(meeting.occurrences.values_list("starts_at", "pk")) == before


def test_clock_of_the_machine_an_hour_off_loses_no_date():
    meeting = MeetingFactory(weekday="6", starts_at=time(11, 30))
    today = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)

    for hours in (-1, 1):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
            rebuild_occurrences()
            assert meeting.occurrences.filter(starts_at=today).exists()


def test_meeting_that_is_on_counts_as_upcoming_until_it_ends():
    meeting = MeetingFactory(weekday="6", starts_at=time(11, 30))
    today = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)

    assert Occurrence.objects.upcoming(NOW).first().starts_at == today
    after = today + timedelta(minutes=meeting.duration_minutes)
    assert Occurrence.objects.upcoming(after).first().starts_at == today + timedelta(days=7)


def test_groups_are_ordered_by_their_next_date_and_those_without_come_last():
    silent = SupportGroupFactory(name="Silent")
    later = MeetingFactory(weekday="3").group
    sooner = MeetingFactory(weekday="0").group
    MeetingFactory(group=later, weekday="4")
    cancelled = MeetingFactory(weekday="0", starts_at=time(9)).group
    Occurrence.objects.filter(meeting__group=cancelled).update(is_cancelled=True)

    groups = list(SupportGroup.objects.by_next_meeting(NOW))

    assert groups[:2] == [sooner, later]
    assert set(groups[2:]) == {silent, cancelled}
    assert groups[2].next_starts_at is None


def test_canceled_date_is_passed_over_and_a_moved_one_counts_where_it_is():
    canceled = MeetingFactory(weekday="0").group
    MeetingExceptionFactory(meeting=canceled.meetings.get(), on=date(2026, 11, 23))
    moved = MeetingFactory(weekday="2").group
    MeetingExceptionFactory(
        meeting=moved.meetings.get(),
        on=date(2026, 11, 25),
        is_cancelled=False,
        new_on=date(2026, 11, 23),
    )

    groups = list(SupportGroup.objects.by_next_meeting(NOW))
    Occurrence.objects.attach_next(groups, NOW)

    assert [f"{g.next_starts_at:%m-%d}" for g in groups] == ["11-23", "11-30"]
    assert groups == [moved, canceled]
    assert f"{groups[0].next_occurrence.original_on:%m-%d}" == "11-25"


def test_meeting_knows_its_next_dates_without_rows():
    meeting = MeetingFactory()
    MeetingExceptionFactory(meeting=meeting, on=date(2026, 11, 24))
    PauseFactory(group=meeting.group, first_on=date(2026, 12, 8), last_on=date(2026, 12, 14))

    found = Meeting.objects.get().next_occurrences(NOW, 2)

    assert [f"{date.starts_at:%m-%d}" for date in found] == ["12-01", "12-15"]


def test_next_dates_of_many_groups_come_in_one_query(django_assert_num_queries):
    for weekday in "0123":
        group = MeetingFactory(weekday=weekday).group
        MeetingFactory(group=group, weekday="5")
    SupportGroupFactory()
    groups = list(SupportGroup.objects.by_next_meeting(NOW))

    with django_assert_num_queries(1):
        Occurrence.objects.attach_next(groups, NOW)
        zones = [g.next_occurrence.meeting.time_zone for g in groups[:4]]

    assert [g.next_occurrence.starts_at for g in groups[:4]] == [
        g.next_starts_at for g in groups[:4]
    ]
    assert zones == ["Europe/London"] * 4
    assert groups[4].next_occurrence is None


def test_two_meetings_of_one_group_at_the_same_moment_give_one_date():
    group = MeetingFactory().group
    MeetingFactory(group=group)

    [found] = SupportGroup.objects.by_next_meeting(timezone.now())
    Occurrence.objects.attach_next([found], NOW)

    assert found.next_occurrence.starts_at == found.next_starts_at


def test_meeting_is_current_until_the_end_of_its_last_day_in_its_zone():
    meeting = MeetingFactory(time_zone="America/Chicago", last_on=date(2026, 11, 24))

    assert meeting.is_current(datetime(2026, 11, 25, 5, tzinfo=UTC))
    assert not meeting.is_current(datetime(2026, 11, 25, 7, tzinfo=UTC))
    assert Meeting.objects.current(datetime(2026, 11, 25, 5, tzinfo=UTC)).exists()


def test_next_date_of_a_group_is_found_by_the_index(django_assert_num_queries):
    """Each meeting's first date is one look into the index, however many dates it has."""
    meeting = MeetingFactory(duration_minutes=24 * 60, weekday="5", starts_at=time(12, 30))
    MeetingFactory(group=meeting.group, weekday="0")
    groups = SupportGroup.objects.by_next_meeting(NOW)

    with django_assert_num_queries(1):
        [group] = groups

    # It began almost a day ago, and is on until half past twelve.
    assert group.next_starts_at == datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    if connection.vendor == "sqlite":
        plan = groups.explain()
        assert "community_occurrence_next (meeting_id=? AND starts_at>?)" in plan, plan
