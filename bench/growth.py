"""How the work and the queries of public pages grow with facts and groups.

Usage: .venv/bin/python bench/growth.py [--rows 1000 10000 100000] [--groups 10000] [--times 5]

It makes a portal of its own in a temporary folder (or on DATABASE_URL, which has to name an empty
database), fills it with as many facts as groups, but no more groups than `--groups`, and makes each
page in one process, as when nobody has it in store. Each figure is the least work of so many times;
on PostgreSQL with that of the server's own process, which has to run on this machine, on Linux.
"""

import argparse
import os
import shutil
import sys
import time
from datetime import date
from io import StringIO
from pathlib import Path

from pages import kinds
from servers import Place, temporary_folder

# Beside the kinds of pages: what a reader's first press opens, and one part of a long sitemap.
MORE = ["/facts/?for=men", "/sitemap-facts-1.xml"]


def clock():
    """Return how long this process, and that of PostgreSQL, have worked; in seconds."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return time.process_time()
    connection.ensure_connection()
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.process_time() + int(stat.read_text().split()[0]) / 1e9


def measure(path, times):
    """Return the least work of making the page, in milliseconds, and its queries."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from portal.pages.store import watch

    host = settings.SITE_URL.partition("//")[2]
    browser, took = Client(SERVER_NAME="localhost", headers={"host": host}), []
    for _time in range(times + 1):
        began = clock()
        # As before every page that is made for the store.
        watch.look()
        response = browser.get(path)
        took.append((clock() - began) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}.")
    with CaptureQueriesContext(connection) as queries:
        browser.get(path)
    return min(took[1:]), len(queries)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    folder, grown = temporary_folder("growth"), []
    try:
        place = Place(folder)
        paths = kinds(place)["public pages"].paths + MORE
        import logging

        from django.core.management import call_command
        from django.db import connection

        logging.disable(logging.CRITICAL)
        tables = {0: {path: measure(path, options.times) for path in paths}}
        for rows in options.rows:
            groups = min(rows, options.groups)
            call_command("make_demo", facts=rows, groups=groups, stdout=StringIO())
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    # What autovacuum does in the hours after so many rows were written.
                    cursor.execute("VACUUM ANALYZE")
            tables[rows] = {path: measure(path, options.times) for path in paths}
        print(f"{date.today():%Y-%m-%d}, load {os.getloadavg()[0]:.1f}; ms of work / queries\n")
        heads = [f"{n:,} facts, {min(n, options.groups):,} groups" for n in options.rows]
        print(f"| page | starter library | {' | '.join(heads)} |")
        print("| --- |" + " ---: |" * len(tables))
        for path in paths:
            cells = [f"{table[path][0]:.1f} / {table[path][1]}" for table in tables.values()]
            print(f"| {path} | " + " | ".join(cells) + " |")
            if len({table[path][1] for table in tables.values()}) > 1:
                grown.append(f"{path}: the number of queries is not the same with more rows.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + "\n".join(grown))


if __name__ == "__main__":
    sys.exit(main())
