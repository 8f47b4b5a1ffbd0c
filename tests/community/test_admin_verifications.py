"""The desk where moderators keep listings true."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.core import mail

from community.care.verification_mails import ask
from community.models import Event, SupportGroup, Verification
from tests.community.test_admin_groups import GROUP
from tests.factories import (
    CorrectionFactory,
    SupportGroupFactory,
    VerificationFactory,
    make_staff,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
OWNER = "owner-canary@mail.example"
LIST = "/admin/community/supportgroup/"


@pytest.fixture(autouse=True)
def clock():
    """It is noon on 1 December 2026 until somebody moves the clock."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(client, moderator):
    """A browser in which a moderator is signed in."""
    client.force_login(moderator)
    return client


@pytest.fixture
def group():
    return SupportGroupFactory(
        slug="circle",
        name="Circle",
        checked_on=date(2026, 3, 1),
        published_at=datetime(2026, 1, 1, tzinfo=UTC),
        owner_email=OWNER,
    )


def url(group):
    return f"{LIST}{group.pk}/check/"


def step(desk, group, name, **data):
    response = desk.post(url(group), {"step": name, **data}, follow=True)
    group.refresh_from_db()
    return response


def act(desk, action, *groups):
    data = {"action": action, "_selected_action": [group.pk for group in groups]}
    response = desk.post(LIST, data, follow=True)
    return [str(message) for message in response.context["messages"]]


class TestPage:
    def test_says_what_readers_see_and_when_it_is_due(self, desk, group):
        text = desk.get(url(group)).content.decode()

        assert "Not confirmed since March 2026." in text
        assert "To be checked again on 30 August 2026, 26 weeks after the last check." in text
        assert "The organizer’s address is known." in text

    def test_says_that_nobody_can_be_asked(self, desk):
        group = SupportGroupFactory()

        text = desk.get(url(group)).content.decode()

        assert "It has never been checked." in text
        assert "the organizer’s address is not known" in text
        assert "Ask the organizer now" not in text

    def test_tells_what_was_asked_and_answered(self, desk, group):
        suggestion = CorrectionFactory(group=group)
        VerificationFactory(
            group=group,
            sent_at=NOW - timedelta(weeks=3),
            reminded_at=NOW - timedelta(weeks=1),
            reminder_hash="a",
            answer="change",
            answered_at=NOW,
            suggestion=suggestion,
        )

        text = desk.get(url(group)).content.decode()

        for words in ("10 Nov 2026", "24 Nov 2026", "Something changes", "1 Dec 2026"):
            assert words in text
        assert "Answer to decide" in text

    def test_suggestion_says_that_it_is_from_the_organizer(self, desk, group):
        suggestion = CorrectionFactory(group=group)
        address = f"/admin/community/suggestion/{suggestion.pk}/change/"
        assert "From the organizer" not in desk.get(address).content.decode()

        VerificationFactory(group=group, answer="change", answered_at=NOW, suggestion=suggestion)

        assert "From the organizer" in desk.get(address).content.decode()
        assert ", from the organizer" in desk.get("/admin/community/suggestion/").content.decode()
        assert address in desk.get(url(group)).content.decode()

    @pytest.mark.parametrize("number", [1, 20])
    def test_needs_as_many_queries_for_many_askings(
        self, desk, group, number, django_assert_max_num_queries
    ):
        for week in range(number):
            VerificationFactory(group=group, sent_at=NOW - timedelta(weeks=week), withdrawn_at=NOW)
            Event.objects.create(
                at=NOW, action="group-checked", subject_kind="group", subject_key=str(group.pk)
            )

        with django_assert_max_num_queries(11):
            desk.get(url(group))

    @pytest.mark.parametrize("role", ["Editor", "Reviewer"])
    def test_other_roles_do_not_see_it(self, client, group, role):
        client.force_login(make_staff(role))

        assert client.get(url(group)).status_code == 403
        assert client.post(url(group), {"step": "ask"}).status_code == 403
        assert mail.outbox == []

    @pytest.mark.parametrize("pk", ["0", "9999999", str(2**63)])
    def test_group_that_is_not_there_is_not_found(self, desk, pk):
        assert desk.get(f"{LIST}{pk}/check/").status_code in {400, 404}
        assert desk.post(f"{LIST}{pk}/check/", {"step": "ask"}).status_code in {400, 404}


