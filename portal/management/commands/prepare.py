"""Everything between a new release and its first request, in one start of Python."""

import fcntl
import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.examples import hide_examples


class Command(BaseCommand):
    help = (
        "Brings database, static files, places and starter library up to date, and does nothing "
        "where they are. bin/serve runs it at every start; run it after an upgrade otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--without-starter-library",
            action="store_true",
            help="Leave the texts as they are, for a portal that writes all of its own.",
        )

    def handle(self, **options: Any) -> None:
        try:
            self._prepare(**options)
        except KeyboardInterrupt:
            # Each part is whole or absent, so the next start goes on from here.
            raise CommandError("Interrupted.", returncode=130) from None

    def _prepare(self, **options: Any) -> None:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two that start at once must not both make the tables.
        with open(settings.DATA_DIR / ".preparing", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            call_command("migrate", verbosity=0, interactive=False)
            # Before anybody can come in: an older backup may have been restored.
            call_command("forget_deleted", stdout=self.stdout)
            if hide_examples():
                self.stdout.write("Examples were taken off the site: others can read it.")
            self._collect_static_files()
            call_command("load_places", stdout=self.stdout)
            if not options["without_starter_library"]:
                call_command("load_starter_library", verbosity=0, stdout=self.stdout)

    def _collect_static_files(self) -> None:
        stamp = Path(f"{settings.STATIC_ROOT}.stamp")
        now = _static_files()
        if settings.STATIC_ROOT.is_dir() and stamp.is_file() and stamp.read_text() == now:
            return
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(now)


def _static_files() -> str:
    """Return a mark that changes when a static file, ours or a package's, does."""
    mark = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            file = Path(storage.path(path))
            if settings.BASE_DIR in file.parents and ".venv" not in file.parts:
                mark.update(f"{path}\0".encode() + file.read_bytes())
            else:  # A package's file changes with its version, which its time tells.
                mark.update(f"{path}\0{file.stat().st_size}\0{file.stat().st_mtime_ns}\0".encode())
    return mark.hexdigest()
