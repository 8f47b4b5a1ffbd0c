"""F2: kill an import of 2,000 rows at any moment; it is whole or absent, and can be run again.

Usage: .venv/bin/python drills/f2_kill_import.py [rounds]

Each round imports into a database of its own kind of source, kills the process at a random
moment, and counts. Makes its own data directory and leaves nothing behind.
"""

import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = 2_000


def write_file(path: Path) -> None:
    """Write a CSV file of 2,000 groups."""
    lines = ["key,name,description,run by,online,day,begins,time zone"]
    lines += [f"{n},Group {n},We talk.,peer,yes,Tuesday,18:30,Europe/London" for n in range(ROWS)]
    path.write_text("\n".join(lines), encoding="utf-8")


def counts(database: Path, source: str) -> tuple[int, int, int]:
    """Return how many groups, meetings and notes of the import there are of `source`."""
    with sqlite3.connect(database, timeout=30) as connection:
        where = "group_id IN (SELECT id FROM community_supportgroup WHERE import_source = ?)"
        return tuple(
            connection.execute(query, [source]).fetchone()[0]
            for query in (
                "SELECT count(*) FROM community_supportgroup WHERE import_source = ?",
                f"SELECT count(*) FROM community_meeting WHERE {where}",
                f"SELECT count(*) FROM community_importedlisting WHERE {where}",
            )
        )


def main(rounds: int) -> int:
    """Run the drill; return 0 if every import was whole or absent."""
    with tempfile.TemporaryDirectory(prefix="waymark-f2-") as folder:
        data = Path(folder)
        env = os.environ | {
            "WAYMARK_DATA_DIR": folder,
            "SECRET_KEY": secrets.token_urlsafe(60),
            "SITE_URL": "http://localhost:8000",
        }
        env.pop("DATABASE_URL", None)
        env["NOTES_KEYS"] = subprocess.check_output(
            [
                sys.executable,
                "-c",
                "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())",
            ],
            text=True,
        ).strip()
        manage = [sys.executable, str(ROOT / "manage.py")]
        subprocess.run([*manage, "migrate", "-v0"], env=env, check=True)
        write_file(data / "groups.csv")
        command = [*manage, "import_groups", str(data / "groups.csv"), "--format=csv", "--apply"]

        def start(source: str) -> subprocess.Popen:
            return subprocess.Popen(
                [*command, f"--source={source}"],
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        began = time.monotonic()
        if start("whole").wait() != 0:
            print("The import itself fails.")
            return 1
        takes = time.monotonic() - began
        whole = (ROWS, ROWS, ROWS)
        killed, failed = 0, 0
        for number in range(rounds):
            source = f"round {number}"
            process = start(source)
            # Starting up takes a while; what matters comes after it.
            time.sleep(random.uniform(0.4, 1.02) * takes)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            found = counts(data / "db.sqlite3", source)
            again = start(source).wait()
            after = counts(data / "db.sqlite3", source)
            is_right = found in {whole, (0, 0, 0)} and again == 0 and after == whole
            failed += not is_right
            print(f"round {number + 1}: {found} when killed, {after} after a second run")
        with sqlite3.connect(data / "db.sqlite3") as connection:
            check = connection.execute("PRAGMA integrity_check").fetchone()[0]
        print(f"{rounds} rounds, {killed} killed, {failed} not whole or absent; {check}")
        return int(bool(failed) or check != "ok")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
