"""The bench: what it says of a text, that it never fails, and the grade that is stored."""

from decimal import Decimal

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from facts import bench
from facts.bench import Bench, Glossary, Text, examine, measure, passive_voice, stored_grades
from facts.models import FactVersion, Source
from facts.readability import grades
from tests.factories import DraftFactory, FactFactory, GlossaryTermFactory, MemberFactory, make_live
from tests.facts.test_readability import HTML

GLOSSARY = Glossary.of(
    [
        ("biopsy", "Biopsy", "tissue sample, biopsies"),
        ("clinical-trial", "Clinical trial", "trial, study"),
        ("pet-ct", "PET-CT", "PET, PET scan"),
        ("hormone-receptor", "Hormone receptor", "ER, estrogen receptor"),
        ("receptor", "Receptor", ""),
        ("brca", "BRCA1, BRCA2", "breast cancer genes"),
    ]
)
HARD = (
    "<p>Pharmacological interventions demonstrating antiproliferative characteristics may, "
    "notwithstanding considerable interindividual variability, attenuate deterioration.</p>"
)


def found(body, **fields):
    """Return (kind, quote) of each finding of a text."""
    return [(f.kind, f.quote) for f in examine(Text(body=body, **fields), GLOSSARY).findings]


def kinds(body, **fields):
    return {kind for kind, _quote in found(body, **fields)} - {bench.LENGTH}


class TestFindings:
    def test_plain_text_has_none(self):
        body = "<p>You can rest as much as you like. Ask your nurse what else helps you.</p>" * 5

        result = examine(Text(body=body), GLOSSARY)

        assert result.findings == []
        assert result.words == 75
        assert "Easy" in result.verdict

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (f"<p>{'You rest and ' * 9}sleep.</p>", bench.LONG),
            ("<p>The drug was given to you.</p>", bench.PASSIVE),
            ("<p>It may cause neutropenia.</p>", bench.WORD_UNKNOWN),
            ("<p>Ask QXZW for help.</p>", bench.ABBREVIATION),
            ("<p>You may have a biopsy.</p>", bench.UNMARKED),
            ("<p>It helps 30% of them.</p>", bench.FRAME),
            ("<p>In Spain in 2019, 30% of women had it.</p>", bench.UNCOVERED),
            ("<p>You will win this battle.</p>", bench.AVOID),
            ("<p>She lost her fight.</p>", bench.AVOID),
        ],
    )
    def test_are_made_of_what_a_reader_would_stumble_over(self, body, kind):
        assert kind in kinds(body)

    @pytest.mark.parametrize(
        "body",
        [
            "<p>Some say “battle”, and you need not.</p>",
            "<p>Your body fights infections.</p>",
            '<p>You may have a <a href="/glossary/#biopsy">biopsy</a>. A biopsy is short.</p>',
            "<p>A study in which you take part.</p>",
            "<p>Your pet is with you.</p>",
            '<p>You have <a href="/glossary/#hormone-receptor">estrogen receptors</a>.</p>',
            "<p>You are tired, and you are called by name.</p>",
        ],
    )
    def test_everyday_words_are_left_alone(self, body):
        assert kinds(body) == set()

    def test_term_is_to_be_marked_at_its_first_use(self):
        body = '<p>A biopsy is short. A <a href="/glossary/#biopsy">biopsy</a> helps.</p>'

        assert found(body) == [(bench.LENGTH, ""), (bench.UNMARKED, "A biopsy is short.")]

    def test_each_name_of_a_term_in_a_list_is_one(self):
        assert kinds("<p>Ask if it is BRCA2 or not.</p>") == {bench.UNMARKED}

    def test_passages_and_figures_are_held_against_each_other(self):
        body = "<p>In Spain in 2019, 30% of women had it. In Spain in 2020, 40% of women did.</p>"

        said = found(body, passages=("30% of women had it", "20% of men had it", "women"))

        assert (bench.LOST, "20% of men had it") in said
        assert (bench.SHORT, "women") in said
        assert (bench.UNCOVERED, "In Spain in 2020, 40% of women did.") in said
        assert (bench.UNCOVERED, "In Spain in 2019, 30% of women had it.") not in said

    def test_words_of_the_box_are_looked_at_too(self):
        assert bench.UNCOVERED in kinds("<p>Rest.</p>", call_now="Call if it is over 38 °C.")
        assert bench.LOST not in kinds(
            "<p>Rest.</p>", call_now="Call if it is over 38 °C.", passages=("over 38 °C",)
        )

    def test_headings_are_looked_at_for_words_that_we_do_not_say(self):
        assert kinds("<p>Rest.</p>", title="Your brave journey") == {bench.AVOID}

    @pytest.mark.parametrize(
        ("words", "is_said"), [(59, True), (60, False), (180, False), (181, True)]
    )
    def test_length_is_from_60_to_180_words(self, words, is_said):
        assert ((bench.LENGTH, "") in found(f"<p>{'Rest. ' * words}</p>")) is is_said

    def test_empty_text_is_not_scolded(self):
        assert examine(Text(), GLOSSARY).findings == []

    @pytest.mark.parametrize(
        ("flag", "words"),
        [("retracted", "was retracted"), ("superseded", "a newer one"), ("doubted", "in doubt")],
    )
    def test_source_with_a_warning_is_named(self, flag, words):
        source = Source(title="A study", publisher="A journal", flag=flag)

        [finding] = examine(Text(), GLOSSARY, [source]).findings

        assert words in finding.advice
        assert finding.quote == "A study. A journal"

    def test_text_in_another_language_is_not_measured_by_english_rules(self):
        result = examine(Text(body="<p>La metástasis neutropenia.</p>", language="es"), GLOSSARY)

        assert result.grades is None
        assert {f.kind for f in result.findings} == {bench.LENGTH}

    def test_text_that_is_far_too_long_is_not_looked_at(self):
        [finding] = examine(Text(body="<p>" + "word " * 20_000), GLOSSARY).findings

        assert "far too long" in finding.advice

    def test_unknown_word_can_be_added(self):
        [finding] = [
            f
            for f in examine(Text(body="<p>It is febrile neutropenia.</p>"), GLOSSARY).findings
            if f.term == "neutropenia"
        ]

        assert finding.term_slug == "neutropenia"

    @given(
        HTML, st.text(max_size=30), st.text(max_size=30), st.lists(st.text(max_size=9), max_size=3)
    )
    def test_any_text_is_looked_at_and_nothing_is_taken_for_html(
        self, body, title, plain, passages
    ):
        text = Text(
            body=body, call_now=title, title=title, plain_words=plain, passages=tuple(passages)
        )

        result = examine(text, GLOSSARY)

        for finding in result.findings:
            assert not isinstance(finding.quote, SafeString)
            assert not isinstance(finding.advice, SafeString)

    def test_hostile_words_are_shown_as_words(self):
        hostile = "<img src=x onerror=alert(1)>"
        result = Bench(Text(), [bench.Finding("long", hostile, hostile, hostile)])

        html = render_to_string(
            "admin/facts/factversion/_bench.html",
            {
                "bench": result,
                "bench_summary": hostile + '"',
                "bench_groups": [{"heading": hostile, "findings": result.findings}],
                "may_add_terms": True,
            },
        )

        assert "<img" not in html
        assert '&quot;"' in html


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The drug was given.", "was given"),
        ("It is often not told.", "is often not told"),
        ("They weren’t asked.", "weren’t asked"),
        ("You are tired.", ""),
        ("It is red.", ""),
        ("She gave it.", ""),
    ],
)
def test_passive_voice_is_heard(sentence, words):
    assert passive_voice(sentence) == words


