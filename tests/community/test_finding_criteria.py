"""What somebody looks for: read from an address, written back, and in words."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from community.finding.criteria import (
    AUDIENCES,
    DISTANCES,
    LANGUAGES,
    ORDERS,
    UNCONFIRMED,
    WAYS,
    Criteria,
    Sentence,
    km_of,
)
from community.finding.day_times import DAY_TIMES
from community.languages import language_in_words
from community.models.groups import GROUP_AUDIENCES
from community.places.distances import in_words

ANY = Criteria()
CRITERIA = st.builds(
    Criteria,
    audience=st.sampled_from(["", *AUDIENCES]),
    way=st.sampled_from(["", *WAYS]),
    near=st.sampled_from(["", "Leeds", "60601", "São Paulo", "t2655603", "53.8,-1.5"]),
    within=st.sampled_from(DISTANCES),
    language=st.sampled_from(["", *sorted(LANGUAGES)]),
    when=st.sampled_from(["", *DAY_TIMES]),
    order=st.sampled_from(["", *ORDERS]),
    also=st.sampled_from(["", UNCONFIRMED]),
)


def parse(query):
    return Criteria.parse(QueryDict(query))


@given(CRITERIA)
def test_address_says_all_that_was_read_from_it(criteria):
    assert parse(criteria.query) == criteria
    assert "=&" not in f"{criteria.query}&"


def test_address_of_nothing_chosen_is_the_plain_one():
    assert ANY.get_absolute_url() == "/groups/"
    assert parse("for=&way=&near=&within=25&in=&when=&by=&also=") == ANY


def test_address_is_short_and_its_names_last():
    criteria = Criteria("men", "in-person", "Leeds", 50, "es", "weekend", "nearest", "unconfirmed")

    assert criteria.get_absolute_url() == (
        "/groups/?for=men&way=in-person&near=Leeds&within=50&in=es&when=weekend&by=nearest"
        "&also=unconfirmed"
    )


@pytest.mark.parametrize("name", ["for", "way", "within", "in", "when", "by", "also"])
@pytest.mark.parametrize(
    "value",
    ["x", "-1", "0", "1e400", "9" * 200, "%25", "'", '"', "a" * 200, "%D9%A2%D9%A5", "None",
     "%F0%9F%92%9B", "25.0", "+25", "men,online", ",en,"],
)  # fmt: skip
def test_unknown_value_is_passed_over(name, value):
    assert parse(f"{name}={value}") == ANY


def test_last_of_several_counts():
    assert parse("way=phone&" * 50 + "way=online").way == "online"
    assert parse("way=online&way=nonsense").way == ""


def test_place_is_kept_as_typed_without_its_blanks_and_its_end():
    assert parse("near=++New%0A++York+").near == "New York"
    assert parse(f"near={'x' * 200}").near == "x" * 100
    assert parse("near=+").near == ""


def test_every_audience_of_a_group_can_be_looked_for():
    assert set(AUDIENCES) == {value for value, _label in GROUP_AUDIENCES} | {"metastatic"}


def sentence(place="", units="miles", **chosen):
    return Sentence(Criteria(**chosen), place, units)


@pytest.mark.parametrize(
    ("chosen", "words", "counted", "none_found"),
    [
        ({}, "All groups", "2 groups", "No group is listed."),
        ({"audience": "men"}, "Groups for men", "2 groups for men", "No group for men is listed."),
        (
            {"way": "online"},
            "Groups meeting online",
            "2 groups meeting online",
            "No group meets online.",
        ),
        (
            {"language": "es"},
            "Groups in Spanish",
            "2 groups in Spanish",
            "No group meets in Spanish.",
        ),
        (
            {"when": "weekend", "language": "tl"},
            "Groups in Tagalog, on weekends",
            "2 groups in Tagalog, on weekends",
            "No group meets in Tagalog on weekends.",
        ),
        (
            {"audience": "metastatic", "way": "phone", "language": "zh", "when": "evening"},
            "Groups for people with metastatic breast cancer only, meeting by phone, in Chinese, "
            "in the evening",
            "2 groups for people with metastatic breast cancer only, meeting by phone, in Chinese, "
            "in the evening",
            "No group for people with metastatic breast cancer only meets by phone in Chinese in "
            "the evening.",
        ),
        (
            {"way": "in-person", "near": "leeds", "place": "Leeds, England, UK"},
            "Groups meeting in person within 25 miles of Leeds, England, UK",
            "2 groups meeting in person within 25 miles of Leeds, England, UK",
            "No group meets in person within 25 miles of Leeds, England, UK.",
        ),
        (
            {"near": "lyon", "within": 10, "place": "Lyon", "units": "km"},
            "Groups meeting online, by phone, or in person within 16 kilometers of Lyon",
            "2 groups meeting online, by phone, or in person within 16 kilometers of Lyon",
            "No group meets online, by phone, or in person within 16 kilometers of Lyon.",
        ),
        # A place says nothing about those who meet on a screen.
        (
            {"way": "online", "near": "leeds", "place": "Leeds"},
            "Groups meeting online",
            "2 groups meeting online",
            "No group meets online.",
        ),
        # Nobody knows the place.
        ({"near": "xyzzy"}, "All groups", "2 groups", "No group is listed."),
    ],
)
def test_sentence(chosen, words, counted, none_found):
    said = sentence(**chosen)

    assert str(said) == words
    assert said.counted(2) == counted
    assert said.counted(1).startswith("1 group ") or said.counted(1) == "1 group"
    assert said.none_found == none_found


@given(CRITERIA, st.sampled_from(["", "Leeds, England, UK"]), st.sampled_from(["miles", "km"]))
def test_sentence_says_each_thing_that_is_chosen(criteria, place, units):
    said = Sentence(criteria, place, units)

    for text in (said.counted(7), said.none_found):
        wanted = [
            AUDIENCES.get(criteria.audience, ""),
            language_in_words(criteria.language) if criteria.language else "",
            DAY_TIMES[criteria.when].words if criteria.when else "",
            WAYS.get(criteria.way, ""),
        ]
        if place and criteria.way in {"", "in-person"}:
            wanted.append(f"within {in_words(km_of(criteria.within), units)} of {place}")
        assert all(str(words) in text for words in wanted)
        assert "  " not in text
        assert not said.none_found.endswith("..")


def test_distances_are_round_in_both_units():
    assert [in_words(km_of(d), "miles") for d in DISTANCES] == [
        "5 miles", "10 miles", "25 miles", "50 miles", "100 miles",
    ]  # fmt: skip
    assert [in_words(km_of(d), "km") for d in DISTANCES] == [
        "8 kilometers", "16 kilometers", "40 kilometers", "80 kilometers", "160 kilometers",
    ]  # fmt: skip


def test_large_numbers_are_easy_to_read():
    assert sentence().counted(12345) == "12,345 groups"
