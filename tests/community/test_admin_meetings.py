"""When a group meets, as a moderator fills it in: rules, single dates and pauses."""

import re
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.contrib.messages import get_messages

from community.models import Meeting, MeetingException, Pause, SupportGroup
from tests.community.test_admin_groups import ADD, GROUP, LIST
from tests.factories import (
    JoiningDetailsFactory,
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


@pytest.fixture
def desk(client, moderator):
    """A browser in which a moderator is signed in."""
    client.force_login(moderator)
    return client


def page_of(group):
    """Return the address of the group's form, and what its browser would send back unchanged."""
    data = {name: value for name, value in GROUP.items() if "-" not in name}
    data |= {"name": group.name, "slug": group.slug, "languages": group.languages}
    meetings = list(group.meetings.all())
    data |= {"meetings-TOTAL_FORMS": len(meetings), "meetings-INITIAL_FORMS": len(meetings)}
    for number, meeting in enumerate(meetings):
        data |= {
            f"meetings-{number}-{name}": value
            for name, value in {
                "id": meeting.pk,
                "group": group.pk,
                "frequency": meeting.frequency,
                "interval": meeting.interval,
                "weekday": meeting.weekday,
                "ordinals": meeting.ordinals,
                "starts_at": meeting.starts_at.isoformat("minutes"),
                "duration_minutes": meeting.duration_minutes,
                "time_zone": meeting.time_zone,
                "first_on": meeting.first_on,
                "last_on": meeting.last_on or "",
            }.items()
        }
    exceptions = list(MeetingException.objects.filter(meeting__group=group))
    data |= {"exceptions-TOTAL_FORMS": len(exceptions), "exceptions-INITIAL_FORMS": len(exceptions)}
    for number, exception in enumerate(exceptions):
        data |= single(
            number,
            id=exception.pk,
            meeting=exception.meeting_id,
            on=exception.on,
            is_cancelled="on" if exception.is_cancelled else "",
            new_on=exception.new_on or "",
            note=exception.note,
        )
    data |= {"pauses-TOTAL_FORMS": 0, "pauses-INITIAL_FORMS": 0}
    data |= {"joining_details-TOTAL_FORMS": 0, "joining_details-INITIAL_FORMS": 0}
    return f"{LIST}{group.pk}/change/", data


def single(number, **values):
    empty = dict.fromkeys(("new_on", "new_starts_at", "new_duration_minutes", "place", "note"), "")
    return {f"exceptions-{number}-{name}": value for name, value in {**empty, **values}.items()}


def add_single(group, **values):
    """Return the address, and the data with one single date more."""
    address, data = page_of(group)
    number = data["exceptions-TOTAL_FORMS"]
    data["exceptions-TOTAL_FORMS"] = number + 1
    values = {"meeting": group.meetings.first().pk, **values}
    return address, {**data, **single(number, **values)}


def errors_of(response):
    """Return what is wrong, by the name of the field on the page."""
    forms = [response.context["adminform"].form]
    for formset in response.context["inline_admin_formsets"]:
        forms += formset.formset.forms
    return {
        form.add_prefix(name): " ".join(messages)
        for form in forms
        for name, messages in form.errors.items()
    }


def words_of(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(text.split())


def test_single_date_is_canceled_on_the_groups_form(desk):
    group = MeetingFactory().group

    response = desk.post(
        *add_single(group, on="2026-12-22", is_cancelled="on", note="Public holiday")
    )

    assert response.status_code == 302, errors_of(response)
    exception = MeetingException.objects.get()
    assert (exception.on, exception.is_cancelled) == (date(2026, 12, 22), True)
    assert exception.history.get().history_user is not None
    row = exception.meeting.occurrences.get(original_on=exception.on)
    assert (row.is_cancelled, row.note) == (True, "Public holiday")


def test_single_date_is_moved_with_a_speaker(desk):
    group = MeetingFactory().group

    response = desk.post(
        *add_single(
            group,
            on="2026-12-22",
            new_on="2026-12-21",
            new_starts_at="10:00",
            new_duration_minutes="120",
            place="Town hall",
            note="Dr. Lee on pain",
        )
    )

    assert response.status_code == 302, errors_of(response)
    row = group.meetings.get().occurrences.get(original_on=date(2026, 12, 22))
    assert row.starts_at == datetime(2026, 12, 21, 10, tzinfo=UTC)
    assert row.ends_at == datetime(2026, 12, 21, 12, tzinfo=UTC)
    assert (row.place, row.note) == ("Town hall", "Dr. Lee on pain")


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        (
            {"on": "2026-12-23", "is_cancelled": "on"},
            "on",
            "By its rule (Every Tuesday, 6:30\xa0p.m.) the group does not meet on Wednesday "
            "23 December 2026. The nearest dates are Tuesday 22 December 2026 and Tuesday "
            "29 December 2026.",
        ),
        (
            {"on": "2025-12-23", "is_cancelled": "on"},
            "on",
            "The nearest date is Tuesday 6 January 2026.",
        ),
        ({"on": "2026-12-22"}, "__all__", "Say what is different on this date."),
        (
            {"on": "2026-12-22", "is_cancelled": "on", "new_on": "2026-12-21"},
            "is_cancelled",
            "either canceled, or moved",
        ),
        ({"on": "2026-12-22", "new_on": "2026-12-29"}, "new_on", "The group meets then already."),
        ({"on": "2026-12-22", "new_on": "2029-12-21"}, "new_on", "by a year at most"),
        ({"on": "2026-12-22", "new_on": "0026-12-21"}, "new_on", "Look at the year"),
        ({"on": "9999-12-31", "is_cancelled": "on"}, "on", "Look at the year"),
        ({"on": "soon", "is_cancelled": "on"}, "on", "Enter a valid date."),
        ({"on": "2026-12-22", "new_duration_minutes": "2"}, "new_duration_minutes", "5"),
        ({"on": "2026-12-22", "note": "Zoom ID 812 3456 7890"}, "note", "seems to hold a way in"),
        ({"on": "2026-12-22", "place": "Say lavender"}, "place", "repeats what stands under"),
        ({"meeting": "0", "on": "2026-12-22", "is_cancelled": "on"}, "meeting", "valid choice"),
        ({"meeting": "", "on": "2026-12-22", "is_cancelled": "on"}, "meeting", "required"),
        ({"meeting": "x", "on": "2026-12-22", "is_cancelled": "on"}, "meeting", "valid choice"),
        (
            {"meeting": "9223372036854775808", "on": "2026-12-22", "is_cancelled": "on"},
            "meeting",
            "valid choice",
        ),
    ],
)
def test_mistake_in_a_single_date_is_said_beside_it(desk, values, field, words):
    group = JoiningDetailsFactory(passcode="lavender").group
    MeetingFactory(group=group)
    address, data = add_single(group, **values)
    data |= {"joining_details-TOTAL_FORMS": "0", "joining_details-INITIAL_FORMS": "0"}

    response = desk.post(address, data)

    assert response.status_code == 200
    found = errors_of(response)
    assert list(found) == [f"exceptions-0-{field}"]
    assert words in found[f"exceptions-0-{field}"]
    assert not MeetingException.objects.exists()


