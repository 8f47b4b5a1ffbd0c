"""Random edits against random reads, over four processes that each keep pages of their own."""

import json
import os
import secrets
import socket
import time

import psycopg
import pytest
from django.db import connection

from tests.portal.processes import free_port, make_data, run, start

pytestmark = pytest.mark.own_database
SECONDS = 5
PROCESSES = 4


@pytest.fixture
def database():
    """Settings for a database of its own, of the kind that the tests run on."""
    if connection.vendor == "sqlite":
        yield {}
        return
    server, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
    name = f"stale_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    yield {"DATABASE_URL": f"{server}/{name}"}
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_no_answer_is_stale_or_mixed(tmp_path, database):
    port, seed = free_port(), secrets.token_hex(4)
    settings = {"SITE_URL": f"http://localhost:{port}", "LOG_LEVEL": "ERROR", **database}
    folder = make_data(tmp_path / "var", **settings)
    assert run("manage.py", "collectstatic", "--noinput", WAYMARK_DATA_DIR=folder).returncode == 0
    settings["WAYMARK_DATA_DIR"] = folder
    server = start(
        "-m", "portal.server", "--port", str(port), "--workers", str(PROCESSES), **settings
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        done = run(
            "-m", "tests.portal.stale_steps", str(port), str(SECONDS), seed,
            seconds=120, DJANGO_SETTINGS_MODULE="portal.settings", **settings,
        )  # fmt: skip
    finally:
        server.terminate()
        server.wait(timeout=30)

    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["faults"] == [], f"seed {seed}: {found}"
    assert found["edits"] > 10
    assert found["reads"] > 200
    assert found["withdrawals"]
