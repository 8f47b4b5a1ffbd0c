"""Opens every public page once, so that the first readers after a start do not wait for it."""

from argparse import ArgumentParser
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.sitemaps import public_paths

PATIENCE = 20  # seconds for one page


class Command(BaseCommand):
    help = (
        "Opens every public page of the running portal, so that the web server has it ready. "
        "Run it after a start. Each process keeps pages of its own, so each page is opened a few "
        "times, over new connections."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at",
            default="127.0.0.1:8000",
            metavar="HOST:PORT",
            help="Where the web server listens, not the proxy: 127.0.0.1:8000.",
        )
        parser.add_argument(
            "--times", type=int, default=4, help="How often each page is opened: 4."
        )

    def handle(self, **options: Any) -> None:
        parts = urlsplit(f"//{options['at']}")
        site = urlsplit(settings.SITE_URL)
        headers = {"Host": site.netloc, "X-Forwarded-Proto": site.scheme}
        opened = missing = 0
        for path in public_paths():
            for _time in range(options["times"]):
                connection = HTTPConnection(
                    parts.hostname or "127.0.0.1", parts.port or 8000, timeout=PATIENCE
                )
                try:
                    connection.request("GET", path, headers=headers)
                    response = connection.getresponse()
                    response.read()
                except (OSError, HTTPException):
                    raise CommandError(
                        f"Nothing answers at {options['at']}. Is the web server running there?"
                    ) from None
                finally:
                    connection.close()
                missing += response.status != 200
            opened += 1
        self.stdout.write(f"{opened} pages opened, {options['times']} times each.")
        if missing:
            self.stdout.write(f"{missing} answers were no page.")
