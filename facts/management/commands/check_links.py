"""Checks web addresses now instead of hour by hour."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from facts.models.links import Link
from facts.tasks import check_due_links


class Command(BaseCommand):
    help = (
        "Checks the web addresses of sources and texts that are due, and tells what it found. "
        "The worker does the same each hour, for a minute at a time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="Check also those that are not due yet."
        )
        parser.add_argument("--limit", type=int, help="Check as many at most.")

    def handle(self, **options: Any) -> None:
        if not settings.CHECK_LINKS:
            raise CommandError("Checking is switched off: WAYMARK_CHECK_LINKS is 0.")
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit is a number from 1.")
        try:
            report = check_due_links(
                timezone.now(), budget=None, limit=limit, is_all=options["all"], tell=self._tell
            )
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. What was found is written down.", returncode=130
            ) from None
        if report.added or report.forgotten:
            self.stdout.write(f"New addresses: {report.added}. No longer used: {report.forgotten}.")
        if report.is_offline:
            raise CommandError(
                "No website could be reached, so nothing was written down. Can this machine "
                "reach the internet, and resolve names?"
            )
        names = dict(Link.State.choices)
        parts = [f"{names[state]}: {number}" for state, number in report.states.most_common()]
        said = f"Checked: {report.checked}. {'; '.join(parts)}"
        self.stdout.write(said if report.checked else "Nothing was due.")

    def _tell(self, link: Link) -> None:
        """Tell what needs somebody's eye; what works is only counted."""
        if link.state == Link.State.FINE:
            return
        to = f" → {link.redirects_to}" if link.redirects_to else ""
        self.stdout.write(f"{link.told}\n    {link.url}{to}")
