"""What the facts app has to do again and again; the portal says when."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from facts.link_check import LINK_LIMIT, Checker
from facts.models.links import Finding, Link, Problem, addresses_in_use
from facts.models.reports import Report

log = structlog.get_logger("facts.tasks")

LINK_BUDGET = timedelta(seconds=60)
# As many websites that cannot be reached, and none that can: then it is our own network.
HOSTS_THAT_TELL = 3
UNREACHABLE = frozenset({Problem.NO_HOST, Problem.REFUSED, Problem.TIMEOUT})
# Set when the worker is told to stop: no further link is begun.
stopping = threading.Event()


@dataclass
class LinkReport:
    """What a run of checks has done."""

    added: int = 0
    forgotten: int = 0
    left: int = 0
    # No website at all could be reached, so nothing was written down.
    is_offline: bool = False
    states: Counter[str] = field(default_factory=Counter)

    @property
    def checked(self) -> int:
        """How many addresses were checked, with a result that was written down."""
        return self.states.total()


def check_due_links(
    now: datetime,
    *,
    budget: timedelta | None = LINK_BUDGET,
    limit: int | None = None,
    is_all: bool = False,
    checker: Checker | None = None,
    tell: Callable[[Link], None] = lambda link: None,
) -> LinkReport:
    """Bring the list of addresses up to date, and check those that are due at `now`.

    Ends within `budget`, and after `limit` addresses; `is_all` checks also those that are not
    due. Does nothing while settings.CHECK_LINKS is off.
    """
    report = LinkReport()
    if not settings.CHECK_LINKS:
        return report
    report.added, report.forgotten = Link.objects.keep_to(addresses_in_use(now), now)
    due = Link.objects.order_by("pk") if is_all else Link.objects.due(now)
    links = _by_turns(due[:limit] if limit is not None else due)
    checker = checker or Checker()
    # A link is begun only if it can end in time.
    end = time.monotonic() + budget.total_seconds() - LINK_LIMIT if budget else float("inf")
    ashore: list[tuple[Link, Finding]] = []
    has_reached_anybody = False
    done = 0

    def write_down(link: Link, finding: Finding) -> None:
        link.record(finding, now)
        report.states[link.state] += 1
        tell(link)

    for link in links:
        if stopping.is_set() or time.monotonic() > end:
            break
        finding = checker.check(link.url)
        done += 1
        if finding.problem in UNREACHABLE and not has_reached_anybody:
            ashore.append((link, finding))
            continue
        if finding.problem not in {Problem.BAD_ADDRESS, Problem.INTERNAL}:
            has_reached_anybody = True
        write_down(link, finding)
    hosts = {link.host for link, _finding in ashore}
    report.is_offline = not has_reached_anybody and len(hosts) >= HOSTS_THAT_TELL
    if not report.is_offline:
        for link, finding in ashore:
            write_down(link, finding)
    report.left = len(links) - done
    log.info(
        "links checked",
        checked=report.checked,
        left=report.left,
        is_offline=report.is_offline,
        **{f"is_{state.replace('-', '_')}": n for state, n in report.states.items()},
    )
    return report


def _by_turns(links: Iterable[Link]) -> list[Link]:
    """Return `links` so that those of one website stand far apart, each in its order.

    The pause between two requests to a website is then spent on another.
    """
    rounds: Counter[str] = Counter()
    in_rounds = []
    for place, link in enumerate(links):
        in_rounds.append((rounds[link.host], place, link))
        rounds[link.host] += 1
    return [link for _round, _place, link in sorted(in_rounds, key=lambda three: three[:2])]


def forget_old_words(now: datetime) -> int:
    """Delete what readers wrote in reports that were closed long ago; return how many.

    What the report was about, and what came of it, stays.
    """
    return Report.objects.with_old_words(now).update(words="")
