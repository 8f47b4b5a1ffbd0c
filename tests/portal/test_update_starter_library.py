"""A later load of the starter library: what staff have made of the first one is kept."""

import pytest
from django.utils import timezone

from community.models import Service
from facts.models import Fact, FactVersion, GlossaryTerm, Page, Question, Source, Topic
from portal.starter.load import Outcome
from tests.portal.starter_steps import (
    TOPIC,
    change,
    everything,
    load_from,
    new_text,
    outcome_of,
    versions_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("starter_library")]


def test_second_load_changes_nothing():
    before = everything()

    report = load_from()

    assert {line.outcome for line in report} == {Outcome.UNCHANGED}
    assert everything() == before


CHANGED = {
    Source: "publisher",
    GlossaryTerm: "explanation",
    Topic: "summary",
    Question: "text",
    Service: "description",
    Page: "title",
}


def test_what_staff_have_changed_is_kept():
    rows = [model.objects.order_by("pk").first() for model in CHANGED]
    for row in rows:
        setattr(row, CHANGED[type(row)], "Words of our own.")
        row.save()
    before = everything()

    report = load_from()

    assert [line.outcome for line in report].count(Outcome.KEPT) == len(CHANGED)
    assert everything() == before
    for row in rows:
        row.refresh_from_db()
        assert getattr(row, CHANGED[type(row)]) == "Words of our own."


def test_what_staff_have_deleted_stays_away():
    models = (GlossaryTerm, Question, Service, Page)
    for model in models:
        model.objects.order_by("pk").first().delete()
    before = everything()

    report = load_from()

    assert [line.outcome for line in report].count(Outcome.LEFT_OUT) == len(models)
    assert everything() == before


@pytest.mark.once
def test_what_staff_have_given_another_address_is_not_made_again():
    term = GlossaryTerm.objects.get(slug="biopsy")
    term.slug = "tissue-sample"
    term.save()

    report = load_from()

    assert outcome_of(report, "glossary term", "Biopsy") is Outcome.KEPT
    assert not GlossaryTerm.objects.filter(slug="biopsy").exists()


@pytest.mark.once
def test_what_the_library_has_changed_is_brought_up_to_date(files):
    change(files / "glossary.toml", "Taking a small sample", "Taking a little sample")

    report = load_from(files)

    assert outcome_of(report, "glossary term", "Biopsy") is Outcome.UPDATED
    assert GlossaryTerm.objects.get(slug="biopsy").explanation.startswith("Taking a little")
    assert {line.outcome for line in load_from(files)} == {Outcome.UNCHANGED}


@pytest.mark.once
def test_questions_follow_the_facts_that_the_library_gives_them(files):
    change(
        files / "questions.toml",
        '"key-facts-about-metastasis/what-treatment-can-do"',
        '"key-facts-about-metastasis/about-a-cure"',
    )

    report = load_from(files)

    question = Question.objects.get(slug="where-has-it-spread")
    assert outcome_of(report, "question", "Where has it spread") is Outcome.UPDATED
    facts = {fact.slug for fact in question.facts.all()}
    assert "about-a-cure" in facts
    assert "what-treatment-can-do" not in facts


@pytest.mark.once
def test_new_text_of_a_fact_becomes_a_new_version_with_its_sentence(files):
    new_text(files)

    report = load_from(files)

    first, second = versions_of("what-treatment-can-do")
    now = timezone.now()
    assert outcome_of(report, "fact", "What treatment can do") is Outcome.UPDATED
    assert (second.number, second.change_kind) == (2, "wording")
    assert second.change_note == "The wording is plainer."
    assert (first.is_live(now), second.is_live(now)) == (False, True)
    assert first.live_until == second.live_from
    assert "Some live with it long" in second.body
    assert {line.outcome for line in load_from(files)} == {Outcome.UNCHANGED}


@pytest.mark.once
def test_what_only_staff_see_of_a_fact_changes_nothing(files):
    change(files / TOPIC, 'plain_words = ["lymph nodes"]', 'plain_words = ["lymph node"]')
    change(files / TOPIC, '"Then you change to another."', '"you change to another"')

    assert {line.outcome for line in load_from(files)} == {Outcome.UNCHANGED}


@pytest.mark.once
def test_new_text_without_a_sentence_is_refused(files, capsys):
    new_text(files, note="")

    report = load_from(files)

    line = next(line for line in report if line.outcome is Outcome.REFUSED)
    assert "change_note" in str(line)
    assert versions_of("what-treatment-can-do").count() == 1


@pytest.mark.once
@pytest.mark.parametrize("status", ["draft", "in-review"])
def test_fact_that_staff_are_rewriting_is_kept(files, editor, status):
    version = FactVersion.start(Fact.objects.get(slug="what-treatment-can-do"), editor)
    if status == "in-review":
        version.submit(editor)
    new_text(files)

    report = load_from(files)

    assert outcome_of(report, "fact", "What treatment can do") is Outcome.KEPT
    assert versions_of("what-treatment-can-do").count() == 2


@pytest.mark.once
def test_fact_that_staff_have_rewritten_is_kept(files, editor, reviewer):
    version = FactVersion.start(Fact.objects.get(slug="what-treatment-can-do"), editor)
    version.submit(editor)
    version.approve(reviewer, change_kind="wording", change_note="It is ours now.")
    new_text(files)

    report = load_from(files)

    assert outcome_of(report, "fact", "What treatment can do") is Outcome.KEPT
    assert version.is_live(timezone.now())


@pytest.mark.once
def test_fact_that_staff_have_withdrawn_stays_withdrawn(files, reviewer):
    versions_of("what-treatment-can-do").get().withdraw(reviewer, "It is no longer right.")
    new_text(files)

    report = load_from(files)

    assert outcome_of(report, "fact", "What treatment can do") is Outcome.KEPT
    assert not Fact.objects.live(timezone.now(), "en").filter(slug="what-treatment-can-do").exists()
