"""Encrypts anew, with the first of NOTES_KEYS, what is stored under an older key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.key_rotation import BATCH, Count, rotate


class Command(BaseCommand):
    help = (
        "Encrypts notes and whatever else is encrypted with the first of NOTES_KEYS. It may run "
        "while people write, be broken off at any time, and be started again. docs/settings.md "
        "says what comes before and after it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say what would be done; write nothing."
        )
        parser.add_argument(
            "--batch",
            type=int,
            default=BATCH,
            metavar="N",
            help=f"Write N rows at a time (default: {BATCH}).",
        )

    def handle(self, *, dry_run: bool, batch: int, verbosity: int, **options: Any) -> None:
        """Do it, and say for each column how many rows there were; never which."""

        def tell(count: Count) -> None:
            self.stderr.write(f"{count.column}: {count.seen} …", ending="\n")

        counts = rotate(
            is_dry=dry_run, batch=max(1, batch), tell=tell if verbosity > 1 else lambda count: None
        )
        verb = "to encrypt anew" if dry_run else "encrypted anew"
        for count in counts:
            words = f"{count.column}: {count.seen} rows, {count.renewed} {verb}"
            if count.closed:
                words += f", {count.closed} that no key opens"
            if count.left:
                words += f", {count.left} that somebody else was writing"
            self.stdout.write(words)
        if any(count.closed or count.left for count in counts):
            raise CommandError(
                "Some rows are still under an older key, or under one that is not in NOTES_KEYS. "
                "They are as they were. Keep the older keys, and look for the missing one."
            )
        self.stdout.write(
            "Nothing was written."
            if dry_run
            else "Everything in the tables has the newest key. Keep the older ones two weeks more."
        )
