"""The desk where staff keep groups, and where members are numbers."""

from datetime import date, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.utils import timezone

from community.models import JoiningDetails, Meeting, Member, SupportGroup
from tests.factories import (
    JoiningDetailsFactory,
    MeetingFactory,
    MemberFactory,
    SupportGroupFactory,
    make_staff,
)

pytestmark = pytest.mark.django_db
GROUP = {
    "name": "Tuesday circle",
    "slug": "tuesday-circle",
    "description": "We talk.",
    "organisation": "",
    "run_by": "peer",
    "languages": ["en"],
    "is_online": "on",
    "place": "",
    "access": "",
    "cost": "Free",
    "joining_policy": "members",
    "how_to_ask": "",
    "public_contact": "Ann",
    "website": "circle.example.org",
    "staff_contact": "",
    "owner_email": "",
    "check_every_weeks": "26",
    "checked_on": "",
    "published_at": "",
    "meetings-TOTAL_FORMS": "1",
    "meetings-INITIAL_FORMS": "0",
    "meetings-0-frequency": "monthly",
    "meetings-0-interval": "1",
    "meetings-0-weekday": "1",
    "meetings-0-ordinals": ["2", "4"],
    "meetings-0-starts_at": "18:30",
    "meetings-0-duration_minutes": "90",
    "meetings-0-time_zone": "Europe/London",
    "meetings-0-first_on": "2026-11-01",
    "meetings-0-last_on": "",
    "pauses-TOTAL_FORMS": "0",
    "pauses-INITIAL_FORMS": "0",
    "joining_details-TOTAL_FORMS": "1",
    "joining_details-INITIAL_FORMS": "0",
    "joining_details-0-link": "zoom.us/j/81234567890",
    "joining_details-0-meeting_number": "",
    "joining_details-0-passcode": "lavender",
    "joining_details-0-phone": "",
    "joining_details-0-door_code": "",
    "joining_details-0-note": "",
}
ADD = "/admin/community/supportgroup/add/"
LIST = "/admin/community/supportgroup/"


@pytest.fixture
def desk(client, moderator):
    """A browser in which a moderator is signed in."""
    client.force_login(moderator)
    return client


def test_moderator_adds_a_group_with_its_meeting_and_the_way_in(desk, moderator):
    response = desk.post(ADD, GROUP)

    group = SupportGroup.objects.get()
    assert response.status_code == 302, response.context["errors"]
    assert group.published_at is None
    assert group.website == "https://circle.example.org"
    assert (
        group.meetings.get().rule_in_words == "Second and fourth Tuesday of the month, 6:30\xa0p.m."
    )
    assert group.meetings.get().occurrences.count() > 20
    assert group.joining_details.link == "https://zoom.us/j/81234567890"
    assert group.history.get().history_user == moderator


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"is_online": ""}, "is_in_person", "Say how people attend"),
        ({"is_in_person": "on"}, "place", "Say where people meet"),
        ({"public_contact": "Ann Smith"}, "public_contact", "the first name, alone"),
        ({"description": "Passcode: heather"}, "description", "seems to hold a way in"),
        ({"meetings-0-ordinals": []}, "meetings-0-ordinals", "Say which of the month"),
        ({"meetings-0-time_zone": "Mars/Base"}, "meetings-0-time_zone", "is not a time zone"),
        ({"meetings-0-first_on": "0026-11-01"}, "meetings-0-first_on", "Look at the year"),
        ({"meetings-0-last_on": "2026-10-01"}, "meetings-0-last_on", "cannot come before"),
        (
            {"description": "Say lavender at the door"},
            "joining_details-0-passcode",
            "This also stands in “what it is”",
        ),
    ],
)
def test_mistake_is_said_beside_its_field_and_nothing_is_lost(desk, changes, field, words):
    response = desk.post(ADD, {**GROUP, **changes})

    assert response.status_code == 200
    assert not SupportGroup.objects.exists()
    forms = [response.context["adminform"].form]
    for formset in response.context["inline_admin_formsets"]:
        forms += formset.formset.forms
    errors = {
        form.add_prefix(name): " ".join(messages)
        for form in forms
        for name, messages in form.errors.items()
    }
    assert list(errors) == [field]
    assert words in errors[field]
    text = response.content.decode()
    assert "zoom.us/j/81234567890" in text
    assert 'value="Tuesday circle"' in text


