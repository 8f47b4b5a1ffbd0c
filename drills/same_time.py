"""S2: does the time that a form takes tell who is a member?

Sends 500 pairs of requests, one for a member's address and one for an address that nobody has,
in random order, to a warm server with the hashing of production, and compares the times: the
medians must lie within 5 ms of each other, and a threshold that is learnt from one half must guess
the other half no better than by chance (0.45 to 0.55).

    .venv/bin/python drills/same_time.py [--pairs 500] [--workers 4] [FLOW ...]

DATABASE_URL names a PostgreSQL database that may be filled; without it, SQLite is used.
"""

import argparse
import random
import re
import statistics
import sys
from collections.abc import Callable

from portal_for_drills import Browser, Portal, address_of_visitor

PASSWORD = "correct horse battery staple"
MEDIANS = 0.005  # seconds
CHANCE = (0.45, 0.55)
WARM_UP = 40  # pairs
Send = Callable[[int, str], float]


def make_members(addresses: list[str]) -> None:
    from allauth.account.models import EmailAddress
    from django.contrib.auth.hashers import make_password

    from community.models import Member

    password = make_password(PASSWORD)
    members = Member.objects.bulk_create(
        Member(email=address, password=password) for address in addresses
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=member, email=member.email, verified=True, primary=True)
        for member in members
    )


def from_outside(
    path: str, form: dict[str, str], status: int, page: str = ""
) -> Callable[[], Send]:
    """Return what sends `form` as a visitor whom the site has never seen; "" is the address.

    Measured is the answer to it or, if one is named, that of the `page` which is opened then.
    """

    def prepare() -> Send:
        browser = Browser()
        browser.get("/accounts/login/")
        token = browser.cookies["csrf"]

        def send(number: int, address: str) -> float:
            browser.cookies = {"csrf": token}
            filled = {name: value or address for name, value in form.items()}
            answer = browser.post(path, filled, **address_of_visitor(number))
            if answer.status != status:
                raise SystemExit(f"{path} answered {answer.status}, not {status}.")
            if page and (answer := browser.get(page)).status != 200:
                raise SystemExit(f"{page} answered {answer.status}, not 200.")
            return answer.seconds

        return send

    return prepare


def page_after(path: str, form: dict[str, str], page: str) -> Callable[[], Send]:
    """Return what opens the `page` that waits for a code, after `form` was sent for it.

    It can be opened as often as somebody likes, so it is a quick way to measure.
    """
    return from_outside(path, form, 302, page)


def as_member() -> Send:
    """Return what asks to move to another address, each ninth time as another member."""
    browsers: list[Browser] = []

    def send(number: int, address: str) -> float:
        if number % 9 == 0 or not browsers:
            browser = Browser()
            browser.get("/accounts/login/")
            form = {"login": f"mover{len(browsers)}@example.org", "password": PASSWORD}
            browser.post("/accounts/login/", form, **address_of_visitor(number))
            browsers.append(browser)
        form = {"email": address, "action_add": "1"}
        answer = browsers[-1].post("/accounts/email/", form, **address_of_visitor(number))
        if answer.status != 302:
            raise SystemExit(f"/accounts/email/ answered {answer.status}, not 302.")
        return answer.seconds

    return send


SIGN_UP = {
    "email": "",
    "password1": "seven quiet herons wading",
    "is_old_enough": "on",
    "consents": "on",
}
FLOWS: dict[str, Callable[[], Send]] = {
    "log-in": from_outside(
        "/accounts/login/", {"login": "", "password": "not this one at all"}, 200
    ),
    "sign-up": from_outside("/accounts/signup/", SIGN_UP, 302),
    "code": from_outside("/accounts/login/code/", {"email": ""}, 302),
    "reset": from_outside("/accounts/password/reset/", {"email": ""}, 302),
    "e-mail change": as_member,
    "sign-up's code": page_after("/accounts/signup/", SIGN_UP, "/accounts/confirm-email/"),
    "code's page": page_after(
        "/accounts/login/code/", {"email": ""}, "/accounts/login/code/confirm/"
    ),
}


def guess(known: list[float], unknown: list[float]) -> float:
    """Return how often the best threshold of the even pairs is right about the odd ones."""
    learnt = [(t, True) for t in known[::2]] + [(t, False) for t in unknown[::2]]
    asked = [(t, True) for t in known[1::2]] + [(t, False) for t in unknown[1::2]]

    def right(pairs: list[tuple[float, bool]], threshold: float, is_slower: bool) -> float:
        return sum((t > threshold) == (known_ == is_slower) for t, known_ in pairs) / len(pairs)

    candidates = [(t, is_slower) for t, _known in learnt for is_slower in (True, False)]
    best = max(candidates, key=lambda candidate: right(learnt, *candidate))
    return right(asked, *best)


def measure(name: str, pairs: int, chance: random.Random) -> bool:
    """Print what `name` takes for both kinds, and return whether that tells nothing."""
    word = re.sub(r"\W", "", name)
    known = [f"k{word}{n:05}@example.org" for n in range(pairs + WARM_UP)]
    unknown = [f"u{word}{n:05}@example.org" for n in range(pairs + WARM_UP)]
    make_members(known)
    send, number = FLOWS[name](), 0
    times: dict[bool, list[float]] = {True: [], False: []}
    for place, pair in enumerate(zip(known, unknown, strict=True)):
        for is_known in chance.sample([True, False], 2):
            number += 1
            seconds = send(number, pair[0 if is_known else 1])
            if place >= WARM_UP:
                times[is_known].append(seconds)
    medians = [statistics.median(times[kind]) for kind in (True, False)]
    score = guess(times[True], times[False])
    is_fine = abs(medians[0] - medians[1]) <= MEDIANS and CHANCE[0] <= score <= CHANCE[1]
    print(
        f"{name:14} known {medians[0] * 1000:7.2f} ms   unknown {medians[1] * 1000:7.2f} ms   "
        f"apart {(medians[0] - medians[1]) * 1000:+6.2f} ms   guessed {score:.3f}   "
        f"{'ok' if is_fine else 'TELLS'}",
        flush=True,
    )
    return is_fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("flows", nargs="*", metavar="FLOW", help=", ".join(FLOWS))
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with Portal(options.workers):
        make_members([f"mover{n}@example.org" for n in range(options.pairs // 4 + WARM_UP)])
        results = [measure(name, options.pairs, chance) for name in options.flows or FLOWS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
