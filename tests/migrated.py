"""A database file with all tables, made once: to migrate takes ten times as long as to copy."""

import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Where pytest keeps what the next run may use; `--cache-clear` takes it away.
FOLDER = ROOT / ".pytest_cache" / "d" / "migrated"


@cache
def migrated_file():
    """Return the path of a SQLite file in which all migrations of today have run.

    It is made anew when a migration or a package is another. Nobody may write into it.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = FOLDER / f"{_digest()}.sqlite3"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for older in FOLDER.glob("*.sqlite3"):
                older.unlink()
            _make(made)
    return made


def _digest():
    """Return what changes with every migration, and with every package that may bring some."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    digest.update(repr(sorted((found.name, found.version) for found in distributions())).encode())
    return digest.hexdigest()[:16]


def _make(made):
    with tempfile.TemporaryDirectory() as data:
        environment = {
            "PATH": os.environ["PATH"],
            "WAYMARK_DATA_DIR": data,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        for command in (["-m", "portal.secrets", data], ["manage.py", "migrate", "--verbosity=0"]):
            subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)
        # One file, whatever lay beside it.
        database = sqlite3.connect(Path(data) / "db.sqlite3")
        database.execute("VACUUM INTO ?", [str(made.with_suffix(".making"))])
        database.close()
    made.with_suffix(".making").rename(made)
