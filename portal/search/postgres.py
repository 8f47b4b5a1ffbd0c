"""Search on PostgreSQL: a generated tsvector behind a GIN index (chapter 12 of its manual)."""

from datetime import datetime

from django.db import connection

from portal.search.rows import HIT_BEGINS, HIT_ENDS, LIMIT, Row

# The hits are ranked and cut first: ts_headline reads the whole text, so it runs on 20 rows only.
_SQL = """
    WITH best AS (
        SELECT e.*, ts_rank_cd('{0.1, 0.2, 0.4, 1.0}', e.words, q.q, 1) AS rank, q.q
        FROM portal_searchentry e, to_tsquery('english', %s) AS q(q)
        WHERE e.words @@ q.q AND e.language = %s
          AND e.live_from <= %s AND (e.live_until IS NULL OR e.live_until > %s)
        ORDER BY rank DESC, e.id
        LIMIT %s
    )
    SELECT kind, url, title, neutral_title, sensitivity,
           ts_headline('english', body, q, %s), left(body, 300)
    FROM best ORDER BY rank DESC, id
"""
_HEADLINE = f"StartSel={HIT_BEGINS}, StopSel={HIT_ENDS}, MaxWords=24, MinWords=12, MaxFragments=0"


def find(words: list[str], at: datetime, language: str, *, all_words: bool) -> list[Row]:
    """Return the entries that hold all, or any, of `words`, the best first."""
    # A word of letters and digits in quotes is a lexeme; no operator can come of it.
    terms = [f"'{word}'" for word in words]
    terms[-1] += ":*"
    query = (" & " if all_words else " | ").join(terms)
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [query, language, at, at, LIMIT, _HEADLINE])
        return [Row(*columns) for columns in cursor.fetchall()]
