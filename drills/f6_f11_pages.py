"""F6 and F11: stored pages without a database, and 200 readers at once on a page that nobody has.

Usage: .venv/bin/python drills/f6_f11_pages.py

Four processes of the web server. F11: a page is changed, so that no copy holds any more, and 200
readers ask for it at the same moment: each process makes it once at most. F6: the file of the
database is moved away, and later the server begins anew with a file that cannot be written.
"""

import http.client
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from portal_for_drills import DATA, PORT, Portal

WORKERS, READERS, ROUNDS = 4, 200, 5
STORED = ("/", "/facts/", "/facts/key-facts-about-metastasis/", "/groups/", "/help/", "/glossary/")
# Nothing of these is ever stored, or nobody has asked for it; they must never be an error of ours.
OTHERS = ("/search/?q=pain", "/lists/", "/accounts/login/", "/questions/", "/facts/not-there/")
BACK = 5.0  # seconds until all is as before


def ask(path, port=PORT):
    """Return the status of one answer, and whether it shows a trace, over a new connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        response = connection.getresponse()
        return response.status, b"Traceback" in response.read()
    finally:
        connection.close()


def stampede(log):
    """Return what was wrong when many asked at once for a page that was just changed."""
    from facts.models import Topic

    faults, most = [], 0
    for number in range(ROUNDS):
        page = STORED[2]
        before = made(log)
        Topic.objects.filter(slug=page.split("/")[2]).update(summary=f"Changed {number}.")
        time.sleep(0.3)  # Until every process has noticed.
        gate, statuses = threading.Barrier(READERS), []

        def read(gate=gate, statuses=statuses, page=page):
            gate.wait()
            statuses.append(ask(page)[0])

        threads = [threading.Thread(target=read) for _number in range(READERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(0.3)
        renders = made(log) - before
        most = max(most, renders)
        if set(statuses) != {200}:
            faults.append(f"F11: {Counter(statuses)}")
        if not 1 <= renders <= WORKERS:
            faults.append(f"F11: made {renders} times")
    print(
        f"F11: {ROUNDS} rounds of {READERS} readers: made {most} times at most, "
        f"by {WORKERS} processes"
    )
    return faults


def made(log):
    """Return how often the page of a topic was made: Django writes one line for each."""
    return len(re.findall(r"facts:topic-detail", log.read_text()))


def without_database(name, take_away, give_back):
    """Return what was wrong while the database was away, and after."""
    faults = []
    # A page made within seconds of a change is no old copy to show. In a minute each is made anew.
    time.sleep(61)
    for path in STORED:
        for _time in range(WORKERS * 10):
            ask(path)
    take_away()
    time.sleep(1.5)
    stored = Counter(ask(path)[0] for path in STORED for _time in range(20))
    answers = {path: {ask(path) for _time in range(8)} for path in OTHERS}
    health = {ask("/health/ready")[0] for _time in range(8)}
    for path, seen in answers.items():
        if any(status not in {200, 404, 503} or trace for status, trace in seen):
            faults.append(f"{name}: {path} answered {sorted(seen)}")
    if set(stored) != {200}:
        faults.append(f"{name}: stored pages answered {dict(stored)}")
    if health != {503}:
        faults.append(f"{name}: health answered {health}")
    give_back()
    began = time.monotonic()
    while time.monotonic() - began < BACK + 5:
        if all(ask(path)[0] == 200 for path in ("/questions/", "/", "/accounts/login/")):
            break
        time.sleep(0.1)
    took = time.monotonic() - began
    if took > BACK:
        faults.append(f"{name}: not as before after {took:.1f} s")
    others = {path: sorted({status for status, _t in seen}) for path, seen in answers.items()}
    print(f"{name}: stored {dict(stored)}, health {health}, others {others}, back in {took:.1f} s")
    return faults


def main():
    folder = Path(tempfile.mkdtemp(prefix="waymark-log-"))
    os.environ["LOG_LEVEL"] = "INFO"
    # The superuser may write what nobody may write, unless that is taken from them.
    before = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
    faults, log = [], folder / "log"
    file = DATA / "db.sqlite3"
    aside = DATA / "aside"
    try:
        with Portal(workers=WORKERS, has_worker=False, log=log, before=before) as portal:
            faults += stampede(log)
            faults += without_database(
                "F6, moved away", lambda: file.rename(aside), lambda: aside.rename(file)
            )
            faults += without_database(
                "F6, cannot be written", lambda: file.chmod(0o400), lambda: file.chmod(0o600)
            )
            server = next(p for p in portal.processes if p.poll() is None)
            server.send_signal(signal.SIGTERM)
            server.wait()
            file.chmod(0o400)
            portal.start_server()
            portal.wait()
            seen = {path: {ask(path) for _time in range(8)} for path in (*STORED, *OTHERS)}
            told = {path: sorted({status for status, _t in each}) for path, each in seen.items()}
            print(f"F6, begun with a file that cannot be written: {told}")
            for path, each in seen.items():
                if any(status not in {200, 302, 404, 503} or trace for status, trace in each):
                    faults.append(f"F6, begun: {path} answered {sorted(each)}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(faults)} faults.")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
