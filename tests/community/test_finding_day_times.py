"""Days of the week and times of the day."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from community.finding.day_times import COMING_WEEKS, DAY_TIMES, offsets, taking_place
from community.models import Occurrence
from tests.factories import MeetingFactory

ZONES = [
    "Europe/London", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati", "Africa/Casablanca",
    "America/Santiago", "UTC",
]  # fmt: skip
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))


@given(st.sampled_from(ZONES), MOMENTS)
def test_offsets_are_those_of_the_zone_at_every_hour(name, begin):
    zone = ZoneInfo(name)
    end = begin + timedelta(days=70)

    found = offsets(zone, begin, end)

    assert found[0][0] == begin
    assert found[-1][1] == end
    assert all(a[1] == b[0] and a[2] != b[2] for a, b in pairwise(found))
    for hour in range(70 * 24):
        at = begin + timedelta(hours=hour)
        wanted = at.astimezone(zone).utcoffset().total_seconds()
        assert next(offset for start, stop, offset in found if start <= at < stop) == wanted


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["", *ZONES])
@pytest.mark.parametrize(
    "now", [datetime(2026, 10, 1, 9, tzinfo=UTC), datetime(2027, 3, 3, tzinfo=UTC)]
)
def test_database_finds_what_a_walk_over_the_dates_finds(zone, now):
    for weekday, start, own in (
        ("0", time(4, 59), "Europe/London"),
        ("4", time(17), "America/Chicago"),
        ("4", time(23, 59), "Asia/Kathmandu"),
        ("5", time(12), "Pacific/Chatham"),
        ("6", time(0), "Australia/Lord_Howe"),
        ("6", time(11, 59), "America/St_Johns"),
        ("2", time(16, 45), "Africa/Casablanca"),
    ):
        with time_machine.travel(now, tick=False):
            MeetingFactory(weekday=weekday, starts_at=start, time_zone=own)
    rows = list(Occurrence.objects.select_related("meeting"))
    coming = [r for r in rows if now - timedelta(days=1) < r.starts_at < now + COMING_WEEKS]

    for when, wanted in DAY_TIMES.items():
        by_hand = set()
        for row in coming:
            local = row.starts_at.astimezone(ZoneInfo(zone or row.meeting.time_zone))
            if local.weekday() in wanted.days and local.hour in wanted.hours:
                by_hand.add(row.pk)
        found = taking_place(Occurrence.objects.all(), when, zone, now)

        assert set(found.values_list("pk", flat=True)) == by_hand, when
        assert by_hand or when not in {"weekday", "weekend"}
