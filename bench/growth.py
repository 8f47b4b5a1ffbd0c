"""How the work and the queries of public pages grow with facts and groups.

Usage: .venv/bin/python bench/growth.py [--rows 1000 10000 100000] [--times 5]

It makes a portal of its own in a temporary folder, fills it with examples, and makes each page in
one process, as when nobody has it in store. Each figure is the least work of so many times.
"""

import argparse
import os
import shutil
import sys
import time
from datetime import date
from io import StringIO

from pages import kinds
from servers import Place, temporary_folder


def measure(path, times):
    """Return the least work of making the page, in milliseconds, and its queries."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    host = settings.SITE_URL.partition("//")[2]
    browser, took = Client(SERVER_NAME="localhost", headers={"host": host}), []
    for _time in range(times + 1):
        began = time.process_time()
        response = browser.get(path)
        took.append((time.process_time() - began) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}.")
    with CaptureQueriesContext(connection) as queries:
        browser.get(path)
    return min(took[1:]), len(queries)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    folder, grown = temporary_folder("growth"), []
    try:
        place = Place(folder)
        paths = kinds(place)["public pages"].paths
        import logging

        from django.core.management import call_command

        logging.disable(logging.CRITICAL)
        tables = {0: {path: measure(path, options.times) for path in paths}}
        for rows in options.rows:
            call_command("make_demo", facts=rows, groups=rows, stdout=StringIO())
            tables[rows] = {path: measure(path, options.times) for path in paths}
        print(f"{date.today():%Y-%m-%d}, load {os.getloadavg()[0]:.1f}; ms of work / queries\n")
        print(
            "| page | starter library | " + " | ".join(f"{n:,} each" for n in options.rows) + " |"
        )
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
