"""Asking a clinician outside the house: who may, how often, what is kept, and what bars whom."""

import re
import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, OperationalError, connections
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from facts import review_links
from facts.choices import ClinicalAnswer, RequestState
from facts.models import Event, Fact, FactVersion, Review, ReviewRequest
from facts.models.review_requests import (
    MOST_OPEN_PER_VERSION,
    MOST_PER_PERSON_AND_DAY,
    RequestClosed,
)
from facts.review_mails import record_answer, send_request
from tests.factories import DraftFactory, MemberFactory, make_live, make_staff

pytestmark = pytest.mark.django_db
ANSWER = {"answer": "approved", "name": "Ada Wells", "role": "Oncologist", "note": ""}
CLINICIAN = "clinician@hospital.example"


@pytest.fixture
def in_review(editor):
    draft = DraftFactory(author=editor)
    draft.submit(editor)
    return draft


def ask(version, by, **fields):
    fields = {"asked_of": "Dr. Wells", "email": CLINICIAN, **fields}
    return send_request(version, by, **fields)


def make_request(version=None, **fields):
    now = timezone.now()
    version = version or make_live()
    defaults = {
        "version": version,
        "asked_by": version.author,
        "asked_of": "Dr. Wells",
        "sent_at": now,
        "expires_at": now + timedelta(days=14),
        "secret_hash": review_links.hash_of(review_links.make_secret()),
        "text_edited_at": version.edited_at,
    }
    return ReviewRequest.objects.create(**{**defaults, **fields})


