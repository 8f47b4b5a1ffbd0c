"""L2 and L5: fifty readers at once, and searches that mean harm.

Usage: .venv/bin/python drills/l2_l5_reading.py [SECONDS]

It starts a portal of its own with four processes, 1,000 example facts beside the starter library
and 2,000 example groups. L2: for SECONDS (300 unless told) fifty readers open facts, topics, the
directory and searches as people do, with a breath between two pages; the second page is opened half
as often as the first, the third a third as often, and so on. No two of their searches are the same.
L5: then four clients send naughty searches and filters one after the other. Each reader comes from
an address of its own.
"""

import itertools
import random
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote

from portal_for_drills import ROOT, Browser, Portal, address_of_visitor

READERS, FACTS, GROUPS = 50, 1_000, 2_000
BREATH = (0.5, 2.0)  # seconds between two pages of one reader
L2_95, L2_99, L5_99 = 0.2, 0.5, 0.5  # seconds, at most
QUERIES = "tests/portal/data/lay_queries_before.toml"
WAYS = ("", "?way=online", "?way=phone", "?for=men&in=en", "?when=evening", "?for=young-adults")


class Reading(threading.Thread):
    """One reader: what was answered, and in how many seconds, by the kind of page."""

    def __init__(self, number: int, choose, until: float, breath=BREATH) -> None:
        super().__init__()
        self.number, self.choose, self.until, self.breath = number, choose, until, breath
        self.chance = random.Random(number)
        self.statuses: Counter[int] = Counter()
        self.seconds: list[tuple[str, float]] = []

    def run(self) -> None:
        browser, visitor = Browser(), address_of_visitor(self.number)
        while time.monotonic() < self.until:
            try:
                kind, path = self.choose(self.chance)
            except StopIteration:
                return
            answer = browser.get(path, **visitor)
            self.statuses[answer.status] += 1
            self.seconds.append((kind, answer.seconds))
            time.sleep(self.chance.uniform(*self.breath))


def addresses() -> tuple[list[str], list[str]]:
    """Return the addresses of topics, facts and other pages to read, and those of groups."""
    from community.models import SupportGroup
    from facts.models import Fact, Topic

    facts = Fact.objects.select_related("topic")
    pages = [thing.get_absolute_url() for thing in (*Topic.objects.all(), *facts)]
    others = ["/", "/facts/", "/help/", "/glossary/", "/questions/", "/new/"]
    return others + pages, [group.get_absolute_url() for group in SupportGroup.objects.all()]


def people(pages: list[str], groups: list[str]):
    """Return what chooses the next page of a reader: its kind and its address."""
    with (ROOT / QUERIES).open("rb") as file:
        words = [query["text"] for query in tomllib.load(file)["query"]]

    def often(some: list[str], chance: random.Random) -> str:
        return chance.choices(some, [1 / place for place in range(1, len(some) + 1)])[0]

    def choose(chance: random.Random) -> tuple[str, str]:
        kind = chance.choices(("page", "group", "directory", "search"), (50, 15, 15, 20))[0]
        return kind, {
            "page": lambda: often(pages, chance),
            "group": lambda: often(groups, chance),
            "directory": lambda: f"/groups/{chance.choice(WAYS)}",
            "search": lambda: (
                "/search/?q=" + quote(f"{chance.choice(words)} {chance.random():.2f}")
            ),
        }[kind]()

    return choose


def naughty():
    """Return what chooses the next naughty address, each once, for all clients together."""
    from tests.portal.naughty import FOREIGN, HEADER_LINES, NAUGHTY, SQL

    texts = [
        *NAUGHTY, *FOREIGN, *HEADER_LINES, *SQL, "%" * 200, "_" * 200, "a" * 200, "a*" * 100,
        '"' * 200, "(" * 200, "a " * 50, "bone " * 50, "NEAR(bone pain) OR " * 10, "the " * 50,
        "metastatis " * 18, "صداع " * 40, "\0", "*", "-" * 200, "^bone$", "bone AND NOT pain",
    ]  # fmt: skip
    forms = ("/search/?q={}", "/search/suggest/?q={}", "/groups/?near={}", "/groups/?in={}&by={}",
             "/facts/?for={}", "/groups/?page={}")  # fmt: skip
    # A reader's own limit is not what is tried here.
    all_of = itertools.chain.from_iterable([texts] * 3)
    left = iter([form.replace("{}", quote(text)) for text in all_of for form in forms])
    lock = threading.Lock()

    def choose(_chance: random.Random) -> tuple[str, str]:
        with lock:
            path = next(left)
        return path.partition("?")[0], path

    return choose


def told(name: str, threads: list[Reading], most: dict[int, float]) -> bool:
    """Say what came of it, and return whether all is as wanted: `most` seconds by percentile."""
    statuses: Counter[int] = sum((thread.statuses for thread in threads), Counter())
    seconds = sorted(second for thread in threads for _kind, second in thread.seconds)

    print(f"{name}: {len(seconds)} pages, {dict(statuses)}")
    for kind in sorted({kind for thread in threads for kind, _second in thread.seconds}):
        some = sorted(s for thread in threads for k, s in thread.seconds if k == kind)
        print(f"  {kind}: {len(some)}, {in_words(some, (50, 95, 99))}")
    is_met = all(within(percent, seconds) <= limit for percent, limit in most.items())
    is_met &= not any(status >= 500 for status in statuses)
    print(f"{name} {'met' if is_met else 'NOT MET'}: {in_words(seconds, most)}")
    return is_met


def within(percent: int, seconds: list[float]) -> float:
    """Return how many of the sorted `seconds` `percent` of the pages took at most."""
    return seconds[min(len(seconds) - 1, len(seconds) * percent // 100)]


def in_words(seconds: list[float], percents: Iterable[int]) -> str:
    """Return the percentiles of the sorted `seconds`."""
    return ", ".join(f"{percent} % {within(percent, seconds):.3f} s" for percent in percents)


def run(threads: list[Reading]) -> list[Reading]:
    """Let all read at once, and return them when they have ended."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return threads


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with Portal(workers=4):
        from django.core.management import call_command

        call_command("make_demo", facts=FACTS, groups=GROUPS, verbosity=0)
        choose, until = people(*addresses()), time.monotonic() + seconds
        readers = run([Reading(number, choose, until) for number in range(READERS)])
        choose, until = naughty(), time.monotonic() + 600
        harmful = run([Reading(900 + n, choose, until, (0, 0)) for n in range(4)])
    is_met = [told("L2", readers, {95: L2_95, 99: L2_99}), told("L5", harmful, {99: L5_99})]
    raise SystemExit(0 if all(is_met) else 1)


if __name__ == "__main__":
    main()
