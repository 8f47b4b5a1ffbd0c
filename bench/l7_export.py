"""L7: how long the copy of a member with 10,000 entries takes, and how much memory.

Usage: .venv/bin/python bench/l7_export.py [ENTRIES]

It makes a portal of its own in a temporary folder (or on DATABASE_URL, which has to name an empty
database), fills it, takes both copies as a browser would, and says whether each took at most ten
seconds and 100 MB.
"""

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SECONDS, MEGABYTES = 10.0, 100.0
NOTE = "A question for the next visit, and what the nurse said about it. " * 6


def memory():
    """Return how much memory this process has at this moment, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("This needs Linux: it reads /proc/self/status.")


class Peak:
    """The most memory that was seen while a block ran."""

    def __enter__(self):
        self.before = self.most = memory()
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self):
        while not self.is_over.wait(0.01):
            self.most = max(self.most, memory())

    def __exit__(self, *_error):
        self.is_over.set()
        self.thread.join()
        self.extra = self.most - self.before


def prepare(folder):
    os.environ["WAYMARK_DATA_DIR"] = folder
    os.environ["SITE_URL"] = "http://localhost:8000"
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    for name in ("SECRET_KEY", "NOTES_KEYS", "EMAIL_URL"):
        os.environ.pop(name, None)
    if ready := os.environ.get("WAYMARK_BENCH_DATA"):
        shutil.copytree(ready, folder, dirs_exist_ok=True)
    else:
        from portal.secrets import make_secrets

        make_secrets(Path(folder))
        (Path(folder) / "static").mkdir()
    import django
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def fill(entries):
    """Return a member with so many entries: of topics, facts and groups, each with a note."""
    from django.db import transaction
    from django.utils import timezone

    from community.models import Member, ReadingList, SavedItem
    from tests.factories import (
        FactFactory,
        SupportGroupFactory,
        TopicFactory,
        make_live,
    )

    now = timezone.now()
    with transaction.atomic():
        topics = [TopicFactory() for _number in range(40)]
        facts = [FactFactory(topic=topics[number % 40]) for number in range(240)]
        for fact in facts:
            make_live(fact)
        groups = [SupportGroupFactory() for _number in range(120)]
        things = [
            *({"topic": topic} for topic in topics),
            *({"fact": fact} for fact in facts),
            *({"group": group} for group in groups),
        ]
        member = Member.objects.create_user("l7@example.org")
        left = entries
        while left:
            number = min(left, len(things))
            reading_list = ReadingList.objects.create(member=member, title=f"List {left}")
            SavedItem.objects.bulk_create(
                SavedItem(
                    reading_list=reading_list, position=position, note=NOTE, seen_at=now, **thing
                )
                for position, thing in enumerate(things[:number], start=1)
            )
            left -= number
    return member


def take(member, shape):
    """Take a copy as a browser does; return MB, seconds, seconds of work, and extra MB."""
    from tests.portal.p3_steps import signed_in

    browser = signed_in(member)
    link = browser.post("/account/export/", {"shape": shape}).headers["Location"]
    size = 0
    last = b""
    began, began_work = time.perf_counter(), time.process_time()
    with Peak() as peak:
        response = browser.post(link)
        for block in response.streaming_content:
            size += len(block)
            last = (last + block)[-2000:]
        response.close()
    seconds = time.perf_counter() - began
    return size / 1e6, seconds, time.process_time() - began_work, peak.extra, last


def main():
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="waymark-l7-") as folder:
        prepare(folder)
        member = fill(entries)
        take(member, "data")  # The first reads templates and plans in.
        is_met = True
        for shape in ("data", "pages"):
            size, seconds, work, extra, last = take(member, shape)
            if shape == "data":
                counts = json.loads("{" + last.decode().rpartition('"counts": {')[2].strip()[:-1])
                if counts["items"] != entries:
                    raise SystemExit(f"The copy is not whole: {counts}")
            is_here = seconds <= SECONDS and extra <= MEGABYTES
            is_met &= is_here
            verdict = "met" if is_here else "NOT MET"
            print(
                f"L7 {shape}: {entries} entries, {size:.1f} MB in {seconds:.1f} s "
                f"({work:.1f} s of work), {extra:.0f} MB more memory: {verdict}"
            )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
