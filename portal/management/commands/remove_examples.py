"""Takes the example groups away, for good."""

from typing import Any

from django.core.management.base import BaseCommand

from community.examples import remove_examples


class Command(BaseCommand):
    help = "Removes the example groups of a fresh installation; they do not come back."

    def handle(self, *args: Any, **options: Any) -> None:
        removed, kept = remove_examples()
        for name in removed:
            self.stdout.write(f"Removed, with meetings and joining details: {name}")
        for name in kept:
            self.stdout.write(f"Taken off the site, since a member wrote a note about it: {name}")
        if not removed and not kept:
            self.stdout.write("There are no example groups here. Nothing was changed.")
