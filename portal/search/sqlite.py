"""Search on SQLite: FTS5 over the search entries (https://www.sqlite.org/fts5.html)."""

from datetime import datetime

from django.db import connection

from portal.search.rows import HIT_BEGINS, HIT_ENDS, LIMIT, Row

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


def find(words: list[str], at: datetime, language: str, *, all_words: bool) -> list[Row]:
    """Return the entries that hold all, or any, of `words`, the best first."""
    # Each word is quoted, so that AND, NEAR or a column's name is a word like any other.
    terms = [f'"{word}"' for word in words]
    terms[-1] += "*"
    match = (" AND " if all_words else " OR ").join(terms)
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [HIT_BEGINS, HIT_ENDS, match, language, moment, moment, LIMIT])
        return [Row(*columns) for columns in cursor.fetchall()]
