import re
import shutil
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from community.models import Service, SupportGroup
from facts.models import (
    Citation,
    Event,
    Fact,
    FactVersion,
    GlossaryTerm,
    Page,
    Question,
    Source,
    Topic,
)
from portal.starter import read as reading
from portal.starter.load import Outcome, load
from portal.starter.read import BrokenLibrary, read
from tests.factories import DraftFactory

MODELS = (Source, GlossaryTerm, Topic, Fact, FactVersion, Citation, Question, Service, Page, Event)
WITH_HISTORY = (Source, GlossaryTerm, Topic, Question, Service, Page)
TOPIC = "topics/key-facts-about-metastasis.toml"

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """A copy of the library's files, to be changed."""
    copy = tmp_path / "starter"
    shutil.copytree(reading.FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    # As if each fact had its first wording, which has nothing to say of a change.
    topic = copy / TOPIC
    topic.write_text(re.sub(r"^change_(kind|note) = .*\n", "", topic.read_text(), flags=re.M))
    return copy


def change(path: Path, old: str, new: str):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def load_from(folder=reading.FOLDER, **options):
    return load(read(folder), now=timezone.now(), **options)


def outcome_of(report, kind, word):
    found = [line for line in report if line.kind == kind and word in line.name]
    assert len(found) == 1, [str(line) for line in report]
    return found[0].outcome


def everything():
    """Return every row of every model, and the number of rows in each history."""
    rows = {model: list(model.objects.order_by("pk").values()) for model in MODELS}
    return rows, [model.history.count() for model in WITH_HISTORY]


def test_first_load_publishes_everything():
    report = load_from()

    assert {line.outcome for line in report} == {Outcome.NEW}
    now = timezone.now()
    assert Topic.objects.published(now).count() == Topic.objects.count() == 8
    assert Fact.objects.live(now, "en").count() == 43
    for model in (GlossaryTerm, Question, Service):
        assert model.objects.published(now).count() == model.objects.count() > 5
    assert Page.objects.count() == 3
    for version in FactVersion.objects.all():
        assert version.origin == "starter library"
        assert (version.author, version.approver, version.number) == (None, None, 1)
        assert version.citations.exists()
        assert version.sources_checked_on == date(2026, 11, 22)
        assert version.last_review is None
        assert version.events.get().actor is None
    assert Question.objects.filter(facts__isnull=False).distinct().count() > 5


def test_second_load_changes_nothing():
    load_from()
    before = everything()

    report = load_from()

    assert {line.outcome for line in report} == {Outcome.UNCHANGED}
    assert everything() == before


@pytest.mark.once
def test_command_tells_what_it_did_and_then_that_nothing_was_to_do():
    first, second = StringIO(), StringIO()

    call_command("load_starter_library", stdout=first)
    call_command("load_starter_library", stdout=second)

    assert "new: topic “Key facts about metastasis”" in first.getvalue()
    assert SupportGroup.objects.filter(is_example=True).exists()
    assert "unchanged" in second.getvalue()
    assert "new" not in second.getvalue()
    assert len(second.getvalue().splitlines()) == 1


@pytest.mark.once
def test_drafts_are_loaded_for_staff_to_read_first():
    report = load_from(as_drafts=True)

    assert {line.outcome for line in report} == {Outcome.NEW}
    assert set(FactVersion.objects.values_list("status", "live_from")) == {("draft", None)}
    for model in (Topic, GlossaryTerm, Question, Service):
        assert set(model.objects.values_list("published_at", flat=True)) == {None}
    assert Page.objects.count() == 3


@pytest.mark.once
def test_drafts_are_not_published_by_a_later_load():
    load_from(as_drafts=True)

    report = load_from()

    assert {line.outcome for line in report} == {Outcome.UNCHANGED}
    assert not FactVersion.objects.exclude(status="draft").exists()
    assert not Topic.objects.exclude(published_at=None).exists()


CHANGED = {
    Source: "publisher",
    GlossaryTerm: "explanation",
    Topic: "summary",
    Question: "text",
    Service: "description",
    Page: "title",
}


def test_what_staff_have_changed_is_kept():
    load_from()
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
    load_from()
    models = (GlossaryTerm, Question, Service, Page)
    for model in models:
        model.objects.order_by("pk").first().delete()
    before = everything()

    report = load_from()

    assert [line.outcome for line in report].count(Outcome.LEFT_OUT) == len(models)
    assert everything() == before


@pytest.mark.once
def test_what_staff_have_given_another_address_is_not_made_again():
    load_from()
    term = GlossaryTerm.objects.get(slug="biopsy")
    term.slug = "tissue-sample"
    term.save()

    report = load_from()

    assert outcome_of(report, "glossary term", "Biopsy") is Outcome.KEPT
    assert not GlossaryTerm.objects.filter(slug="biopsy").exists()


@pytest.mark.once
def test_what_the_library_has_changed_is_brought_up_to_date(folder):
    load_from(folder)
    change(folder / "glossary.toml", "Taking a small sample", "Taking a little sample")

    report = load_from(folder)

    assert outcome_of(report, "glossary term", "Biopsy") is Outcome.UPDATED
    assert GlossaryTerm.objects.get(slug="biopsy").explanation.startswith("Taking a little")
    assert {line.outcome for line in load_from(folder)} == {Outcome.UNCHANGED}


@pytest.mark.once
def test_questions_follow_the_facts_that_the_library_gives_them(folder):
    load_from(folder)
    change(
        folder / "questions.toml",
        '"key-facts-about-metastasis/what-treatment-can-do"',
        '"key-facts-about-metastasis/about-a-cure"',
    )

    report = load_from(folder)

    question = Question.objects.get(slug="where-has-it-spread")
    assert outcome_of(report, "question", "Where has it spread") is Outcome.UPDATED
    facts = {fact.slug for fact in question.facts.all()}
    assert "about-a-cure" in facts
    assert "what-treatment-can-do" not in facts


def new_text(folder, *, note="The wording is plainer."):
    kind = f'change_kind = "wording"\nchange_note = "{note}"\n' if note else ""
    change(
        folder / TOPIC,
        'slug = "what-treatment-can-do"\n',
        f'slug = "what-treatment-can-do"\n{kind}',
    )
    # In the text, and in the passage that rests on a source.
    for _place in range(2):
        change(folder / TOPIC, "Some people live with it for many", "Some live with it long, many")


def versions_of(slug):
    return FactVersion.objects.filter(fact__slug=slug).order_by("number")


@pytest.mark.once
def test_new_text_of_a_fact_becomes_a_new_version_with_its_sentence(folder):
    load_from(folder)
    new_text(folder)

    report = load_from(folder)

    first, second = versions_of("what-treatment-can-do")
    now = timezone.now()
    assert outcome_of(report, "fact", "What treatment can do") is Outcome.UPDATED
    assert (second.number, second.change_kind) == (2, "wording")
    assert second.change_note == "The wording is plainer."
    assert (first.is_live(now), second.is_live(now)) == (False, True)
    assert first.live_until == second.live_from
    assert "Some live with it long" in second.body
    assert {line.outcome for line in load_from(folder)} == {Outcome.UNCHANGED}


@pytest.mark.once
def test_what_only_staff_see_of_a_fact_changes_nothing(folder):
    load_from(folder)
    change(folder / TOPIC, 'plain_words = ["lymph nodes"]', 'plain_words = ["lymph node"]')
    change(folder / TOPIC, '"Then you change to another."', '"you change to another"')

    assert {line.outcome for line in load_from(folder)} == {Outcome.UNCHANGED}


def test_text_that_may_not_be_published_is_named_and_writes_nothing(folder):
    change(folder / TOPIC, "You do not have to carry it alone.", "About 3 in 10 do not know why.")

    with pytest.raises(BrokenLibrary) as error:
        load_from(folder)

    (problem,) = error.value.problems
    assert problem.startswith(f"{TOPIC}, it-is-not-your-fault: ")
    assert "About 3 in 10" in problem
    assert not any(model.objects.exists() for model in MODELS)


@pytest.mark.once
def test_new_text_without_a_sentence_is_refused(folder, capsys):
    load_from(folder)
    new_text(folder, note="")

    report = load_from(folder)

    line = next(line for line in report if line.outcome is Outcome.REFUSED)
    assert "change_note" in str(line)
    assert versions_of("what-treatment-can-do").count() == 1


@pytest.mark.once
def test_sentence_stands_in_no_first_version(folder):
    new_text(folder)

    load_from(folder)

    version = versions_of("what-treatment-can-do").get()
    assert (version.number, version.change_kind, version.change_note) == (1, "", "")
    assert {line.outcome for line in load_from(folder)} == {Outcome.UNCHANGED}


@pytest.mark.once
@pytest.mark.parametrize("status", ["draft", "in-review"])
def test_fact_that_staff_are_rewriting_is_kept(folder, editor, status):
    load_from(folder)
    version = FactVersion.start(Fact.objects.get(slug="what-treatment-can-do"), editor)
    if status == "in-review":
        version.submit(editor)
    new_text(folder)

    report = load_from(folder)

    assert outcome_of(report, "fact", "What treatment can do") is Outcome.KEPT
    assert versions_of("what-treatment-can-do").count() == 2


@pytest.mark.once
def test_fact_that_staff_have_rewritten_is_kept(folder, editor, reviewer):
    load_from(folder)
    version = FactVersion.start(Fact.objects.get(slug="what-treatment-can-do"), editor)
    version.submit(editor)
    version.approve(reviewer, change_kind="wording", change_note="It is ours now.")
    new_text(folder)

    report = load_from(folder)

    assert outcome_of(report, "fact", "What treatment can do") is Outcome.KEPT
    assert version.is_live(timezone.now())


@pytest.mark.once
def test_fact_that_staff_have_withdrawn_stays_withdrawn(folder, reviewer):
    load_from(folder)
    versions_of("what-treatment-can-do").get().withdraw(reviewer, "It is no longer right.")
    new_text(folder)

    report = load_from(folder)

    assert outcome_of(report, "fact", "What treatment can do") is Outcome.KEPT
    assert not Fact.objects.live(timezone.now(), "en").filter(slug="what-treatment-can-do").exists()


@pytest.mark.once
def test_draft_that_nobody_has_touched_gets_the_newer_text(folder):
    load_from(folder, as_drafts=True)
    new_text(folder)
    change(folder / TOPIC, 'supports = "The other names for it"', 'supports = "Its names"')

    report = load_from(folder)

    version = versions_of("what-treatment-can-do").get()
    assert outcome_of(report, "fact", "What treatment can do") is Outcome.UPDATED
    assert version.status == "draft"
    assert "Some live with it long" in version.body
    assert "Its names" in [c.supports for c in version.citations.all()]


@pytest.mark.once
def test_fact_of_staff_at_the_same_address_is_kept():
    topic = Topic(slug="key-facts-about-metastasis", title="Ours", summary="Our own.")
    topic.save()
    fact = Fact.objects.create(topic=topic, slug="about-a-cure")
    ours = DraftFactory(fact=fact)

    load_from()

    assert list(versions_of("about-a-cure")) == [ours]
    topic.refresh_from_db()
    assert topic.title == "Ours"


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (TOPIC, 'evidence = "guideline"', 'evidence = "hearsay"', "evidence"),
        (TOPIC, 'source = "S01"', 'source = "S99"', "there is no source “S99”"),
        (TOPIC, "<p>There is no full", "<div>There is no full", "holds <div>"),
        (TOPIC, '<a href="/glossary/#metastasis">', '<a href="javascript:x">', "no address"),
        (TOPIC, "/glossary/#metastasis", "/glossary/#nowhere", "no glossary term “nowhere”"),
        (TOPIC, 'neutral_heading = "What treatment can do"', 'neutral_heading = ""', "neutral"),
        (TOPIC, 'slug = "about-a-cure"', 'slug = "what-treatment-can-do"', "is there twice"),
        (TOPIC, 'risk_class = "statistics"', 'risk_class = "statistics"\ncolour = 1', "“colour”"),
        (TOPIC, "position = 1", 'position = "first"', "“position” is 'first'"),
        (TOPIC, 'slug = "key-facts-about-metastasis"', 'slug = "key"', "should be called key.toml"),
        ("glossary.toml", 'term = "Biopsy"\n', "", "“term” is missing"),
        ("glossary.toml", 'slug = "biopsy"', 'slug = "bi opsy"', "slug"),
        ("questions.toml", "/what-treatment-can-do", "/what-nobody-wrote", "there is no fact"),
        ("services.toml", 'country = "AU"', 'country = "XX"', "country"),
        ("services.toml", "checked_on = 2026-11-22", 'checked_on = "lately"', "checked_on"),
        ("pages.toml", 'slug = "about"', 'slug = "imprint"', "slug"),
        ("sources.toml", 'url = "https://pmc', 'url = "javascript:', "url"),
        ("sources.toml", "[[sources]]", "[[sources]", "this is not TOML"),
    ],
)
def test_broken_data_is_named_and_writes_nothing(folder, file, old, new, reason):
    change(folder / file, old, new)

    with pytest.raises(BrokenLibrary) as error:
        load_from(folder)

    assert any(p.startswith(file) and reason in p for p in error.value.problems), str(error.value)
    assert not any(model.objects.exists() for model in MODELS)


def test_all_mistakes_are_told_at_once(folder):
    change(folder / TOPIC, 'evidence = "guideline"', 'evidence = "hearsay"')
    change(folder / "services.toml", 'country = "AU"', 'country = "XX"')

    with pytest.raises(BrokenLibrary) as error:
        read(folder)

    assert len(error.value.problems) == 2


def test_load_that_fails_half_way_leaves_nothing(monkeypatch):
    def fail(self):
        raise RuntimeError

    monkeypatch.setattr(FactVersion, "publish_from_starter_library", fail)

    with pytest.raises(RuntimeError):
        load_from()

    assert not any(model.objects.exists() for model in MODELS)
