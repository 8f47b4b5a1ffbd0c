from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from community.models import Service, SupportGroup
from facts.models import Fact, FactVersion, GlossaryTerm, Page, Question, Topic
from portal.starter.load import Outcome
from portal.starter.read import BrokenLibrary, read
from tests.factories import DraftFactory
from tests.portal.starter_steps import (
    MODELS,
    TOPIC,
    change,
    load_from,
    new_text,
    outcome_of,
    versions_of,
)

pytestmark = pytest.mark.django_db


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


def test_text_that_may_not_be_published_is_named_and_writes_nothing(files):
    change(files / TOPIC, "You do not have to carry it alone.", "About 3 in 10 do not know why.")

    with pytest.raises(BrokenLibrary) as error:
        load_from(files)

    (problem,) = error.value.problems
    assert problem.startswith(f"{TOPIC}, it-is-not-your-fault: ")
    assert "About 3 in 10" in problem
    assert not any(model.objects.exists() for model in MODELS)


@pytest.mark.once
def test_sentence_stands_in_no_first_version(files):
    new_text(files)

    load_from(files)

    version = versions_of("what-treatment-can-do").get()
    assert (version.number, version.change_kind, version.change_note) == (1, "", "")
    assert {line.outcome for line in load_from(files)} == {Outcome.UNCHANGED}


@pytest.mark.once
def test_draft_that_nobody_has_touched_gets_the_newer_text(files):
    load_from(files, as_drafts=True)
    new_text(files)
    change(files / TOPIC, 'supports = "The other names for it"', 'supports = "Its names"')

    report = load_from(files)

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
def test_broken_data_is_named_and_writes_nothing(files, file, old, new, reason):
    change(files / file, old, new)

    with pytest.raises(BrokenLibrary) as error:
        load_from(files)

    assert any(p.startswith(file) and reason in p for p in error.value.problems), str(error.value)
    assert not any(model.objects.exists() for model in MODELS)


def test_all_mistakes_are_told_at_once(files):
    change(files / TOPIC, 'evidence = "guideline"', 'evidence = "hearsay"')
    change(files / "services.toml", 'country = "AU"', 'country = "XX"')

    with pytest.raises(BrokenLibrary) as error:
        read(files)

    assert len(error.value.problems) == 2


def test_load_that_fails_half_way_leaves_nothing(monkeypatch):
    def fail(self):
        raise RuntimeError

    monkeypatch.setattr(FactVersion, "publish_from_starter_library", fail)

    with pytest.raises(RuntimeError):
        load_from()

    assert not any(model.objects.exists() for model in MODELS)
