"""Search: one interface over two databases."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from django.db import connection
from django.utils.safestring import SafeString

from facts.choices import Sensitivity
from portal.search import postgres, sqlite
from portal.search.rank import best_first, stems_of
from portal.search.rows import LIMIT, RANKED, Row
from portal.search.snippets import piece
from portal.search.stems import Stem, Stems
from portal.search.terms import Term, mend, understand
from portal.search.words import plain_words

# With fewer texts that hold every word, those that hold some are shown after them.
FEW = 6


@dataclass(frozen=True)
class Result:
    """What a reader sees. Of a covered text there is neither its title nor a snippet."""

    kind: str
    url: str
    title: str
    sensitivity: str
    is_covered: bool
    snippet: SafeString


@dataclass(frozen=True)
class Found:
    """The results, the best first; `mended` are words that were looked for in place of slips.

    `is_loose` says that none of the results holds all of the words. `near` are the addresses of
    topics to which belongs what holds a little of it, the best first.
    """

    results: list[Result] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    is_loose: bool = False
    near: list[str] = field(default_factory=list)


def search(text: str, at: datetime, language: str, hidden: Iterable[str]) -> Found:
    """Return what fits `text` best and is live at `at`.

    The last word also finds what it is the beginning of. `hidden` are the sensitivities of which
    nothing is shown but the neutral title. Asks the database five times at most.
    """
    query = understand(text)
    if not query.terms:
        return Found()
    database = postgres if connection.vendor == "postgresql" else sqlite
    frequencies, texts = database.frequencies(query.terms)
    query, frequencies = mend(query, frequencies)
    rows = database.find_all(query.terms, at, language)
    holding_all = {row.url for row in rows}
    if len(rows) < FEW and len(query.terms) > 1:
        others = database.find_some(*_telling(query.terms, frequencies), at, language)
        rows += [row for row in others if row.url not in holding_all]
    near = _topics(rows)
    rows = best_first(query, frequencies, texts, rows, holding_all)[:LIMIT]
    covered = frozenset(hidden)
    stems = stems_of(query)
    results = [_result(row, row.sensitivity in covered, stems) for row in rows]
    # What is called just so comes first; the order of the others stays.
    results.sort(key=lambda result: plain_words(result.title) != list(query.words))
    mended = _told(query.mended, rows, covered)
    return Found(results, mended, bool(results) and not holding_all, near)


def _topics(rows: list[Row]) -> list[str]:
    """Return the addresses of the topics that `rows` are, or belong to, each once."""
    urls = (row.url for row in rows if row.kind in {"fact", "topic"})
    return list(dict.fromkeys("/".join(url.split("/")[:3]) + "/" for url in urls))


def _told(mended: list[str], rows: list[Row], covered: frozenset[str]) -> list[str]:
    """Return those of `mended` that stand where the reader sees them.

    Words of texts that are still to come, or were withdrawn, are known too; nobody learns them.
    """
    seen = [
        (row.neutral_title if row.sensitivity in covered else f"{row.title} {row.text}").lower()
        for row in rows
    ]
    return [
        words
        for words in mended
        if any(all(Stem.of(word).find(text) >= 0 for word in words.split()) for text in seen)
    ]


def _telling(terms: list[Term], frequencies: list[int]) -> tuple[list[Term], list[int]]:
    """Return, with their frequencies, those of `terms` that not very many texts hold, if any.

    Beside a rare word one that stands everywhere leads nowhere, and would take long.
    """
    pairs = list(zip(terms, frequencies, strict=True))
    rare = [pair for pair in pairs if pair[1] < RANKED] or pairs
    return [term for term, _number in rare], [number for _term, number in rare]


def _result(row: Row, is_covered: bool, stems: Stems) -> Result:
    if is_covered:
        title, snippet = row.neutral_title or row.title, SafeString("")
    elif row.sensitivity == Sensitivity.STATISTICS:
        # A hit cut out of its sentence would be a figure without its place, year and group.
        title, snippet = row.title, SafeString(escape(_first_sentence(row.text)))
    else:
        title, snippet = row.title, piece(row.text, stems)
    if row.kind == "term":
        title = row.neutral_title  # Its other names are there to be found by, not to be read.
    return Result(row.kind, row.url, title, row.sensitivity, is_covered, snippet)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]
