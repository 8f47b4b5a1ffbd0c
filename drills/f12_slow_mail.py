"""F12: does anybody notice, at a form, that the mail server is slow or dead?

Runs the portal with a mail server that is up, then slow (ten seconds before it greets, and ten
before it takes a mail), then dead (it lets everybody in and never says a word). In each state it
signs up, asks for a code and for a new password, with addresses that are members' and that are
nobody's: status and way on must be the same, and no median may lie more than 50 ms from another.
Then the server is revived, and each mail must have been taken exactly once.

    .venv/bin/python drills/f12_slow_mail.py [--pairs 12] [--workers 2]

It takes about five minutes: the portal tries again after one minute, then after two.
"""

import argparse
import os
import random
import socketserver
import statistics
import sys
import threading
import time
from collections import Counter
from email import message_from_bytes

from portal_for_drills import Portal
from same_time import FLOWS, make_members

APART = 0.050  # seconds
SLOW = 10.0  # seconds
WARM_UP = 3  # pairs
LONGEST = 900.0  # seconds until every mail is there
NAMES = ("sign-up", "code", "reset")


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server that is "up", "slow" or "dead", and keeps what it has taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.state = "up"
        self.taken: list[tuple[str, str]] = []  # Message-ID and address.
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: MailServer

    def handle(self) -> None:
        if self.server.state == "dead":
            self.rfile.read(1)  # Until the other side has had enough.
            return
        self._wait()
        self._say("220 drill")
        try:
            self._listen()
        except OSError:
            return

    def _listen(self) -> None:
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                self._take()
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        self._wait()
        message = message_from_bytes(b"".join(lines))
        self.server.taken.append((str(message["Message-ID"]), str(message["To"])))
        self._say("250 taken")

    def _wait(self) -> None:
        if self.server.state == "slow":
            time.sleep(SLOW)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class Numbers:
    """Numbers that no request has had before."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


def measure(
    state: str, pairs: int, numbers: Numbers, chance: random.Random
) -> dict[tuple[str, bool], float]:
    """Return the median time of each form, for addresses that are known and for others."""
    medians = {}
    for name in NAMES:
        word = f"{state}{name.replace('-', '')}"
        known = [f"k{word}{n:03}@example.org" for n in range(pairs + WARM_UP)]
        make_members(known)
        send = FLOWS[name]()
        times: dict[bool, list[float]] = {True: [], False: []}
        for place, address in enumerate(known):
            for is_known in chance.sample([True, False], 2):
                seconds = send(numbers.next(), address if is_known else f"u{address[1:]}")
                if place >= WARM_UP:
                    times[is_known].append(seconds)
        for is_known in (True, False):
            medians[name, is_known] = statistics.median(times[is_known])
        print(
            f"{state:5} {name:8} known {medians[name, True] * 1000:7.1f} ms   "
            f"unknown {medians[name, False] * 1000:7.1f} ms   "
            f"slowest {max(*times[True], *times[False]) * 1000:7.1f} ms",
            flush=True,
        )
    return medians


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chance, numbers = random.Random(12), Numbers()  # noqa: S311
    server = MailServer()
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{server.port}"
    with Portal(options.workers):
        found = {}
        for state in ("up", "slow", "dead"):
            server.state = state
            found[state] = measure(state, options.pairs, numbers, chance)
        sent = numbers.last
        in_time = len(server.taken)
        server.state = "up"
        revived = time.monotonic()
        while len(server.taken) < sent and time.monotonic() - revived < LONGEST:
            time.sleep(1)
        seconds = time.monotonic() - revived
        time.sleep(10)  # For one too many.
    times = Counter(message_id for message_id, _address in server.taken)
    addresses = Counter(address for _message_id, address in server.taken)
    apart = [
        max(medians) - min(medians)
        for name in NAMES
        for medians in [[found[state][name, kind] for state in found for kind in (True, False)]]
    ]
    is_same = max(apart) <= APART
    is_once = len(times) == len(addresses) == sent and set(times.values()) == {1}
    print(f"furthest apart: {max(apart) * 1000:.1f} ms (at most {APART * 1000:.0f})")
    print(
        f"{sent} mails: {in_time} taken before the server was revived, all of them "
        f"{seconds:.0f} s after it; {len(server.taken)} taken in all, "
        f"{sum(number > 1 for number in times.values())} of them twice or more"
    )
    print("ok" if is_same and is_once else "NOT THE SAME" if is_once else "NOT ONCE")
    return 0 if is_same and is_once else 1


if __name__ == "__main__":
    sys.exit(main())
