"""How well a text fits what is looked for: plain functions, the same for both databases."""

import math
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from portal.search.rows import LOOKED_AT, Row
from portal.search.stems import Stem, Stems
from portal.search.terms import Query, Term
from portal.search.words import STOP_WORDS, plain_words, telling

# What a hit is worth by where it stands.
IN_TITLE_AND_TEXT, IN_TITLE, PARTLY_IN_TITLE, AT_BEGINNING, IN_TEXT = 1.1, 1.0, 0.75, 0.6, 0.5
BEGINNING = 200  # characters
# What is meant by a word is worth a little less than the word; what a slip may mean, less again.
MEANT, MENDED = 0.95, 0.7
# A slip in a short word may be no slip at all: of so many letters, each counts its part.
LONG = 10
# A title that says little else, and two words side by side as they were typed.
FOCUS, NEIGHBORS = 0.2, 0.15
# A word that stands nowhere counts less against a text: people tell more than they ask.
UNKNOWN = 0.7
# A question to ask is shown beside the fact that answers it, and after it.
WORTH = {"question": 0.8}
# Several words that staff know as one say more than one word.
EACH_MORE = 0.5
# Below this, and below this part of the best, a text only seems to fit.
LEAST, LEAST_OF_BEST = 0.3, 0.3


def stems_of(query: Query) -> Stems:
    """Return the stems of every word that is looked for and says something, to mark the hits."""
    return Stems.all_of(
        (word, term.is_beginning and not number)
        for term in query.terms
        for number, way in enumerate(term.ways)
        for word in telling(list(way))
    )


@dataclass(frozen=True)
class Asked:
    """A query, the weight of each of its terms, and what its words are known by.

    `ways` are for each term the stems of each way to say it, and what that way is worth.
    """

    weights: Sequence[float]
    ways: Sequence[Sequence[tuple[float, Sequence[Stem]]]]
    stems: Stems
    pairs: Sequence[tuple[re.Pattern[str], bool]]


@dataclass(frozen=True)
class _Text:
    """A title and a text, in small letters."""

    title: str
    text: str
    known: dict[Stem, tuple[bool, int]] = field(default_factory=dict)

    def where(self, stem: Stem) -> tuple[bool, int]:
        """Return whether a word stands in the title, and where in the text: -1 is nowhere."""
        if stem not in self.known:
            self.known[stem] = (stem.find(self.title) >= 0, stem.find(self.text))
        return self.known[stem]

    def holds(self, ways: Sequence[tuple[float, Sequence[Stem]]]) -> float:
        """Return how well the best of `ways` to say a thing stands here."""
        return max(worth * self._holds_way(stems) for worth, stems in ways)

    def _holds_way(self, stems: Sequence[Stem]) -> float:
        in_all, least, last = True, False, 0
        for stem in stems:
            in_title, at = self.where(stem)
            if not in_title and at < 0:
                return 0.0
            in_all, least = in_all and in_title, least or in_title
            last = max(last, at if at >= 0 else LOOKED_AT)
        if in_all:
            return IN_TITLE_AND_TEXT if last < LOOKED_AT else IN_TITLE
        if least:
            return PARTLY_IN_TITLE
        return AT_BEGINNING if last < BEGINNING else IN_TEXT


def _ways(term: Term) -> list[tuple[float, list[Stem]]]:
    ways = []
    for number, way in enumerate(term.ways):
        worth = MEANT if number else 1.0
        if way in term.mended:
            worth = min(MENDED, len(term.typed[0]) / LONG)
        is_open = term.is_beginning and not number
        stems = [Stem.of(word, is_open and word == way[-1]) for word in way]
        ways.append((worth, stems))
    return ways


def _rarity(frequency: int, texts: int) -> float:
    """Return the weight of a word that `frequency` of `texts` texts hold."""
    return math.log(1 + (1 + texts) / (0.5 + frequency))


def best_first(
    query: Query,
    frequencies: Sequence[int],
    texts: int,
    rows: Sequence[Row],
    holding_all: Container[str],
) -> list[Row]:
    """Return those of `rows` that fit, the best first; among equals their order stays.

    Whatever a database says to hold all that is looked for, by its address, does fit.
    """
    weights = []
    for term, frequency in zip(query.terms, frequencies, strict=True):
        weight = _rarity(frequency, texts) * (1 if frequency else UNKNOWN)
        weights.append(weight * (1 + EACH_MORE * (len(term.typed) - 1)))
    asked = Asked(
        weights, [_ways(term) for term in query.terms], stems_of(query), _neighbors(query)
    )
    scored = [(_score(asked, row), row) for row in rows]
    best = max((score for score, _row in scored), default=0)
    least = max(LEAST, LEAST_OF_BEST * best)
    fitting = [pair for pair in scored if pair[0] >= least or pair[1].url in holding_all]
    fitting.sort(key=lambda pair: -pair[0])
    return [row for _score, row in fitting]


def _score(asked: Asked, row: Row) -> float:
    text = _Text(f"{row.title} {row.neutral_title}".lower(), row.text.lower())
    held = [text.holds(ways) for ways in asked.ways]
    score = sum(w * h for w, h in zip(asked.weights, held, strict=True)) / sum(asked.weights)
    if score:
        score *= 1 + FOCUS * _focus(asked, row) + NEIGHBORS * _side_by_side(asked, text)
    return score * WORTH.get(row.kind, 1)


def _focus(asked: Asked, row: Row) -> float:
    """Return how much of the title is asked for, from 0 to 1."""
    words = telling(plain_words(row.neutral_title if row.kind == "term" else row.title))
    return sum(asked.stems.is_any_of(word) for word in words) / len(words) if words else 0.0


def _neighbors(query: Query) -> list[tuple[re.Pattern[str], bool]]:
    """Return the pattern of each two words that were typed side by side and say something.

    With each, whether both do: then it counts in the text, too.
    """
    said = set(telling(list(query.words)))
    return [
        (re.compile(rf"\b{Stem.of(a).text}\w*\W+{Stem.of(b).text}"), {a, b} <= said)
        for a, b in pairwise(query.words)
        if not {a, b} <= STOP_WORDS
    ]


def _side_by_side(asked: Asked, text: _Text) -> float:
    found = 0.0
    for pair, counts_in_text in asked.pairs:
        if pair.search(text.title):
            found += 1
        elif counts_in_text and pair.search(text.text):
            found += 0.5
    return found / len(asked.pairs) if asked.pairs else 0.0
