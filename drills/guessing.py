"""S7: do the limits on guessing hold over four processes, at once, without a cache server?

Sends wrong passwords from many threads at the same moment: for one account from many addresses,
and for many accounts from one address, with forged X-Forwarded-For beside it. At most 20 % more
than the limit may be tried, and then not even the right password opens.

    .venv/bin/python drills/guessing.py [--workers 4] [--threads 16]
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

from portal_for_drills import Browser, Portal, address_of_visitor
from same_time import PASSWORD, make_members

PER_ACCOUNT, PER_ADDRESS = 5, 10
MORE = 1.2


def attack(tries: list[tuple[str, dict[str, str]]], threads: int, password: str) -> dict[str, int]:
    """Send all `tries` (address of a member, headers) at once; return how they were answered."""
    first = Browser()
    first.get("/accounts/login/")
    token = first.cookies["csrf"]

    def send(one: tuple[str, dict[str, str]]) -> str:
        browser = Browser()
        browser.cookies = {"csrf": token}
        form = {"login": one[0], "password": password}
        answer = browser.post("/accounts/login/", form, **one[1])
        if answer.status == 302:
            return "let in"
        if answer.status == 429 or "too many tries" in answer.text:
            return "refused"
        return "tried" if "do not go together" in answer.text else f"answered {answer.status}"

    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(send, tries))
    return {answer: answers.count(answer) for answer in sorted(set(answers))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=16)
    options = parser.parse_args()
    with Portal(options.workers, has_worker=False):
        owners = [f"owner{n}@example.org" for n in range(60)]
        make_members(owners)
        one_account = attack(
            [(owners[0], address_of_visitor(n)) for n in range(1, 51)],
            options.threads,
            "not this one at all",
        )
        right = attack([(owners[0], address_of_visitor(99))], 1, PASSWORD)
        # What the proxy adds is the last; whatever a visitor writes before it is a lie.
        forged = [
            (owner, {"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.7"})
            for n, owner in enumerate(owners[1:51])
        ]
        one_address = attack(forged, options.threads, "not this one at all")
    is_fine = (
        one_account.get("tried", 0) <= PER_ACCOUNT * MORE
        and one_address.get("tried", 0) <= PER_ADDRESS * MORE
        and set(one_account) | set(one_address) <= {"tried", "refused"}
        and right == {"refused": 1}
    )
    print(f"one account, 50 addresses, limit {PER_ACCOUNT}: {one_account}")
    print(f"the right password after that: {right}")
    print(f"50 accounts, one address, limit {PER_ADDRESS}: {one_address}")
    print("ok" if is_fine else "THE LIMITS DO NOT HOLD")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
