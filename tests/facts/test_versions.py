"""The steps of a version's life: who, when and what; and that decided text stays as it is."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from facts.models import Citation, Event, Fact, FactVersion, Review
from facts.models.versions import FinalText
from tests.factories import CitationFactory, DraftFactory, FactFactory, make_live, make_staff

pytestmark = pytest.mark.django_db
A_NOTE = {"change_kind": "meaning", "change_note": "The figure is that of 2024."}


@pytest.fixture
def draft(editor):
    return DraftFactory(author=editor)


@pytest.fixture
def in_review(draft, editor):
    draft.submit(editor)
    return draft


@pytest.fixture
def live(in_review, reviewer):
    in_review.approve(reviewer)
    return in_review


def second(live, editor, reviewer, **kwargs):
    """Approve a second version of the fact of `live`."""
    version = FactVersion.start(live.fact, editor)
    version.submit(editor)
    version.approve(reviewer, **A_NOTE, **kwargs)
    return version


def verbs(version):
    return list(version.events.values_list("verb", flat=True))


class TestStart:
    def test_first_version_is_empty(self, editor):
        fact = FactFactory()

        draft = FactVersion.start(fact, editor)

        assert (draft.number, draft.status, draft.title, draft.author) == (1, "draft", "", editor)
        assert verbs(draft) == ["created"]

    def test_next_version_has_text_and_citations_of_the_approved_one(self, editor):
        live = make_live(audiences=["men"])
        cited = CitationFactory.build(version=live, source=live.citations.get().source)

        draft = FactVersion.start(live.fact, editor)

        assert draft.number == 2
        for name in ("title", "neutral_heading", "body", "sensitivity", "evidence", "audiences"):
            assert getattr(draft, name) == getattr(live, name)
        assert draft.citations.get().source == cited.source
        assert draft.change_note == ""

    def test_rejected_text_is_not_the_base(self, live, editor, reviewer):
        rejected = FactVersion.start(live.fact, editor)
        FactVersion.objects.filter(pk=rejected.pk).update(title="Wrong")
        rejected.submit(editor)
        rejected.reject(reviewer, "It is wrong.")

        draft = FactVersion.start(live.fact, editor)

        assert (draft.number, draft.title) == (3, live.title)

    def test_somebody_works_on_it_already(self, draft, editor):
        with pytest.raises(ValidationError, match="already working"):
            FactVersion.start(draft.fact, editor)

        assert draft.fact.versions.count() == 1

    def test_role_does_not_include_it(self, live, reviewer):
        with pytest.raises(PermissionDenied):
            FactVersion.start(live.fact, reviewer)


class TestEdit:
    def test_author_is_whoever_changed_it_last(self, draft):
        other = make_staff("Editor")

        draft.record_edit(other)

        assert draft.author == other
        assert verbs(draft) == ["created"]

    def test_each_hand_is_noted_once(self, draft, editor):
        other = make_staff("Editor")

        for hand in (other, other, editor, other):
            draft.record_edit(hand)

        # The factory made the draft without an event; later saves by the same hands add none.
        assert set(draft.events.values_list("actor", flat=True)) == {other.pk, editor.pk}
        assert len(verbs(draft)) == 2

    def test_moment_moves(self, draft, editor):
        before = draft.edited_at

        draft.record_edit(editor)

        assert draft.edited_at > before

    def test_text_of_the_starter_library_becomes_ours(self, editor):
        draft = DraftFactory(author=None, origin="starter library")

        draft.record_edit(editor)

        assert (draft.origin, draft.author) == ("staff", editor)

    def test_only_a_draft(self, in_review, editor):
        with pytest.raises(ValidationError):
            in_review.record_edit(editor)


class TestSubmit:
    def test_waits_for_review(self, draft, editor):
        draft.submit(editor)

        assert draft.status == "in-review"
        assert verbs(draft) == ["submitted"]

    def test_only_once(self, in_review, editor):
        with pytest.raises(ValidationError, match="already"):
            in_review.submit(editor)

        assert verbs(in_review) == ["submitted"]

    def test_role_does_not_include_it(self, draft, moderator, member):
        for person in (moderator, member):
            with pytest.raises(PermissionDenied):
                draft.submit(person)


class TestReturn:
    def test_reviewer_sends_it_back_with_a_note(self, in_review, reviewer):
        in_review.return_to_author(reviewer, "Cite the figure.")

        assert in_review.status == "draft"
        assert in_review.events.last().note == "Cite the figure."

    def test_reviewer_says_why(self, in_review, reviewer):
        with pytest.raises(ValidationError, match="what should be changed"):
            in_review.return_to_author(reviewer, "  ")

    def test_author_takes_it_back(self, in_review, editor):
        in_review.return_to_author(editor)

        assert in_review.status == "draft"

    def test_another_editor_does_not(self, in_review):
        with pytest.raises(PermissionDenied):
            in_review.return_to_author(make_staff("Editor"), "Mine now.")

    def test_a_draft_is_none_already(self, draft, reviewer):
        with pytest.raises(ValidationError):
            draft.return_to_author(reviewer, "Why.")


class TestReject:
    def test_is_closed_for_good(self, in_review, reviewer):
        in_review.reject(reviewer, "Not for patients.")

        assert (in_review.status, in_review.is_open) == ("rejected", False)
        assert in_review.events.last().note == "Not for patients."

    def test_says_why(self, in_review, reviewer):
        with pytest.raises(ValidationError, match="why"):
            in_review.reject(reviewer, " ")

    def test_not_by_an_editor(self, in_review, editor):
        for person in (editor, make_staff("Editor")):
            with pytest.raises(PermissionDenied):
                in_review.reject(person, "No.")

    def test_not_what_is_live(self, live, reviewer):
        with pytest.raises(ValidationError):
            live.reject(reviewer, "No.")


class TestApprove:
    def test_is_live_at_once(self, in_review, reviewer):
        in_review.approve(reviewer)

        assert in_review.is_live(timezone.now())
        assert (in_review.approver, in_review.status) == (reviewer, "approved")
        assert verbs(in_review) == ["submitted", "approved"]

    def test_ends_the_one_before_at_the_same_moment(self, live, editor, reviewer):
        version = second(live, editor, reviewer)

        live.refresh_from_db()
        assert live.live_until == version.live_from
        assert list(FactVersion.objects.live(timezone.now())) == [version]

    def test_scheduled_begins_by_itself(self, live, editor, reviewer):
        moment = timezone.now() + timedelta(days=2)

        version = second(live, editor, reviewer, live_from=moment)

        assert list(FactVersion.objects.live(timezone.now())) == [live]
        assert version.is_scheduled(timezone.now())
        with time_machine.travel(moment, tick=False):
            assert list(FactVersion.objects.live(timezone.now())) == [version]

    def test_earlier_one_keeps_a_scheduled_one_from_beginning(self, live, editor, reviewer):
        scheduled = second(live, editor, reviewer, live_from=timezone.now() + timedelta(days=2))

        now = second(live, editor, reviewer)

        scheduled.refresh_from_db()
        assert scheduled.live_until == scheduled.live_from
        with time_machine.travel(timezone.now() + timedelta(days=3)):
            assert list(FactVersion.objects.live(timezone.now())) == [now]

    def test_not_in_the_past(self, in_review, reviewer):
        with pytest.raises(ValidationError, match="before it was approved"):
            in_review.approve(reviewer, live_from=timezone.now() - timedelta(minutes=1))

    def test_author_does_not(self, reviewer):
        version = DraftFactory(author=reviewer, status="in-review")

        with pytest.raises(PermissionDenied, match="You wrote"):
            version.approve(reviewer)

    def test_nobody_does_who_wrote_some_of_it(self, draft, editor, reviewer):
        draft.record_edit(reviewer)
        draft.record_edit(editor)
        draft.submit(editor)
        assert draft.author == editor

        with pytest.raises(PermissionDenied):
            draft.approve(reviewer)

        draft.approve(make_staff("Reviewer"))
        assert draft.status == "approved"

    def test_role_does_not_include_it(self, in_review, moderator, member):
        for person in (make_staff("Editor"), moderator, member):
            with pytest.raises(PermissionDenied):
                in_review.approve(person)

    def test_everything_that_is_missing_is_said_at_once(self, editor, reviewer):
        fact = make_live().fact
        version = DraftFactory(
            fact=fact,
            number=2,
            author=editor,
            status="in-review",
            title=" ",
            body="<p> </p>",
            sensitivity="",
            evidence="",
            cited=False,
        )

        with pytest.raises(ValidationError) as refused:
            version.approve(reviewer)

        said = " ".join(refused.value.messages)
        for words in ("heading", "text", "sensitive", "evidence", "source", "what changed"):
            assert words in said
        version.refresh_from_db()
        assert version.status == "in-review"

    def test_sensitive_text_needs_a_neutral_heading(self, editor, reviewer):
        version = DraftFactory(
            author=editor, status="in-review", sensitivity="prognosis", neutral_heading=" "
        )

        with pytest.raises(ValidationError, match="neutral heading"):
            version.approve(reviewer)

    def test_later_version_says_what_changed(self, live, editor, reviewer):
        version = FactVersion.start(live.fact, editor)
        version.submit(editor)

        for kind, note in (("", "A sentence."), ("wording", " "), ("colour", "A sentence.")):
            with pytest.raises(ValidationError, match="what changed"):
                version.approve(reviewer, change_kind=kind, change_note=note)

    def test_first_version_changes_nothing(self, in_review, reviewer):
        in_review.approve(reviewer, **A_NOTE)

        assert (in_review.change_kind, in_review.change_note) == ("", "")

    def test_text_is_the_one_that_was_read(self, draft, editor, reviewer):
        draft.submit(editor)
        read_at = draft.edited_at
        draft.return_to_author(editor)
        draft.record_edit(editor)
        draft.submit(editor)

        with pytest.raises(ValidationError, match="has changed since"):
            draft.approve(reviewer, read_at=read_at)

        draft.approve(reviewer, read_at=draft.edited_at)
        assert draft.status == "approved"

    def test_two_at_once_make_one_decision(self, in_review, reviewer):
        one = FactVersion.objects.get(pk=in_review.pk)
        two = FactVersion.objects.get(pk=in_review.pk)

        one.approve(reviewer)
        with pytest.raises(ValidationError, match="already"):
            two.reject(make_staff("Reviewer"), "No.")

        in_review.refresh_from_db()
        assert in_review.status == "approved"
        assert verbs(in_review) == ["submitted", "approved"]

    def test_a_failure_half_way_changes_nothing(self, live, editor, reviewer, monkeypatch):
        version = FactVersion.start(live.fact, editor)
        version.submit(editor)
        monkeypatch.setattr(Event.objects, "create", lambda **kwargs: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            version.approve(reviewer, **A_NOTE)

        live.refresh_from_db()
        version.refresh_from_db()
        assert (live.live_until, version.status) == (None, "in-review")


class TestWithdraw:
    def test_ends_now_and_says_why(self, live, reviewer):
        live.withdraw(reviewer, "The study was retracted.")

        assert not FactVersion.objects.live(timezone.now()).exists()
        assert live.withdrawn_reason == "The study was retracted."
        assert live.is_withdrawn
        assert verbs(live)[-1] == "withdrawn"

    def test_takes_a_scheduled_one_with_it(self, live, editor, reviewer):
        second(live, editor, reviewer, live_from=timezone.now() + timedelta(days=2))
        live.refresh_from_db()

        live.withdraw(reviewer, "It was wrong.")

        with time_machine.travel(timezone.now() + timedelta(days=3)):
            assert not FactVersion.objects.live(timezone.now()).exists()

    def test_scheduled_one_is_taken_back_and_the_one_before_stays(self, live, editor, reviewer):
        version = second(live, editor, reviewer, live_from=timezone.now() + timedelta(days=2))

        version.withdraw(reviewer, "Too early.")

        live.refresh_from_db()
        assert (live.live_until, version.is_withdrawn) == (None, False)
        with time_machine.travel(timezone.now() + timedelta(days=3)):
            assert list(FactVersion.objects.live(timezone.now())) == [live]
            assert not version.is_scheduled(timezone.now())

    def test_author_may(self, reviewer):
        live = make_live(author=reviewer)

        live.withdraw(reviewer, "It does harm.")

        assert not live.is_live(timezone.now())

    def test_says_why(self, live, reviewer):
        with pytest.raises(ValidationError, match="why"):
            live.withdraw(reviewer, " ")

    def test_only_what_readers_see(self, in_review, reviewer):
        with pytest.raises(ValidationError, match="do not see"):
            in_review.withdraw(reviewer, "No.")

    def test_only_once(self, live, reviewer):
        live.withdraw(reviewer, "The study was retracted.")

        with pytest.raises(ValidationError):
            live.withdraw(reviewer, "Again.")

        assert live.withdrawn_reason == "The study was retracted."

    def test_role_does_not_include_it(self, live, editor, moderator):
        for person in (editor, moderator):
            with pytest.raises(PermissionDenied):
                live.withdraw(person, "No.")

    def test_fact_can_live_again(self, live, editor, reviewer):
        live.withdraw(reviewer, "The study was retracted.")

        version = second(live, editor, reviewer)

        assert list(FactVersion.objects.live(timezone.now())) == [version]


class TestReview:
    def words(self, **changes):
        today = timezone.localdate()
        return {
            "reviewer_name": "Ada Wells",
            "reviewer_role": "Oncologist",
            "reviewed_on": today,
            "review_due": today + timedelta(days=365),
            **changes,
        }

    def test_adds_a_review_and_changes_nothing_else(self, live, reviewer):
        before = FactVersion.objects.filter(pk=live.pk).values().get()

        review = live.record_review(reviewer, **self.words())

        assert FactVersion.objects.filter(pk=live.pk).values().get() == before
        assert (live.last_review, review.recorded_by) == (review, reviewer)
        assert verbs(live)[-1] == "reviewed"

    def test_only_of_what_readers_see_or_will(self, live, editor, reviewer):
        draft = DraftFactory(author=editor)
        live.withdraw(reviewer, "The study was retracted.")

        for version in (draft, live):
            with pytest.raises(ValidationError, match="Readers do not see"):
                version.record_review(reviewer, **self.words())
            assert not version.reviews.exists()

    def test_not_of_tomorrow(self, live, reviewer):
        tomorrow = timezone.localdate() + timedelta(days=1)

        with pytest.raises(ValidationError, match="still to come"):
            live.record_review(reviewer, **self.words(reviewed_on=tomorrow))

    def test_next_one_comes_later(self, live, reviewer):
        with pytest.raises(ValidationError, match="come after"):
            live.record_review(reviewer, **self.words(review_due=timezone.localdate()))

    def test_role_does_not_include_it(self, live, editor):
        with pytest.raises(PermissionDenied):
            live.record_review(editor, **self.words())


class TestFinalText:
    @pytest.mark.parametrize(
        ("name", "value"),
        [("title", "Other"), ("body", "<p>Other</p>"), ("status", "draft"), ("number", 9)],
    )
    def test_not_by_save(self, live, name, value):
        setattr(live, name, value)

        with pytest.raises(FinalText):
            live.save()

    def test_not_by_saving_one_field(self, live):
        live.body = "<p>Other</p>"

        with pytest.raises(FinalText):
            live.save(update_fields=["body"])

    @pytest.mark.parametrize("name", ["title", "body", "sensitivity", "status"])
    def test_not_by_update(self, live, name):
        with pytest.raises(FinalText):
            FactVersion.objects.filter(pk=live.pk).update(**{name: "other"})

    def test_not_by_bulk_update(self, live):
        live.body = "<p>Other</p>"

        with pytest.raises(FinalText):
            FactVersion.objects.bulk_update([live], ["body"])

    def test_not_by_writing_over_it(self, live):
        live.body = "<p>Other</p>"

        with pytest.raises(FinalText):
            FactVersion.objects.bulk_create(
                [live], update_conflicts=True, update_fields=["body"], unique_fields=["id"]
            )

    def test_is_not_deleted(self, live, in_review):
        for delete in (live.delete, FactVersion.objects.filter(pk=live.pk).delete):
            with pytest.raises(FinalText):
                delete()

        assert FactVersion.objects.filter(pk=live.pk).exists()

    def test_its_citations_stay(self, live):
        citation = live.citations.get()
        draft = DraftFactory()

        for change in (
            lambda: CitationFactory(version=live),
            citation.save,
            citation.delete,
            lambda: Citation.objects.filter(pk=citation.pk).update(supports="other"),
            lambda: Citation.objects.filter(pk=citation.pk).delete(),
            lambda: Citation.objects.filter(version=draft).update(version=live),
            lambda: Citation.objects.bulk_create(
                [Citation(version=live, source=citation.source, supports="other")]
            ),
        ):
            with pytest.raises(FinalText), transaction.atomic():
                change()
        assert live.citations.get().supports == citation.supports

    def test_citation_is_not_moved_away(self, live):
        citation = live.citations.get()
        citation.version = DraftFactory()

        with pytest.raises(FinalText):
            citation.save()

    def test_its_reviews_and_events_stay(self, live, reviewer):
        live.record_review(reviewer, **TestReview().words())

        for row in (live.reviews.get(), live.events.last()):
            for change in (row.save, row.delete):
                with pytest.raises(ValueError, match="never"):
                    change()
            everything = type(row).objects.all()
            for change in (lambda q=everything: q.update(note="other"), everything.delete):
                with pytest.raises(ValueError, match="never"):
                    change()
        assert (Review.objects.count(), live.events.last().note) == (1, "Ada Wells, Oncologist")


class TestDelete:
    def test_draft_goes_with_its_trail(self, editor):
        draft = FactVersion.start(FactFactory(), editor)
        CitationFactory(version=draft)

        draft.delete()

        assert not FactVersion.objects.exists()
        assert not Event.objects.exists()
        assert Fact.objects.exists()

    def test_not_what_was_sent(self, in_review):
        with pytest.raises(FinalText):
            in_review.delete()

    def test_not_what_was_sent_meanwhile(self, draft, editor):
        stale = FactVersion.objects.get(pk=draft.pk)
        draft.submit(editor)

        with pytest.raises(FinalText):
            stale.delete()


class TestStarterLibrary:
    def test_is_published_by_nobody(self):
        version = DraftFactory(author=None, origin="starter library")

        version.publish_from_starter_library()

        assert version.is_live(timezone.now())
        assert (version.author, version.approver) == (None, None)

    def test_text_of_staff_is_not(self, draft):
        with pytest.raises(ValidationError):
            draft.publish_from_starter_library()

    def test_incomplete_text_is_not(self):
        version = DraftFactory(author=None, origin="starter library", cited=False)

        with pytest.raises(ValidationError, match="source"):
            version.publish_from_starter_library()
