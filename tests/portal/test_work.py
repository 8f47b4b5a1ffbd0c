import json
import signal
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django_tasks_db.models import DBTaskResult

from portal.management.commands import work
from tests.portal.processes import make_data, run, start


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path / "var")


def wait_for(what, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("It did not happen in time.")


def rows(data, query):
    with sqlite3.connect(data / "db.sqlite3", timeout=10) as connection:
        return connection.execute(query).fetchall()


def test_queued_mail_is_delivered_and_jobs_are_done(data):
    run("manage.py", "sendtestemail", "somebody@example.org", WAYMARK_DATA_DIR=data)
    assert not (data / "mail").exists()

    worker = start("manage.py", "work", WAYMARK_DATA_DIR=data)
    try:
        wait_for(lambda: (data / "mail").is_dir() and list((data / "mail").iterdir()))
        wait_for(lambda: rows(data, "SELECT 1 FROM portal_job WHERE name = 'beat'"))
        wait_for(
            lambda: rows(data, "SELECT count(*) FROM portal_job WHERE NOT is_failed")[0][0] >= 6
        )
    finally:
        worker.send_signal(signal.SIGTERM)
        began = time.monotonic()
        said, _nothing = worker.communicate(timeout=20)

    assert worker.returncode == 0
    assert time.monotonic() - began < 5
    assert rows(data, f"SELECT status FROM {DBTaskResult._meta.db_table}") in (
        [("SUCCESSFUL",)],
        [],
    )
    # The mail itself is shown on the terminal; the log lines tell nothing of it.
    for line in said.splitlines():
        if line.startswith("{"):
            assert "somebody" not in json.dumps(json.loads(line))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly(data, number):
    worker = start("manage.py", "work", WAYMARK_DATA_DIR=data)
    wait_for(lambda: rows(data, "SELECT 1 FROM portal_job WHERE name = 'beat'"))

    began = time.monotonic()
    worker.send_signal(number)
    said, _nothing = worker.communicate(timeout=20)

    assert worker.returncode == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in said


def test_f7_database_that_is_away_is_told_once_and_outlived(db, caplog):
    tries = []

    def step():
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("canary")

    attempt = work.Attempt(step)
    for _ in range(4):
        attempt()

    told = [r for r in caplog.records if r.name == "portal.work"]
    assert len(tries) == 4
    assert len(told) == 1
    assert "canary" not in caplog.text


def test_step_that_fails_is_outlived(db, caplog):
    def step():
        raise ValueError("canary")

    work.Attempt(step)()

    assert len(caplog.records) == 1


def test_nothing_beats_while_the_queue_is_stuck(monkeypatch):
    done = []
    monkeypatch.setattr(work, "run_due_jobs", done.append)
    works = work.Work()

    works.run_jobs()
    works.moved_at -= work.STUCK_AFTER + 1
    works.run_jobs()

    assert len(done) == 1
    assert datetime.now(UTC) - done[0] < timedelta(seconds=5)
