"""How long an old page is still shown after a change, through the shipped nginx and without it.

Usage: .venv/bin/python drills/stale_through_nginx.py [ROUNDS]

Readers open the same page all the while, some through nginx, some from the portal itself with its
four processes. Meanwhile a topic is published and taken back, a text corrected, a fact withdrawn, a
meeting canceled, and texts begin and end by the clock. One second after each change nobody may be
shown what was before, and nobody what is scheduled before its time. It needs Debian's nginx-light.
"""

import http.client
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from portal_for_drills import PORT, ROOT, Portal

sys.path.insert(0, str(ROOT / "bench"))
from servers import free_port, nginx

WITHIN = 1.0  # seconds
LOOK_ON = 1.5  # seconds after the change
AHEAD = 1.3  # seconds until what is scheduled
READERS = 3  # through nginx, and as many without it


class Readers:
    """Many who open one page again and again, and what each was shown."""

    def __init__(self, ports, path, is_new):
        self.path, self.is_new, self.is_over = path, is_new, threading.Event()
        self.seen = {port: [] for port in ports}
        self.threads = [
            threading.Thread(target=self.read, args=(port,))
            for port in ports
            for _number in range(READERS)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_error):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def read(self, port):
        while not self.is_over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            began = time.time()
            connection.request("GET", self.path, headers={"Host": f"localhost:{PORT}"})
            response = connection.getresponse()
            shown = self.is_new(response.status, response.read().decode())
            self.seen[port].append((began, time.time(), shown))
            connection.close()
            time.sleep(0.01)


class Step:
    """One change of a page: `change` returns from which moment on it has to show."""

    def __init__(self, name, path, change, is_new):
        self.name, self.path, self.change, self.is_new = name, path, change, is_new

    def run(self, ports, slowest):
        """Make the change while many read; return what was wrong."""
        with Readers(ports, self.path, self.is_new) as readers:
            moment = self.change()
            time.sleep(max(0.0, moment - time.time()) + LOOK_ON)
        faults = []
        for where, port in ports_by_name(ports).items():
            seen = readers.seen[port]
            old = [began - moment for began, _ended, shown in seen if not shown]
            early = [ended for _began, ended, shown in seen if shown and ended < moment - 0.05]
            if not any(shown for _began, _ended, shown in seen):
                faults.append(f"{self.name}, {where}: it never showed")
            key = (self.name, where)
            slowest[key] = max(slowest.get(key, 0.0), *old, 0.0)
            if slowest[key] > WITHIN:
                faults.append(f"{self.name}, {where}: old after {slowest[key]:.2f} s")
            if early and self.name.startswith("by the clock"):
                faults.append(f"{self.name}, {where}: too early")
        return faults


def ports_by_name(ports):
    return dict(zip(("through nginx", "from the portal"), ports, strict=True))


def steps(number):
    """Make what is to be changed, and return the changes in their order."""
    from django.utils import timezone

    from community.models import Occurrence
    from facts.models import FactVersion, Topic
    from tests.factories import FactFactory, MeetingFactory, TopicFactory, make_live, make_staff

    topic = TopicFactory(slug=f"stale-{number}", published_at=None)
    version = make_live(FactFactory(topic=topic))
    ending = make_live(FactFactory(topic=topic), title=f"What ends {number}")
    reviewer = make_staff("Reviewer")
    group = MeetingFactory().group
    page, rows = topic.get_absolute_url(), Topic.objects.filter(pk=topic.pk)

    def now(change):
        def made():
            change()
            return time.time()

        return made

    def schedule(queryset, **fields):
        name, value = next(iter(fields.items()))

        def made():
            moment = timezone.now() + timedelta(seconds=AHEAD)
            queryset.update(**{name: value(moment)})
            return moment.timestamp()

        return made

    def cancel():
        first = Occurrence.objects.filter(meeting__group=group).order_by("starts_at").first()
        Occurrence.objects.filter(pk=first.pk).update(is_cancelled=True)

    versions = FactVersion.objects.filter(pk=ending.pk)
    return (
        Step("publish", page, now(lambda: rows.update(published_at=timezone.now())),
             lambda status, _body: status == 200),
        Step("correct", page, now(lambda: rows.update(summary="The corrected words.")),
             lambda _status, body: "The corrected words." in body),
        Step("withdraw", version.fact.get_absolute_url(),
             now(lambda: version.withdraw(reviewer, "It was wrong.")),
             lambda _status, body: "It was wrong." in body),
        Step("by the clock, a text ends", page, schedule(versions, live_until=lambda at: at),
             lambda _status, body: ending.title not in body),
        Step("cancel", group.get_absolute_url(), now(cancel),
             lambda _status, body: "Canceled:" in body),
        Step("take back", page, now(lambda: rows.update(published_at=None)),
             lambda status, _body: status != 200),
        Step("by the clock, a topic appears", page, schedule(rows, published_at=lambda at: at),
             lambda status, _body: status == 200),
    )  # fmt: skip


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = Path(tempfile.mkdtemp(prefix="waymark-nginx-"))
    folder.chmod(0o755)
    faults, slowest = [], {}
    with Portal(workers=4, has_worker=False) as _portal:
        port = free_port()
        proxy = subprocess.Popen(["nginx", "-c", str(nginx(folder, port, PORT))])
        try:
            time.sleep(1)
            for number in range(rounds):
                for step in steps(number):
                    faults += step.run((port, PORT), slowest)
            if not any(file.is_file() for file in (folder / "cache").rglob("*")):
                faults.append("nginx kept nothing")
        finally:
            proxy.terminate()
            proxy.wait()
            shutil.rmtree(folder, ignore_errors=True)
    for (name, where), seconds in slowest.items():
        print(f"{name}, {where}: the last old page was asked for {seconds:.2f} s after")
    print(f"{rounds} rounds, {len(faults)} faults; wanted: none after {WITHIN:g} s.")
    for fault in faults[:20]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
