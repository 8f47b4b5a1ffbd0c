"""Figures, what belongs beside them, and the passages that carry them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.figures import has_figure, has_share, missing_frame
from facts.passages import cover, split_passages
from facts.readability import sentences
from tests.facts.test_readability import HTML


@pytest.mark.parametrize(
    "text",
    [
        "About 1 in 8 women.", "30% of people.", "30 percent.", "In 2024, experts met.",
        "Half of them lived.", "One in four had it.", "Two thirds agreed.", "A third of people.",
        "About a quarter had pain.", "Over 2,300 men.", "It doubled.", "Twice as many.",
        "A fever of 38 °C.", "5 million people.", "Within 24 weeks.",
    ],
)  # fmt: skip
def test_figure_is_seen(text):
    assert has_figure(text)


@pytest.mark.parametrize(
    "text",
    [
        "HER2 and CDK4/6 and PD-L1 are names.", "It is stage 4.", "Stage IV cancer.",
        "A third drug may help.", "Wait half an hour.", "Call day or night, 24/7.",
        "One of the drugs.", "A 24-hour line.", "Quarterly visits.", "", "You are not alone.",
        "BRCA1 and BRCA2 are genes.", "Triple negative cancer.",
    ],
)  # fmt: skip
def test_digit_of_a_name_and_the_like_is_none(text):
    assert not has_figure(text)


def test_year_alone_is_a_figure_but_no_share():
    assert has_figure("In 2024, experts met.")
    assert not has_share("In 2024, experts met.")


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("In the United States in 2019, about 1 in 8 women had it.", []),
        ("About 1 in 8 women had it in 2019.", ["place"]),
        ("About 1 in 8 women in Spain had it.", ["time"]),
        ("In Spain in 2019, it was 12%.", ["people"]),
        ("It is 12%.", ["people", "place", "time"]),
        ("You can ask your team.", []),
        ("In 2024, experts met.", []),
    ],
)
def test_share_needs_people_place_and_time(sentence, missing):
    assert missing_frame(sentence) == missing


def test_sentence_may_lean_on_the_one_before():
    before = "A study of 2019 counted women in Spain."

    assert missing_frame("In the same study, 12% had it.", before) == []
    assert missing_frame("Elsewhere 12% had it.", before) == ["people", "place", "time"]


@given(st.text(), st.text())
def test_any_sentence_is_looked_at(sentence, before):
    assert set(missing_frame(sentence, before)) <= {"people", "place", "time"}
    assert isinstance(has_figure(sentence), bool)


class TestCover:
    TEXT = "<p>About 1 in 8 women had it. Rest helps.</p><ul><li>Ask in 2 weeks</li></ul>"

    def test_sentence_that_holds_a_passage_is_covered(self):
        found = cover(self.TEXT, ["1 in 8 women"])

        assert [s.text for s in found.uncovered] == ["Rest helps.", "Ask in 2 weeks"]

    def test_passage_may_reach_over_two_sentences(self):
        found = cover(self.TEXT, ["women had it. Rest helps."])

        assert [s.text for s in found.uncovered] == ["Ask in 2 weeks"]

    def test_passage_that_does_not_stand_in_the_text_is_lost(self):
        found = cover(self.TEXT, ["1 in 9 women", "Rest helps. Ask in 2 weeks", "1 in 8 women"])

        assert found.lost == ("1 in 9 women", "Rest helps. Ask in 2 weeks")

    def test_one_word_covers_nothing(self):
        found = cover(self.TEXT, ["Rest"])

        assert found.short == ("Rest",)
        assert len(found.uncovered) == 3

    def test_quotes_dashes_and_spaces_may_differ(self):
        found = cover("<p>It’s 2015–19:&nbsp;“so  far”.</p>", ['It\'s 2015-19: "so far".'])

        assert (found.lost, found.uncovered) == ((), ())

    def test_passage_is_read_without_tags(self):
        found = cover("<p>A <strong>small</strong> <a href='/x'>study</a>.</p>", ["small study"])

        assert found.lost == ()

    def test_sentence_that_stands_twice_needs_a_passage_at_each_place(self):
        found = cover("<p>It is 5%. Yes, it is. It is 5%.</p>", ["Yes, it is. It is 5%."])

        assert [s.text for s in found.uncovered] == ["It is 5%."]

    def test_passages_stand_one_on_a_line(self):
        assert split_passages(" a b \n\n c\r\n") == ["a b", "c"]

    @given(HTML, st.lists(st.text(max_size=20), max_size=4))
    def test_any_text_and_passage_is_looked_at(self, html, passages):
        found = cover(html, passages)

        assert set(found.lost) | set(found.short) <= set(passages)

    @given(HTML)
    def test_text_that_is_its_own_passages_is_covered(self, html):
        whole = [s.text for s in sentences(html)]
        found = cover(html, whole)

        assert found.lost == ()
        assert all(len(s.text.split()) < 2 for s in found.uncovered)
