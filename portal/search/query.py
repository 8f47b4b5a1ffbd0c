"""Search: one interface over two databases."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.db import connection
from django.utils.safestring import SafeString, mark_safe

from facts.choices import Sensitivity
from portal.search import postgres, sqlite
from portal.search.rows import HIT_BEGINS, HIT_ENDS, Row

MAX_LENGTH = 200  # characters of a query that are looked at
MAX_WORDS = 12
# Words that say nothing of what is looked for; PostgreSQL passes over much the same ones.
STOP_WORDS = frozenset(
    "a about am an and any are as at be been but by can could did do does for from get going had "
    "has have he her him his how i if im in is it its ive me my no not of on or our s she should "
    "so t than that the their them then there they this to us was we were what when where which "
    "who why will with would you your".split()
)


@dataclass(frozen=True)
class Result:
    """What a reader sees. Of a covered text there is neither its title nor a snippet."""

    kind: str
    url: str
    title: str
    sensitivity: str
    is_covered: bool
    snippet: SafeString


def words_of(text: str) -> list[str]:
    """Return the words of a query that say what is looked for.

    Nothing else of it ever reaches a database's query language.
    """
    words = re.findall(r"\w+", text[:MAX_LENGTH].replace("_", " "))
    return [word for word in words if word.lower() not in STOP_WORDS][:MAX_WORDS]


def search(text: str, at: datetime, language: str, hidden: Iterable[str]) -> list[Result]:
    """Return what fits `text` best and is live at `at`, the best first.

    The last word also finds what it is the beginning of. If no text holds all the words, those
    that hold some are returned. `hidden` are the sensitivities of which nothing is shown but
    the neutral title.
    """
    words = words_of(text)
    if not words:
        return []
    find = (postgres if connection.vendor == "postgresql" else sqlite).find
    rows = find(words, at, language, all_words=True)
    if not rows and len(words) > 1:
        rows = find(words, at, language, all_words=False)
    covered = frozenset(hidden)
    return [_result(row, row.sensitivity in covered) for row in rows]


def _result(row: Row, is_covered: bool) -> Result:
    if is_covered:
        title, snippet = row.neutral_title or row.title, SafeString("")
    elif row.sensitivity == Sensitivity.STATISTICS:
        # A hit cut out of its sentence would be a figure without its place, year and group.
        title, snippet = row.title, SafeString(escape(_first_sentence(row.beginning)))
    else:
        title, snippet = row.title, _marked(row.snippet)
    return Result(row.kind, row.url, title, row.sensitivity, is_covered, snippet)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]


def _marked(snippet: str) -> SafeString:
    html = escape(snippet).replace(HIT_BEGINS, "<mark>").replace(HIT_ENDS, "</mark>")
    return mark_safe(html)  # noqa: S308  Escaped above.
