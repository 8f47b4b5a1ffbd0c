"""How often a public page can be sent, beside a bare Django view and a static file of nginx.

Usage: .venv/bin/python bench/public_pages.py [--seconds 4] [--rounds 5] [--path /facts/…/]

It needs Debian's packages wrk, nginx-light, curl and openssl, listens on this machine alone, and
takes turns: each round asks every server once, so that what else the machine does hits all alike.
It prints a table of medians: requests per second, the ratio to the bare view under gunicorn, and
processor time; the least of that is what other work on the machine disturbs least.

nginx is asked as it is shipped, over https, and over http as behind another proxy; each beside a
static file of the same size, bare and with the same headers as the page.
"""

import argparse
import os
import platform
import shutil
import statistics
import sys
from datetime import date

from servers import (
    BENCH,
    CONNECTIONS,
    Again,
    Portal,
    Server,
    free_port,
    need,
    nginx,
    temporary_folder,
)

OF_THE_BARE_VIEW = 8.0  # times as often, by the portal itself
OF_THE_STATIC_FILE = 0.8  # times as often, behind nginx


def start(folder, path):
    """Start what is compared; return the rows of the table, and how large the page is as sent."""
    python = sys.executable
    rows = [portal := Portal(folder, "stored page, from the portal itself", path)]
    try:
        portal.wait()
        headers, size = portal.fetch()
        (folder / "static-file").write_bytes(os.urandom(size))
        port, https, bare_port, bare_granian = (free_port() for _number in range(4))
        config = nginx(folder, port, portal.port, https_port=https, static_headers=headers)
        gunicorn = ["-m", "gunicorn", "--no-control-socket", "--workers", "2", "--bind"]
        granian = ["-m", "granian", "--interface", "wsgi", "--workers", "2", "--no-log"]
        rows.insert(0, Server(
            "bare Django view, gunicorn",
            [python, *gunicorn, f"127.0.0.1:{bare_port}", "bare_django"], bare_port, cwd=BENCH,
        ))  # fmt: skip
        rows.insert(1, Server(
            "bare Django view, granian",
            [python, *granian, "--port", str(bare_granian), "bare_django:application"],
            bare_granian, cwd=BENCH,
        ))  # fmt: skip
        rows.append(proxy := Server(
            "stored page, behind nginx", ["nginx", "-c", str(config)], port, path, portal.headers,
        ))  # fmt: skip
        for server in rows:
            server.wait()
        for scheme, at in (
            ("", f"http://localhost:{port}"),
            (", https", f"https://localhost:{https}"),
        ):
            if scheme:
                rows.append(Again(proxy, f"stored page, behind nginx{scheme}", url=f"{at}{path}"))
            for name, file in (
                (f"a static file with the same headers, nginx{scheme}", "/static-page"),
                (f"a static file, nginx{scheme}", "/static-file"),
            ):
                rows.append(Again(proxy, name, [], f"{at}{file}"))
        personal = ["Cookie: preferences=text%3Dlarge"]
        rows.append(Again(portal, "the same page made anew for each", personal))
        for server in rows:
            server.fetch()
    except BaseException:
        end(rows)
        raise
    return rows, size


def end(rows):
    for server in rows:
        server.end()


def measure(rows, seconds, rounds):
    """Let each be asked in turn, first once for nothing."""
    for server in rows:
        server.ask(1)
        server.rates.clear()
        server.costs.clear()
    for _round in range(rounds):
        for server in rows:
            server.ask(seconds)


def show(rows, size):
    bare = rows[0]
    reference = statistics.median(bare.rates)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{date.today():%Y-%m-%d}, {machine}, {CONNECTIONS} connections, {size} bytes as sent\n")
    print("| what | requests/s | ratio | processor, ms | the least | lowest and highest ratio |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for server in rows:
        rate, cost = statistics.median(server.rates), statistics.median(server.costs)
        pairs = sorted(own / other for own, other in zip(server.rates, bare.rates, strict=True))
        print(f"| {server.name} | {rate:.0f} | {rate / reference:.2f} | {cost:.4f} "
              f"| {min(server.costs):.4f} | {pairs[0]:.2f}–{pairs[-1]:.2f} |")  # fmt: skip
    named = {server.name: server for server in rows}
    print()
    itself = named["stored page, from the portal itself"]
    tell("the portal itself and the bare view", itself, bare, OF_THE_BARE_VIEW)
    for scheme in ("", ", https"):
        page = named[f"stored page, behind nginx{scheme}"]
        for what in ("a static file with the same headers", "a static file"):
            other = named[f"{what}, nginx{scheme}"]
            tell(f"behind nginx{scheme} and {what}", page, other, OF_THE_STATIC_FILE)


def tell(what, own, other, wanted):
    """Print how the two compare, by how often they answer and by work: medians of each round."""
    rates = statistics.median(a / b for a, b in zip(own.rates, other.rates, strict=True))
    work = statistics.median(b / a for a, b in zip(own.costs, other.costs, strict=True))
    least = min(other.costs) / min(own.costs)
    print(f"- {what}: {rates:.2f} as often, {work:.2f} by work, {least:.2f} by the least work; "
          f"wanted {wanted:g}")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--path", default="/facts/key-facts-about-metastasis/")
    options = parser.parse_args()
    need("wrk", "nginx", "curl", "openssl")
    folder, rows = temporary_folder("bench"), []
    try:
        rows, size = start(folder, options.path)
        measure(rows, options.seconds, options.rounds)
        show(rows, size)
    finally:
        end(rows)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
