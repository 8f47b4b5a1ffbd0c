"""Medical words: found in any form, and left alone once somebody explains them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.medical_words import (
    ABBREVIATIONS,
    LEXICON,
    abbreviations,
    is_medical,
    split_list,
    unexplained,
)
from tests.facts.test_readability import HTML


def words_in(text, glossary=(), plain_words=()):
    return [found.word for found in unexplained(f"<p>{text}</p>", glossary, plain_words)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It may cause neutropenia.", ["neutropenia"]),
        ("Bone metastases may hurt.", ["metastases"]),
        ("Your lymph nodes may swell.", ["lymph nodes"]),
        ("It is ADJUVANT treatment.", ["ADJUVANT"]),
        ("Adjuvant treatment comes later.", ["Adjuvant"]),
        ("They look for DCIS.", ["DCIS"]),
        ("Some have a splenectomy.", ["splenectomy"]),
        ("It can cause esophagitis or gastroenteritis.", ["esophagitis", "gastroenteritis"]),
        ("Sepsis is dangerous. With sepsis you feel cold.", ["Sepsis"]),
    ],
)
def test_words_that_readers_may_not_know_are_found_once(text, expected):
    assert words_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The diagnosis was hard, and so was the analysis of it.",
        "A biography with photography of hepatitis and arthritis.",
        "Take trastuzumab, palbociclib or letrozole.",
        "OLIGOMA is the name of a study.",
        "The translation and the transportation of radioactive material.",
        "Your doctor, nurse and pharmacist know your symptoms.",
    ],
)
def test_everyday_words_names_and_drugs_are_left_alone(text):
    assert words_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "It may be neutropenia (too few white blood cells). Neutropenia passes.",
        "Too few white blood cells (neutropenia) are common.",
        "This is called neutropenia.",
        "Neutropenia means that you have too few white blood cells.",
        "You may have neutropenia, or too few white blood cells.",
        "Neutropenia is a lack of white blood cells.",
        "Doctors use the word “neutropenia” for it.",
    ],
)
def test_word_that_the_text_explains_is_left_alone(text):
    assert words_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "You may have neutropenia or a rash.",
        "You may have neutropenia (12).",
        "Neutropenia, fever and pain are listed.",
    ],
)
def test_what_explains_nothing_is_no_explanation(text):
    assert [word.casefold() for word in words_in(text)] == ["neutropenia"]


@pytest.mark.parametrize("name", ["bone metastasis", "Bone metastases", "metastasis", "METASTASIS"])
def test_word_of_the_glossary_is_explained(name):
    assert words_in("It is a bone metastasis.", glossary=[name]) == []


def test_word_within_a_longer_term_is_explained():
    assert words_in("An aromatase inhibitor helps.", glossary=["Aromatase inhibitor"]) == []
    assert words_in("An inhibitor helps.", glossary=["Aromatase inhibitor"]) == ["inhibitor"]


def test_term_with_a_hyphen_is_found_without_it():
    assert words_in("It is triple negative.", glossary=["triple-negative"]) == []
    assert words_in("It is triple-negative.", glossary=["Triple negative"]) == []


def test_word_that_the_author_lets_pass_is_left_alone():
    assert words_in("Lymph nodes swell.", plain_words=["lymph node"]) == []


def test_plainer_word_is_offered():
    [found] = unexplained("<p>The prognosis is open.</p>")

    assert (found.plainer, found.sentence) == ("outlook", "The prognosis is open.")


def test_other_abbreviations_are_asked_about():
    found = abbreviations(
        "<p>ASCO and the US agree on the MRI (QXZ), stage IV. ESMO, a society.</p>"
    )

    assert [word.word for word in found] == ["ASCO"]


def test_list_is_split_at_commas_and_lines():
    assert split_list(" a , b\n\nc;;d e ") == ["a", "b", "c", "d e"]


def test_every_word_of_the_lexicon_is_found():
    assert [word for word in LEXICON if not words_in(f"They say {word} here.")] == []
    assert [word for word in ABBREVIATIONS if not is_medical(word)] == []


@given(HTML, st.lists(st.text(max_size=8), max_size=3), st.lists(st.text(max_size=8), max_size=3))
def test_any_text_is_looked_at(html, glossary, plain_words):
    for found in unexplained(html, glossary, plain_words):
        assert found.word in found.sentence
    abbreviations(html, glossary, plain_words)
