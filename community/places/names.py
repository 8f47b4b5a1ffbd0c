"""Spellings: how names of places are compared, and what somebody may have meant to type.

Plain functions, no database.
"""

import re
import unicodedata
from collections.abc import Iterator
from string import ascii_lowercase

LONGEST = 100  # characters; the longest name in use has 85
_LONGEST_SLIP = 24  # letters; for longer ones the spellings to try grow too many
_SHORTEST_SLIP = 4  # letters; shorter ones are one slip away from everything
# Letters that no rule of Unicode takes apart into a plain one and a mark.
_PLAIN_LETTERS = str.maketrans({
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i",
    "ŋ": "ng", "ə": "e",
})  # fmt: skip
_PLAIN_SIGNS = str.maketrans(dict.fromkeys("'`’‘ʻʼ", "") | {"&": " and "})
# Written both ways, in maps and by people.
_SHORT_WORDS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the words of `text` as they are compared: no capitals, accents or signs.

    "St. Louis" is ["saint", "louis"], "München" ["munchen"]. Never raises, whatever is typed.
    """
    plain = text[:LONGEST]
    if not plain.isascii():  # Most names are, and there are many.
        plain = unicodedata.normalize("NFKD", plain).casefold()
        letters = unicodedata.normalize("NFKD", plain.translate(_PLAIN_LETTERS))
        plain = "".join(c for c in letters if not unicodedata.combining(c))
    plain = plain.lower().translate(_PLAIN_SIGNS)
    return [_SHORT_WORDS.get(word, word) for word in _WORD.findall(plain)]


def bare(text: str) -> str:
    """Return the letters and digits by which `text` is compared: "saintlouis"."""
    return "".join(words(text))[:LONGEST]


def slips(typed: str) -> set[str]:
    """Return what may have been meant by `typed`, which is bare: one slip of the fingers away.

    One letter too many, too few or wrong, two changed round, or up to two that are wrongly
    single or double. Empty if `typed` is too short or too long for it.
    """
    if not _SHORTEST_SLIP <= len(typed) <= _LONGEST_SLIP:
        return set()
    return {*_one_edit(typed), *_doublings(typed)} - {typed}


def _one_edit(typed: str) -> Iterator[str]:
    for at in range(len(typed) + 1):
        before, after = typed[:at], typed[at:]
        yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in ascii_lowercase:
            yield before + letter + after
            yield before + letter + after[1:]


def _doublings(typed: str) -> Iterator[str]:
    single = re.sub(r"(.)\1+", r"\1", typed)
    yield single
    for first in range(len(single)):
        once = single[: first + 1] + single[first:]
        yield once
        for second in range(first + 2, len(once)):
            yield once[: second + 1] + once[second:]
