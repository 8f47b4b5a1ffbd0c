"""F4: another program holds SQLite's write lock for half a minute, while members read and save.

Usage: .venv/bin/python drills/f4_held_lock.py [SECONDS] [MEMBERS]

It starts a portal of its own with two processes. While the lock is held, each member reads a page
of a list and saves a note, again and again, more of them than the portal has threads. A page has to
come with 200; a note has to be answered by 503 with Retry-After and with what was typed, within a
second after the wait that the settings allow. Afterwards a note is saved as ever.
"""

import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing

from portal_for_drills import DATA, Browser, Portal, address_of_visitor

HOLD = """
import sqlite3, sys, time
with sqlite3.connect(sys.argv[1], isolation_level=None) as held:
    held.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
    held.execute("ROLLBACK")
"""


def prepare(members: int):
    """Return the addresses of the members' lists, and their browsers, signed in."""
    from community.models import Member, ReadingList
    from tests.factories import TopicFactory
    from tests.portal.p3_steps import signed_in

    topic, asked = TopicFactory(), []
    for number in range(members):
        member = Member.objects.create_user(f"f4-{number}@example.org")
        reading_list = ReadingList.objects.default_for(member)
        item, _is_new = reading_list.add(topic)
        browser = Browser()
        browser.cookies["session"] = signed_in(member).cookies["session"].value
        browser.get("/lists/state/", **address_of_visitor(number))
        page = reading_list.get_absolute_url()
        browser.get(page, **address_of_visitor(number))
        asked.append((page, f"{page}items/{item.pk}/note/", browser))
    return asked


class Member(threading.Thread):
    """One who reads and saves until the lock is free."""

    def __init__(self, number: int, page: str, note: str, browser: Browser, until: float) -> None:
        super().__init__()
        self.number, self.page, self.note = number, page, note
        self.browser, self.until = browser, until
        self.read: Counter[int] = Counter()
        self.saved: Counter[int] = Counter()
        self.unkind = 0
        self.seconds: list[float] = []
        self.reading: list[float] = []

    def run(self) -> None:
        """Read, then save, while there is time for the answer before the lock is free."""
        headers = address_of_visitor(self.number)
        while time.monotonic() < self.until:
            answer = self.browser.get(self.page, **headers)
            self.read[answer.status] += 1
            self.reading.append(answer.seconds)
            text = f"Ask the nurse, {self.number}"
            answer = self.browser.post(self.note, {"note": text, "based_on": "0"}, **headers)
            self.saved[answer.status] += 1
            self.seconds.append(answer.seconds)
            is_kind = text in answer.text and answer.headers.get("Retry-After")
            self.unkind += not is_kind


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    members = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with Portal(workers=2):
        from django.conf import settings

        limit = settings.DATABASES["default"]["OPTIONS"]["timeout"]
        asked = prepare(members)
        command = [sys.executable, "-c", HOLD, str(DATA / "db.sqlite3"), str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            until = time.monotonic() + seconds - 3 * limit
            threads = [Member(number, *each, until) for number, each in enumerate(asked)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        _page, note, browser = asked[0]
        after = browser.post(note, {"note": "Saved", "based_on": "0"}, **address_of_visitor(0))
        with closing(sqlite3.connect(DATA / "db.sqlite3")) as database:
            state = database.execute("PRAGMA integrity_check").fetchone()[0]
    read: Counter[int] = sum((thread.read for thread in threads), Counter())
    saved: Counter[int] = sum((thread.saved for thread in threads), Counter())
    slowest = max(second for thread in threads for second in thread.seconds)
    reading = max(second for thread in threads for second in thread.reading)
    unkind = sum(thread.unkind for thread in threads)
    print(f"pages {dict(read)}, the slowest after {reading:.1f} s")
    print(f"notes {dict(saved)}, the slowest after {slowest:.1f} s; without the text: {unkind}")
    print(f"afterwards: {after.status}, integrity {state}")
    is_met = set(read) == {200} and set(saved) == {503} and not unkind and slowest <= limit + 1
    is_met = is_met and after.status == 302 and state == "ok"
    print("F4 met" if is_met else "F4 NOT MET")
    raise SystemExit(0 if is_met else 1)


if __name__ == "__main__":
    main()
