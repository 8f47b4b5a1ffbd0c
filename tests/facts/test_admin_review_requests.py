"""Asking clinicians, from the desk: the step, the list of those asked, and taking one back."""

import re
from html import unescape

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from facts.models import ReviewRequest
from facts.models.review_requests import MOST_OPEN_PER_VERSION
from facts.review_mails import send_request
from tests.factories import DraftFactory, MemberFactory, make_live, make_staff

pytestmark = pytest.mark.django_db
FORM = {"asked_of": "Dr. Wells", "email": "ada@hospital.example", "line": "Hello!"}


def url(name, version):
    return reverse(f"admin:facts_factversion_{name}", args=[version.pk])


def take_back_url(asked):
    return reverse("admin:facts_reviewrequest_take_back", args=[asked.pk])


def text_of(response):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def somebody(role):
    """Return whoever has `role`: "anonymous", "member", "superuser" or a staff role."""
    if role == "member":
        return MemberFactory()
    staff = make_staff("Editor" if role == "superuser" else role)
    if role == "superuser":
        staff.is_superuser = True
        staff.save()
    return staff


@pytest.fixture
def in_review(editor):
    draft = DraftFactory(author=editor)
    draft.submit(editor)
    return draft


@pytest.fixture
def asked(in_review, editor):
    return send_request(in_review, editor, asked_of="Dr. Wells", email="ada@hospital.example")


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "status"),
        [
            ("anonymous", 302),
            ("member", 302),
            ("Editor", 200),
            ("Reviewer", 200),
            ("Moderator", 403),
            ("superuser", 200),
        ],
    )
    def test_who_opens_what(self, client, in_review, asked, role, status):
        if role != "anonymous":
            client.force_login(somebody(role))

        addresses = [
            url("ask", in_review),
            take_back_url(asked),
            reverse("admin:facts_reviewrequest_changelist"),
            reverse("admin:facts_reviewrequest_change", args=[asked.pk]),
        ]
        for address in addresses:
            assert client.get(address).status_code == status, address
        # Opening them did nothing.
        assert ReviewRequest.objects.get().state(timezone.now()) == "waiting"
        if status != 200:
            for address in addresses[:2]:
                client.post(address, FORM)
            assert len(mail.outbox) == 1
            assert ReviewRequest.objects.get().state(timezone.now()) == "waiting"

    @pytest.mark.parametrize("role", ["Editor", "Reviewer", "superuser"])
    def test_nobody_changes_one_by_hand(self, client, asked, role):
        client.force_login(somebody(role))
        change = reverse("admin:facts_reviewrequest_change", args=[asked.pk])

        assert client.post(change, {"answer": "approved"}).status_code == 403
        assert client.get("/admin/facts/reviewrequest/add/").status_code == 403
        delete = reverse("admin:facts_reviewrequest_delete", args=[asked.pk])
        assert client.post(delete, {"post": "yes"}).status_code == 403

    @pytest.mark.parametrize("address", ["/admin/facts/reviewrequest/99/take-back/"])
    def test_what_is_not_there(self, client, editor, address):
        client.force_login(editor)

        assert client.get(address).status_code == 404


class TestAsk:
    def test_sends_and_says_so(self, client, editor, in_review):
        client.force_login(editor)
        page = text_of(client.get(url("change", in_review)))
        assert "Ask a clinician…" in page
        page = text_of(client.get(url("ask", in_review)))
        assert "You do not see the link." in page
        assert "keep it nowhere" in page

        response = client.post(url("ask", in_review), FORM, follow=True)

        words = text_of(response)
        assert "The mail is on its way." in words
        assert "Asked of clinicians" in words
        assert "Dr. Wells" in words
        assert "Waiting until" in words
        assert mail.outbox[0].to == ["ada@hospital.example"]

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"email": "ada"}, "valid email address"),
            ({"email": "ada@hospital.example\nBcc: x@example.org"}, "valid email address"),
            ({"asked_of": " "}, "required"),
            ({"line": "x" * 301}, "at most 300"),
        ],
    )
    def test_errors_keep_what_was_typed(self, client, editor, in_review, changes, error):
        client.force_login(editor)

        response = client.post(url("ask", in_review), FORM | changes)

        assert error in text_of(response)
        form = response.context["form"]
        assert form["line"].value() == (FORM | changes)["line"]
        assert mail.outbox == []

    def test_address_of_staff_is_refused_beside_its_field(self, client, editor, in_review):
        client.force_login(editor)

        response = client.post(url("ask", in_review), FORM | {"email": editor.email})

        assert response.status_code == 409
        assert "works here" in response.context["form"].errors["email"][0]
        assert mail.outbox == []

    def test_one_too_many_is_refused_in_words(self, client, editor, in_review):
        client.force_login(editor)
        for _ in range(MOST_OPEN_PER_VERSION):
            client.post(url("ask", in_review), FORM)

        response = client.post(url("ask", in_review), FORM)

        assert response.status_code == 409
        assert "have this text already" in text_of(response)
        assert len(mail.outbox) == MOST_OPEN_PER_VERSION

    def test_live_text_can_be_sent_too(self, client, reviewer):
        live = make_live()
        client.force_login(reviewer)

        client.post(url("ask", live), FORM)

        assert ReviewRequest.objects.get().version == live

    def test_draft_cannot_be_sent(self, client, editor):
        draft = DraftFactory(author=editor)
        client.force_login(editor)

        response = client.post(url("ask", draft), FORM)

        assert response.status_code == 409
        assert "cannot be done any more" in text_of(response)
        assert mail.outbox == []


