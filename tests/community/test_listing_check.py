"""The page that a mailed link opens: what it shows, what it keeps, and what it tells strangers."""

import logging
import logging.config
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from community.care import verification_links
from community.care.suggested import seal
from community.care.verification_mails import ask
from community.fields import Sealed
from community.models import Pause, Suggestion, SupportGroup, Verification
from community.models.verifications import record_check, record_return
from portal.logs import logging_config
from portal.mail import prune_finished
from tests.factories import (
    JoiningDetailsFactory,
    MeetingFactory,
    MemberFactory,
    SupportGroupFactory,
    make_staff,
)
from tests.facts.test_clinical_review import everything_stored

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
OWNER = "owner-canary@mail.example"


@pytest.fixture(autouse=True)
def clock():
    """It is noon on 1 December 2026 until somebody moves the clock."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def group():
    group = SupportGroupFactory(
        slug="circle",
        name="Tuesday circle",
        description="We talk and drink tea.",
        joining_policy="members",
        checked_on=date(2026, 3, 1),
        published_at=datetime(2026, 1, 1, tzinfo=UTC),
        owner_email=OWNER,
        staff_contact="Staff canary",
    )
    MeetingFactory(group=group)
    JoiningDetailsFactory(group=group, passcode="passcode-canary")
    return group


@pytest.fixture
def link(group):
    ask(group)
    return path_in(mail.outbox[0])


@pytest.fixture
def stranger():
    """A browser without a session, whose forms are checked as in real life."""
    return Client(enforce_csrf_checks=True)


def stored():
    """Return every row of every table but the cache; of an encrypted text, what is kept."""
    return {
        table: [[v.token if isinstance(v, Sealed) else v for v in row] for row in rows]
        for table, rows in everything_stored().items()
        if table != "cache"
    }


def path_in(message):
    return re.search(r"http://localhost:8000(/listing-check/\S+)", message.body)[1]


def text_of(response):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def send(client, link, **data):
    """Open the page and send its form, as a browser does."""
    client.get(link)
    token = client.cookies["csrf"].value if "csrf" in client.cookies else ""
    data = {**data, "csrfmiddlewaretoken": token}
    return client.post(link, data, headers={"origin": "http://testserver"})


class TestPage:
    def test_shows_the_listing_as_readers_see_it(self, client, link):
        words = text_of(client.get(link))

        for shown in (
            "Tuesday circle",
            "We talk and drink tea.",
            "Every Tuesday, 6:30 p.m.",
            "People living with it run the group",
            "Not confirmed since March 2026.",
            "This page takes one answer, until 29 December 2026.",
        ):
            assert shown in words

    def test_shows_nothing_that_the_page_of_the_group_does_not(self, client, link):
        page = client.get(link).content.decode()

        for secret in ("passcode-canary", "zoom.us", OWNER, "Staff canary"):
            assert secret not in page

    def test_nobody_keeps_a_copy_or_learns_the_address(self, client, link):
        for response in (
            client.get(link),
            client.head(link),
            client.post(link, {}),
            client.get("/listing-check/wrong/"),
        ):
            assert response["Cache-Control"] == "private, no-store"
            assert response["Referrer-Policy"] == "same-origin"
            assert "noindex" in response["X-Robots-Tag"]
        page = client.get(link).content.decode()
        assert '<meta name="robots" content="noindex, nofollow">' in page
        assert link not in page

    @pytest.mark.parametrize("role", ["member", "Moderator"])
    def test_who_is_signed_in_makes_no_difference(self, client, link, role):
        client.force_login(MemberFactory() if role == "member" else make_staff(role))

        assert client.get(link).status_code == 200

    def test_needs_no_session(self, stranger, link):
        stranger.get(link)

        assert set(stranger.cookies) == {"csrf"}

    @pytest.mark.parametrize("number", [1, 20])
    def test_needs_as_many_queries_for_many_meetings(
        self, client, group, link, number, django_assert_max_num_queries
    ):
        for _ in range(number):
            MeetingFactory(group=group)

        with django_assert_max_num_queries(8):
            client.get(link)


class TestOpeningChangesNothing:
    @pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete"])
    def test_whatever_opens_it(self, stranger, link, method):
        before = stored()

        for _ in range(3):
            getattr(stranger, method)(link)
            getattr(stranger, method)(link + "?answer=ended")

        assert stored() == before


class TestAnswer:
    def test_still_right_is_on_the_page_at_once(self, client, stranger, group, link):
        response = send(stranger, link, answer="right")

        assert (response.status_code, response["Location"]) == (302, link)
        thanks = stranger.get(link)
        assert thanks.status_code == 410
        assert "Thank you, your answer is here" in text_of(thanks)
        assert "Checked today, on 1 December 2026." in text_of(client.get("/groups/circle/"))

    def test_break_is_kept(self, stranger, link):
        send(stranger, link, answer="paused", paused_until="2027-01-31")

        assert Pause.objects.get().last_on == date(2027, 1, 31)
        assert "there is a break" in text_of(stranger.get(link))

    def test_break_without_an_end_too(self, stranger, link):
        send(stranger, link, answer="paused", paused_until="")

        assert Pause.objects.get().last_on is None

    def test_end_is_said_on_the_page_until_it_is_decided(self, client, stranger, link):
        send(stranger, link, answer="ended")

        words = text_of(client.get("/groups/circle/"))
        assert "The organizer says that this group has ended." in words

    def test_address_is_deleted(self, stranger, group, link):
        send(stranger, link, answer="not-mine")

        group.refresh_from_db()
        assert group.owner_email == ""
        assert "We have deleted the address." in text_of(stranger.get(link))

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            ({}, "Choose one of the five answers."),
            ({"answer": "maybe"}, "Select a valid choice"),
            ({"answer": "paused", "paused_until": "soon"}, "This is no day."),
            ({"answer": "paused", "paused_until": "2026-11-30"}, "This day is over."),
            ({"answer": "paused", "paused_until": "2036-11-30"}, "more than two years away"),
            ({"answer": "paused", "paused_until": "٢٠٢٧-٠١-٠٠"}, "This is no day."),
            ({"answer": "right", "paused_until": "2027-01-31"}, "This day is for a break."),
        ],
    )
    def test_what_was_typed_survives_an_error(self, stranger, link, data, error):
        response = send(stranger, link, **data)

        assert response.status_code == 400
        words = text_of(response)
        assert "There is something to put right" in words
        assert error in words
        form = response.context["form"]
        for name, value in data.items():
            assert form[name].value() == value
        assert Verification.objects.get().answer == ""

    def test_other_fields_are_passed_over(self, stranger, group, link):
        send(stranger, link, answer="right", checked_on="2030-01-01", name="X", owner_email="x@y.z")

        group.refresh_from_db()
        assert (group.checked_on, group.name, group.owner_email) == (TODAY, "Tuesday circle", OWNER)

    def test_pressing_twice_is_no_error(self, stranger, link):
        send(stranger, link, answer="right")

        response = send(stranger, link, answer="right")

        assert (response.status_code, response["Location"]) == (302, link)

    def test_many_tries_are_slowed_down(self, client, link):
        for _ in range(30):
            assert client.post(link, {"answer": ""}).status_code == 400

        response = client.post(link, {"answer": "paused", "paused_until": "2027-01-31"})

        assert response.status_code == 429
        assert "2027-01-31" in response.content.decode()
        assert Verification.objects.get().answer == ""

    @pytest.mark.parametrize("token", [None, "x" * 64])
    def test_form_without_its_token_is_refused(self, stranger, link, token):
        stranger.get(link)
        data = {"answer": "right", **({"csrfmiddlewaretoken": token} if token else {})}

        response = stranger.post(link, data, headers={"origin": "http://testserver"})

        assert response.status_code == 403
        assert Verification.objects.get().answer == ""


class TestChanges:
    def typed(self, client, link, **changes):
        """Return what a browser sends of the form that it was shown."""
        form = client.get(link + "changes/").context["form"]
        data = {}
        for name in form.fields:
            value = form[name].value()
            if value not in (None, "", []):
                data[name] = value
        return {**data, **changes}

    def test_answer_leads_to_the_form(self, stranger, link):
        response = send(stranger, link, answer="change")

        assert (response.status_code, response["Location"]) == (302, link + "changes/")
        assert Verification.objects.get().answer == ""
        assert "What has changed?" in text_of(stranger.get(link + "changes/"))

    def test_change_waits_for_a_moderator_and_is_from_the_organizer(self, client, group, link):
        typed = self.typed(client, link, cost="£3 for tea", words="We have moved upstairs.")

        response = client.post(link + "changes/", typed)

        assert (response.status_code, response["Location"]) == (302, link)
        asking, suggestion = Verification.objects.get(), Suggestion.objects.get()
        assert (asking.answer, asking.suggestion) == ("change", suggestion)
        assert suggestion.changes == {"cost": {"was": "", "new": "£3 for tea"}}
        assert suggestion.words == "We have moved upstairs."
        group.refresh_from_db()
        assert (group.cost, group.checked_on) == ("", date(2026, 3, 1))
        assert "before readers see them" in text_of(client.get(link))

    def test_nothing_changed_is_said(self, client, link):
        response = client.post(link + "changes/", self.typed(client, link))

        assert response.status_code == 400
        assert "Nothing here differs" in text_of(response)
        assert Verification.objects.get().answer == ""

    def test_way_in_is_refused_and_kept(self, client, link):
        typed = self.typed(client, link, description="Passcode: heather")

        response = client.post(link + "changes/", typed)

        assert response.status_code == 400
        assert "Passcode: heather" in text_of(response)

    def test_pressing_twice_is_no_error(self, client, link):
        typed = self.typed(client, link, cost="£3 for tea")
        client.post(link + "changes/", typed)

        response = client.post(link + "changes/", typed)

        assert (response.status_code, response["Location"]) == (302, link)
        assert Suggestion.objects.count() == 1

    def test_late_change_is_kept_on_the_page_and_nowhere_else(self, client, link):
        typed = self.typed(client, link, words="We have moved upstairs.")
        Verification.objects.get().record_answer("right")

        response = client.post(link + "changes/", typed)

        assert response.status_code == 409
        assert "We have moved upstairs." in response.content.decode()
        assert not Suggestion.objects.exists()

    def test_closed_link_shows_no_form(self, client, link):
        Verification.objects.get().record_answer("right")

        assert client.get(link + "changes/").status_code == 410

    def test_what_was_on_another_groups_page_is_passed_over(self, client, link):
        other = SupportGroupFactory(cost="Free")
        typed = self.typed(client, link, cost="£3 for tea", seen=seal(other))

        client.post(link + "changes/", typed)

        assert Suggestion.objects.get().changes["cost"] == {"was": "", "new": "£3 for tea"}

    def test_page_is_nobody_elses(self, client, link):
        response = client.get(link + "changes/")

        assert response["Cache-Control"] == "private, no-store"
        assert "noindex" in response["X-Robots-Tag"]
        page = response.content.decode()
        for secret in ("passcode-canary", "zoom.us", OWNER, "Staff canary"):
            assert secret not in page

    def test_opening_changes_nothing(self, stranger, link):
        before = stored()

        for method in ("get", "head", "options", "put", "patch", "delete"):
            getattr(stranger, method)(link + "changes/")

        assert stored() == before


class TestClosed:
    SAID = {
        "expired": "This link has run out",
        "answered": "An answer came with this link on 1 December 2026.",
        "checked": "You need not answer any more",
        "replaced": "You need not answer any more",
        "bounced": "You need not answer any more",
        "off": "You need not answer any more",
    }

    @pytest.fixture(params=SAID)
    def closed(self, request, group, link, clock):
        match request.param:
            case "expired":
                clock.move_to(NOW + timedelta(weeks=4))
            case "answered":
                Verification.objects.get().record_answer("ended")
            case "checked":
                record_check(group, TODAY, "phone")
            case "replaced":
                clock.move_to(NOW + timedelta(days=2))
                ask(group, make_staff("Moderator"))
            case "bounced":
                record_return(group, None)
            case "off":
                SupportGroup.objects.update(published_at=None)
        return request.param

    def test_page_is_kind_and_tells_nothing_of_the_listing(self, stranger, link, closed):
        response = stranger.get(link)

        assert response.status_code == 410
        words = text_of(response)
        assert self.SAID[closed] in words
        assert "Tuesday circle" not in words
        assert ("See the listing" in words) == (closed != "off")

    def test_late_answer_changes_nothing_and_is_kept_on_the_page(self, client, link, closed):
        before = stored()

        response = client.post(link, {"answer": "paused", "paused_until": "2027-01-31"})

        assert response.status_code == 409
        assert "What you chose just now was not sent." in text_of(response)
        assert "2027-01-31" in response.content.decode()
        assert stored() == before


class TestTampered:
    @pytest.mark.parametrize(
        "change",
        [
            lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
            lambda token: token[1:],
            lambda token: token + "A",
            lambda token: token.split(".")[0],
            lambda token: token.swapcase(),
            lambda token: "." + token,
            lambda token: "é" + token,
            lambda token: "%00",
            lambda token: "x" * 5000,
        ],
    )
    def test_is_a_page_like_any_other_that_is_not_there(self, client, link, change):
        token = link.split("/")[2]

        for response in (
            client.get(f"/listing-check/{change(token)}/"),
            client.post(f"/listing-check/{change(token)}/", {"answer": "right"}),
        ):
            assert response.status_code in {400, 404}
            assert "Tuesday" not in text_of(response)
        assert Verification.objects.get().answer == ""

    def test_token_of_an_asking_that_is_gone_opens_nothing(self, client, link):
        Verification.objects.all().delete()

        assert client.get(link).status_code == 404


class TestCanary:
    """The link is in the mail alone, and the address on the form of the listing."""

    @pytest.fixture
    def lines(self):
        """Return what was logged, through the real configuration."""
        root, stream = logging.getLogger(), StringIO()
        handlers, level = root.handlers[:], root.level
        logging.config.dictConfig(logging_config("DEBUG"))
        root.handlers[0].setStream(stream)
        yield stream.getvalue
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.config.dictConfig({**logging_config("INFO"), "incremental": True, "handlers": {}})

    def test_no_page_log_or_column_holds_them(self, client, group, link, lines):
        token = link.split("/")[2]
        _pk, secret = verification_links.read_token(token)
        stranger = Client()
        for data in ({}, {"answer": "ended"}):
            stranger.get(link)
            stranger.post(link, data)
        stranger.get(link + "x/")
        client.force_login(make_staff("Moderator"))
        pages = [
            client.get(address).content.decode()
            for address in (
                "/admin/",
                "/admin/community/supportgroup/",
                f"/admin/community/supportgroup/{group.pk}/check/",
                f"/admin/community/supportgroup/{group.pk}/history/",
                "/groups/circle/",
            )
        ]

        for held in ("".join(pages), repr(stored()), lines()):
            assert len(held) > 500
            for canary in (token, secret, OWNER):
                assert canary not in held
        assert Verification.objects.get().secret_hash not in "".join(pages)

    @pytest.mark.django_db(transaction=True)
    def test_queue_forgets_them_and_tells_what_was_refused(self, settings, group):
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
        settings.EMAIL_BACKEND = "portal.mail.QueuedEmailBackend"
        settings.EMAIL_DELIVERY_BACKEND = "tests.portal.test_mail.RefusingBackend"
        asking = ask(group)
        assert OWNER in repr(stored())

        call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)
        prune_finished()

        asking.refresh_from_db()
        assert asking.state(NOW) == "bounced"
        assert OWNER not in repr(stored())


def test_time_zone_of_the_reader_is_heeded(client, link):
    assert timezone.now() == NOW
    client.post("/preferences/", {"zone": "America/Chicago"})

    assert "your time" in text_of(client.get(link))