class TestSteps:
    def test_checked_by_phone(self, desk, group, moderator):
        edited_at = group.edited_at

        response = step(desk, group, "check", how="phone", on="2026-11-30")

        assert "Marked as checked on 30 November 2026." in response.content.decode()
        assert (group.checked_on, group.edited_at) == (date(2026, 11, 30), edited_at)
        event = Event.objects.get()
        assert (event.detail, event.actor) == ("phone", moderator)
        assert "listing checked by you, by phone" in response.content.decode()

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            ({"on": "2026-11-30"}, "Say how you know."),
            ({"how": "magic", "on": "2026-11-30"}, "Select a valid choice"),
            ({"how": "link", "on": "2026-11-30"}, "Select a valid choice"),
            ({"how": "phone", "on": ""}, "Give the day."),
            ({"how": "phone", "on": "yesterday"}, "This is no day."),
            ({"how": "phone", "on": "2026-12-02"}, "This day has not come yet."),
        ],
    )
    def test_check_that_is_not_complete_is_said(self, desk, group, data, error):
        response = desk.post(url(group), {"step": "check", **data})

        assert response.status_code == 400
        assert error in response.content.decode()
        assert not Event.objects.exists()

    def test_ask_now(self, desk, group):
        response = step(desk, group, "ask")

        assert "The mail is on its way." in response.content.decode()
        assert mail.outbox[0].to == [OWNER]

    def test_asking_twice_is_refused_in_words(self, desk, group):
        step(desk, group, "ask")

        response = desk.post(url(group), {"step": "ask"})

        assert response.status_code == 409
        assert "asked within the last day" in response.content.decode()

    def test_mail_came_back(self, desk, group):
        step(desk, group, "ask")

        response = step(desk, group, "returned")

        assert "Mail came back</span>" in response.content.decode()
        assert Verification.objects.get().bounced_at

    def test_end_is_confirmed(self, desk, group):
        ask(group)
        Verification.objects.get().record_answer("ended")
        assert "The organizer said so by mail" in desk.get(url(group)).content.decode()

        step(desk, group, "end", on="2026-12-01")

        assert (group.ended_on, group.reported_ended_on) == (TODAY, None)
        assert "It has ended." in desk.get(url(group)).content.decode()

    def test_end_is_denied_by_a_check(self, desk, group):
        ask(group)
        Verification.objects.get().record_answer("ended")

        step(desk, group, "check", how="phone", on="2026-12-01")

        assert (group.ended_on, group.reported_ended_on) == (None, None)

    def test_nothing_is_left_to_do(self, desk, group):
        ask(group)
        Verification.objects.get().record_answer("not-mine")

        step(desk, group, "settle")

        assert SupportGroup.objects.with_todo(NOW).get().todo == "due"

    @pytest.mark.parametrize("name", ["returned", "settle", "", "delete", "\u0661"])
    def test_step_that_cannot_be_taken_changes_nothing(self, desk, group, name):
        response = desk.post(url(group), {"step": name})

        assert response.status_code in {400, 409}
        assert not Event.objects.exists()

    def test_every_step_is_in_the_history_of_the_desk(self, desk, group):
        step(desk, group, "ask")
        step(desk, group, "check", how="page", on="2026-12-01")

        messages = set(LogEntry.objects.values_list("change_message", flat=True))
        assert len(messages) == 2


class TestList:
    def test_says_what_is_left_to_do(self, desk, group):
        VerificationFactory(group=group, bounced_at=NOW)

        assert "Mail came back</span>" in desk.get(LIST).content.decode()

    @pytest.mark.parametrize(
        ("todo", "names"),
        [
            ("any", {"Bounced", "Never"}),
            ("bounced", {"Bounced"}),
            ("waiting", {"Asked"}),
            ("never-checked", {"Never"}),
            ("due", set()),
            ("nonsense", {"Asked", "Bounced", "Fresh", "Never"}),
        ],
    )
    def test_filter(self, desk, todo, names):
        VerificationFactory(group__name="Bounced", bounced_at=NOW)
        VerificationFactory(group__name="Asked")
        SupportGroupFactory(name="Never")
        SupportGroupFactory(name="Fresh", checked_on=TODAY)

        response = desk.get(f"{LIST}?todo={todo}")

        assert {group.name for group in response.context["cl"].result_list} == names

    def test_asks_many_and_says_who_cannot_be_asked(self, desk, group):
        unknown = SupportGroupFactory(name="Unknown")

        messages = act(desk, "ask_now", group, unknown)

        assert messages == [
            "“Unknown” was left as it is: The organizer’s address is not known.",
            "1 organizer was asked. The mail is on its way.",
        ]
        assert len(mail.outbox) == 1

    def test_mails_that_came_back(self, desk, group):
        act(desk, "ask_now", group)

        [message] = act(desk, "mail_came_back", group)

        assert message.startswith("Noted that 1 mail came back.")
        [message] = act(desk, "mail_came_back", group)
        assert message.startswith("“Circle” was left as it is: No mail is waiting")

    def test_marking_as_checked_moves_one_date_alone(self, desk, group):
        edited_at = group.edited_at

        act(desk, "mark_as_checked", group)

        group.refresh_from_db()
        assert (group.checked_on, group.edited_at) == (TODAY, edited_at)