def test_meeting_of_another_group_cannot_be_chosen(desk):
    group, other = MeetingFactory().group, MeetingFactory()

    response = desk.post(*add_single(group, meeting=other.pk, on="2026-12-22", is_cancelled="on"))

    assert "exceptions-0-meeting" in errors_of(response)
    assert not MeetingException.objects.exists()


def test_second_entry_for_a_date_is_refused_in_words(desk):
    group = MeetingExceptionFactory().meeting.group

    response = desk.post(*add_single(group, on="2026-12-22", note="A speaker"))

    assert response.status_code == 200
    assert "Please correct the duplicate data" in words_of(
        response
    ) or "This date is here already" in words_of(response)
    assert MeetingException.objects.count() == 1


def test_rule_on_the_page_counts_for_a_single_date_that_is_typed_in_with_it(desk):
    group = MeetingFactory().group
    address, data = add_single(group, on="2026-12-23", is_cancelled="on")

    response = desk.post(address, {**data, "meetings-0-weekday": "2"})

    assert response.status_code == 302, errors_of(response)
    meeting = Meeting.objects.get()
    assert meeting.occurrences.get(original_on=date(2026, 12, 23)).is_cancelled


def test_mistake_in_the_rule_is_not_said_twice(desk):
    group = MeetingFactory().group
    address, data = add_single(group, on="2026-12-23", is_cancelled="on")

    for name, value in {
        "weekday": "9", "starts_at": "late", "first_on": "0026-01-01", "time_zone": "Mars",
        "interval": "0", "duration_minutes": "",
    }.items():  # fmt: skip
        response = desk.post(address, {**data, f"meetings-0-{name}": value})

        assert list(errors_of(response)) == [f"meetings-0-{name}"]


