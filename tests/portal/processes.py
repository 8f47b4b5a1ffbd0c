"""Starts our commands as processes of their own, with their own data, as a newcomer would."""

import os
import shutil
import socket
import subprocess
import sys

from portal.secrets import make_secrets
from tests.migrated import ROOT, migrated_file

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
    """Make `folder` what the data directory is after the first start: secrets and tables."""
    make_secrets(folder)
    (folder / "static").mkdir()
    if "DATABASE_URL" in settings:
        _migrate(folder, **settings)
    else:
        shutil.copy(migrated_file(), folder / "db.sqlite3")
    return folder


def _migrate(folder, **settings):
    done = run("manage.py", "migrate", "--verbosity=0", WAYMARK_DATA_DIR=folder, **settings)
    assert done.returncode == 0, done.stderr


def free_port():
    """Return a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