class TestForm:
    def save(self, desk, group, **changes):
        data = {**GROUP, "meetings-TOTAL_FORMS": "0", "joining_details-TOTAL_FORMS": "0"}
        data |= {
            "name": group.name,
            "slug": group.slug,
            "description": group.description,
            "cost": "",
            "joining_policy": group.joining_policy,
            "public_contact": "",
            "website": "",
            "owner_email": OWNER,
            "published_at": "2026-01-01T00:00",
        }
        response = desk.post(f"{LIST}{group.pk}/change/", {**data, **changes})
        assert response.status_code == 302, response.context["errors"]
        group.refresh_from_db()

    def test_edit_never_moves_the_check(self, desk, group, clock):
        clock.move_to(NOW + timedelta(minutes=5))

        self.save(desk, group, name="Another name", checked_on="2026-12-01")

        assert (group.name, group.checked_on) == ("Another name", date(2026, 3, 1))
        assert group.edited_at == NOW + timedelta(minutes=5)

    def test_what_staff_alone_see_is_no_edit(self, desk, group, clock):
        clock.move_to(NOW + timedelta(minutes=5))

        self.save(desk, group, check_every_weeks="8", owner_email="new@mail.example")

        assert (group.check_every_weeks, group.owner_email) == (8, "new@mail.example")
        assert group.edited_at == NOW

    def test_another_address_closes_the_old_link(self, desk, group):
        asking = ask(group)

        self.save(desk, group, owner_email="new@mail.example")

        asking.refresh_from_db()
        assert asking.state(NOW) == "withdrawn"

    def test_the_same_address_does_not(self, desk, group):
        asking = ask(group)

        self.save(desk, group, name="Another name")

        asking.refresh_from_db()
        assert asking.state(NOW) == "waiting"

    @pytest.mark.parametrize("weeks", ["3", "105", "-1", "", "x", str(2**63)])
    def test_interval_has_bounds(self, desk, group, weeks):
        data = {**GROUP, "check_every_weeks": weeks}

        response = desk.post(f"{LIST}{group.pk}/change/", data)

        assert response.status_code == 200
        assert "check_every_weeks" in response.context["adminform"].form.errors

    def test_address_must_be_one(self, desk, group):
        response = desk.post(f"{LIST}{group.pk}/change/", {**GROUP, "owner_email": "Ann"})

        assert "owner_email" in response.context["adminform"].form.errors

    def test_address_that_no_key_opens_stays_until_another_is_given(self, desk, group, settings):
        keys = settings.NOTES_KEYS
        settings.NOTES_KEYS = [Fernet.generate_key().decode()]

        assert "its key is missing" in desk.get(f"{LIST}{group.pk}/change/").content.decode()
        assert "cannot be read any more" in desk.get(url(group)).content.decode()
        assert "cannot be read any more" in act(desk, "ask_now", group)[0]
        self.save_without_address(desk, group)

        settings.NOTES_KEYS = keys
        assert SupportGroup.objects.get().owner_email == OWNER
        assert SupportGroup.objects.get().name == "Another name"

    def save_without_address(self, desk, group):
        data = {**GROUP, "meetings-TOTAL_FORMS": "0", "joining_details-TOTAL_FORMS": "0"}
        data |= {"name": "Another name", "owner_email": "", "published_at": "2026-01-01T00:00"}
        assert desk.post(f"{LIST}{group.pk}/change/", data).status_code == 302


class TestCanary:
    """The organizer's address stands on the form of the listing, and nowhere else."""

    def test_no_other_page_and_no_column_holds_it(self, desk, client, group, caplog):
        ask(group)
        group.name = "Another name"
        group.save()
        step(desk, group, "returned")
        step(desk, group, "check", how="phone", on="2026-12-01")

        pages = [
            desk.get(address)
            for address in (
                "/admin/",
                LIST,
                f"{LIST}?q=canary",
                url(group),
                f"{LIST}{group.pk}/history/",
                "/groups/",
                "/groups/circle/",
                "/search/?q=canary",
                "/sitemap.xml",
            )
        ]
        pages.append(desk.post(LIST, {"action": "ask_now", "_selected_action": [group.pk]}))
        for page in pages:
            assert "owner-canary" not in page.content.decode()
        stored = repr(
            [
                list(model.objects.values_list())
                for model in (SupportGroup, SupportGroup.history.model, LogEntry, Event)
            ]
        )
        assert "owner-canary" not in stored
        assert "owner-canary" not in caplog.text
        assert "owner-canary" in desk.get(f"{LIST}{group.pk}/change/").content.decode()

    def test_search_of_the_desk_does_not_find_it(self, desk, group):
        response = desk.get(f"{LIST}?q=owner-canary")

        assert list(response.context["cl"].result_list) == []
