"""How long the directory takes in the database, beside the plainest query for the nearest twenty.

Usage: .venv/bin/python bench/directory.py [--rows 1000 10000 100000] [--rounds 15]

It makes a portal of its own in a temporary folder (or on DATABASE_URL, which has to name an empty
database that may have the extension cube), fills it with example groups and with their dates of
the next sixty days, and looks for groups in person near London, with filters and without, and for
the next meetings of all. The statements of a page are taken down as they are sent, and sent again
by themselves: what finds the groups, what reads them whole, and what counts the kinds. Where few
fit, one statement finds them and reads them whole. Each round asks for everything in turn, twice,
and the figures are medians of the processor time of the second: on PostgreSQL that of the server's
own process, which has to run on this machine, on Linux.
"""

import os
import statistics
import tempfile
import time
from argparse import ArgumentParser
from datetime import timedelta
from math import log

from l7_export import prepare
from search import milliseconds

DATES = timedelta(days=60)
LATITUDE, LONGITUDE = 51.51, -0.13
RAW = {
    # A box that has grown until it holds twenty; asked for at once in that size.
    "sqlite": """
        SELECT bench_box.id, (south - %s) * (south - %s) + (west - %s) * (west - %s) * 0.387 AS far
        FROM bench_box {join} WHERE west BETWEEN %s AND %s AND south BETWEEN %s AND %s {fits}
        ORDER BY far LIMIT 20
    """,
    "postgresql": """
        SELECT bench_point.id FROM bench_point {join} WHERE true {fits}
        ORDER BY spot <-> ll_to_earth(%s, %s) LIMIT 20
    """,
}
FOR_MEN = {
    "join": "JOIN community_supportgroup USING (id)",
    "fits": "AND audiences LIKE '%%,men,%%' AND languages LIKE '%%,en,%%'",
}
FOR_ALL = {"join": "", "fits": ""}
MAKE_RAW = {
    "sqlite": [
        "DROP TABLE IF EXISTS bench_box",
        "CREATE VIRTUAL TABLE bench_box USING rtree(id, west, east, south, north)",
        """
        INSERT INTO bench_box SELECT id, longitude, longitude, latitude, latitude
        FROM community_supportgroup WHERE is_in_person AND latitude IS NOT NULL
        """,
    ],
    "postgresql": [
        "CREATE EXTENSION IF NOT EXISTS earthdistance CASCADE",
        "DROP TABLE IF EXISTS bench_point",
        """
        CREATE TABLE bench_point AS SELECT id, ll_to_earth(latitude, longitude)::cube AS spot
        FROM community_supportgroup WHERE is_in_person AND latitude IS NOT NULL
        """,
        "CREATE INDEX bench_point_spot ON bench_point USING gist (spot)",
    ],
}


def raw_statements(which):
    """Return the plainest statement that gives the nearest twenty of those that fit."""
    from django.db import connection

    statement = RAW[connection.vendor].format(**which)
    if connection.vendor == "postgresql":
        return [(statement, [LATITUDE, LONGITUDE])]
    sent = []
    height = 0.005
    with connection.cursor() as cursor:
        while True:
            values = [LATITUDE, LATITUDE, LONGITUDE, LONGITUDE]
            values += [LONGITUDE - 1.6 * height, LONGITUDE + 1.6 * height]
            values += [LATITUDE - height, LATITUDE + height]
            sent.append((statement, values))
            cursor.execute(*sent[-1])
            if len(cursor.fetchall()) == 20 or height > 1.5:
                return sent[-1:]
            height *= 2


def sent_for(**chosen):
    """Return what a page of the directory sends: the count, what finds the groups, the groups."""
    from django.db import connection
    from django.utils import timezone

    from community.finding.criteria import Criteria
    from community.finding.search import Reader, Search
    from community.models import Place

    place = Place(name="London", country="GB", latitude=LATITUDE, longitude=LONGITUDE)
    search = Search(
        Criteria(**chosen), place if "near" in chosen else None, Reader(), timezone.now()
    )
    sent = []

    def note(execute, sql, params, many, context):
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        search.page("1")
    whole = next((n for n, each in enumerate(sent) if "next_starts_at" in each[0]), len(sent))
    return sent[:1], sent[1:whole], sent[whole : whole + 1]


def questions():
    """Return the statements of each question, in the order of the table."""
    from portal.pages.store import watch

    near = {"near": "london", "way": "in-person"}
    asked = {
        "nearest": near,
        "nearest, for men, in English": {**near, "audience": "men", "language": "en"},
        "few near, then online, in French": {"near": "london", "within": 5, "language": "fr"},
        "next meeting first": {},
        "next meeting first, online, in English": {"way": "online", "language": "en"},
    }
    sent = {name: sent_for(**chosen) for name, chosen in asked.items()}
    statements = {
        "raw nearest 20": raw_statements(FOR_ALL),
        "raw nearest 20, for men, in English": raw_statements(FOR_MEN),
    }
    statements |= {name: found or whole for name, (_count, found, whole) in sent.items()}
    statements["twenty groups whole, nearest first"] = sent["nearest"][2]
    statements["twenty groups whole, next meeting first"] = sent["next meeting first"][2]
    statements["count of kinds"] = sent["next meeting first"][0]
    # From here on the count is kept, as it is where pages are stored.
    watch.look_now()
    sent_for()
    statements["count of kinds near a place, the others kept"] = sent_for(**near)[0]
    watch._close()
    return statements


def measure(count, rounds):
    """Print a line of the table for each question, and return the medians of those asked.

    Where the count finds no group that fits, none is looked for.
    """
    from django.db import connection

    asked = {name: statements for name, statements in questions().items() if statements}
    took = {name: [] for name in asked}
    for _round in range(rounds):
        for name, statements in asked.items():
            # The one before has left its own rows in the processor.
            milliseconds(statements)
            took[name].append(milliseconds(statements))
    medians = {name: statistics.median(times) for name, times in took.items()}
    for name, median in medians.items():
        ratio = median / medians["raw nearest 20"]
        print(
            f"| {connection.vendor} | {count:,} | {name} | {median:.2f} | {ratio:.1f} |",
            flush=True,
        )
    return medians


def main():
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="waymark-directory-") as folder:
        prepare(folder)
        import logging

        from django.db import connection
        from django.utils import timezone

        from community import demo

        logging.disable(logging.CRITICAL)
        demo.HORIZON = DATES
        now = timezone.now()
        print("| database | groups | question | ms | ratio |\n| --- | ---: | --- | ---: | ---: |")
        found = {}
        made = 0
        began = time.process_time()
        for count in options.rows:
            for first in range(made + 1, count + 1, 1_000):
                demo.save(demo.missing(first, min(first + 999, count), now), now)
            made = count
            with connection.cursor() as cursor:
                last = "VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE"
                for statement in [*MAKE_RAW[connection.vendor], last]:
                    cursor.execute(statement)
            took = time.process_time() - began
            print(f"<!-- made in {took:.0f} s of work; load {os.getloadavg()[0]:.0f} -->")
            found[count] = measure(count, options.rounds)
        few, many = min(found), max(found)
        if few < many:
            for name in found[few].keys() & found[many].keys():
                exponent = log(found[many][name] / found[few][name]) / log(many / few)
                print(f"{name}: grows with exponent {exponent:.2f} from {few:,} to {many:,}")


if __name__ == "__main__":
    main()
