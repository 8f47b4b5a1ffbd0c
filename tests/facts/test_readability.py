"""Grades, sentences and syllables: known values by hand, and what must hold for any text."""

import math
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.drug_names import is_drug_name
from facts.readability import (
    Grades,
    grades,
    plain_text,
    sentences,
    split_sentences,
    stem,
    syllables,
    word_count,
)
from tests.yardstick import yardsticks

PIECES = [
    *("<p>", "</p>", "<li>", "<ul>", "<h3>", "</h3>", "<br>", "<a href='/x'>", "</a>", "<![", "&"),
    *("<!--", "&amp;", "<script>", "1,000", "e.g.", "U.S.", "Dr.", "30%", ".", "?", "Word", "<"),
    *("hypercalcemia", "’", "-", " ", "\n", "\x00", "\ud800", "é"),
]
HTML = st.lists(st.sampled_from(PIECES) | st.text(max_size=12)).map("".join)


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("One. Two! Three?", ["One.", "Two!", "Three?"]),
            ("Ask Dr. Lee. She knows.", ["Ask Dr. Lee.", "She knows."]),
            ("Some drugs, e.g. pills, help. Ask.", ["Some drugs, e.g. pills, help.", "Ask."]),
            ("It fell by 3.5 percent. Good.", ["It fell by 3.5 percent.", "Good."]),
            ("In the U.S. 1 in 8 women. Now.", ["In the U.S. 1 in 8 women.", "Now."]),
            ("It is so in the U.S. They say so.", ["It is so in the U.S.", "They say so."]),
            ("The U.S. National Institute said so.", ["The U.S. National Institute said so."]),
            ("At 9 a.m. you eat.", ["At 9 a.m. you eat."]),
            ("He said “Stop.” Then he left.", ["He said “Stop.”", "Then he left."]),
            ("Wait … what? Yes.", ["Wait … what?", "Yes."]),
            ("J. Smith wrote it.", ["J. Smith wrote it."]),
            ("No stop at the end", ["No stop at the end"]),
            ("See no. 4 of the list.", ["See no. 4 of the list."]),
            ("", []),
        ],
    )
    def test_end_where_a_reader_stops(self, text, expected):
        assert split_sentences(text) == expected

    def test_list_item_without_a_full_stop_is_one(self):
        found = sentences("<p>You can ask:</p><ul><li>how often</li><li>what it costs</li></ul>")

        assert [s.text for s in found] == ["You can ask:", "how often", "what it costs"]
        assert [s.block for s in found] == [0, 1, 2]

    def test_heading_is_one_and_says_so(self):
        found = sentences("<h3>What helps</h3><p>Rest.</p>")

        assert [(s.text, s.is_heading) for s in found] == [("What helps", True), ("Rest.", False)]

    def test_tags_within_a_sentence_do_not_end_it(self):
        [found] = sentences('<p>A <a href="/glossary/#biopsy">biopsy</a> is <em>small</em>.</p>')

        assert found.text == "A biopsy is small."
        assert found.words == ["A", "biopsy", "is", "small"]

    def test_long_begins_after_25_words(self):
        assert not sentences(f"<p>{'word ' * 25}</p>")[0].is_long
        assert sentences(f"<p>{'word ' * 26}</p>")[0].is_long

    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("It’s well-known", 2),
            ("1,000 people, or 30%", 4),
            ("CDK4/6 inhibitors", 2),
            ("(about) “one”", 2),
            ("2015–19", 2),
            ("", 0),
        ],
    )
    def test_word_may_hold_marks(self, text, count):
        assert word_count(f"<p>{text}</p>") == count


class TestSyllables:
    @pytest.mark.parametrize(
        ("word", "count"),
        [
            ("cat", 1), ("water", 2), ("make", 1), ("makes", 1), ("boxes", 2), ("treated", 2),
            ("helped", 1), ("table", 2), ("cancer", 2), ("metastasis", 4), ("chemotherapy", 5),
            ("hospital", 3), ("idea", 3), ("people", 2), ("isn’t", 2), ("don’t", 1),
            ("well-known", 2), ("2024", 1), ("society", 4), ("patient", 2), ("science", 2),
            ("trial", 2), ("guideline", 2), ("flashes", 2), ("breathes", 1), ("e", 1), ("", 1),
        ],
    )  # fmt: skip
    def test_are_counted_about_right(self, word, count):
        assert syllables(word) == count


