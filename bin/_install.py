"""Makes .venv and installs into it, one process at a time. Needs nothing but Python.

Usage: python bin/_install.py STAMP WANTED FILE...

STAMP is the file that says, with the text WANTED, that the requirement FILEs are installed. It
is written last, so that what was interrupted is done again.
"""

import fcntl
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
LOCK = VENV / ".installing"


def main(stamp: Path, wanted: str, files: list[str]) -> None:
    """Install `files`, unless another process has done so while this one waited."""
    VENV.mkdir(exist_ok=True)
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text().strip() == wanted and is_sound():
            return
        if not is_sound():
            make()
        print("Installing packages. This takes a minute the first time.", flush=True)
        options = [part for name in files for part in ("--requirement", name)]
        quiet = ["--quiet", "--quiet", "--disable-pip-version-check"]
        install = [PYTHON, "-m", "pip", "install", *quiet, "--require-hashes", *options]
        if subprocess.call(install):
            sys.exit("The packages could not be installed; pip says why above.")
        stamp.write_text(f"{wanted}\n")


def is_sound() -> bool:
    """Return whether .venv has a Python that is new enough, and pip."""
    ask = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.call([PYTHON, "-c", ask], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def make() -> None:
    """Make .venv anew, around the lock that is held in it."""
    for old in VENV.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name != LOCK.name:
            old.unlink()
    if not (find_spec("venv") and find_spec("ensurepip")):
        version = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            f"This Python {version} cannot make a virtual environment; on Debian and Ubuntu "
            f"install it with: apt-get install python{version}-venv"
        )
    answer = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)],
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        why = (answer.stderr or answer.stdout).strip().splitlines()[-1:]
        sys.exit(f"The virtual environment could not be made: {' '.join(why)}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    except KeyboardInterrupt:
        sys.exit("Interrupted; the next start goes on from here.")