def test_list_shows_what_a_moderator_wants_to_know(desk):
    group = MeetingFactory(group__name="Circle", group__checked_on=date(2026, 11, 1)).group
    next_start = group.meetings.get().occurrences.first().starts_at

    text = desk.get(LIST).content.decode()

    assert "Circle" in text
    assert f"{next_start:%a} {next_start.day} {next_start:%b}, 18:30 London time" in text
    assert "(1 Nov 2026)" in text
    assert "Published on" in text
    assert ">online<" in text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("checked=never", {"Unchecked"}),
        ("checked=recently", {"Fresh"}),
        ("checked=long-ago", {"Stale"}),
        ("published=no", {"Unchecked"}),
        ("published=later", {"Stale"}),
        ("published=yes", {"Fresh"}),
        ("way=phone", {"Stale"}),
        ("way=online", {"Fresh", "Unchecked"}),
        ("next=known", {"Fresh"}),
        ("next=unknown", {"Stale", "Unchecked"}),
        ("example=yes", {"Unchecked"}),
        ("example=no", {"Fresh", "Stale"}),
        ("ended=no", {"Fresh", "Stale", "Unchecked"}),
        ("ended=yes", {"Over"}),
        ("country=NZ", {"Over"}),
        ("q=fres", {"Fresh"}),
    ],
)
def test_filters_speak_the_words_of_staff(desk, query, names):
    today, now = timezone.localdate(), timezone.now()
    MeetingFactory(group__name="Fresh", group__checked_on=today)
    SupportGroupFactory(
        name="Stale",
        checked_on=today - timedelta(days=91),
        published_at=now + timedelta(days=1),
        is_online=False,
        is_by_phone=True,
    )
    SupportGroupFactory(name="Unchecked", published_at=None, is_example=True)

    if "ended" in query or "country" in query:
        SupportGroupFactory(name="Over", ended_on=today, country="NZ")

    response = desk.get(f"{LIST}?{query}")

    assert {group.name for group in response.context["cl"].result_list} == names


def act(desk, action, *groups):
    data = {"action": action, "_selected_action": [group.pk for group in groups]}
    response = desk.post(LIST, data, follow=True)
    for group in groups:
        group.refresh_from_db()
    return [str(message) for message in response.context["messages"]]


def test_action_marks_groups_as_checked_today(desk):
    groups = [SupportGroupFactory(), SupportGroupFactory()]

    [message] = act(desk, "mark_as_checked", *groups)

    assert message.startswith("2 listings are marked as checked today, ")
    assert {group.checked_on for group in groups} == {timezone.localdate()}
    assert groups[0].history.count() == 2
    assert LogEntry.objects.count() == 2


def test_action_publishes_and_leaves_alone_what_is_on_the_site(desk, client):
    draft = SupportGroupFactory(published_at=None)
    live = SupportGroupFactory(name="Live")
    before = live.published_at

    messages = act(desk, "publish", draft, live)

    assert "1 listing is on the site now." in messages
    assert "“Live” is on the site already. It was left as it is." in messages
    assert live.published_at == before
    assert client.get(draft.get_absolute_url()).status_code == 200


def test_action_does_not_publish_a_way_in(desk):
    group = SupportGroupFactory(
        name="Open door", published_at=None, description="Passcode: lavender"
    )

    [message] = act(desk, "publish", group)

    assert message.startswith("“Open door” was not published: Everybody can read this field")
    assert group.published_at is None


def test_action_does_not_publish_what_the_joining_details_hold(desk):
    group = JoiningDetailsFactory(
        passcode="lavender", group__published_at=None, group__description="Say lavender."
    ).group

    [message] = act(desk, "publish", group)

    assert "This also stands in “what it is”" in message
    assert group.published_at is None


def test_action_takes_groups_off_the_site(desk, client):
    group = SupportGroupFactory()

    [message] = act(desk, "take_off", group)

    assert message.startswith("1 listing is off the site. Nothing in it is lost")
    assert client.get(group.get_absolute_url()).status_code == 404
    assert act(desk, "take_off", group) == ["None of these was on the site. Nothing was changed."]


def test_link_to_the_page_is_there_when_the_page_is(desk):
    live, draft = SupportGroupFactory(slug="live"), SupportGroupFactory(published_at=None)

    assert 'href="/groups/live/"' in desk.get(f"{LIST}{live.pk}/change/").content.decode()
    assert "viewsitelink" not in desk.get(f"{LIST}{draft.pk}/change/").content.decode()


def test_history_shows_who_changed_what_and_nothing_of_the_way_in(desk, moderator):
    details = JoiningDetailsFactory(passcode="lavender")
    group = details.group
    group.name = "Another name"
    group.save()

    text = desk.get(f"{LIST}{group.pk}/history/").content.decode()

    assert "Another name" in text
    assert "lavender" not in text
    assert moderator.email not in text
    assert 'style="' not in text


