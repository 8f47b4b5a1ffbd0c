"""Search on SQLite: FTS5 over the search entries (https://www.sqlite.org/fts5.html)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from portal.models import SearchWord
from portal.search.rows import BOUNDS, LOOKED_AT, Row
from portal.search.terms import Term, completed

# FTS5 keeps such beginnings ready (migration 0002). A longer one it gathers from all texts that
# hold a word that begins so, before it gives the first: the words themselves are looked for.
LONGEST_BEGINNING = 3  # letters

# bm25() is smaller for a better hit; a word in a title weighs eight times one in the text.
# Which of the parts finds anything is said in what it matches: a condition of its own would be
# asked of each text that does. CROSS JOIN goes through `best` in its order
# (https://www.sqlite.org/optoverview.html, "Manual control"), so only as many entries are read
# as are asked for.
_SQL = """
    WITH size(n) AS MATERIALIZED (
        SELECT count(*) FROM (
            SELECT 1 FROM portal_searchtext WHERE portal_searchtext MATCH %(all)s
            LIMIT %(ranked)s + 1
        )
    ),
    named(id, points) AS MATERIALIZED (
        SELECT e.id, length(e.title)
        FROM portal_searchtext CROSS JOIN portal_searchentry e ON e.id = portal_searchtext.rowid
        WHERE portal_searchtext MATCH iif((SELECT n FROM size) > %(ranked)s, %(named)s, '""')
          AND e.language = %(language)s
          AND e.live_from <= %(at)s AND (e.live_until IS NULL OR e.live_until > %(at)s)
        ORDER BY portal_searchtext.rowid DESC LIMIT %(most_named)s
    ),
    newest(id, points) AS MATERIALIZED (
        SELECT e.id, -e.id
        FROM portal_searchtext CROSS JOIN portal_searchentry e ON e.id = portal_searchtext.rowid
        WHERE portal_searchtext MATCH iif((SELECT n FROM size) > %(ranked)s, %(all)s, '""')
          AND e.language = %(language)s
          AND e.live_from <= %(at)s AND (e.live_until IS NULL OR e.live_until > %(at)s)
        ORDER BY portal_searchtext.rowid DESC LIMIT %(limit)s + %(most_named)s
    ),
    best(id, tier, points) AS MATERIALIZED (
        SELECT rowid, 0, bm25(portal_searchtext, 8.0, 8.0, 1.0)
        FROM portal_searchtext
        WHERE portal_searchtext MATCH iif((SELECT n FROM size) > %(ranked)s, '""', %(all)s)
        UNION ALL SELECT id, 1, points FROM named
        UNION ALL SELECT id, 2, points FROM newest WHERE id NOT IN (SELECT id FROM named)
        ORDER BY 2, 3, 1 LIMIT %(ranked)s
    )
    SELECT e.kind, e.url, e.title, e.neutral_title, e.sensitivity,
           substr(e.body, 1, %(looked_at)s)
    FROM best CROSS JOIN portal_searchentry e ON e.id = best.id
    WHERE e.language = %(language)s
      AND e.live_from <= %(at)s AND (e.live_until IS NULL OR e.live_until > %(at)s)
    LIMIT %(limit)s
"""
_COUNT = """(SELECT count(*) FROM (
    SELECT 1 FROM portal_searchtext WHERE portal_searchtext MATCH %s LIMIT %s
))"""
_COUNT_ALL = "(SELECT count(*) FROM (SELECT 1 FROM portal_searchentry LIMIT %s))"


def _match(term: Term) -> str:
    """Return `term` in FTS5's query language.

    Each word is quoted, so that AND, NEAR or a column's name is a word like any other.
    """
    ways = [" AND ".join(f'"{word}"' for word in way) for way in term.ways]
    if term.is_beginning and len(term.typed[-1]) <= LONGEST_BEGINNING:
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
    values = {
        "all": match,
        "named": f"{{title neutral_title}} : ({match})",
        "language": language,
        "at": connection.ops.adapt_datetimefield_value(at),
        "looked_at": LOOKED_AT,
        **BOUNDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, values)
        return [Row(*columns) for columns in cursor.fetchall()]


def frequencies(terms: Sequence[Term]) -> tuple[list[int], int]:
    """Return for each of `terms` how many texts hold it, and how many there are.

    A thousand at most.
    """
    with connection.cursor() as cursor:
        values = [value for term in terms for value in (_match(term), BOUNDS["ranked"])]
        counts = [*[_COUNT] * len(terms), _COUNT_ALL]
        cursor.execute(f"SELECT {', '.join(counts)}", [*values, BOUNDS["ranked"]])
        *held, texts = cursor.fetchone()
        return held, texts


def titles(words: Sequence[str]) -> RawSQL:
    """Return the condition to be one of the newest titles of words that begin with `words`."""
    longer = [word for word in words if len(word) > LONGEST_BEGINNING]
    known = SearchWord.objects.begun_by(longer)
    begun = {word: [f'"{word}"', *(f'"{w}"' for w in completed(word, known))] for word in longer}
    ways = [" OR ".join(begun.get(word, [f'"{word}"*'])) for word in words]
    match = "{title neutral_title} : (" + " AND ".join(f"({way})" for way in ways) + ")"
    sql = """id IN (
        SELECT rowid FROM portal_searchtext WHERE portal_searchtext MATCH %s
        ORDER BY rowid DESC LIMIT %s
    )"""
    return RawSQL(sql, [match, BOUNDS["most_named"]], output_field=BooleanField())  # noqa: S611  Words are quoted.
