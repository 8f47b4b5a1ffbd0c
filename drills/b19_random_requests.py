"""B19: ten thousand random requests over every address, method and role; none may be an error.

    .venv/bin/python drills/b19_random_requests.py [--requests 10000] [--seed 19]

The tests make a few hundred of the same kind (tests/portal/test_hostile_requests.py). It runs in a
test database, which it makes and takes away; the same seed makes the same requests.
"""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from tests.portal.test_hostile_requests import failures  # noqa: E402
from tests.portal.world import build  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=19)
    asked = parser.parse_args()
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    began = time.monotonic()
    try:
        with transaction.atomic():
            wrong = failures(build(), asked.requests, asked.seed)
            transaction.set_rollback(True)
    finally:
        teardown_databases(databases, verbosity=0)
    for each in wrong:
        print(each)
    took = time.monotonic() - began
    print(f"{asked.requests} requests, seed {asked.seed}, {took:.0f} s: {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