class TestAsk:
    def test_sends_one_mail_and_notes_it(self, in_review, editor):
        before = timezone.now()

        asked = ask(in_review, editor, line="We met in May.")

        assert asked.state(timezone.now()) == RequestState.WAITING
        assert (asked.asked_by, asked.asked_of) == (editor, "Dr. Wells")
        assert asked.expires_at - asked.sent_at == timedelta(days=14)
        assert asked.sent_at >= before
        event = in_review.events.last()
        assert (event.verb, event.actor, event.note) == ("asked", editor, "Dr. Wells")
        [sent] = mail.outbox
        assert sent.to == [CLINICIAN]
        assert "We met in May." in sent.body

    @pytest.mark.parametrize("role", ["Editor", "Reviewer"])
    def test_live_and_scheduled_versions_can_be_sent(self, role, in_review, reviewer):
        by = make_staff(role)
        in_review.approve(reviewer, live_from=timezone.now() + timedelta(days=3))

        for version in (make_live(), in_review):
            assert ask(version, by).state(timezone.now()) == RequestState.WAITING

    def test_other_roles_may_not(self, in_review, moderator, member):
        for person in (moderator, member):
            with pytest.raises(PermissionDenied):
                ask(in_review, person)

        assert mail.outbox == []
        assert not ReviewRequest.objects.exists()

    def test_draft_rejected_and_replaced_versions_cannot(self, editor, reviewer, in_review):
        in_review.reject(reviewer, "No.")
        past = timezone.now() - timedelta(days=2)
        replaced = make_live(since=past, until=past + timedelta(days=1))

        for version in (DraftFactory(author=editor), in_review, replaced):
            with pytest.raises(ValidationError, match="in review"):
                ask(version, editor)
        assert mail.outbox == []

    def test_needs_a_name(self, in_review, editor):
        with pytest.raises(ValidationError, match="whom you ask"):
            ask(in_review, editor, asked_of="  ")

    def test_not_to_somebody_who_works_here(self, in_review, editor, reviewer, member):
        for address in (editor.email, reviewer.email.upper()):
            with pytest.raises(ValidationError, match="works here"):
                ask(in_review, editor, email=address)

        # Who is only a member is not told apart from a stranger.
        ask(in_review, editor, email=member.email)

    def test_five_at_most_wait_for_one_version(self, in_review, editor, reviewer):
        first, *_others = [ask(in_review, editor) for _ in range(MOST_OPEN_PER_VERSION)]

        with pytest.raises(ValidationError, match="have this text already"):
            ask(in_review, reviewer)

        first.revoke(editor)
        ask(in_review, reviewer)

    def test_twenty_at_most_a_day(self, editor, reviewer):
        versions = [make_live() for _ in range(4)]
        for number in range(MOST_PER_PERSON_AND_DAY):
            ask(versions[number // 5], editor)
        another = make_live()

        with pytest.raises(ValidationError, match="in one day"):
            ask(another, editor)

        ask(another, reviewer)
        with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
            ask(another, editor)

    def test_request_and_mail_come_together_or_not_at_all(self, in_review, editor, monkeypatch):
        def fail(self):
            raise OSError("The queue is full.")

        monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
        with pytest.raises(OSError, match="queue"):
            ask(in_review, editor)

        assert not ReviewRequest.objects.exists()
        assert not in_review.events.filter(verb="asked").exists()


class TestMail:
    def test_reveals_nothing_but_who_asks_and_the_link(self, in_review, editor):
        asked = ask(in_review, editor)

        [sent] = mail.outbox
        assert sent.subject == "A text for you to read"
        assert "An editor of Waymark asks you" in sent.body
        assert "Opening the page changes nothing." in sent.body
        assert asked.expires_at.strftime("%-d %B %Y") in sent.body
        assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
        assert sent.reply_to == []
        # The link is made by chance, and may hold any two letters.
        words = re.sub(r"https?://\S+", "", sent.subject + sent.body).lower()
        for word in (in_review.title, editor.email, str(editor), "cancer", "patient", "illness"):
            assert word.lower() not in words

    def test_names_the_role(self, in_review, reviewer):
        reviewer.groups.add(Group.objects.get(name="Editor"))
        boss = make_staff("Reviewer")
        boss.is_superuser = True
        boss.save()

        ask(in_review, reviewer)
        ask(in_review, boss)

        assert "A reviewer of" in mail.outbox[0].body
        assert "An administrator of" in mail.outbox[1].body

    def test_personal_line_is_shown_as_typed(self, in_review, editor):
        ask(in_review, editor, line="{{ url }} <b>&amp; “quotes”")

        assert "“{{ url }} <b>&amp; “quotes””" in mail.outbox[0].body

    def test_asker_is_told_without_a_word_about_it(self, in_review, editor):
        asked = ask(in_review, editor)

        record_answer(asked, **ANSWER)

        told = mail.outbox[-1]
        assert (told.to, told.subject) == ([editor.email], "An answer for you")
        assert reverse("admin:facts_factversion_change", args=[in_review.pk]) in told.body
        for word in (in_review.title, "Wells", "Oncologist", "approved", "clinic"):
            assert word not in told.body

    @pytest.mark.parametrize("flag", ["is_active", "is_staff"])
    def test_who_has_left_is_not_told(self, in_review, editor, flag):
        asked = ask(in_review, editor)
        setattr(editor, flag, False)
        editor.save()

        record_answer(ReviewRequest.objects.get(pk=asked.pk), **ANSWER)

        assert len(mail.outbox) == 1


class TestAnswer:
    def test_approval_is_a_review_that_readers_will_see(self, in_review, editor, reviewer):
        asked = ask(in_review, editor)

        asked.record_answer(**ANSWER | {"note": "Well done."})

        review = in_review.reviews.get()
        assert (review.reviewer_name, review.reviewer_role) == ("Ada Wells", "Oncologist")
        assert (review.reviewed_on, review.note) == (timezone.localdate(), "Well done.")
        assert review.review_due == timezone.localdate() + relativedelta(months=36)
        assert review.recorded_by == editor
        event = in_review.events.last()
        assert (event.verb, event.actor, event.note) == ("reviewed", None, "Ada Wells, Oncologist")
        assert asked.state(timezone.now()) == RequestState.ANSWERED
        # It approves nothing; a reviewer does.
        in_review.refresh_from_db()
        assert in_review.status == "in-review"
        in_review.approve(reviewer)
        assert in_review.last_review == review

    @pytest.mark.parametrize(
        ("risk", "months"), [("treatment", 9), ("statistics", 12), ("practical", 24)]
    )
    def test_next_review_follows_the_topic(self, editor, risk, months):
        live = make_live()
        live.fact.topic.risk_class = risk
        live.fact.topic.save()
        asked = ask(live, editor)

        ReviewRequest.objects.get(pk=asked.pk).record_answer(**ANSWER)

        assert live.reviews.get().review_due == timezone.localdate() + relativedelta(months=months)

    @pytest.mark.parametrize("answer", ["change", "not-mine"])
    def test_other_answers_are_events_and_no_review(self, in_review, editor, answer):
        asked = ask(in_review, editor)

        asked.record_answer(**ANSWER | {"answer": answer, "note": "The dose is wrong."})

        assert not in_review.reviews.exists()
        event = in_review.events.last()
        assert (event.verb, event.actor) == ("answered", None)
        label = ClinicalAnswer(answer).label
        assert event.note == f"Ada Wells, Oncologist: {label}. The dose is wrong."

    def test_live_version_is_reviewed_and_stays_as_it_is(self, editor):
        live = make_live()
        before = FactVersion.objects.values().get(pk=live.pk)

        ask(live, editor).record_answer(**ANSWER)

        assert FactVersion.objects.values().get(pk=live.pk) == before
        assert live.last_review.reviewer_name == "Ada Wells"

    @pytest.mark.parametrize(
        "changes",
        [
            {"answer": ""},
            {"answer": "maybe"},
            {"name": " "},
            {"role": " "},
            {"answer": "change", "note": " "},
            {"name": "x" * 121},
            {"note": "x" * 2001, "answer": "change"},
        ],
    )
    def test_incomplete_answer_is_refused(self, in_review, editor, changes):
        asked = ask(in_review, editor)

        with pytest.raises((ValidationError, IntegrityError)):
            asked.record_answer(**ANSWER | changes)

        assert ReviewRequest.objects.get().answer == ""
        assert not Review.objects.exists()

    def test_second_answer_is_refused(self, in_review, editor):
        asked = ask(in_review, editor)
        stale = ReviewRequest.objects.get(pk=asked.pk)
        asked.record_answer(**ANSWER | {"answer": "not-mine"})

        with pytest.raises(RequestClosed) as refused:
            stale.record_answer(**ANSWER)

        assert refused.value.state == RequestState.ANSWERED
        assert not Review.objects.exists()

    def test_late_answer_is_refused(self, in_review, editor):
        asked = ask(in_review, editor)

        with time_machine.travel(asked.expires_at), pytest.raises(RequestClosed) as refused:
            asked.record_answer(**ANSWER)

        assert refused.value.state == RequestState.EXPIRED

    def test_answer_to_what_was_taken_back_is_refused(self, in_review, editor):
        asked = ask(in_review, editor)
        ReviewRequest.objects.get(pk=asked.pk).revoke(editor)

        with pytest.raises(RequestClosed) as refused:
            asked.record_answer(**ANSWER)

        assert refused.value.state == RequestState.REVOKED

    def test_answer_to_another_text_is_refused(self, in_review, editor):
        asked = ask(in_review, editor)
        in_review.return_to_author(editor)
        assert asked_state(asked) == RequestState.CHANGED
        in_review.record_edit(editor)
        in_review.submit(editor)

        with pytest.raises(RequestClosed) as refused:
            asked.record_answer(**ANSWER)

        assert refused.value.state == RequestState.CHANGED

    def test_text_that_came_back_unchanged_can_be_answered(self, in_review, editor):
        asked = ask(in_review, editor)
        in_review.return_to_author(editor)
        in_review.submit(editor)

        ReviewRequest.objects.get(pk=asked.pk).record_answer(**ANSWER)

        assert in_review.reviews.exists()

    @pytest.mark.parametrize("decide", ["approve", "reject"])
    def test_answer_after_the_decision_is_refused(self, in_review, editor, reviewer, decide):
        asked = ask(in_review, editor)
        if decide == "approve":
            in_review.approve(reviewer)
        else:
            in_review.reject(reviewer, "No.")

        with pytest.raises(RequestClosed) as refused:
            asked.record_answer(**ANSWER)

        assert refused.value.state == RequestState.DECIDED

    def test_answer_to_a_withdrawn_text_is_refused(self, editor, reviewer):
        live = make_live()
        asked = ask(live, editor)
        live.withdraw(reviewer, "It was wrong.")

        assert asked_state(asked) == RequestState.DECIDED


def asked_state(asked):
    return ReviewRequest.objects.get(pk=asked.pk).state(timezone.now())


class TestReviewOfAnEarlierText:
    """A review stands by the words that were read, not by what they became."""

    def test_is_not_printed_under_the_later_one(self, in_review, editor, reviewer):
        ask(in_review, editor).record_answer(**ANSWER)
        in_review.return_to_author(editor)
        in_review.record_edit(editor)
        in_review.submit(editor)
        in_review.approve(reviewer)

        version = FactVersion.objects.with_evidence().get(pk=in_review.pk)

        assert version.reviews.count() == 1
        assert version.last_review is None
        due = Fact.objects.due_for_review(timezone.localdate(), timezone.now())
        assert list(due) == [version.fact]
        assert due[0].review_due is None

    def test_does_not_keep_a_draft_from_being_deleted(self, in_review, editor):
        ask(in_review, editor).record_answer(**ANSWER)
        in_review.return_to_author(editor)

        in_review.delete()

        assert not ReviewRequest.objects.exists()
        assert not Review.objects.exists()
        assert not Event.objects.exists()


class TestTakeBack:
    def test_closes_the_request(self, in_review, editor, reviewer):
        asked = ask(in_review, editor)

        asked.revoke(reviewer)

        assert asked.state(timezone.now()) == RequestState.REVOKED
        event = in_review.events.last()
        assert (event.verb, event.actor, event.note) == ("revoked", reviewer, "Dr. Wells")

    def test_not_by_other_roles(self, in_review, editor, moderator):
        asked = ask(in_review, editor)

        with pytest.raises(PermissionDenied):
            asked.revoke(moderator)

    def test_not_twice_nor_after_the_answer(self, in_review, editor):
        taken_back, answered, late = [ask(in_review, editor) for _ in range(3)]
        taken_back.revoke(editor)
        answered.record_answer(**ANSWER)

        for asked in (taken_back, answered):
            with pytest.raises(ValidationError, match="nothing to take back"):
                asked.revoke(editor)
        with time_machine.travel(late.expires_at), pytest.raises(ValidationError):
            late.revoke(editor)


class TestSenderIsBarred:
    def test_from_approving_and_rejecting(self, in_review, reviewer):
        ask(in_review, reviewer)

        for decide in (in_review.approve, lambda by: in_review.reject(by, "No.")):
            with pytest.raises(PermissionDenied, match="sent this text to a clinician"):
                decide(reviewer)

        in_review.approve(make_staff("Reviewer"))

    def test_also_after_it_was_taken_back(self, in_review, reviewer):
        ask(in_review, reviewer).revoke(reviewer)

        with pytest.raises(PermissionDenied):
            in_review.approve(reviewer)

    def test_also_after_the_text_changed(self, in_review, editor, reviewer):
        ask(in_review, reviewer)
        in_review.return_to_author(reviewer, "Shorter, please.")
        in_review.record_edit(editor)
        in_review.submit(editor)

        with pytest.raises(PermissionDenied):
            in_review.approve(reviewer)

    def test_not_from_the_next_version(self, in_review, editor, reviewer):
        ask(in_review, reviewer)
        in_review.approve(make_staff("Reviewer"))
        following = FactVersion.start(in_review.fact, editor)
        following.submit(editor)

        following.approve(reviewer, change_kind="wording", change_note="Simpler.")

        assert following.approver == reviewer

    def test_superuser_too(self, in_review):
        boss = make_staff("Reviewer")
        boss.is_superuser = True
        boss.save()
        ask(in_review, boss)

        with pytest.raises(PermissionDenied):
            in_review.approve(boss)


class TestToken:
    def test_opens_its_request_alone(self):
        secret, other = review_links.make_secret(), review_links.make_secret()
        asked = make_request(secret_hash=review_links.hash_of(secret))
        another = make_request(secret_hash=review_links.hash_of(other))

        assert ReviewRequest.find(review_links.make_token(asked.pk, secret)) == asked
        # A right signature with a wrong secret, another's secret, a request that is not there.
        for pk, wrong in ((asked.pk, other), (another.pk, secret), (10**6, secret), (asked.pk, "")):
            assert ReviewRequest.find(review_links.make_token(pk, wrong)) is None
        assert ReviewRequest.find(review_links.make_token(asked.pk, asked.secret_hash)) is None

    def test_has_more_than_128_random_bits(self):
        secrets = {review_links.make_secret() for _ in range(100)}

        assert len(secrets) == 100
        assert {len(secret) for secret in secrets} == {32}  # 24 bytes in base64

    def test_signature_of_another_purpose_opens_nothing(self):
        from django.core import signing

        token = signing.Signer(salt="facts.other", sep=".").sign_object([1, "secret"])

        assert review_links.read_token(token) is None

    @given(st.integers(1, 2**62), st.from_regex(r"[A-Za-z0-9_-]{1,43}", fullmatch=True))
    def test_reads_what_it_made(self, pk, secret):
        assert review_links.read_token(review_links.make_token(pk, secret)) == (pk, secret)

    @given(st.text(max_size=400))
    def test_reads_nothing_else(self, text):
        assert review_links.read_token(text) is None

    @given(st.integers(0, 10**6), st.characters(codec="ascii"))
    def test_one_changed_letter_closes_it(self, place, letter):
        token = review_links.make_token(7, "a" * 32)
        place %= len(token)
        changed = token[:place] + letter + token[place + 1 :]

        read = review_links.read_token(changed)

        assert read is None or changed == token


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @staticmethod
    def together(*calls):
        """Make all calls at once, and return what each gave or raised."""
        start, results = Barrier(len(calls)), []

        def work(call):
            start.wait()
            while True:
                try:
                    results.append(call())
                except OperationalError:
                    # SQLite's database in memory refuses at once what the one on disk waits for.
                    time.sleep(0.01)
                    continue
                except Exception as error:
                    results.append(error)
                break
            connections.close_all()

        threads = [Thread(target=work, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def test_two_answers_give_one(self, in_review, editor):
        pk = ask(in_review, editor).pk

        def answer(kind):
            fields = ANSWER | {"answer": kind, "note": "A note."}
            return lambda: ReviewRequest.objects.get(pk=pk).record_answer(**fields)

        results = self.together(answer("approved"), answer("change"), answer("approved"))

        assert sum(result is None for result in results) == 1
        assert {type(r) for r in results if r is not None} == {RequestClosed}
        answers = Event.objects.filter(verb__in=["reviewed", "answered"])
        assert answers.count() == 1

    def test_no_more_than_five_are_asked(self, in_review, editor):
        people = [make_staff("Editor") for _ in range(4)]
        for _ in range(MOST_OPEN_PER_VERSION - 1):
            ask(in_review, editor)

        self.together(*(lambda by=by: ask(in_review, by) for by in people))

        assert ReviewRequest.objects.count() == MOST_OPEN_PER_VERSION


def test_deleting_an_account_keeps_the_request(in_review):
    left = MemberFactory(is_staff=True, is_superuser=True)
    asked = ask(in_review, left)
    left.delete()

    assert ReviewRequest.objects.get(pk=asked.pk).asked_by is None
