"""P3 and R4 on real files and with real processes: a deleted member is gone, and stays away.

On SQLite the very bytes of the database and its write-ahead log are looked through, on
PostgreSQL a dump.
"""

import importlib.util
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.portal.processes import ROOT, make_data, run, start

pytestmark = pytest.mark.own_database
A_MINUTE = 60  # seconds


class Site:
    """A portal in a folder of its own, on a database of its own."""

    def __init__(self, folder, **database):
        self.folder, self.database = folder, database
        self.settings = {
            "WAYMARK_DATA_DIR": folder,
            "SITE_URL": "http://localhost:8000",
            **database,
        }

    def run(self, *arguments):
        done = run(*arguments, seconds=300, **self.settings)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def steps(self, name, canary):
        return self.run("-m", "tests.portal.p3_steps", name, canary)

    def files(self):
        """Everything that the portal writes, but for the mail that has left."""
        yield self.dumped()
        for path in self.folder.rglob("*"):
            if path.is_file() and path.suffix not in {".sqlite3", ".br", ".gz"}:
                text = path.read_bytes()
                if not (path.parent.name == "mail" and b"has been deleted" in text):
                    yield text

    def holds(self, canary):
        return any(canary.encode() in text for text in self.files())


class SqliteSite(Site):
    def __init__(self, folder):
        super().__init__(folder)
        self.file = folder / "db.sqlite3"
        self.aside = folder.parent / "aside.sqlite3"

    def dumped(self):
        return self.file.read_bytes()

    def copy_aside(self):
        with (
            closing(sqlite3.connect(self.file)) as here,
            closing(sqlite3.connect(self.aside)) as there,
        ):
            here.backup(there)

    def put_back(self):
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        self.file.write_bytes(self.aside.read_bytes())


class PostgresSite(Site):
    def __init__(self, folder):
        self.name = f"p3_{secrets.token_hex(6)}"
        server, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
        self.server, self.address = f"{server}/postgres", f"{server}/{self.name}"
        super().__init__(folder, DATABASE_URL=self.address)
        spec = importlib.util.spec_from_file_location("postgres", ROOT / "bin" / "_postgres.py")
        helper = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(helper)
        self.programs = helper.find()
        self.aside = folder.parent / "aside.sql"
        self.ask(f"CREATE DATABASE {self.name}")

    def ask(self, question):
        with psycopg.connect(self.server, autocommit=True) as server:
            server.execute(question)

    def dumped(self):
        return subprocess.run(
            [self.programs / "pg_dump", self.address], capture_output=True, check=True
        ).stdout

    def copy_aside(self):
        self.aside.write_bytes(self.dumped())

    def put_back(self):
        self.ask(f"DROP DATABASE {self.name} WITH (FORCE)")
        self.ask(f"CREATE DATABASE {self.name}")
        subprocess.run(
            [self.programs / "psql", "--quiet", "--file", self.aside, self.address],
            stdout=subprocess.DEVNULL,
            check=True,
        )


@pytest.fixture
def site(tmp_path):
    kind = {"sqlite": SqliteSite, "postgresql": PostgresSite}[connection.vendor]
    made = kind(tmp_path / "var")
    make_data(made.folder, **made.database)
    yield made
    if connection.vendor == "postgresql":
        made.ask(f"DROP DATABASE {made.name} WITH (FORCE)")


def test_p3_r4_deleted_member_is_gone_within_a_minute_and_stays_away(site):
    canary = secrets.token_hex(12)
    planted = json.loads(site.steps("plant", canary).splitlines()[-1])
    assert site.holds(canary)
    site.copy_aside()

    # Gone: while the worker works, as it does everywhere.
    worker = start("manage.py", "work", **site.settings)
    try:
        began = time.monotonic()
        site.steps("delete", canary)
        while site.holds(canary):
            assert time.monotonic() - began < A_MINUTE, "It is still there."
            time.sleep(0.5)
        lasted = time.monotonic() - began
    finally:
        worker.send_signal(signal.SIGTERM)
        said, _nothing = worker.communicate(timeout=30)
    # What is left of `said` are mails, which are shown where no server sends them.
    assert not any(canary in line for line in said.splitlines() if line.startswith("{"))
    print(f"P3: gone after {lasted:.1f} s")

    # It stays away: an older database is put back, and the next start forgets again.
    site.put_back()
    assert site.holds(canary)
    told = site.run("manage.py", "prepare", "--without-starter-library")
    assert "1 deleted accounts had come back. They are deleted again." in told
    assert not site.holds(canary)
    counted = site.run(
        "manage.py",
        "shell",
        "-c",
        "from community.models import Member, Suggestion as S;"
        "print(Member.objects.count(), S.objects.get().words, repr(S.objects.get().reply_address))",
    )
    assert f"{planted['members'] - 1} Shared words stay. ''" in counted

    # Another start finds nothing to do.
    assert site.run("manage.py", "forget_deleted") == ""