class TestGrades:
    def test_are_those_computed_by_hand(self):
        # 4 words, 1 sentence, 49 letters, 6 + 4 + 4 + 6 = 20 syllables, 4 complex words.
        found = grades("<p>Hypercalcemia necessitates immediate hospitalization.</p>")

        assert found == Grades(
            flesch_kincaid=45.0,  # 0.39 * 4 + 11.8 * 5 - 15.59
            gunning_fog=41.6,  # 0.4 * (4 + 100)
            automated_readability=38.3,  # 4.71 * 12.25 + 0.5 * 4 - 21.43
        )
        assert found.median == 41.6
        assert found.spread == 6.7

    def test_easy_text_has_none_below_zero(self):
        # 9 words, 2 sentences, 26 letters, 9 syllables.
        found = grades("<p>The cat sat on the mat. It was warm.</p>")

        assert found == Grades(0.0, 1.8, 0.0)

    @pytest.mark.parametrize("html", ["", "<p></p>", "<p>…</p>", "<p> </p>", "<!-- a -->"])
    def test_text_without_words_has_none(self, html):
        assert grades(html) == Grades(0.0, 0.0, 0.0)

    def test_hard_text_is_harder_than_a_simple_one(self):
        simple = "<p>Some drugs slow the cancer. You take one each day. Ask your nurse.</p>"
        hard = (
            "<p>Pharmacological interventions demonstrating antiproliferative characteristics may, "
            "notwithstanding considerable interindividual variability, attenuate progression.</p>"
        )

        assert grades(simple).median < 6 < 15 < grades(hard).median

    def test_easy_words_make_it_easier(self):
        text = "<p>An aromatase inhibitor is a tablet. Aromatase inhibitors stop estrogen.</p>"

        assert grades(text, ["aromatase inhibitor"]).median < grades(text).median

    def test_easy_words_are_found_in_any_form(self):
        text = "<p>Metastases and BIOPSIES are hard-to-read.</p>"

        assert grades(text, ["metastasis", "biopsy"]) == grades(text, ["metastases", "biopsies"])

    def test_part_of_an_easy_phrase_is_not_easy_by_itself(self):
        text = "<p>The inhibitor is an inhibitor.</p>"

        assert grades(text, ["aromatase inhibitor"]) == grades(text)

    def test_names_of_drugs_are_easy_by_themselves(self):
        assert grades("<p>You may take trastuzumab.</p>").median < 7
        assert grades("<p>You may take precautionariness.</p>").median > 7

    def test_headings_do_not_make_a_text_look_easy(self):
        text = "<p>Interdisciplinary consultation facilitates individualized decisions.</p>"

        assert grades(f"<h3>Ask</h3><h3>Rest</h3>{text}") == grades(text)

    def test_items_of_a_list_are_sentences(self):
        items = "<ul><li>rest a lot</li><li>drink water</li><li>call your nurse</li></ul>"

        assert grades(items).median < grades("<p>rest a lot drink water call your nurse</p>").median

    def test_numbers_and_abbreviations_are_short_words(self):
        assert grades("<p>In 2024, 1,000 had an MRI or CT.</p>").median < 4

    @given(HTML, st.lists(st.text(max_size=8), max_size=3))
    def test_never_fail_and_are_finite(self, html, easy_words):
        found = grades(html, easy_words)

        assert all(math.isfinite(grade) and 0 <= grade <= 99.9 for grade in found.all)
        assert min(found.all) <= found.median <= max(found.all)
        assert found.spread >= 0

    @given(HTML)
    def test_no_word_of_a_text_is_lost_among_its_sentences(self, html):
        joined = " ".join(s.text for s in sentences(html))

        assert joined.split() == plain_text(html).split()

    @given(st.text())
    def test_every_word_has_a_syllable_and_a_stem(self, word):
        assert syllables(word) >= 1
        assert isinstance(stem(word), str)

    @given(st.text(max_size=200), st.text(max_size=200))
    def test_do_not_depend_on_white_space(self, one, two):
        text = f"{one} {two}".replace("<", "")

        assert grades(text) == grades(text.replace(" ", "  "))

    def test_takes_little_time_over_a_hostile_text(self):
        for part in ("<" * 20_000, "a." * 20_000, "a-" * 20_000, "1," * 20_000, "“" * 20_000):
            assert yardsticks(partial(grades, part)) < 40


@pytest.mark.parametrize(
    "word", ["palbociclib", "Trastuzumab’s", "letrozole", "olaparib", "tucatinib", "Enhertu"]
)
def test_name_of_a_drug_is_known_by_its_ending_or_the_list(word):
    assert is_drug_name(word)


@pytest.mark.parametrize("word", ["lab", "stab", "chronic", "cancer", "", "platelet", "mab"])
def test_other_words_are_no_drugs(word):
    assert not is_drug_name(word)
