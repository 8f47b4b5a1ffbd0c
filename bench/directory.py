"""How long the directory takes in the database, beside the plainest query for the nearest twenty.

Usage: .venv/bin/python bench/directory.py [--rows 1000 10000 100000] [--rounds 15]

It makes a portal of its own in a temporary folder (or on DATABASE_URL, which has to name an empty
database that may have the extension cube), fills it with example groups and with their dates of
the next sixty days, and looks for groups in person near London, with filters and without, and for
the next meetings of all. The statement that finds the groups of a page is taken down as it is
sent, and sent again by itself; each round asks for everything in turn, and the figures are
medians of processor time: on PostgreSQL that of the server's own process, which has to run on this
machine, on Linux.
"""

import statistics
import tempfile
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
        SELECT id, (south - %s) * (south - %s) + (west - %s) * (west - %s) * 0.387 AS far
        FROM bench_box WHERE west BETWEEN %s AND %s AND south BETWEEN %s AND %s
        ORDER BY far LIMIT 20
    """,
    "postgresql": "SELECT id FROM bench_point ORDER BY spot <-> ll_to_earth(%s, %s) LIMIT 20",
}
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


def raw_statements():
    """Return the plainest statements that give the nearest twenty."""
    from django.db import connection

    if connection.vendor == "postgresql":
        return [(RAW["postgresql"], [LATITUDE, LONGITUDE])]
    sent = []
    height = 0.005
    with connection.cursor() as cursor:
        while True:
            values = [LATITUDE, LATITUDE, LONGITUDE, LONGITUDE]
            values += [LONGITUDE - 1.6 * height, LONGITUDE + 1.6 * height]
            values += [LATITUDE - height, LATITUDE + height]
            sent.append((RAW["sqlite"], values))
            cursor.execute(*sent[-1])
            if len(cursor.fetchall()) == 20 or height > 90:
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


def measure(count, rounds):
    """Print a line of the table for each question, and return the medians of those asked.

    Where the count finds no group that fits, none is looked for.
    """
    from django.db import connection

    near = {"near": "london", "way": "in-person"}
    questions = {
        "raw nearest 20": raw_statements(),
        "nearest": sent_for(**near)[1],
        "nearest, for men, in English": sent_for(**near, audience="men", language="en")[1],
        "nearest, then online": sent_for(near="london")[1],
        "next meeting first": sent_for()[1],
        "count of kinds": sent_for()[0],
    }
    asked = {name: statements for name, statements in questions.items() if statements}
    took = {name: [] for name in asked}
    for _round in range(rounds):
        for name, statements in asked.items():
            took[name].append(milliseconds(statements))
    medians = {name: statistics.median(times) for name, times in took.items()}
    for name, median in medians.items():
        ratio = median / medians["raw nearest 20"]
        print(
            f"| {connection.vendor} | {count:,} | {name} | {len(asked[name])} | {median:.2f} "
            f"| {ratio:.1f} |",
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
        print(
            "| database | groups | question | statements | ms | ratio |\n"
            "| --- | ---: | --- | ---: | ---: | ---: |"
        )
        found = {}
        made = 0
        for count in options.rows:
            for first in range(made + 1, count + 1, 1_000):
                demo.save(demo.missing(first, min(first + 999, count), now), now)
            made = count
            with connection.cursor() as cursor:
                last = "VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE"
                for statement in [*MAKE_RAW[connection.vendor], last]:
                    cursor.execute(statement)
            found[count] = measure(count, options.rounds)
        few, many = min(found), max(found)
        if few < many:
            for name in found[few].keys() & found[many].keys():
                exponent = log(found[many][name] / found[few][name]) / log(many / few)
                print(f"{name}: grows with exponent {exponent:.2f} from {few:,} to {many:,}")


if __name__ == "__main__":
    main()
