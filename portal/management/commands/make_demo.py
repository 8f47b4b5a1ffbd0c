"""Makes example rows, many and always the same, to try the portal with."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from community import demo
from portal.pages import store
from portal.search import index

MOST = 100_000
_WIDTH = 30  # characters of the bar


class Command(BaseCommand):
    help = (
        "Makes example groups all over the world, always the same and marked as examples, to try "
        "the directory with. A second run makes only what is missing. For a portal on this "
        "machine alone; remove_examples takes them away."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--groups",
            type=int,
            default=0,
            metavar="N",
            help=f"How many example groups there should be: 2000. At most {MOST}.",
        )

    def handle(self, **options: Any) -> None:
        number = options["groups"]
        if not settings.IS_LOCAL:
            raise CommandError(
                "SITE_URL is not localhost, so others can read this portal. Examples are for a "
                "portal on this machine alone. Nothing was made."
            )
        if not 0 < number <= MOST:
            raise CommandError(f"Say how many groups: --groups 2000. From 1 to {MOST}.")
        made = self._make_groups(number)
        self.stdout.write(f"{made} example groups made; {number - made} were here already.")

    def _make_groups(self, number: int) -> int:
        now = timezone.now()
        made = 0
        for first in range(1, number + 1, demo.BATCH):
            last = min(first + demo.BATCH - 1, number)
            with transaction.atomic():
                groups = demo.save(demo.missing(first, last, now), now)
                index.add(groups)
                transaction.on_commit(store.forget_all)
            made += len(groups)
            self._show(last, number)
        return made

    def _show(self, done: int, number: int) -> None:
        """Draw how far it has come, on a terminal alone."""
        if self.stdout.isatty():
            bar = "█" * (_WIDTH * done // number)
            end = "\n" if done == number else ""
            self.stdout.write(f"\r{bar:░<{_WIDTH}} {done:,} of {number:,}", ending=end)
            self.stdout.flush()