def test_single_date_that_the_rule_names_no_more_is_kept_and_staff_are_told(desk):
    exception = MeetingExceptionFactory()
    group = exception.meeting.group
    address, data = page_of(group)

    response = desk.post(address, {**data, "meetings-0-weekday": "3"})

    assert response.status_code == 302, errors_of(response)
    [warning, _saved] = get_messages(response.wsgi_request)
    expected = (
        "It is kept, and passed over. By its rule (Every Thursday, 6:30 p.m.) the group does not "
        "meet on Tuesday 22 December 2026. The nearest dates are Thursday 17 December 2026 and "
        "Thursday 24 December 2026."
    )
    assert expected in " ".join(str(warning).split())
    assert MeetingException.objects.get() == exception
    assert expected in words_of(desk.get(address))
    # And it stands in the way of no later change.
    address, data = page_of(group)
    assert desk.post(address, {**data, "cost": "Free"}).status_code == 302


def test_meeting_is_deleted_with_its_single_dates(desk):
    exception = MeetingExceptionFactory()
    MeetingFactory(group=exception.meeting.group, weekday="4")
    address, data = page_of(exception.meeting.group)

    response = desk.post(address, {**data, "meetings-0-DELETE": "on"})

    assert response.status_code == 302, errors_of(response)
    assert not MeetingException.objects.exists()
    assert Meeting.objects.get().weekday == "4"


def test_single_date_of_a_meeting_that_is_being_deleted_is_refused(desk):
    group = MeetingFactory().group
    address, data = add_single(group, on="2026-12-22", is_cancelled="on")

    response = desk.post(address, {**data, "meetings-0-DELETE": "on"})

    assert "is being deleted" in errors_of(response)["exceptions-0-meeting"]
    assert Meeting.objects.exists()


def test_way_in_that_is_typed_in_with_what_repeats_it_is_refused(desk):
    group = MeetingFactory().group
    address, data = add_single(group, on="2026-12-22", note="Just say heather")
    details = {name: value for name, value in GROUP.items() if name.startswith("joining_details-")}

    response = desk.post(address, {**data, **details, "joining_details-0-passcode": "heather"})

    [(field, words)] = errors_of(response).items()
    assert field == "joining_details-0-passcode"
    assert "a pause or of a single date" in words


def test_pause_is_added_on_the_groups_form(desk):
    group = MeetingFactory().group
    address, data = page_of(group)

    response = desk.post(
        address,
        {
            **data,
            "pauses-TOTAL_FORMS": "1",
            "pauses-0-first_on": "2026-12-20",
            "pauses-0-last_on": "",
            "pauses-0-reason": "The room is being painted",
        },
    )

    assert response.status_code == 302, errors_of(response)
    assert Pause.objects.get().reason == "The room is being painted"
    assert group.meetings.get().occurrences.count() == 4


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"first_on": "2026-12-20", "last_on": "2026-12-19"}, "last_on"),
        ({"first_on": "0026-12-20"}, "first_on"),
        ({"first_on": "2026-12-20", "last_on": "9999-12-31"}, "last_on"),
        ({"first_on": "2026-12-20", "reason": "Dial in 020 7946 0123 instead"}, "reason"),
        ({"first_on": "", "reason": "Holidays"}, "first_on"),
    ],
)
def test_mistake_in_a_pause_is_said_beside_it(desk, values, field):
    address, data = page_of(MeetingFactory().group)
    data |= {"pauses-TOTAL_FORMS": "1", "pauses-0-last_on": "", "pauses-0-reason": ""}

    response = desk.post(address, data | {f"pauses-0-{n}": v for n, v in values.items()})

    assert list(errors_of(response)) == [f"pauses-0-{field}"]
    assert not Pause.objects.exists()


def test_form_says_what_readers_see_of_the_saved_rule(desk):
    meeting = MeetingFactory(frequency="monthly", ordinals=["2", "-1"])
    group = meeting.group
    MeetingExceptionFactory(meeting=meeting, on=date(2026, 12, 8), note="Snow")
    MeetingExceptionFactory(
        meeting=meeting, on=date(2026, 12, 29), is_cancelled=False, new_on=date(2026, 12, 21)
    )
    MeetingExceptionFactory(
        meeting=meeting, on=date(2027, 1, 12), is_cancelled=False, new_starts_at=time(10)
    )
    PauseFactory(group=group, first_on=date(2027, 1, 20), last_on=date(2027, 2, 28))

    text = words_of(desk.get(f"{LIST}{group.pk}/change/"))

    assert (
        "Second and last Tuesday of the month, 6:30 p.m. (London time) "
        "Tuesday 24 November 2026, 6:30 p.m. "
        "Tuesday 8 December 2026, 6:30 p.m.: canceled. Snow. "
        "Monday 21 December 2026, 6:30 p.m., instead of Tuesday 29 December 2026. "
        "Tuesday 12 January 2027, 10 a.m., instead of 6:30 p.m. "
        "Tuesday 9 March 2027, 6:30 p.m. Tuesday 30 March 2027, 6:30 p.m."
    ) in text


