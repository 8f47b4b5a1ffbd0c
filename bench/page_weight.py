"""What a page weighs as it is sent, what it fetches besides, and what it asks of the database.

Usage: .venv/bin/python bench/page_weight.py

Each page is opened by a browser that knows nothing yet: HTML with brotli and without, then what the
page names of our own files. Queries are those of a page that is made, not taken out of the store.
It ends with an error if a page fails, or asks the database more than is allowed.
"""

import argparse
import re
import shutil
import sys
from datetime import date
from http.client import HTTPConnection

from pages import kinds
from servers import BROTLI, Portal, temporary_folder

FILES = re.compile(r'(?:href|src)="(/static/[^"]+)"')
MINE = re.compile(
    r"<(?:link[^>]*rel=\"(?:stylesheet|preload|modulepreload|icon)\"|script|img)[^>]*>"
)


def fetch(port, path, session="", encoding=BROTLI):
    """Return status, headers and body of one answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Host": f"localhost:{port}", "Accept-Encoding": encoding}
        if session:
            headers["Cookie"] = f"session={session}"
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def count_queries(path, session):
    """Return how many queries the page takes here, in this process, with all read in before."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    browser = Client(
        SERVER_NAME="localhost", headers={"host": settings.SITE_URL.partition("//")[2]}
    )
    if session:
        browser.cookies[settings.SESSION_COOKIE_NAME] = session
    browser.get(path)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get(path)
    return len(queries)


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    folder, portal, faults = temporary_folder("weight"), None, []
    try:
        portal = Portal(folder)
        portal.wait()
        print(f"{date.today():%Y-%m-%d}\n")
        print("| page | HTML, bytes | as sent | other files | bytes of those | queries |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, kind in kinds(portal.place).items():
            for path in kind.paths:
                faults += weigh(portal.port, name, path, kind)
    finally:
        if portal:
            portal.end()
        shutil.rmtree(folder, ignore_errors=True)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def weigh(port, name, path, kind):
    """Print the row of one page; return what is wrong with it."""
    status, headers, sent = fetch(port, path, kind.session)
    plain = fetch(port, path, kind.session, "identity")[2]
    if status != 200:
        return [f"{name}: a page answered {status}."]
    if not headers["Content-Type"].startswith("text/html"):
        files = set()
    else:
        files = {file for tag in MINE.findall(plain.decode()) for file in FILES.findall(tag)}
    weight = 0
    for file in sorted(files):
        answer = fetch(port, file)
        weight += len(answer[2])
        if answer[0] != 200:
            return [f"{name}: {file} answered {answer[0]}."]
    queries = count_queries(path, kind.session)
    # An address may hold what is different in each run.
    shown = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", path)
    print(f"| {shown} | {len(plain)} | {len(sent)} | {len(files)} | {weight} | {queries} |")
    if kind.queries is not None and queries > kind.queries:
        return [f"{name}: {shown} takes {queries} queries, at most {kind.queries} are allowed."]
    return []


if __name__ == "__main__":
    sys.exit(main())
