"""Runs a command beside a PostgreSQL server of its own, and takes the server away again.

Usage: python bin/_postgres.py COMMAND...   (with DATABASE_URL set for it)
       python bin/_postgres.py --find       (is PostgreSQL installed?)

The server listens at a socket in its own temporary folder, so that no port can be taken, and
writes carelessly, because nothing of it is kept. PostgreSQL refuses to run as root: then an
account without rights runs it.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

PATIENCE = 60.0  # seconds for the server to begin, and to end
CARELESS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
# Plans that depend on when the statistics were gathered would differ from run to run.
STEADY = ("autovacuum=off", "jit=off")


def find() -> Path | None:
    """Return the folder of PostgreSQL's newest programs; Debian keeps them off the PATH."""
    places = [
        *(Path(p) for p in os.environ.get("PATH", "").split(":") if p),
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *Path("/usr").glob("pgsql-*/bin"),
        *Path("/opt/homebrew/opt").glob("postgresql*/bin"),
    ]
    found = [p for p in places if (p / "initdb").exists() and (p / "postgres").exists()]
    return max(found, key=lambda p: [int(n) for n in re.findall(r"\d+", str(p))], default=None)


def unprivileged() -> dict[str, Any]:
    """Return how to start a program so that it is not root, for `subprocess`."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    sys.exit("PostgreSQL refuses to run as root, and there is no account “nobody” to run it.")


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Run a server, and give the address of its database."""
    account = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="waymark-postgres-"))
    process = None
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        data = folder / "data"
        quiet: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL, **account}
        subprocess.run(
            [programs / "initdb", "--pgdata", data, "--username=waymark", "--auth=trust",
             "--encoding=UTF8", "--no-locale", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, **quiet,
        )  # fmt: skip
        options = [part for setting in CARELESS + STEADY for part in ("-c", setting)]
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=",
                 *options],
                stdout=log, stderr=log, start_new_session=True, **quiet,
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        ask = [programs / "pg_isready", "--quiet", "--host", folder]
        while subprocess.call(ask, **quiet) != 0:
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.1)
        yield f"postgres://waymark@{quote(str(folder), safe='')}/postgres"
    finally:
        if process and process.poll() is None:
            process.send_signal(signal.SIGINT)  # Its “fast shutdown”.
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    programs = find()
    if command == ["--find"]:
        return 0 if programs else 1
    if programs is None:
        sys.exit("PostgreSQL is not installed.")
    # Whoever ends this process ends the command first, and the server after it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with server(programs) as address:
        process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": address})
        # Ctrl-C reaches the command too; it ends in its own way, and is waited for.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
