"""F1, F7, F8, F10, F14: several servers, of which one after another is stopped under load.

On loopback: a PostgreSQL with a synchronous standby, Redis, two application servers and the shipped
nginx. Readers open public pages and members write notes all the while. Each step says how many
requests failed, how long that lasted, and at the end whether a note that was acknowledged is lost.
"""

import argparse
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode

from servers import ROOT, free_port, nginx

spec = importlib.util.spec_from_file_location("_postgres", ROOT / "bin" / "_postgres.py")
postgres = importlib.util.module_from_spec(spec)
spec.loader.exec_module(postgres)

READERS, WRITERS = 4, 4
PAUSE = 0.02  # seconds between two requests of one of them
SETTLE = 8  # seconds of load around each step
PAGES = ("/", "/facts/", "/facts/key-facts-about-metastasis/", "/groups/", "/glossary/")
SECRET = "a" * 32  # The token of forms is what its cookie says.


class Cluster:
    """Everything that runs, in one folder that is thrown away."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="waymark-cluster-"))
        self.folder.chmod(0o755)
        self.account = postgres.unprivileged()
        self.programs = postgres.find()
        self.running = {}
        names = ("primary", "standby", "redis", "one", "two", "nginx")
        self.ports = {name: free_port() for name in names}
        hosts = ",".join(f"127.0.0.1:{self.ports[name]}" for name in ("primary", "standby"))
        self.site = f"http://localhost:{self.ports['nginx']}"
        self.environment = {
            **os.environ,
            "WAYMARK_DATA_DIR": str(self.folder / "var"),
            "DATABASE_URL": f"postgres://waymark@{hosts}/waymark?target_session_attrs=read-write",
            "CACHE_URL": f"redis://127.0.0.1:{self.ports['redis']}",
            "SITE_URL": self.site,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "TRUSTED_PROXY_COUNT": "1",
            "WAYMARK_CHECK_LINKS": "0",
            "LOG_LEVEL": "ERROR",
        }

    def start(self, name, command, **how):
        how = {"cwd": ROOT, "stdin": subprocess.DEVNULL, **how}
        with open(self.folder / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [str(part) for part in command],
                stdout=log, stderr=log, start_new_session=True, **how,
            )  # fmt: skip

    def stop(self, name, number=signal.SIGTERM):
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)

    def call(self, *command, **how):
        subprocess.run(
            [str(part) for part in command], check=True, stdout=subprocess.DEVNULL, **how
        )

    def start_database(self, name):
        place = self.folder / name
        socket = (
            "-k",
            self.folder,
            "-c",
            f"port={self.ports[name]}",
            "-c",
            "listen_addresses=127.0.0.1",
        )
        self.start(name, [self.programs / "postgres", "-D", place, *socket], **self.as_account())
        ask = [
            self.programs / "pg_isready",
            "--quiet",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.ports[name]),
        ]
        wait_for(lambda: subprocess.call(ask) == 0)

    def as_account(self):
        return {**self.account, "cwd": self.folder}

    def make_databases(self):
        if self.account:
            os.chown(self.folder, self.account["user"], self.account["group"])
        self.call(
            self.programs / "initdb", "--pgdata", self.folder / "primary", "--username=waymark",
            "--auth=trust", "--encoding=UTF8", "--no-locale", **self.as_account(),
        )  # fmt: skip
        self.start_database("primary")
        at = ("-h", "127.0.0.1", "-p", self.ports["primary"], "-U", "waymark")
        self.call(self.programs / "createdb", *at, "waymark")
        primary = f"host=127.0.0.1 port={self.ports['primary']} user=waymark"
        self.call(
            self.programs / "pg_basebackup", "--pgdata", self.folder / "standby",
            "--checkpoint=fast", "--write-recovery-conf",
            "--dbname", f"application_name=standby {primary}", **self.as_account(),
        )  # fmt: skip
        self.start_database("standby")
        self.sql("primary", "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self.sql("primary", "SELECT pg_reload_conf()")

    def sql(self, name, statement):
        at = ("-h", "127.0.0.1", "-p", self.ports[name], "-U", "waymark", "-d", "waymark")
        self.call(self.programs / "psql", "--quiet", *at, "-c", statement)

    def start_redis(self):
        port = ("--port", self.ports["redis"], "--bind", "127.0.0.1")
        self.start("redis", ["redis-server", "--save", "", *port])

    def start_server(self, name):
        where = ("--port", self.ports[name], "--workers", "2")
        self.start(name, [sys.executable, "-m", "portal.server", *where], env=self.environment)
        wait_for(lambda: self.is_well(name))

    def is_well(self, name):
        try:
            return (
                fetch(self.ports[name], "/health/live", host=f"localhost:{self.ports['nginx']}")[0]
                == 200
            )
        except (OSError, HTTPException):
            return False

    def start_all(self):
        self.make_databases()
        self.start_redis()
        for arguments in (
            ["-m", "portal.secrets", str(self.folder / "var")],
            ["manage.py", "prepare"],
        ):
            self.call(sys.executable, *arguments, cwd=ROOT, env=self.environment)
        self.start_server("one")
        self.start_server("two")
        self.start("work", [sys.executable, "manage.py", "work"], env=self.environment)
        config = nginx(self.folder, self.ports["nginx"], self.ports["one"])
        text = config.read_text()
        text = text.replace(
            f"server 127.0.0.1:{self.ports['one']};",
            f"server 127.0.0.1:{self.ports['one']}; server 127.0.0.1:{self.ports['two']};",
        )
        text = text.replace(f"localhost:{self.ports['one']}", f"localhost:{self.ports['nginx']}")
        config.write_text(text)
        self.start("nginx", ["nginx", "-c", config])
        wait_for(lambda: fetch(self.ports["nginx"], "/health/live")[0] == 200)

    def end(self):
        for name in list(self.running):
            self.stop(name, signal.SIGINT if name in {"primary", "standby"} else signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError, HTTPException):
            if condition():
                return
        time.sleep(0.1)
    raise SystemExit("Something did not start in time.")


def fetch(port, path, body=None, headers=(), host=None, patience=40):
    """Return the status and the headers of one answer, over a connection of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        given = {"Host": host or f"localhost:{port}", **dict(headers)}
        if body is not None:
            given["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if body is None else "POST", path, body=body, headers=given)
        response = connection.getresponse()
        response.read()
        return response.status, response.headers
    finally:
        connection.close()


class Load:
    """Readers and writers, and what became of each request."""

    def __init__(self, cluster, members):
        self.port, self.members = cluster.ports["nginx"], members
        self.done, self.is_over = [], threading.Event()
        self.acknowledged = {}
        self.threads = [
            *(threading.Thread(target=self.read) for _number in range(READERS)),
            *(threading.Thread(target=self.write, args=(member,)) for member in members),
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def read(self):
        turns = cycle(PAGES)
        while not self.is_over.is_set():
            page = next(turns)
            self.note("read", partial(fetch, self.port, page), 200)
            time.sleep(PAUSE)

    def write(self, member):
        cookies = {"Cookie": f"session={member['session']}; csrf={SECRET}"}
        number = 0
        while not self.is_over.is_set():
            number += 1
            form = {
                "note": str(number),
                "based_on": str(member["number"]),
                "csrfmiddlewaretoken": SECRET,
            }
            ask = partial(fetch, self.port, member["path"], urlencode(form), cookies)
            if self.note("write", ask, 302):
                self.acknowledged[member["item"]] = number
                member["number"] += 1
            else:
                # It may have been written all the same: the next one builds on what is there.
                member["number"] = None
                while member["number"] is None and not self.is_over.is_set():
                    time.sleep(0.2)
                    member["number"] = note_number(member)
            time.sleep(PAUSE)

    def note(self, kind, ask, wanted):
        began = time.monotonic()
        try:
            status = ask()[0]
        except (OSError, HTTPException) as error:
            status = type(error).__name__
        self.done.append((kind, began, time.monotonic() - began, status, status == wanted))
        return status == wanted

    def tell(self, name, begin, end):
        row = [name]
        for kind in ("read", "write"):
            own = [entry for entry in self.done if entry[0] == kind and begin <= entry[1] < end]
            bad = [entry for entry in own if not entry[4]]
            lasted = max((e[1] + e[2] for e in bad), default=0) - min(
                (e[1] for e in bad), default=0
            )
            slowest = max((entry[2] for entry in own), default=0)
            kinds = ", ".join(sorted({str(entry[3]) for entry in bad}))
            row += [
                str(len(own)),
                f"{len(bad)}{f' ({kinds})' if bad else ''}",
                f"{lasted:.1f}",
                f"{slowest:.1f}",
            ]
        print("| " + " | ".join(row) + " |", flush=True)


def make_members():
    """Make members with a list and one thing on it, signed in; return what they write to."""
    from django.test import Client

    from community.models import ReadingList
    from facts.models import Topic
    from tests.factories import MemberFactory

    members = []
    for _number in range(WRITERS):
        member = MemberFactory()
        item, _is_new = ReadingList.objects.default_for(member).add(Topic.objects.first())
        browser = Client(SERVER_NAME="localhost")
        browser.force_login(member)
        members.append({
            "session": browser.cookies["session"].value, "item": item.pk, "number": 0,
            "path": f"/lists/{item.reading_list_id}/items/{item.pk}/note/",
        })  # fmt: skip
    return members


def note_number(member):
    """Return the number of the note that is there; None while nobody can say."""
    from django.db import Error, connection

    from community.models import SavedItem

    try:
        return SavedItem.objects.values_list("note_number", flat=True).get(pk=member["item"])
    except Error:
        return None
    finally:
        connection.close()


def step(load, name, action):
    begin = time.monotonic()
    time.sleep(SETTLE / 4)
    action()
    time.sleep(SETTLE)
    load.tell(name, begin, time.monotonic())


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    cluster = Cluster()
    try:
        cluster.start_all()
        os.environ.update(cluster.environment)
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        from django.db import connections

        with Load(cluster, make_members()) as load:
            each = "failed | for, s | slowest, s"
            print(f"| what | reads | {each} | writes | {each} |")
            print("| --- | ---: | --- | ---: | ---: | ---: | --- | ---: | ---: |")
            step(load, "nothing", lambda: None)

            def renew(name, number):
                cluster.stop(name, number)
                cluster.start_server(name)

            step(load, "F14: the first server is restarted", lambda: renew("one", signal.SIGTERM))
            step(load, "F1: the second one is killed", lambda: renew("two", signal.SIGKILL))
            redis = cluster.running["redis"]
            step(load, "F10: Redis hangs", lambda: redis.send_signal(signal.SIGSTOP))
            step(load, "F10: Redis is killed", lambda: cluster.stop("redis", signal.SIGKILL))
            cluster.start_redis()

            def fail_over():
                cluster.stop("primary", signal.SIGKILL)
                time.sleep(2)  # Somebody has to notice.
                cluster.sql("standby", "SELECT pg_promote()")
                cluster.sql("standby", "ALTER SYSTEM RESET synchronous_standby_names")
                cluster.sql("standby", "SELECT pg_reload_conf()")

            step(load, "F7, F8: the database is killed, the standby takes over", fail_over)
            step(load, "nothing", lambda: None)
        # This process's own connection is that of the database which was killed.
        connections.close_all()
        lost = [item for item, number in load.acknowledged.items() if written(item) < number]
        count = sum(entry[4] for entry in load.done if entry[0] == "write")
        print(f"\nNotes that were acknowledged: {count}. Members who lost one: {len(lost)}.")
        return 1 if lost else 0
    finally:
        cluster.end()


def written(item):
    """Return the number that the note of `item` holds."""
    from community.models import SavedItem

    return int(SavedItem.objects.get(pk=item).note or 0)


if __name__ == "__main__":
    sys.exit(main())
