"""Makes example rows, many and always the same, to try the portal with."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from community import demo as groups
from community import demo_members as members
from facts import demo as facts
from portal.pages import store
from portal.search import index

MOST = 100_000
_WIDTH = 30  # characters of the bar
# What makes the rows of two numbers and all between them, and returns how many it made.
Maker = Callable[[int, int, datetime], int]


def _make_facts(first: int, last: int, now: datetime) -> int:
    topics, made = facts.make(first, last, now)
    index.add(topics)
    index.add(made)
    return len(made)


def _make_groups(first: int, last: int, now: datetime) -> int:
    made = groups.save(groups.missing(first, last, now), now)
    index.add(made)
    return len(made)


# In this order: what members save has to be there before.
KINDS: dict[str, tuple[Maker, int]] = {
    "facts": (_make_facts, facts.BATCH),
    "groups": (_make_groups, groups.BATCH),
    "members": (members.make_members, members.BATCH),
    "lists": (members.make_lists, members.BATCH),
}


class Command(BaseCommand):
    help = (
        "Makes example facts, groups all over the world, and members with lists of both, always "
        "the same and marked as examples, to try the portal with. Nobody can sign in as an "
        "example. A second run makes only what is missing. For a portal on this machine alone; "
        "remove_examples takes them away."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for kind in KINDS:
            parser.add_argument(
                f"--{kind}",
                type=int,
                default=0,
                metavar="N",
                help=f"How many example {kind} there should be: 2000. At most {MOST}.",
            )

    def handle(self, **options: Any) -> None:
        if not settings.IS_LOCAL:
            raise CommandError(
                "SITE_URL is not localhost, so others can read this portal. Examples are for a "
                "portal on this machine alone. Nothing was made."
            )
        numbers = {kind: options[kind] for kind in KINDS if options[kind]}
        if not numbers or not all(0 < number <= MOST for number in numbers.values()):
            raise CommandError(f"Say how many: --facts 2000 --groups 2000. From 1 to {MOST}.")
        if "lists" in numbers and "members" not in numbers and not members.members().exists():
            raise CommandError("Lists need members: --members 100 --lists 200. Nothing was made.")
        for kind, number in numbers.items():
            made = self._make(kind, number)
            self.stdout.write(f"{made} example {kind} made; {number - made} were here already.")

    def _make(self, kind: str, number: int) -> int:
        make, batch = KINDS[kind]
        now = timezone.now()
        made = 0
        for first in range(1, number + 1, batch):
            last = min(first + batch - 1, number)
            with transaction.atomic():
                made += make(first, last, now)
                transaction.on_commit(store.forget_all)
            self._show(last, number)
        return made

    def _show(self, done: int, number: int) -> None:
        """Draw how far it has come, on a terminal alone."""
        if self.stdout.isatty():
            bar = "█" * (_WIDTH * done // number)
            end = "\n" if done == number else ""
            self.stdout.write(f"\r{bar:░<{_WIDTH}} {done:,} of {number:,}", ending=end)
            self.stdout.flush()
