"""The gate: an approved text is complete, and everything that is missing is said at once."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from facts.models import FactVersion, Link
from tests.factories import (
    CitationFactory,
    DraftFactory,
    FactFactory,
    GlossaryTermFactory,
    MemberFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db

HARD = (
    "<p>Considerable interindividual variability notwithstanding, extraordinarily individualized "
    "recommendations invariably necessitate interdisciplinary deliberation beforehand.</p>"
)


def refused(draft, words):
    """Return whether the gate says `words` of `draft`."""
    return any(words in said for said in draft.missing())


def test_complete_draft_passes():
    assert DraftFactory().missing() == []


def test_everything_is_said_in_one_list():
    draft = DraftFactory(
        fact=FactFactory(slug="five-of-10"),
        title=" ",
        body="<p>Neutropenia struck 5 of 10.</p>",
        sensitivity="prognosis",
        neutral_heading="",
        evidence="",
        cited=False,
    )

    said = " ".join(draft.missing())

    assert len(draft.missing()) == 7
    for words in (
        "no heading",
        "kind of evidence",
        "needs a neutral heading",
        "address holds a figure",
        "No source is cited",
        "No source's passage covers this sentence with a figure: “Neutropenia struck 5 of 10.”",
        "Readers may not know “Neutropenia”",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("title", "It has no heading."),
        ("body", "It has no text."),
        ("sensitivity", "Say whether it is sensitive."),
        ("evidence", "Say what kind of evidence it rests on."),
    ],
)
def test_what_an_editor_answers_is_needed(field, words):
    assert DraftFactory(**{field: ""}).missing() == [words]


class TestNeutralHeading:
    def test_holds_no_figure_where_the_fact_is_sensitive(self):
        draft = DraftFactory(sensitivity="prognosis", neutral_heading="1 in 3 live five years")

        assert refused(draft, "The neutral heading holds a figure.")

    def test_may_name_a_stage(self):
        draft = DraftFactory(sensitivity="prognosis", neutral_heading="About stage 4")

        assert draft.missing() == []

    def test_of_a_harmless_fact_may_be_anything(self):
        fact = FactFactory(slug="3-ways-to-rest")

        assert DraftFactory(fact=fact, neutral_heading="3 ways", sensitivity="none").missing() == []

    def test_address_of_a_sensitive_fact_holds_no_figure(self):
        draft = DraftFactory(fact=FactFactory(slug="1-in-3-live-on"), sensitivity="statistics")

        assert refused(draft, "The fact's address holds a figure.")


class TestSources:
    def test_are_needed(self):
        assert DraftFactory(cited=False).missing() == ["No source is cited for what it claims."]

    def test_cover_every_sentence_with_a_figure(self):
        draft = DraftFactory(body="<p>In 2019, 5 of 10 rested.</p>", cited=False)
        citation = CitationFactory(version=draft)
        assert refused(draft, "“In 2019, 5 of 10 rested.”")

        citation.passages = "5 of 10 rested"
        citation.save()

        assert draft.missing() == []

    def test_cover_the_box_that_says_when_to_call(self):
        draft = DraftFactory(cited=False, call_now="Call if it is over 38 °C.")
        citation = CitationFactory(version=draft)
        assert refused(draft, "“Call if it is over 38 °C.”")

        citation.passages = "Call if it is over 38 °C."
        citation.save()

        assert draft.missing() == []

    def test_passage_that_no_longer_stands_in_the_text_is_named(self):
        draft = DraftFactory(body="<p>Rest helps.</p>", cited=False)
        CitationFactory(version=draft, passages="Rest helps.\nSleep helps.")

        assert draft.missing() == ["A source's passage does not stand in the text: “Sleep helps.”"]

    def test_retracted_one_stands_in_the_way(self):
        draft = DraftFactory(cited=False)
        source = SourceFactory(title="A bad study", flag="retracted")
        CitationFactory(version=draft, source=source)

        assert refused(draft, "It cites a source that was retracted: A bad study.")

    @pytest.mark.parametrize("flag", ["superseded", "doubted"])
    def test_lesser_warning_does_not(self, flag):
        draft = DraftFactory(cited=False)
        CitationFactory(version=draft, source=SourceFactory(flag=flag))

        assert draft.missing() == []


def make_dead(url):
    now = timezone.now()
    return Link.objects.create(
        url=url,
        state=Link.State.DEAD,
        checked_at=now,
        failing_since=now - timedelta(days=9),
        failures=3,
    )


class TestLinks:
    def test_dead_one_in_the_text_is_named(self):
        make_dead("https://gone.example.org/a?b=1&c=2")
        body = '<p>Ask <a href="https://gone.example.org/a?b=1&amp;c=2">there</a>.</p>'

        draft = DraftFactory(body=body)

        assert draft.missing() == ["This link is dead: https://gone.example.org/a?b=1&c=2"]

    def test_dead_one_of_a_source_is_named(self):
        draft = DraftFactory(cited=False)
        source = SourceFactory()
        CitationFactory(version=draft, source=source)
        make_dead(source.url)

        assert draft.missing() == [f"This link is dead: {source.url}"]

    def test_dead_one_elsewhere_does_not_matter(self):
        make_dead("https://gone.example.org/")

        assert DraftFactory().missing() == []


class TestReading:
    def test_grade_over_nine_needs_a_reason(self):
        assert refused(DraftFactory(body=HARD), "Its reading grade is")
        assert DraftFactory(body=HARD, grade_reason="It cannot be said otherwise.").missing() == []

    def test_medical_word_needs_an_explanation(self):
        draft = DraftFactory(body="<p>You can ask your nurse if it may be neutropenia.</p>")
        assert refused(draft, "Readers may not know “neutropenia”")

        draft.plain_words = "neutropenia"
        assert draft.missing() == []

    def test_only_a_published_term_explains_it(self):
        draft = DraftFactory(body="<p>You can ask your nurse if it may be neutropenia.</p>")
        term = GlossaryTermFactory(term="Neutropenia", published_at=None)
        assert draft.missing() != []

        term.published_at = timezone.now()
        term.save()

        assert draft.missing() == []

    def test_of_another_language_is_not_for_these_rules(self):
        assert DraftFactory(body=HARD + "<p>Neutropenia.</p>", language="es").missing() == []


def test_text_of_any_length_is_answered():
    assert refused(DraftFactory(body="<p>" + "word " * 20_000), "far too long")


def test_draft_that_is_not_saved_yet_is_answered():
    draft = FactVersion(fact=FactFactory(), author=MemberFactory())

    assert "No source is cited for what it claims." in draft.missing()


def test_approval_says_the_same_list(editor, reviewer):
    draft = DraftFactory(
        author=editor, body="<p>You can ask your nurse if it may be neutropenia.</p>"
    )
    draft.submit(editor)
    draft.refresh_from_db()

    with pytest.raises(ValidationError) as error:
        draft.approve(reviewer)

    assert error.value.messages == draft.missing()


def test_starter_library_goes_through_the_same_gate():
    draft = DraftFactory(author=None, origin="starter library", body="<p>It is neutropenia.</p>")

    with pytest.raises(ValidationError) as error:
        draft.publish_from_starter_library()

    assert error.value.messages == draft.missing()


def test_gate_asks_few_questions_however_many_sources(django_assert_max_num_queries):
    draft = DraftFactory()
    for _number in range(9):
        CitationFactory(version=draft)

    with django_assert_max_num_queries(6):
        assert draft.missing() == []
