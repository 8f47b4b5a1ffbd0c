"""Runs each bench with tiny sizes, one after the other; see `bench/smoke.sh`.

One portal is made ready, and all that start one of their own begin with a copy of it.
"""

import os
import shutil
import subprocess
import sys
import time

from servers import BENCH, ROOT, Place, temporary_folder

# Each bench with what it is told, and the programs without which it cannot run. Left out are those
# that take minutes however little they are given: the cluster, growth, and the copy of L7.
BENCHES = (
    ("page_weight.py", (), ()),
    ("start.py", ("1",), ()),
    ("public_pages.py", ("--seconds", "1", "--rounds", "1"), ("wrk", "nginx", "curl", "openssl")),
    ("list_page.py", ("30",), ()),
    ("search.py", ("--rows", "1000", "--rounds", "1"), ()),
    ("directory.py", ("--rows", "1000", "--rounds", "1"), ()),
)
LONGEST = 120  # seconds for one of them


def run(name, arguments):
    """Run one bench; return whether it ended well, and print what it said if not."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, str(BENCH / name), *arguments],
            cwd=ROOT, timeout=LONGEST, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        is_well, said = done.returncode == 0, done.stdout
    except subprocess.TimeoutExpired as error:
        is_well, said = False, f"{error.stdout or ''}\nNot done after {LONGEST} seconds."
    print(
        f"{name}: {'ran' if is_well else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True
    )
    if not is_well:
        print("\n".join(said.splitlines()[-40:]))
    return is_well


def main():
    folder, failed = temporary_folder("smoke"), []
    try:
        Place(folder)
        os.environ["WAYMARK_BENCH_DATA"] = str(folder / "var")
        for name, arguments, programs in BENCHES:
            missing = [program for program in programs if not shutil.which(program)]
            if missing:
                print(f"{name}: left out, for {' and '.join(missing)} cannot be found.")
            elif not run(name, arguments):
                failed.append(name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
