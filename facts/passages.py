"""Which words of a text rest on which source: the passages of its citations, found in the text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from facts.readability import Sentence, blocks, sentences

# Fewer words than this say too little of where they stand.
FEWEST_WORDS = 2
_ALIKE = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " ", "…": "."}
)
_SPACE = re.compile(r"\s+")


def as_compared(text: str) -> str:
    """Return `text` with one kind of quotes, dashes and spaces, as passages are compared."""
    return _SPACE.sub(" ", text.translate(_ALIKE)).strip()


def split_passages(passages: str) -> list[str]:
    """Return the passages of a citation, which stand one on a line."""
    return [passage for line in passages.splitlines() if (passage := line.strip())]


@dataclass(frozen=True)
class Cover:
    """What the passages of a text's citations cover of it."""

    # Passages whose words do not stand in the text (any more).
    lost: tuple[str, ...]
    # Passages of a single word, which cover nothing.
    short: tuple[str, ...]
    uncovered: tuple[Sentence, ...]


def cover(html: str, passages: Iterable[str]) -> Cover:
    """Return which of `passages` stand in `html`, and which sentences none of them touches.

    A passage stands within one paragraph, list item or heading; quotes, dashes and white space
    may differ. A sentence is covered if it holds, or overlaps, a passage.
    """
    texts = [as_compared(text) for text, _is_heading in blocks(html)]
    spans: list[list[tuple[int, int]]] = [[] for _text in texts]
    lost, short = [], []
    for passage in passages:
        wanted = as_compared(passage)
        if not wanted:
            continue
        if not any(wanted in text for text in texts):
            lost.append(passage)
        elif len(wanted.split()) < FEWEST_WORDS:
            short.append(passage)
        else:
            for text, found in zip(texts, spans, strict=True):
                found += [(m.start(), m.end()) for m in re.finditer(re.escape(wanted), text)]
    uncovered = []
    reached = [0] * len(texts)
    for sentence in sentences(html):
        wanted = as_compared(sentence.text)
        start = texts[sentence.block].find(wanted, reached[sentence.block])
        end = start + len(wanted)
        reached[sentence.block] = max(end, reached[sentence.block])
        if not any(a < end and start < b for a, b in spans[sentence.block]):
            uncovered.append(sentence)
    return Cover(tuple(lost), tuple(short), tuple(uncovered))
