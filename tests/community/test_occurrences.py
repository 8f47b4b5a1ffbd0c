"""The dates that are kept ready (F16: they are right on the nights when the clocks change)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from community.models import Meeting, Occurrence, SupportGroup
from community.tasks import rebuild_occurrences
from tests.factories import MeetingFactory, SupportGroupFactory

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
