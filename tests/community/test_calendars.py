"""B11: every group's calendar is read back by a second library, with the same times."""

import io
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from community.calendars import Entry, calendar
from community.models import MeetingException, Pause, SupportGroup
from tests.factories import JoiningDetailsFactory, MeetingFactory, SupportGroupFactory

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ZONES = [
    "Europe/London", "America/Chicago", "Asia/Kathmandu", "Australia/Lord_Howe",
    "America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "UTC",
]  # fmt: skip
RULES = [
    {"weekday": "1"},
    {"weekday": "6", "interval": 3},
    {"frequency": "monthly", "weekday": "1", "ordinals": ["2", "4"]},
    {"frequency": "monthly", "weekday": "4", "ordinals": ["-1"]},
    {"frequency": "monthly", "weekday": "0", "ordinals": ["1"], "interval": 2},
    {"weekday": "2", "last_on": date(2027, 4, 7)},
]


def fetched(group):
    return SupportGroup.objects.with_dates().get(pk=group.pk)


def file_of(group, at=NOW):
    return calendar([Entry(fetched(group))], group.name, at)


def zones_of(content):
    """Return the zones as the file itself describes them, read by dateutil."""
    text = content.decode().replace("\r\n ", "")
    described = re.findall(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE", text, re.S)
    read = [tz.tzical(io.StringIO(zone)) for zone in described]
    return {name: zone.get(name) for zone in read for name in zone.keys()}  # noqa: SIM118  It is no dict.


def begins(event, zone, after, before):
    """Yield when the dates of `event` begin, in `zone`, as vobject reads its rule."""
    # By clock times: over moments in a zone, an hour would be lost when the clocks change.
    event.dtstart.value = event.dtstart.value.replace(tzinfo=None)
    for line in getattr(event, "exdate_list", []):
        line.value = [moment.replace(tzinfo=None) for moment in line.value]
    until = re.search(r"UNTIL=(\d{8}T\d{6})Z", event.rrule.value)
    if until:
        last = datetime.strptime(until[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        local = last.astimezone(zone).strftime("%Y%m%dT%H%M%S")
        event.rrule.value = event.rrule.value.replace(f"{until[1]}Z", local)
    lower = after.replace(tzinfo=None) - timedelta(days=3)
    upper = before.replace(tzinfo=None) + timedelta(days=3)
    for start in event.rruleset.between(lower, upper, inc=True):
        yield start.replace(tzinfo=zone)


def read_back(content, after, before):
    """Return begin and end of what takes place, and of what is canceled, as vobject reads it."""
    zones = zones_of(content)
    events = vobject.readOne(content.decode()).vevent_list
    for event in events:
        for name in ("dtstart", "recurrence_id"):
            if hasattr(event, name):
                line = getattr(event, name)
                named = line.params.get("X-VOBJ-ORIGINAL-TZID") or line.params.get("TZID")
                zone = zones[named[0]] if named else UTC
                line.value = line.value.replace(tzinfo=zone)
    others = [event for event in events if hasattr(event, "recurrence_id")]
    replaced = {(e.uid.value, e.recurrence_id.value.astimezone(UTC)) for e in others}
    found, canceled = set(), set()
    for event in events:
        if hasattr(event, "rrule"):
            for start in begins(event, event.dtstart.value.tzinfo, after, before):
                moment = start.astimezone(UTC)
                if (event.uid.value, moment) not in replaced:
                    found.add((moment, moment + event.duration.value))
            continue
        moment = event.dtstart.value.astimezone(UTC)
        of = canceled if event.status.value == "CANCELLED" else found
        of.add((moment, moment + event.duration.value))
    return {times for times in found if after <= times[0] < before}, canceled


def expected(meeting, after, before):
    group = fetched(meeting.group)
    (meeting,) = group.meetings.all()
    meeting.group = group
    dates = list(meeting.planned(after, before))
    return (
        {(d.starts_at, d.ends_at) for d in dates if not d.is_cancelled},
        {(d.starts_at, d.ends_at) for d in dates if d.is_cancelled},
    )


@pytest.mark.django_db
class TestTimes:
    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("rule", RULES)
    def test_b11_second_library_reads_the_same(self, zone, rule):
        meeting = MeetingFactory(
            time_zone=zone, starts_at=time(18, 30), first_on=date(2026, 9, 1), **rule
        )
        before = NOW + timedelta(days=500)

        found, _canceled = read_back(file_of(meeting.group), NOW, before)

        assert found == expected(meeting, NOW, before)[0]
        assert len(found) > 5

    def test_b11_dates_that_are_canceled_moved_or_different(self):
        meeting = MeetingFactory(
            weekday="1",
            starts_at=time(18, 30),
            time_zone="Europe/London",
            first_on=date(2026, 9, 1),
        )
        for change in (
            {"on": date(2026, 12, 22), "is_cancelled": True, "note": "Holiday"},
            {"on": date(2026, 12, 29), "new_on": date(2027, 1, 2), "new_starts_at": time(10)},
            {"on": date(2027, 1, 5), "new_duration_minutes": 30, "place": "Town hall"},
            {"on": date(2027, 8, 31), "new_on": date(2027, 9, 2)},
        ):
            MeetingException.objects.create(meeting=meeting, **change)
        Pause.objects.create(
            group=meeting.group, first_on=date(2027, 7, 20), last_on=date(2027, 8, 31)
        )
        before = NOW + timedelta(days=400)

        content = file_of(meeting.group)

        assert read_back(content, NOW, before) == expected(meeting, NOW, before)
        text = content.decode().replace("\r\n ", "")
        assert "SUMMARY:Canceled: " in text
        assert "LOCATION:Town hall" in text
        assert "Holiday" in text

    def test_b11_pause_until_further_notice_and_an_end_stop_the_rule(self):
        rule = {"weekday": "1", "first_on": date(2026, 9, 1)}
        paused = MeetingFactory(**rule)
        Pause.objects.create(group=paused.group, first_on=date(2027, 1, 10))
        ended = MeetingFactory(**rule, group__ended_on=date(2027, 1, 10))
        over = MeetingFactory(**rule, group__ended_on=date(2026, 8, 1))

        for meeting in (paused, ended):
            found, _canceled = read_back(file_of(meeting.group), NOW, NOW + timedelta(days=400))
            assert max(found)[0].date() == date(2027, 1, 5)
        assert b"VEVENT" not in file_of(over.group)

    def test_zone_is_described_and_the_clock_time_stays(self):
        meeting = MeetingFactory(time_zone="America/Chicago", starts_at=time(18))

        whole = icalendar.Calendar.from_ical(file_of(meeting.group))

        assert [str(z["TZID"]) for z in whole.walk("VTIMEZONE")] == ["America/Chicago"]
        start = whole.walk("VEVENT")[0]["DTSTART"].dt
        assert (start.hour, start.tzinfo) == (18, ZoneInfo("America/Chicago"))

    def test_uid_stays_and_sequence_grows_when_the_listing_changes(self, time_machine):
        time_machine.move_to(NOW)
        meeting = MeetingFactory()
        before = icalendar.Calendar.from_ical(file_of(meeting.group)).walk("VEVENT")[0]
        time_machine.move_to(NOW + timedelta(hours=1))
        meeting.starts_at = time(9)
        meeting.save()

        after = icalendar.Calendar.from_ical(file_of(meeting.group)).walk("VEVENT")[0]

        assert after["UID"] == before["UID"]
        assert after["SEQUENCE"] > before["SEQUENCE"]


@given(name=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_b11_no_name_adds_a_property_and_no_line_is_too_long(name):
    group = SupportGroupFactory.build(pk=1, slug="circle", name=f"A{name}\r\nATTACH:x"[:120])
    meeting = MeetingFactory.build(group=group, pk=1)
    meeting.edited_at = group.edited_at = NOW
    group._prefetched_objects_cache = {"meetings": [meeting], "pauses": []}
    meeting._prefetched_objects_cache = {"exceptions": []}

    content = calendar([Entry(group)], group.name, NOW)

    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    (event,) = icalendar.Calendar.from_ical(content).walk("VEVENT")
    assert set(event) - {"LOCATION"} == {
        "UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "DESCRIPTION", "URL", "CLASS",
        "TRANSP", "STATUS", "DTSTART", "DURATION", "RRULE",
    }  # fmt: skip


@pytest.mark.django_db
class TestPage:
    def test_z3_it_never_holds_a_way_in(self, client):
        group = MeetingFactory(group__slug="circle", group__joining_policy="members").group
        JoiningDetailsFactory(
            group=group, link="https://meet.example.org/canary", passcode="canary",
            meeting_number="canary", phone="canary", door_code="canary", note="canary",
        )  # fmt: skip

        response = client.get("/groups/circle/calendar.ics")

        assert b"canary" not in response.content
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert response["Cache-Control"] == "no-cache"
        assert response["Content-Disposition"] == 'attachment; filename="circle.ics"'
        assert not response.cookies

    def test_same_bytes_until_something_changes(self, client):
        MeetingFactory(group__slug="circle")
        first = client.get("/groups/circle/calendar.ics")

        again = client.get("/groups/circle/calendar.ics", headers={"if-none-match": first["ETag"]})

        assert again.status_code == 304

    def test_group_that_readers_do_not_find_has_none(self, client):
        MeetingFactory(group__slug="circle", group__published_at=None)

        assert client.get("/groups/circle/calendar.ics").status_code == 404

    def test_group_without_a_meeting_has_an_empty_one(self, client):
        SupportGroupFactory(slug="circle")

        response = client.get("/groups/circle/calendar.ics")

        assert icalendar.Calendar.from_ical(response.content).walk("VEVENT") == []

    def test_five_queries_are_enough(self, client, django_assert_max_num_queries):
        group = SupportGroupFactory(slug="circle")
        for _ in range(4):
            meeting = MeetingFactory(group=group)
            for week in range(3):
                MeetingException.objects.create(
                    meeting=meeting, on=date(2027, 1, 1) + timedelta(weeks=week), note="A speaker"
                )

        with django_assert_max_num_queries(5):
            client.get("/groups/circle/calendar.ics")
