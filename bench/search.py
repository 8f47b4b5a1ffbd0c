"""How long a search takes in the database, beside the plainest query for the best twenty texts.

Usage: .venv/bin/python bench/search.py [--rows 1000 10000 100000] [--rounds 15]

It makes a portal of its own in a temporary folder (or on DATABASE_URL, which has to name an empty
database), fills it with example facts, and asks for a word that stands in few, in some, in most
and in all of them. The statements of a search are taken down as they are sent, and sent again by
themselves; each round asks for everything in turn, and the figures are medians of processor time:
on PostgreSQL that of the server's own process, which has to run on this machine, on Linux. The
last column has what orders the texts that a statement returns, and cuts the pieces to be shown.
"""

import statistics
import tempfile
import time
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path

from l7_export import prepare

# Of how many texts in a hundred each word should be held.
KINDS = {"rare": 0.1, "middling": 3, "common": 50, "everywhere": 100}
RAW = {
    "sqlite": """
        SELECT rowid{snippet} FROM portal_searchtext WHERE portal_searchtext MATCH %s
        ORDER BY bm25(portal_searchtext, 8.0, 8.0, 1.0) LIMIT 20
    """,
    "postgresql": """
        SELECT id{snippet} FROM (
            SELECT id, body, q FROM portal_searchentry, to_tsquery('english', %s) AS q
            WHERE words @@ q ORDER BY ts_rank_cd('{{0.1, 0.2, 0.4, 1.0}}', words, q, 1) DESC
            LIMIT 20
        ) AS best
    """,
}
SNIPPET = {
    "sqlite": ", snippet(portal_searchtext, 2, '<', '>', '…', 24)",
    "postgresql": ", ts_headline('english', body, q, 'MaxWords=24, MinWords=12')",
}


def match_of(word):
    """Return what is looked for, in the database's own language, by who types `word` alone.

    It may be the beginning of another word. The plainest query looks for the same.
    """
    from django.db import connection

    from portal.search import postgres, sqlite
    from portal.search.terms import Term

    database = postgres if connection.vendor == "postgresql" else sqlite
    return database._match(Term(((word,),), is_beginning=True))


def words_of_kinds(count):
    """Return for each kind the word whose number of texts comes nearest, with that number."""
    from django.db import connection

    from facts import demo

    where = {
        "sqlite": "portal_searchtext WHERE portal_searchtext MATCH %s",
        "postgresql": "portal_searchentry WHERE words @@ to_tsquery('english', %s)",
    }[connection.vendor]
    places = [f"{begin}{end}" for begin in demo._BEGINS[:4] for end in demo._ENDS]
    held = {}
    with connection.cursor() as cursor:
        for word in [*demo._NOUNS, *places, "garden", "example"]:
            cursor.execute(f"SELECT count(*) FROM {where}", [match_of(word)])
            held[word] = cursor.fetchone()[0]
    found = {}
    for kind, share in KINDS.items():
        wanted = max(1, count * share / 100)
        word = min((w for w in held if held[w]), key=lambda w: abs(held[w] - wanted))
        found[kind] = (word, held[word])
    return found


def statements_of(word):
    """Return the statements that a search for `word` sends, with their values."""
    from django.db import connection
    from django.utils import timezone

    from portal.search.query import search

    sent = []

    def note(execute, sql, params, many, context):
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        search(word, timezone.now(), "en", [])
    return sent


def milliseconds(statements):
    """Send `statements`, read all rows, and return the processor time that the database took."""
    from django.db import connection

    def clock():
        if connection.vendor == "sqlite":
            return time.process_time()
        # Of the one process that PostgreSQL has for this connection, in nanoseconds.
        pid = connection.connection.info.backend_pid
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9

    with connection.cursor() as cursor:
        began = clock()
        for sql, values in statements:
            cursor.execute(sql, values)
            cursor.fetchall()
        return (clock() - began) * 1000


def milliseconds_of_search(word):
    """Return the processor time of this process for a search: all of it on SQLite."""
    from django.utils import timezone

    from portal.search.query import search

    began = time.process_time()
    search(word, timezone.now(), "en", [])
    return (time.process_time() - began) * 1000


def measure(count, rounds):
    """Print a line of the table for each kind of word."""
    from django.db import connection

    vendor = connection.vendor
    asked = {}
    for kind, (word, held) in words_of_kinds(count).items():
        sent = statements_of(word)
        match = match_of(word)
        sql, values = next(each for each in sent if "best" in each[0])
        asked[kind] = (
            held,
            word,
            {
                "raw": [(RAW[vendor].format(snippet=""), [match])],
                "with snippets": [(RAW[vendor].format(snippet=SNIPPET[vendor]), [match])],
                "ours": [(sql, values)],
                "page": sent,
            },
        )
    took = {(kind, what): [] for kind in asked for what in asked[kind][2]}
    whole = {kind: [] for kind in asked}
    for _round in range(rounds):
        for kind in whole:
            whole[kind].append(milliseconds_of_search(asked[kind][1]))
        for kind, what in took:
            took[kind, what].append(milliseconds(asked[kind][2][what]))
    for kind, (held, _word, ways) in asked.items():
        raw, snippets, ours, page = (statistics.median(took[kind, what]) for what in ways)
        print(
            f"| {vendor} | {count:,} | {kind} | {held:,} | {raw:.2f} | {snippets:.2f} "
            f"| {ours:.2f} | {ours / raw:.2f} | {page:.2f} "
            f"| {statistics.median(whole[kind]):.2f} |",
            flush=True,
        )


def main():
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="waymark-search-") as folder:
        prepare(folder)
        import logging

        from django.core.management import call_command
        from django.db import connection

        logging.disable(logging.CRITICAL)
        print(
            "| database | facts | word | texts | best 20, ms | and snippets, ms | ours, ms | ratio "
            "| whole search, database, ms | whole search, Python, ms |\n"
            "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )
        for count in options.rows:
            began = time.process_time()
            call_command("make_demo", facts=count, stdout=StringIO())
            with connection.cursor() as cursor:
                # Also what autovacuum does in the hours after so many rows were written.
                is_postgresql = connection.vendor == "postgresql"
                cursor.execute("VACUUM ANALYZE" if is_postgresql else "ANALYZE")
            made = time.process_time() - began
            measure(count, options.rounds)
            print(f"<!-- made in {made:.0f} s of work -->", flush=True)


if __name__ == "__main__":
    main()
