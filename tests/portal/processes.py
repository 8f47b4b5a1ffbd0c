"""Starts our commands as processes of their own, with their own data, as a newcomer would."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

from portal.secrets import make_secrets

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "DEBUG", "EMAIL_URL", "NOTES_KEYS", "SECRET_KEY", "SITE_URL",
        "WAYMARK_DATA_DIR", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE", "ALLOWED_HOSTS",
         "TRUSTED_PROXY_COUNT")  # fmt: skip


def environment(**settings):
    """Return the environment without what the tests or this terminal have set, and `settings`."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    # No test asks a stranger's website.
    settings = {"WAYMARK_CHECK_LINKS": 0, **settings}
    return {**kept, **{name: str(value) for name, value in settings.items()}}


def run(*arguments, seconds=240, **settings):
    """Run Python with `arguments` to its end and return the completed process."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def start(*arguments, **settings):
    """Start Python with `arguments` and return the process; its words come through one pipe."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def make_data(folder, **settings):
    """Make `folder` what the data directory is after the first start: secrets and tables.

    It has to lie in a test's `tmp_path`.
    """
    make_secrets(folder)
    (folder / "static").mkdir()
    if "DATABASE_URL" in settings:
        _migrate(folder, **settings)
    else:
        of_all_tests = folder.parents[2 if "PYTEST_XDIST_WORKER" in os.environ else 1]
        shutil.copy(_migrated_file(of_all_tests), folder)
    return folder


def _migrate(folder, **settings):
    done = run("manage.py", "migrate", "--verbosity=0", WAYMARK_DATA_DIR=folder, **settings)
    assert done.returncode == 0, done.stderr


@cache
def _migrated_file(folder):
    """Return a database file with all tables: to make it takes ten times as long as to copy it.

    The processes of a run of the tests share it; `folder` is theirs, and pytest removes it.
    """
    made = folder / "migrated"
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = folder / "migrating"
            make_secrets(making)
            _migrate(making)
            making.rename(made)
    return made / "db.sqlite3"


def free_port():
    """Return a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
