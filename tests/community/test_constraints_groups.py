"""Every rule about groups, meetings, dates and services that the database itself keeps."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from community.models import (
    JoiningDetails,
    Meeting,
    MeetingException,
    Occurrence,
    Pause,
    Service,
    SupportGroup,
)
from tests.factories import (
    JoiningDetailsFactory,
    MeetingExceptionFactory,
    MeetingFactory,
    PauseFactory,
    ServiceFactory,
    SupportGroupFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("community_supportgroup_has_a_way_to_attend", {"is_online": False}),
        ("community_supportgroup_in_person_has_place", {"is_in_person": True, "place": ""}),
        ("community_supportgroup_contact_is_one_word", {"public_contact": "Ann Smith"}),
        ("community_supportgroup_contact_is_one_word", {"public_contact": "ann@example.org"}),
        ("community_supportgroup_checked_every_4_to_104_weeks", {"check_every_weeks": 3}),
        ("community_supportgroup_checked_every_4_to_104_weeks", {"check_every_weeks": 105}),
        ("community_supportgroup_coordinates_whole", {"latitude": 53.8}),
        ("community_supportgroup_coordinates_whole", {"longitude": -1.5}),
        ("community_supportgroup_coordinates_on_earth", {"latitude": 90.1, "longitude": 0}),
        ("community_supportgroup_coordinates_on_earth", {"latitude": 0, "longitude": -180.1}),
        ("community_supportgroup_import_is_whole", {"import_source": "a charity"}),
        ("community_supportgroup_import_is_whole", {"import_key": "7"}),
    ],
)
def test_group_that_breaks_a_rule_is_refused(name, changes):
    with pytest.raises(IntegrityError, match=name):
        SupportGroupFactory(**changes)


def test_two_groups_with_one_key_of_one_source_are_refused():
    SupportGroupFactory(import_source="a charity", import_key="7")
    SupportGroupFactory(import_source="another charity", import_key="7")
    # SQLite names the columns, PostgreSQL the constraint.
    with pytest.raises(
        IntegrityError, match=r"community_supportgroup_one_per_import_key|import_source.*import_key"
    ):
        SupportGroupFactory(import_source="a charity", import_key="7")


def test_groups_that_came_in_no_file_have_no_key_in_common():
    SupportGroupFactory()

    assert SupportGroupFactory().import_key == ""


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("community_meeting_interval_1_to_12", {"interval": 0}),
        ("community_meeting_interval_1_to_12", {"interval": 13}),
        ("community_meeting_monthly_has_ordinals", {"frequency": "monthly", "ordinals": []}),
        (
            "community_meeting_dates_in_order",
            {"first_on": date(2026, 3, 1), "last_on": date(2026, 2, 28)},
        ),
        ("community_meeting_duration_within_a_day", {"duration_minutes": 4}),
        ("community_meeting_duration_within_a_day", {"duration_minutes": 1441}),
    ],
)
def test_meeting_that_breaks_a_rule_is_refused(name, changes):
    group = SupportGroupFactory()

    with pytest.raises(IntegrityError, match=name):
        MeetingFactory(group=group, **changes)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("community_meetingexception_changes_something", {"is_cancelled": False}),
        ("community_meetingexception_canceled_alone", {"new_on": date(2026, 12, 29)}),
        ("community_meetingexception_canceled_alone", {"new_starts_at": time(12)}),
        ("community_meetingexception_canceled_alone", {"new_duration_minutes": 60}),
        ("community_meetingexception_canceled_alone", {"place": "Town hall"}),
        (
            "community_meetingexception_duration_within_a_day",
            {"is_cancelled": False, "new_duration_minutes": 4},
        ),
        (
            "community_meetingexception_duration_within_a_day",
            {"is_cancelled": False, "new_duration_minutes": 1441},
        ),
    ],
)
def test_exception_that_breaks_a_rule_is_refused(name, changes):
    meeting = MeetingFactory()

    with pytest.raises(IntegrityError, match=name):
        MeetingExceptionFactory(meeting=meeting, **changes)


def test_second_exception_for_a_date_is_refused():
    exception = MeetingExceptionFactory()

    with pytest.raises(IntegrityError, match=r"community_meetingexception(_once|\.meeting_id)"):
        MeetingExceptionFactory(meeting=exception.meeting)


def test_pause_that_ends_before_it_begins_is_refused():
    group = SupportGroupFactory()

    with pytest.raises(IntegrityError, match="community_pause_dates_in_order"):
        PauseFactory(group=group, last_on=date(2026, 12, 20))


def test_date_that_ends_before_it_begins_is_refused():
    meeting = MeetingFactory()
    moment = datetime(2026, 1, 1, tzinfo=UTC)

    with pytest.raises(IntegrityError, match="community_occurrence_ends_after_start"):
        Occurrence.objects.create(
            meeting=meeting,
            starts_at=moment,
            ends_at=moment,
            original_on=moment.date(),
            original_starts_at=moment,
        )


def test_date_that_is_there_already_is_refused():
    row = MeetingFactory().occurrences.first()

    with pytest.raises(IntegrityError, match=r"community_occurrence(_once|\.meeting_id)"):
        Occurrence.objects.create(
            meeting=row.meeting,
            starts_at=row.starts_at + timedelta(days=1),
            ends_at=row.ends_at + timedelta(days=1),
            original_on=row.original_on,
            original_starts_at=row.original_starts_at,
        )


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "ftp://example.org/", "example.org"])
def test_service_without_a_web_address_is_refused(url):
    with pytest.raises(IntegrityError, match="community_service_web_address"):
        ServiceFactory(url=url)


@pytest.mark.parametrize("factory", [SupportGroupFactory, ServiceFactory])
def test_address_that_is_taken_is_refused(factory):
    taken = factory().slug

    with pytest.raises(IntegrityError, match="slug"):
        factory(slug=taken)


def test_second_joining_details_of_a_group_are_refused():
    group = JoiningDetailsFactory().group

    with pytest.raises(IntegrityError, match="group_id"), transaction.atomic():
        JoiningDetails.objects.create(group=group)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"is_online": False}, "is_in_person"),
        ({"is_in_person": True}, "place"),
        ({"public_contact": "Ann Smith"}, "public_contact"),
        ({"languages": ["tlh"]}, "languages"),
        ({"sign_languages": ["en"]}, "sign_languages"),
        ({"access_features": ["helipad"]}, "access_features"),
        ({"country": "UK"}, "country"),
        ({"attendance": "sometimes"}, "attendance"),
        ({"size": "huge"}, "size"),
        ({"latitude": 53.8}, "longitude"),
        ({"longitude": -1.5}, "latitude"),
    ],
)
def test_what_is_wrong_with_a_group_is_said_beside_the_field(changes, field):
    group = SupportGroupFactory.build(**changes)

    with pytest.raises(ValidationError) as caught:
        group.full_clean()

    assert set(caught.value.message_dict) == {field}
    assert len(caught.value.message_dict[field]) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frequency": "monthly"}, "ordinals"),
        ({"last_on": date(2026, 1, 1)}, "last_on"),
        ({"first_on": date(26, 1, 6)}, "first_on"),
        ({"interval": 0}, "interval"),
        ({"duration_minutes": 2}, "duration_minutes"),
        ({"time_zone": "London"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"weekday": "7"}, "weekday"),
    ],
)
def test_what_is_wrong_with_a_meeting_is_said_beside_the_field(changes, field):
    meeting = MeetingFactory.build(group=SupportGroupFactory(), **changes)

    with pytest.raises(ValidationError) as caught:
        meeting.full_clean()

    assert set(caught.value.message_dict) == {field}


@pytest.mark.parametrize(
    "field",
    [
        "name", "description", "first_meeting", "organisation", "place", "region_served",
        "access", "cost", "how_to_ask",
    ],
)  # fmt: skip
def test_way_in_is_refused_in_every_field_that_everybody_reads(field):
    group = SupportGroupFactory.build(**{field: "Come in at zoom.us/j/81234567890"})

    with pytest.raises(ValidationError) as caught:
        group.full_clean()

    assert set(caught.value.message_dict) == {field}
    assert "zoom.us/j/81234567890" in caught.value.message_dict[field][0]


def test_way_in_is_refused_as_web_page_and_in_the_address():
    group = SupportGroupFactory.build(
        website="https://us02web.zoom.us/j/81234567890", slug="zoom-81234567890"
    )

    with pytest.raises(ValidationError) as caught:
        group.full_clean()

    assert set(caught.value.message_dict) == {"website", "slug"}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (MeetingExceptionFactory, "note"),
        (MeetingExceptionFactory, "place"),
        (PauseFactory, "reason"),
    ],
)
@pytest.mark.parametrize("words", ["Come in at zoom.us/j/81234567890", "Just say lavender"])
def test_way_in_is_refused_in_what_is_said_of_single_dates(row, field, words):
    """Z3: one that looks like a way in, and one that the joining details hold."""
    group = JoiningDetailsFactory(passcode="lavender").group
    if row is PauseFactory:
        changed = row.build(group=group, **{field: words})
    else:
        meeting = MeetingFactory(group=group)
        changed = row.build(meeting=meeting, is_cancelled=False, **{field: words})

    with pytest.raises(ValidationError) as caught:
        changed.full_clean()

    assert set(caught.value.message_dict) == {field}


def test_joining_details_that_a_single_date_repeats_are_refused():
    group = PauseFactory(reason="Say lavender in spring").group
    MeetingExceptionFactory(meeting__group=group, note="Ring C4711")
    details = JoiningDetails(group=group, passcode="lavender", door_code="C4711")

    with pytest.raises(ValidationError) as caught:
        details.full_clean()

    assert set(caught.value.message_dict) == {"passcode", "door_code"}
    assert "“reason”" in caught.value.message_dict["passcode"][0]


def test_pause_in_the_wrong_order_is_said_beside_the_field():
    pause = PauseFactory.build(group=SupportGroupFactory(), last_on=date(2026, 12, 20))

    with pytest.raises(ValidationError) as caught:
        pause.full_clean()

    assert "cannot end before" in caught.value.message_dict["last_on"][0]


def test_way_in_is_not_looked_for_in_what_staff_alone_read():
    group = SupportGroupFactory.build(staff_contact="Ann Smith, 0113 496 0123")

    group.full_clean()


def test_joining_details_that_are_repeated_in_public_are_refused():
    group = SupportGroupFactory(
        description="Say lavender at the door.", how_to_ask="Ring 0113 496 0123"
    )
    details = JoiningDetails(group=group, passcode="lavender", phone="+44 113 4960123")

    with pytest.raises(ValidationError) as caught:
        details.full_clean()

    assert set(caught.value.message_dict) == {"passcode", "phone"}
    assert "what it is" in caught.value.message_dict["passcode"][0]


def test_joining_details_are_in_no_history():
    kept = [SupportGroup, Meeting, MeetingException, Pause, Service]

    assert all(model.history.model for model in kept)
    assert not hasattr(JoiningDetails, "history")
