"""The page that a mailed link opens: what it shows, what it keeps, and what it tells strangers."""

import logging
import logging.config
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facts import review_links
from facts.models import Event, Review, ReviewRequest
from facts.review_mails import send_request
from portal.logs import logging_config
from portal.mail import prune_finished
from tests.factories import (
    CitationFactory,
    DraftFactory,
    FactFactory,
    MemberFactory,
    SourceFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db
CLINICIAN = "clinician-canary@hospital.example"
TYPED = {
    "answer": "change",
    "name": "Ada <Wells>",
    "role": "Nurse & teacher",
    "note": "“Twice a day”\nis wrong.",
}


def path_in(message):
    """Return the path of the link in a mail."""
    return re.search(r"http://localhost:8000(/clinical-review/\S+)", message.body)[1]


def text_of(response):
    """Return the words of a page without its tags."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def everything_stored():
    """Return every row of every table, and of the cache."""
    stored = {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for model in apps.get_models()
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {settings.CACHES['default']['LOCATION']}")
        stored["cache"] = cursor.fetchall()
    return stored


@pytest.fixture
def in_review(editor):
    """A second version in review, sensitive, beside the live one."""
    fact = FactFactory(topic__slug="outlook", slug="figures")
    make_live(fact, title="Half live", body="<p>Half of the people.</p>")
    draft = DraftFactory(
        fact=fact,
        number=2,
        author=editor,
        title="Most live",
        neutral_heading="Figures over time",
        body="<p>Most of the people.</p>",
        call_now="Call today if you cannot breathe.",
        sensitivity="prognosis",
        audiences=["men"],
        cited=False,
    )
    source = SourceFactory(title="A registry", url="https://registry.example.org/2024")
    CitationFactory(version=draft, source=source, supports="how many live")
    draft.submit(editor)
    return draft


@pytest.fixture
def asked(in_review, editor):
    return send_request(in_review, editor, asked_of="Dr. Wells", email=CLINICIAN)


@pytest.fixture
def link(asked):
    return path_in(mail.outbox[0])


@pytest.fixture
def stranger():
    """A browser without a session, whose forms are checked as in real life."""
    return Client(enforce_csrf_checks=True)


def send(client, link, **changes):
    """Open the page and send its form, as a browser does."""
    client.get(link)
    token = client.cookies["csrf"].value if "csrf" in client.cookies else ""
    data = {**TYPED, **changes, "csrfmiddlewaretoken": token}
    return client.post(link, data, headers={"origin": "http://testserver"})


class TestPage:
    def test_shows_all_of_the_text_though_it_is_sensitive(self, client, link):
        response = client.get(link)

        assert response.status_code == 200
        words = text_of(response)
        for shown in (
            "Most live",
            "Most of the people.",
            "Call today if you cannot breathe.",
            "Figures over time",
            "Men",
            "Guideline",
            "Here it is open, because you need to read all of it.",
        ):
            assert shown in words

    def test_shows_the_sources_with_what_they_support(self, client, link):
        page = client.get(link).content.decode()

        assert 'href="https://registry.example.org/2024" rel="noreferrer noopener"' in page
        assert "how many live" in page

    def test_shows_the_difference_to_the_text_in_use(self, client, link):
        page = client.get(link).content.decode()

        assert re.search(r"<del>.*Half", page)
        assert re.search(r"<ins>.*Most", page)

    def test_says_when_nothing_is_different(self, client, editor):
        send_request(make_live(), editor, asked_of="A", email=CLINICIAN)

        words = text_of(client.get(path_in(mail.outbox[0])))

        assert "this is the text in use" in words
        assert "<del>" not in words

    def test_says_that_there_was_no_text_before(self, client, editor):
        draft = DraftFactory(author=editor)
        draft.submit(editor)
        send_request(draft, editor, asked_of="A", email=CLINICIAN)

        assert "There is no text in use" in text_of(client.get(path_in(mail.outbox[0])))

    def test_says_when_the_next_review_is_due(self, client, asked, link):
        due = asked.review_due

        assert f"{due:%B} {due.year}" in text_of(client.get(link))

    def test_needs_the_same_queries_however_many_sources(
        self, client, in_review, link, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(12):
            client.get(link)

    @pytest.mark.parametrize("role", ["member", "Editor", "Reviewer", "Moderator"])
    def test_who_is_signed_in_makes_no_difference(self, client, link, role):
        client.force_login(MemberFactory() if role == "member" else make_staff(role))

        assert client.get(link).status_code == 200

    def test_nobody_keeps_a_copy_or_learns_the_address(self, client, link):
        for response in (
            client.get(link),
            client.head(link),
            client.post(link, {}),
            client.get("/clinical-review/wrong/"),
        ):
            assert response["Cache-Control"] == "private, no-store"
            assert response["Referrer-Policy"] == "same-origin"
            assert "noindex" in response["X-Robots-Tag"]
        # Refused before the page is looked for.
        assert client.put(link)["Cache-Control"] == "private, no-store"
        page = client.get(link).content.decode()
        assert '<meta name="robots" content="noindex, nofollow">' in page
        # Not even on paper.
        assert link not in page
        assert link not in client.get("/clinical-review/wrong/").content.decode()

    def test_needs_no_session(self, stranger, link):
        stranger.get(link)

        assert set(stranger.cookies) == {"csrf"}


class TestOpeningChangesNothing:
    @pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete"])
    def test_whatever_opens_it(self, stranger, link, method):
        before = everything_stored()

        for _ in range(3):
            getattr(stranger, method)(link)
            getattr(stranger, method)(link + "?answer=approved&name=A&role=B")

        assert everything_stored() == before

    def test_not_closed_ones_either(self, stranger, asked, link, editor):
        asked.revoke(editor)
        before = everything_stored()

        stranger.get(link)

        assert everything_stored() == before


class TestAnswer:
    def test_approval_is_printed_once_the_version_is_live(
        self, client, stranger, in_review, link, reviewer
    ):
        response = send(stranger, link, answer="approved", name="Ada Wells", role="Nurse", note="")

        assert (response.status_code, response["Location"]) == (302, link)
        review = Review.objects.get()
        assert (review.reviewer_name, review.reviewer_role) == ("Ada Wells", "Nurse")
        assert "Thank you, your answer is here" in text_of(stranger.get(link))
        in_review.refresh_from_db()
        assert in_review.status == "in-review"
        in_review.approve(reviewer, change_kind="meaning", change_note="New figures.")
        page = text_of(client.get("/facts/outlook/figures/?show=all"))
        assert "by Ada Wells, Nurse." in page

    @pytest.mark.parametrize("answer", ["change", "not-mine"])
    def test_other_answers_are_for_staff(self, stranger, asked, link, answer):
        response = send(stranger, link, answer=answer)

        assert response.status_code == 302
        asked.refresh_from_db()
        assert (asked.answer, asked.answerer_name, asked.note) == (
            answer,
            TYPED["name"],
            TYPED["note"],
        )
        assert not Review.objects.exists()
        assert Event.objects.last().verb == "answered"

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"answer": ""}, "Choose one of the three answers."),
            ({"answer": "maybe"}, "Select a valid choice"),
            ({"name": "  "}, "Give your name"),
            ({"role": ""}, "Give your role"),
            ({"note": ""}, "Say what should be changed."),
            ({"name": "x" * 121}, "This is 121 characters long."),
            ({"note": "x" * 2001}, "This is 2001 characters long."),
        ],
    )
    def test_what_was_typed_survives_an_error(self, stranger, link, changes, error):
        response = send(stranger, link, **changes)

        assert response.status_code == 400
        words = text_of(response)
        assert "There is something to put right" in words
        assert error in words
        form = response.context["form"]
        for name, value in {**TYPED, **changes}.items():
            assert form[name].value() == value
        assert not ReviewRequest.objects.exclude(answer="").exists()
        assert "Most of the people." in words

    def test_line_ends_count_once(self, stranger, link):
        note = "x" * 1990 + "\r\n" * 9 + "x"

        assert send(stranger, link, note=note).status_code == 302
        assert len(ReviewRequest.objects.get().note) == 2000

    def test_name_is_kept_without_marks_that_nobody_sees(self, stranger, link):
        assert send(stranger, link, name="\u200b").status_code == 400
        send(stranger, link, name="Ada\u202e Wells", role="Nurse\x07")

        asked = ReviewRequest.objects.get()
        assert (asked.answerer_name, asked.answerer_role) == ("Ada Wells", "Nurse")

    def test_pressing_twice_is_no_error(self, stranger, link):
        send(stranger, link)

        response = send(stranger, link)

        assert (response.status_code, response["Location"]) == (302, link)
        assert Event.objects.filter(verb="answered").count() == 1

    def test_many_tries_are_slowed_down_and_lose_nothing(self, client, link):
        for _ in range(30):
            assert client.post(link, TYPED | {"name": ""}).status_code == 400

        response = client.post(link, TYPED)

        assert response.status_code == 429
        assert "is wrong." in text_of(response)
        assert not ReviewRequest.objects.exclude(answer="").exists()
        with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
            assert client.post(link, TYPED).status_code == 302


class TestForgery:
    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://elsewhere.example"},
            {"origin": "null"},
        ],
    )
    def test_form_of_another_site_is_refused(self, stranger, link, headers):
        stranger.get(link)
        data = {**TYPED, "csrfmiddlewaretoken": stranger.cookies["csrf"].value}

        response = stranger.post(link, data, headers=headers)

        assert response.status_code == 403
        assert response["Referrer-Policy"] == "same-origin"
        assert "is wrong." in text_of(response)
        assert not ReviewRequest.objects.exclude(answer="").exists()

    @pytest.mark.parametrize("token", [None, "x" * 64])
    def test_form_without_its_token_is_refused(self, stranger, link, token):
        stranger.get(link)
        data = {**TYPED, "csrfmiddlewaretoken": token} if token else TYPED

        response = stranger.post(link, data, headers={"origin": "http://testserver"})

        assert response.status_code == 403
        assert not ReviewRequest.objects.exclude(answer="").exists()


class TestClosed:
    """Each says what happened and nothing of the text; what was typed can be copied."""

    SAID = {
        "expired": "This link has run out",
        "revoked": "You need not answer any more",
        "answered": "An answer came with this link on",
        "changed": "The text is being changed",
        "decided": "This text has been decided",
        "approved": "This text has been decided",
    }

    @pytest.fixture(params=SAID)
    def closed(self, request, asked, in_review, editor, reviewer):
        clock = None
        match request.param:
            case "expired":
                clock = time_machine.travel(asked.expires_at + timedelta(seconds=1))
                clock.start()
            case "revoked":
                asked.revoke(editor)
            case "answered":
                asked.record_answer(answer="not-mine", name="Somebody", role="Else")
            case "changed":
                in_review.return_to_author(editor)
            case "decided":
                in_review.reject(reviewer, "No.")
            case "approved":
                in_review.approve(reviewer, change_kind="meaning", change_note="New.")
        yield request.param
        if clock:
            clock.stop()

    def test_page_tells_strangers_nothing(self, stranger, link, closed):
        response = stranger.get(link)

        assert response.status_code == 410
        words = text_of(response)
        assert self.SAID[closed] in words
        for secret in ("Most", "Figures", "registry", "Wells", "Somebody", "Else", "outlook"):
            assert secret not in words

    def test_late_answer_is_kept_on_the_page(self, stranger, client, link, closed):
        stored = {k: v for k, v in everything_stored().items() if k != "cache"}

        response = client.post(link, TYPED)

        assert response.status_code == 409
        words = text_of(response)
        assert "What you typed was not sent." in words
        for value in (TYPED["name"], TYPED["role"], "“Twice a day” is wrong."):
            assert value in words
        assert {k: v for k, v in everything_stored().items() if k != "cache"} == stored

    def test_incomplete_late_answer_too(self, client, link, closed):
        response = client.post(link, {"note": "Half a thought"})

        assert response.status_code == 409
        assert "Half a thought" in text_of(response)


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
            client.get(f"/clinical-review/{change(token)}/"),
            client.post(f"/clinical-review/{change(token)}/", TYPED),
        ):
            assert response.status_code in {400, 404}
            assert "Most" not in text_of(response)
        assert not ReviewRequest.objects.exclude(answer="").exists()


class TestCanary:
    """The link is in the mail alone."""

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

    def test_no_page_event_log_or_column_holds_it(self, client, in_review, reviewer, lines):
        client.force_login(reviewer)
        step = reverse("admin:facts_factversion_ask", args=[in_review.pk])
        data = {"asked_of": "Dr. Wells", "email": CLINICIAN, "line": ""}
        pages = [client.post(step, data, follow=True)]
        link = path_in(mail.outbox[0])
        token = link.split("/")[2]
        signed = token.split(".")[0]
        _pk, secret = review_links.read_token(token)
        asked = ReviewRequest.objects.get()

        stranger = Client()
        for answer in ("maybe", "approved"):
            stranger.get(link)
            stranger.post(link, TYPED | {"answer": answer})
        stranger.get(link)
        stranger.get(link + "x/")
        client.get(link[:-2] + "/")

        for name in ("facts_factversion_changelist", "facts_reviewrequest_changelist",
                     "facts_event_changelist", "facts_review_changelist", "index"):  # fmt: skip
            pages.append(client.get(reverse(f"admin:{name}")))
        for name in ("change", "history", "ask", "preview", "approve"):
            url = reverse(f"admin:facts_factversion_{name}", args=[in_review.pk])
            pages.append(client.get(url, follow=True))
        for name in ("change", "take_back", "history"):
            url = reverse(f"admin:facts_reviewrequest_{name}", args=[asked.pk])
            pages.append(client.get(url, follow=True))
        held = {
            "pages": "".join(page.content.decode() for page in pages),
            "columns": repr(everything_stored()),
            "logs": lines(),
        }
        for place, text in held.items():
            assert len(text) > 500, place
            for canary in (token, signed, secret, CLINICIAN):
                assert canary not in text, place
        # Nor the hash, which is of no use to anybody.
        assert asked.secret_hash not in held["pages"]

    @pytest.mark.django_db(transaction=True)
    def test_queue_forgets_it_once_the_mail_is_gone(self, settings, in_review, editor):
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
        settings.EMAIL_BACKEND = "portal.mail.QueuedEmailBackend"
        settings.EMAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        send_request(in_review, editor, asked_of="Dr. Wells", email=CLINICIAN)
        assert CLINICIAN in repr(everything_stored())

        call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)
        prune_finished()

        token = path_in(mail.outbox[0]).split("/")[2]
        stored = repr(everything_stored())
        for canary in (token, review_links.read_token(token)[1], CLINICIAN):
            assert canary not in stored