@pytest.mark.parametrize(
    ("body", "word"),
    [("<p>You rest. You eat.</p>", "Easy"), (HARD, "Too hard"), ("", "no text")],
)
def test_grade_is_put_into_words(body, word):
    assert word in examine(Text(body=body), GLOSSARY).verdict


@pytest.mark.django_db
class TestStoredGrade:
    def expected(self, body):
        return Decimal(str(grades(body).median))

    def test_saving_a_draft_stores_it(self):
        draft = DraftFactory(body=HARD)

        draft.refresh_from_db()
        assert draft.reading_grade == self.expected(HARD)
        assert stored_grades(draft) == grades(HARD)

    def test_saving_the_text_alone_stores_it_too(self):
        draft = DraftFactory()

        draft.body = HARD
        draft.save(update_fields=["body"])

        draft.refresh_from_db()
        assert draft.reading_grade == self.expected(HARD)

    def test_other_doors_store_it_too(self):
        draft = DraftFactory()

        FactVersion.objects.filter(pk=draft.pk).update(body=HARD)

        draft.refresh_from_db()
        assert draft.reading_grade == self.expected(HARD)

        draft.body = "<p>You rest.</p>"
        FactVersion.objects.bulk_update([draft], ["body"])

        draft.refresh_from_db()
        assert draft.reading_grade == self.expected("<p>You rest.</p>")

        FactVersion.objects.bulk_create(
            [FactVersion(fact=FactFactory(), author=MemberFactory(), body=HARD)]
        )

        made = FactVersion.objects.order_by("pk").last()
        assert made.reading_grade == self.expected(HARD)

    def test_words_of_the_glossary_count_as_easy(self):
        text = "<p>Pharmacological interventions.</p>"
        before = DraftFactory(body=text).reading_grade
        GlossaryTermFactory(term="Pharmacological", other_names="intervention")
        GlossaryTermFactory(term="Later", published_at=None)

        after = DraftFactory(body=text).reading_grade

        assert after < before

    def test_approved_text_keeps_its_own(self):
        live = make_live(body="<p>Pharmacological interventions.</p>")
        before = live.reading_grade
        GlossaryTermFactory(term="Pharmacological", other_names="intervention")

        live.save()

        live.refresh_from_db()
        assert live.reading_grade == before

    def test_text_without_words_or_in_another_language_has_none(self):
        assert DraftFactory(body="").reading_grade is None
        assert DraftFactory(body="<p>Hola.</p>", language="es").reading_grade is None
        assert stored_grades(DraftFactory(body="")) is None

    def test_saving_without_touching_the_text_asks_for_no_glossary(self):
        draft = DraftFactory()

        with CaptureQueriesContext(connection) as queries:
            draft.save(update_fields=["status"])

        assert not [q for q in queries if "facts_glossaryterm" in q["sql"]]

    def test_grade_of_any_length_fits_its_column(self):
        draft = DraftFactory(body=f"<p>{'unimaginable ' * 3000}</p>")

        draft.refresh_from_db()
        assert draft.reading_grade == Decimal("99.9")

    def test_measuring_alone_saves_nothing(self):
        draft = DraftFactory()
        draft.body = HARD

        measure(draft)

        assert draft.reading_grade == self.expected(HARD)
        assert FactVersion.objects.get(pk=draft.pk).reading_grade != draft.reading_grade
