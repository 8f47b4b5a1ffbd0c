"""Search on PostgreSQL: a generated tsvector behind a GIN index (chapter 12 of its manual)."""

import math
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from portal.search.rows import HIT_BEGINS, HIT_ENDS, LIMIT, Row
from portal.search.terms import Term

# The hits are ranked and cut first: ts_headline reads the whole text, so it runs on 20 rows only.
_SQL = """
    WITH best AS (
        SELECT e.*, %(rank)s AS rank, q.q
        FROM portal_searchentry e, to_tsquery('english', %%s) AS q(q)
        WHERE e.words @@ q.q AND e.language = %%s
          AND e.live_from <= %%s AND (e.live_until IS NULL OR e.live_until > %%s)
        ORDER BY rank DESC, e.id
        LIMIT %%s
    )
    SELECT kind, url, title, neutral_title, sensitivity,
           ts_headline('english', body, q, %%s), left(body, 300)
    FROM best ORDER BY rank DESC, id
"""
_WEIGHTS = "'{0.1, 0.2, 0.4, 1.0}'"
# How near to each other the words stand tells the best text that holds them all.
_RANK_OF_ALL = f"ts_rank_cd({_WEIGHTS}, e.words, q.q, 1)"
# Of texts that hold some, the one with the rarest: PostgreSQL's own ranks know nothing of that.
_RANK_OF_ONE = f"%s * ts_rank({_WEIGHTS}, e.words, to_tsquery('english', %s), 1)"
_HEADLINE = f"StartSel={HIT_BEGINS}, StopSel={HIT_ENDS}, MaxWords=24, MinWords=12, MaxFragments=0"
# More texts than a thousand are many, however many there are.
_COUNT = """(SELECT count(*) FROM (
    SELECT 1 FROM portal_searchentry WHERE words @@ to_tsquery('english', %s) LIMIT 1000
) AS holders)"""


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
    queries = [_match(term) for term in terms]
    weighed = [
        value
        for query, frequency in zip(queries, frequencies, strict=True)
        for value in (1 / math.sqrt(1 + frequency), query)
    ]
    rank = " + ".join([_RANK_OF_ONE] * len(queries))
    return _find(" | ".join(queries), at, language, rank, weighed)


def _find(
    query: str, at: datetime, language: str, rank: str, rank_values: Sequence[float | str] = ()
) -> list[Row]:
    values = [*rank_values, query, language, at, at, LIMIT, _HEADLINE]
    with connection.cursor() as cursor:
        cursor.execute(_SQL % {"rank": rank}, values)
        return [Row(*columns) for columns in cursor.fetchall()]


def frequencies(terms: Sequence[Term]) -> list[int]:
    """Return for each of `terms` how many texts hold it, a thousand at most."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([_COUNT] * len(terms))}", [_match(t) for t in terms])
        return list(cursor.fetchone())


def titles(words: Sequence[str]) -> RawSQL:
    """Return the condition that a title holds words that begin with `words`."""
    query = " & ".join(f"'{word}':*A" for word in words)
    sql = "words @@ to_tsquery('english', %s)"
    return RawSQL(sql, [query], output_field=BooleanField())  # noqa: S611  Words are quoted.
