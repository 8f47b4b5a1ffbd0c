"""How long `bin/serve` takes to start a second time, and how much memory its processes take.

Usage: .venv/bin/python bench/start.py [STARTS]

It needs curl. A start ends with the first answer of the home page. Memory is looked at after that,
and again after each kind of page was opened by every process of the web server. RSS counts what
processes share in each of them; PSS shares it out.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import time
from datetime import date
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from pages import kinds
from servers import ROOT, TICKS, Place, end_with_parent, family, need, temporary_folder

SECONDS, MEGABYTES = 3.0, 120.0
TIMES = 12  # each page is opened, so that every process has its turn
ROLES = {
    "portal.supervisor": "supervisor",
    "portal.server": "web server",
    "manage.py": "worker of tasks",
}
WORKER = "worker of the web server"  # which goes by the same command as the web server


def fetch(place, path, session=""):
    """Return the status of one answer, over a connection of its own."""
    connection = HTTPConnection("127.0.0.1", place.port, timeout=30)
    try:
        headers = {"Host": f"localhost:{place.port}"}
        if session:
            headers["Cookie"] = f"session={session}"
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def start(place):
    """Start `bin/serve`; return it, and the seconds that passed and that were worked."""
    environment = {**place.environment, "PORT": str(place.port)}
    began = time.monotonic()
    process = subprocess.Popen(
        ["bin/serve"], cwd=ROOT, env=environment, start_new_session=True,
        preexec_fn=end_with_parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while time.monotonic() - began < 120:
        try:
            if fetch(place, "/") == 200:
                return process, time.monotonic() - began, work(process.pid)
        except (OSError, HTTPException):
            time.sleep(0.02)
    process.terminate()
    raise SystemExit("The portal did not start.")


def work(parent):
    """Return how many seconds `parent` and all it started have worked."""
    ticks = 0
    for number in family(parent):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def memory(parent):
    """Return for each kind of process the largest RSS and PSS that one of it has, in MB."""
    found, roles = {}, {}
    for number, began_by in family(parent).items():
        command = Path(f"/proc/{number}/cmdline").read_bytes().decode().replace("\0", " ")
        role = next((role for mark, role in ROLES.items() if mark in command), "")
        if roles.get(began_by) == "web server":
            role = WORKER
        if not role or "resource_tracker" in command:
            continue
        roles[number] = role
        sizes = dict.fromkeys(("Rss", "Pss"), 0.0)
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()[1:]:
            name, _colon, size = line.partition(":")
            if name in sizes:
                sizes[name] = int(size.split()[0]) / 1024
        found.setdefault(role, []).append(tuple(sizes.values()))
    return {role: tuple(map(max, zip(*sizes, strict=True))) for role, sizes in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("starts", type=int, nargs="?", default=5)
    options = parser.parse_args()
    need("curl")
    folder, process = temporary_folder("start"), None
    try:
        place = Place(folder)
        took = []
        for _start in range(options.starts):
            if process:
                process.terminate()
                process.wait(timeout=30)
            process, seconds, worked = start(place)
            took.append((seconds, worked))
        print(f"{date.today():%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
        seconds, worked = (statistics.median(each) for each in zip(*took, strict=True))
        print(
            f"Second start, median of {len(took)}: {seconds:.1f} s until the home page is there "
            f"(the quickest {min(took)[0]:.1f}), {worked:.1f} s of work; wanted {SECONDS:g} s.\n"
        )
        rows = {"at start": memory(process.pid)}
        for name, kind in kinds(place).items():
            for path in kind.paths:
                answers = {fetch(place, path, kind.session) for _time in range(TIMES)}
                if answers != {200}:
                    raise SystemExit(f"{path} answered {sorted(answers)}.")
            rows[name] = memory(process.pid)
        show(rows)
    finally:
        if process:
            process.terminate()
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def show(rows):
    roles = [*ROLES.values(), WORKER]
    print("| after | " + " | ".join(roles) + " |")
    print("| --- |" + " ---: |" * len(roles))
    for kind, sizes in rows.items():
        cells = [f"{sizes[role][0]:.0f} / {sizes[role][1]:.0f}" for role in roles]
        print(f"| {kind} | " + " | ".join(cells) + " |")
    most = max(sizes[WORKER][0] for sizes in rows.values())
    print(f"\nMB, RSS / PSS of the largest of its kind. A worker takes {most:.0f} MB at most; "
          f"wanted below {MEGABYTES:g}.")  # fmt: skip


if __name__ == "__main__":
    main()
