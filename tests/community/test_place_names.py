import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.places.names import LONGEST, bare, slips, words

TEXTS = st.text(max_size=300)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=24)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("St. Louis", "saintlouis"),
        ("SAINT-LOUIS", "saintlouis"),
        ("São Paulo", "saopaulo"),
        ("München", "munchen"),
        ("Łódź", "lodz"),
        ("Tromsø", "tromso"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("King's Lynn", "kingslynn"),
        ("King’s Lynn", "kingslynn"),
        ("Brighton & Hove", "brightonandhove"),
        ("Ft. Worth", "fortworth"),
        ("東京", "東京"),
        ("%_\"';--\0🙂", ""),
    ],
)
def test_spellings_of_a_name_are_the_same_letters(text, letters):
    assert bare(text) == letters


@given(TEXTS)
def test_any_text_becomes_letters_and_digits_of_bounded_length(text):
    letters = bare(text)

    assert len(letters) <= LONGEST
    assert all(c.isalnum() for c in letters)
    assert "".join(words(text))[:LONGEST] == letters


@given(TEXTS)
def test_capitals_and_space_around_make_no_difference_in_latin_letters(text):
    text = "".join(c for c in text if c.isascii())[:50]

    assert bare(f"  {text.upper()} ") == bare(text) == bare(text.lower())


@given(st.text("aeioucnszAEIOUCNSZ", max_size=30), st.sampled_from("\u0301\u0308\u0303\u030c"))
def test_accents_make_no_difference_however_they_are_written(text, accent):
    accented = "".join(c + accent for c in text)

    assert bare(accented) == bare(unicodedata.normalize("NFC", accented)) == bare(text)


@given(NAMES, st.data())
def test_every_single_slip_is_tried(name, data):
    at = data.draw(st.integers(0, len(name) - 2))
    letter = data.draw(st.sampled_from("abcxyz"))
    slipped = data.draw(
        st.sampled_from(
            [
                name[:at] + name[at + 1 :],
                name[:at] + letter + name[at:],
                name[:at] + letter + name[at + 1 :],
                name[:at] + name[at + 1] + name[at] + name[at + 2 :],
                name[: at + 1] + name[at:],
            ]
        )
    )

    if 4 <= len(slipped) <= 24 and slipped != name:
        assert name in slips(slipped)


@given(TEXTS)
def test_slips_are_bounded_and_never_the_text_itself(text):
    tried = slips(bare(text))

    assert len(tried) < 2000
    assert bare(text) not in tried


def test_what_is_wrongly_single_or_double_is_tried():
    assert "cincinnati" in slips("cincinatti")
    assert "mississippi" not in slips("mis")
    assert slips("abc") == set()
    assert slips("a" * 25) == set()