def test_record_of_a_change_names_fields_and_no_values(desk):
    desk.post(ADD, GROUP)

    assert "lavender" not in " ".join(LogEntry.objects.values_list("change_message", flat=True))


def test_group_can_be_published_from_a_later_moment_on(desk, client):
    desk.post(ADD, {**GROUP, "published_at": "2126-11-24T18:30"})

    group = SupportGroup.objects.get()
    assert f"{group.published_at:%Y-%m-%d %H:%M}" == "2126-11-24 18:30"
    assert client.get(group.get_absolute_url()).status_code == 404


def test_address_stays_once_readers_may_know_it(desk):
    group = SupportGroupFactory(slug="printed-on-a-leaflet")

    desk.post(f"{LIST}{group.pk}/change/", {**GROUP, "slug": "another", "published_at": ""})

    group.refresh_from_db()
    assert group.name == "Tuesday circle"
    assert group.slug == "printed-on-a-leaflet"


def test_zone_that_is_no_place_is_kept(desk):
    meeting = MeetingFactory(time_zone="US/Central")

    text = desk.get(f"{LIST}{meeting.group_id}/change/").content.decode()

    assert '<option value="US/Central" selected>' in text


@pytest.mark.parametrize("number", [2, 20])
def test_desk_needs_as_many_queries_for_many_groups(desk, number, django_assert_max_num_queries):
    for _ in range(number):
        MeetingFactory()

    with django_assert_max_num_queries(12):
        desk.get(LIST)


@pytest.mark.parametrize("role", ["Editor", "Reviewer"])
def test_other_roles_do_not_see_groups(client, role):
    group = JoiningDetailsFactory().group
    client.force_login(make_staff(role))

    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{group.pk}/change/").status_code == 403


def test_moderator_does_not_delete_groups(desk):
    group = SupportGroupFactory()

    assert desk.post(f"{LIST}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in desk.get(LIST).content.decode()


# Members


@pytest.fixture
def chief(client):
    """A browser in which a superuser is signed in."""
    chief = make_staff("Moderator")
    chief.is_superuser = True
    chief.save()
    client.force_login(chief)
    return client


def test_members_are_numbers(chief):
    member = MemberFactory(email="ann@hidden.example", display_name="Annabel")

    pages = [
        chief.get("/admin/community/member/"),
        chief.get(f"/admin/community/member/{member.pk}/change/"),
        chief.get(f"/admin/community/member/{member.pk}/history/", follow=True),
        chief.get("/admin/community/member/?q=ann"),
    ]

    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert "hidden.example" not in text
        assert "Annabel" not in text
    assert f"M{member.pk}" in pages[0].content.decode()


def test_superuser_changes_roles_and_nothing_else(chief):
    member = MemberFactory(is_staff=True)
    moderators = Group.objects.get(name="Moderator")

    response = chief.post(
        f"/admin/community/member/{member.pk}/change/",
        {
            "groups": [moderators.pk],
            "email": "other@example.org",
            "is_superuser": "on",
            "is_active": "",
            "password": "x",
        },
    )

    before = (member.email, member.password)
    member.refresh_from_db()
    assert response.status_code == 302
    assert list(member.groups.all()) == [moderators]
    assert (member.email, member.password) == before
    assert member.is_active
    assert not member.is_superuser


@pytest.mark.parametrize("path", ["add/", "4711/delete/"])
def test_members_are_neither_made_nor_deleted_here(chief, path):
    MemberFactory(pk=4711)

    assert chief.post(f"/admin/community/member/{path}", {"post": "yes"}).status_code == 403
    assert Member.objects.filter(pk=4711).exists()


@pytest.mark.parametrize("role", ["Editor", "Reviewer", "Moderator"])
def test_roles_do_not_see_members(client, role):
    member = MemberFactory()
    client.force_login(make_staff(role))

    assert client.get("/admin/community/member/").status_code == 403
    assert client.get(f"/admin/community/member/{member.pk}/change/").status_code == 403


@pytest.mark.parametrize(
    "model", ["readinglist", "saveditem", "joiningdetails", "consent", "occurrence"]
)
def test_what_is_private_has_no_desk(chief, model):
    assert chief.get(f"/admin/community/{model}/").status_code == 404


def test_joining_details_are_kept_on_the_groups_own_form(desk):
    group = JoiningDetailsFactory(passcode="lavender").group

    text = desk.get(f"{LIST}{group.pk}/change/").content.decode()

    assert 'value="lavender"' in text
    assert JoiningDetails.objects.count() == 1
    assert Meeting.objects.count() == 0