def test_form_says_that_a_paused_group_has_no_date(desk):
    group = PauseFactory(
        group=MeetingFactory().group, first_on=date(2026, 11, 1), last_on=None
    ).group
    exception = MeetingExceptionFactory(meeting=group.meetings.get())

    text = words_of(desk.get(f"{LIST}{group.pk}/change/"))

    assert "Every Tuesday, 6:30 p.m. Paused until further notice: Winter break." in text
    assert "There is no date in the next 400 days." in text
    assert "the group does not meet on Tuesday 22 December 2026 at all." in text
    assert exception.fits


def test_new_group_is_asked_for_single_dates_once_it_has_a_meeting(desk):
    bare = SupportGroupFactory()

    for address in (ADD, f"{LIST}{bare.pk}/change/"):
        text = words_of(desk.get(address))
        assert "Save the group, and the next dates stand here." in text
        assert "Dates that are canceled or different" not in text


def test_what_is_long_over_is_kept_and_not_on_the_form(desk):
    meeting = MeetingFactory()
    group = meeting.group
    old = MeetingExceptionFactory(meeting=meeting, on=date(2026, 9, 1))
    PauseFactory(group=group, first_on=date(2026, 8, 1), last_on=date(2026, 8, 31))
    text = desk.get(f"{LIST}{group.pk}/change/").content.decode()

    assert str(old.on) not in text
    assert 'name="exceptions-INITIAL_FORMS" value="0"' in text
    assert 'name="pauses-INITIAL_FORMS" value="0"' in text
    assert MeetingException.objects.exists()


def test_group_that_is_typed_in_whole(desk):
    response = desk.post(
        ADD,
        {
            **GROUP,
            "first_meeting": "Sam meets you at the door.",
            "sign_languages": ["bfi"],
            "is_in_person": "on",
            "place": "Central Library, Leeds",
            "country": "GB",
            "region_served": "Leeds and around",
            "latitude": "53.8",
            "longitude": "-1.5491",
            "access_features": ["step-free", "hearing-loop"],
            "attendance": "drop-in",
            "size": "small",
        },
    )

    assert response.status_code == 302, errors_of(response)
    group = SupportGroup.objects.get()
    assert group.get_country_display() == "United Kingdom"
    assert group.access_labels == ["A way in without steps", "A hearing loop"]
    assert group.signed == ["British Sign Language"]
    assert (group.latitude, group.longitude) == (53.8, -1.5491)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"latitude": "53.8"}, "longitude"),
        ({"latitude": "91", "longitude": "0"}, "latitude"),
        ({"latitude": "nan", "longitude": "0"}, "latitude"),
        ({"latitude": "1e999", "longitude": "0"}, "latitude"),
        ({"country": "XX"}, "country"),
        ({"access_features": ["helipad"]}, "access_features"),
        ({"ended_on": "0026-01-01"}, "ended_on"),
        ({"meetings-0-frequency": "weekly"}, "meetings-0-ordinals"),
    ],
)
def test_mistake_in_what_is_new_is_said_beside_its_field(desk, changes, field):
    response = desk.post(ADD, {**GROUP, **changes})

    assert list(errors_of(response)) == [field]


@pytest.mark.parametrize("number", [1, 12])
def test_form_needs_as_many_queries_for_many_dates(desk, number, django_assert_max_num_queries):
    group = SupportGroupFactory()
    for index in range(number):
        meeting = MeetingFactory(group=group, weekday=str(index % 7))
        for on in meeting.occurrences.values_list("original_on", flat=True)[:3]:
            MeetingExceptionFactory(meeting=meeting, on=on)
        PauseFactory(group=group, first_on=date(2027, 3, 1 + index), last_on=date(2027, 3, 30))

    with django_assert_max_num_queries(32):
        response = desk.get(f"{LIST}{group.pk}/change/")

    assert response.status_code == 200