class TestSender:
    def test_is_told_before_and_barred_after(self, client, reviewer, in_review):
        client.force_login(reviewer)
        assert "you cannot approve or reject" in text_of(client.get(url("ask", in_review)))

        client.post(url("ask", in_review), FORM)

        page = text_of(client.get(url("change", in_review)))
        assert "Approve…" not in page
        assert "Reject…" not in page
        assert "Send back…" in page
        for name in ("approve", "reject"):
            response = client.get(url(name, in_review))
            assert response.status_code == 403
            assert "You sent this text to a clinician" in text_of(response)
        data = {"when": "now", "read_at": in_review.edited_at.isoformat()}
        assert client.post(url("approve", in_review), data).status_code == 403
        in_review.refresh_from_db()
        assert in_review.status == "in-review"

    def test_another_reviewer_approves(self, client, reviewer, in_review, asked):
        client.force_login(reviewer)
        data = {"when": "now", "read_at": in_review.edited_at.isoformat()}

        response = client.post(url("approve", in_review), data)

        assert response.status_code == 302
        in_review.refresh_from_db()
        assert in_review.approver == reviewer


class TestList:
    def test_shows_the_answer_and_the_note(self, client, reviewer, in_review, asked):
        asked.record_answer(
            answer="change", name="Ada <b>", role="Nurse", note="The dose\nis wrong."
        )
        client.force_login(reviewer)

        response = client.get(url("change", in_review))

        words = text_of(response)
        assert "Change wanted" in words
        assert "The dose is wrong." in words
        assert "Ada &lt;b&gt;, Nurse" in response.content.decode()
        assert "answered by an outside clinician" in words

    @pytest.mark.parametrize("query", ["", "?answer=none", "?answer=approved", "?q=Wells"])
    def test_list_needs_the_same_queries_however_long(
        self, client, reviewer, editor, query, django_assert_max_num_queries
    ):
        for _ in range(12):
            send_request(make_live(), editor, asked_of="Dr. Wells", email="a@hospital.example")
        client.force_login(reviewer)
        client.get("/admin/facts/reviewrequest/")

        with django_assert_max_num_queries(12):
            response = client.get(f"/admin/facts/reviewrequest/{query}")

        assert response.status_code == 200

    def test_names_no_colleague_by_address(self, client, reviewer, editor, asked):
        client.force_login(reviewer)

        for address in ("", f"{asked.pk}/change/"):
            page = client.get(f"/admin/facts/reviewrequest/{address}").content.decode()
            assert editor.email not in page


class TestTakeBack:
    def test_asks_then_takes_it_back(self, client, editor, in_review, asked):
        client.force_login(editor)
        page = client.get(url("change", in_review)).content.decode()
        assert take_back_url(asked) in page
        assert "opens nothing any more" in text_of(client.get(take_back_url(asked)))

        response = client.post(take_back_url(asked), follow=True)

        words = text_of(response)
        assert "It is taken back." in words
        assert "Taken back" in words
        assert take_back_url(asked) not in response.content.decode()

    def test_not_after_the_answer(self, client, editor, asked):
        asked.record_answer(answer="not-mine", name="Ada", role="Nurse")
        client.force_login(editor)

        for response in (client.get(take_back_url(asked)), client.post(take_back_url(asked))):
            assert response.status_code == 409
            assert "nothing to take back" in text_of(response)
