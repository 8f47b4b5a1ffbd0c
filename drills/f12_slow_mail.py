"""F12: does anybody notice, at a form, that the mail server is slow or dead?

Runs the portal with a mail server that is now up, now slow (ten seconds before it greets, and ten
before it takes a mail), now dead (it lets everybody in and never says a word). Meanwhile people
sign up, ask for a code and for a new password, with addresses that are members' and that are
nobody's: status and way on must be the same, and of each form no median may lie more than 50 ms
from another. The states take turns at every request, so that a busy machine slows all of them.
Then the server is revived, and each mail must have been taken exactly once.

    .venv/bin/python drills/f12_slow_mail.py [--rounds 12] [--workers 2]

It takes about five minutes: the portal tries again after one minute, then after two.
"""

import argparse
import itertools
import os
import random
import socketserver
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes

from portal_for_drills import Portal
from same_time import FLOWS, make_members

APART = 0.050  # seconds
SLOW = 10.0  # seconds
WARM_UP = 2  # rounds
LONGEST = 900.0  # seconds until every mail is there
STATES = ("up", "slow", "dead")
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


def measure(
    name: str, rounds: int, server: MailServer, numbers: Iterator[int], chance: random.Random
) -> dict[tuple[str, bool], float]:
    """Return the median time of a form for each state of `server` and each kind of address."""
    ways = [(state, is_known) for state in STATES for is_known in (True, False)]
    send = FLOWS[name]()
    times: dict[tuple[str, bool], list[float]] = {way: [] for way in ways}
    for number in range(rounds + WARM_UP):
        words = {way: f"{name.replace('-', '')}{way[0]}{number:03}@example.org" for way in ways}
        make_members([f"k{words[way]}" for way in ways if way[1]])
        for way in chance.sample(ways, len(ways)):
            server.state = way[0]
            seconds = send(next(numbers), f"{'k' if way[1] else 'u'}{words[way]}")
            if number >= WARM_UP:
                times[way].append(seconds)
    medians = {way: statistics.median(found) for way, found in times.items()}
    for state in STATES:
        print(
            f"{name:8} {state:5} known {medians[state, True] * 1000:7.1f} ms   "
            f"unknown {medians[state, False] * 1000:7.1f} ms   "
            f"slowest {max(*times[state, True], *times[state, False]) * 1000:7.1f} ms",
            flush=True,
        )
    return medians


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chance, numbers = random.Random(12), itertools.count(1)
    server = MailServer()
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{server.port}"
    with Portal(options.workers):
        found = [measure(name, options.rounds, server, numbers, chance) for name in NAMES]
        sent = next(numbers) - 1
        in_time = len(server.taken)
        server.state = "up"
        revived = time.monotonic()
        while len(server.taken) < sent and time.monotonic() - revived < LONGEST:
            time.sleep(1)
        seconds = time.monotonic() - revived
        time.sleep(10)  # For one too many.
    times = Counter(message_id for message_id, _address in server.taken)
    addresses = Counter(address for _message_id, address in server.taken)
    apart = [max(medians.values()) - min(medians.values()) for medians in found]
    is_same = max(apart) <= APART
    is_once = len(times) == len(addresses) == sent and set(times.values()) == {1}
    words = ", ".join(f"{name} {a * 1000:.1f}" for name, a in zip(NAMES, apart, strict=True))
    print(f"medians of a form at most so far apart, in ms ({APART * 1000:.0f} allowed): {words}")
    print(
        f"{sent} mails: {in_time} taken before the server was revived, all of them "
        f"{seconds:.0f} s after it; {len(server.taken)} taken in all, "
        f"{sum(number > 1 for number in times.values())} of them twice or more"
    )
    print("ok" if is_same and is_once else "NOT THE SAME" if is_once else "NOT ONCE")
    return 0 if is_same and is_once else 1


if __name__ == "__main__":
    sys.exit(main())
