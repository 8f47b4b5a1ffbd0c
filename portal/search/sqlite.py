"""Search on SQLite: FTS5 over the search entries (https://www.sqlite.org/fts5.html)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from portal.search.rows import HIT_BEGINS, HIT_ENDS, LIMIT, Row
from portal.search.terms import Term

# bm25() is smaller for a better hit; a word in a title weighs eight times one in the text.
_SQL = """
    SELECT e.kind, e.url, e.title, e.neutral_title, e.sensitivity,
           snippet(portal_searchtext, 2, %s, %s, '…', 24), substr(e.body, 1, 300)
    FROM portal_searchtext
    JOIN portal_searchentry e ON e.id = portal_searchtext.rowid
    WHERE portal_searchtext MATCH %s
      AND e.language = %s
      AND e.live_from <= %s AND (e.live_until IS NULL OR e.live_until > %s)
    ORDER BY bm25(portal_searchtext, 8.0, 8.0, 1.0), e.id
    LIMIT %s
"""
_COUNT = """(SELECT count(*) FROM (
    SELECT 1 FROM portal_searchtext WHERE portal_searchtext MATCH %s LIMIT 1000
))"""


def _match(term: Term) -> str:
    """Return `term` in FTS5's query language.

    Each word is quoted, so that AND, NEAR or a column's name is a word like any other.
    """
    ways = [" AND ".join(f'"{word}"' for word in way) for way in term.ways]
    if term.is_beginning:
        ways[0] += "*"
    return "(" + " OR ".join(f"({way})" for way in ways) + ")"


def find_all(terms: Sequence[Term], at: datetime, language: str) -> list[Row]:
    """Return the entries that hold all of `terms`, the best first."""
    return _find(" AND ".join(map(_match, terms)), at, language)


def find_some(
    terms: Sequence[Term], frequencies: Sequence[int], at: datetime, language: str
) -> list[Row]:
    """Return the entries that hold some of `terms`; bm25() itself sets rare words above others."""
    return _find(" OR ".join(map(_match, terms)), at, language)


def _find(match: str, at: datetime, language: str) -> list[Row]:
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [HIT_BEGINS, HIT_ENDS, match, language, moment, moment, LIMIT])
        return [Row(*columns) for columns in cursor.fetchall()]


def frequencies(terms: Sequence[Term]) -> list[int]:
    """Return for each of `terms` how many texts hold it, a thousand at most."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([_COUNT] * len(terms))}", [_match(t) for t in terms])
        return list(cursor.fetchone())


def titles(words: Sequence[str]) -> RawSQL:
    """Return the condition that a title holds words that begin with `words`."""
    match = "{title neutral_title} : (" + " AND ".join(f'"{word}"*' for word in words) + ")"
    sql = "id IN (SELECT rowid FROM portal_searchtext WHERE portal_searchtext MATCH %s)"
    return RawSQL(sql, [match], output_field=BooleanField())  # noqa: S611  Words are quoted.
