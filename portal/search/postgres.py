"""Search on PostgreSQL: a generated tsvector behind a GIN index (chapter 12 of its manual)."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from portal.search.rows import BOUNDS, LOOKED_AT, Row
from portal.search.terms import Term

# What is returned is chosen first, so that few texts are read.
_SQL = """
    WITH size(n) AS MATERIALIZED (
        SELECT count(*) FROM (
            SELECT 1 FROM portal_searchentry e WHERE e.words @@ {query} LIMIT %(ranked)s + 1
        ) AS holders
    ),
    ranked(id, tier, points) AS (
        SELECT e.id, 0, -({rank}) AS points
        FROM portal_searchentry e
        WHERE e.words @@ {query} AND {live} AND (SELECT n FROM size) <= %(ranked)s
        ORDER BY points, e.id LIMIT %(limit)s
    ),
    named(id, tier, points) AS MATERIALIZED (
        SELECT e.id, 1, length(e.title)
        FROM portal_searchentry e
        WHERE e.title_words @@ {query} AND {live} AND (SELECT n FROM size) > %(ranked)s
        ORDER BY e.id DESC LIMIT %(most_named)s
    ),
    newest(id, tier, points) AS (
        SELECT e.id, 2, -e.id
        FROM portal_searchentry e
        WHERE e.words @@ {query} AND {live} AND (SELECT n FROM size) > %(ranked)s
        ORDER BY e.id DESC LIMIT %(limit)s + %(most_named)s
    ),
    best AS MATERIALIZED (
        SELECT * FROM ranked
        UNION ALL SELECT * FROM named
        UNION ALL SELECT * FROM newest WHERE id NOT IN (SELECT id FROM named)
        ORDER BY tier, points, id LIMIT %(limit)s
    )
    SELECT e.kind, e.url, e.title, e.neutral_title, e.sensitivity,
           left(e.body, %(looked_at)s)
    FROM best JOIN portal_searchentry e ON e.id = best.id
    ORDER BY best.tier, best.points, e.id
"""
_QUERY = "to_tsquery('english', %(query)s)"
_LIVE = """(
    e.language = %(language)s
    AND e.live_from <= %(at)s AND (e.live_until IS NULL OR e.live_until > %(at)s)
)"""
_WEIGHTS = "'{0.1, 0.2, 0.4, 1.0}'"
# How near to each other the words stand tells the best text that holds them all.
_RANK_OF_ALL = f"ts_rank_cd({_WEIGHTS}, e.words, {_QUERY}, 1)"
# Of texts that hold some, the one with the rarest: PostgreSQL's own ranks know nothing of that.
_RANK_OF_ONE = f"%(weight_N)s * ts_rank({_WEIGHTS}, e.words, to_tsquery('english', %(term_N)s), 1)"
# More texts than a thousand are many, however many there are.
_COUNT = """(SELECT count(*) FROM (
    SELECT 1 FROM portal_searchentry WHERE words @@ to_tsquery('english', %s) LIMIT %s
) AS holders)"""
_COUNT_ALL = "(SELECT count(*) FROM (SELECT 1 FROM portal_searchentry LIMIT %s) AS texts)"


def _match(term: Term) -> str:
    """Return `term` as to_tsquery reads it.

    A word of letters and digits in quotes is a lexeme; no operator can come of it.
    """
    ways = [" & ".join(f"'{word}'" for word in way) for way in term.ways]
    if term.is_beginning:
        ways[0] += ":*"
    return "(" + " | ".join(f"({way})" for way in ways) + ")"


def find_all(terms: Sequence[Term], at: datetime, language: str) -> list[Row]:
    """Return the entries that hold all of `terms`, the best first."""
    return _find(" & ".join(map(_match, terms)), at, language, _RANK_OF_ALL)


def find_some(
    terms: Sequence[Term], frequencies: Sequence[int], at: datetime, language: str
) -> list[Row]:
    """Return the entries that hold some of `terms`, those with the rarest first."""
    values: dict[str, Any] = {}
    for n, (term, frequency) in enumerate(zip(terms, frequencies, strict=True)):
        values |= {f"weight_{n}": 1 / math.sqrt(1 + frequency), f"term_{n}": _match(term)}
    rank = " + ".join(_RANK_OF_ONE.replace("_N", f"_{n}") for n in range(len(terms)))
    return _find(" | ".join(map(_match, terms)), at, language, rank, values)


def _find(
    query: str, at: datetime, language: str, rank: str, rank_values: Mapping[str, Any] | None = None
) -> list[Row]:
    values: dict[str, Any] = {
        "query": query,
        "language": language,
        "at": at,
        "looked_at": LOOKED_AT,
        **BOUNDS,
    }
    with connection.cursor() as cursor:
        sql = _SQL.format(query=_QUERY, live=_LIVE, rank=rank)
        cursor.execute(sql, {**values, **(rank_values or {})})
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
    query = " & ".join(f"'{word}':*" for word in words)
    sql = """id IN (
        SELECT id FROM portal_searchentry WHERE title_words @@ to_tsquery('english', %s)
        ORDER BY id DESC LIMIT %s
    )"""
    return RawSQL(sql, [query, BOUNDS["most_named"]], output_field=BooleanField())  # noqa: S611  Words are quoted.
