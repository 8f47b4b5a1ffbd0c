"""Loads the towns and ZIP codes that come with Waymark."""

from typing import Any

from django.core.management.base import BaseCommand

from community.places.gazetteer import load_shipped


class Command(BaseCommand):
    help = (
        "Loads the towns of the world and the US ZIP codes, so that readers can search for "
        "groups near a place. Does nothing where they are up to date; bin/serve runs it at every "
        "start. Postcodes of the UK: import_places."
    )

    def handle(self, **options: Any) -> None:
        number = load_shipped()
        if options["verbosity"] and number is not None:
            self.stdout.write(f"{number:,} towns and ZIP codes loaded.")
        elif options["verbosity"] > 1:
            self.stdout.write("The towns and ZIP codes are up to date.")
