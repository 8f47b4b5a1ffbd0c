"""Imports the postcodes of the UK from a file that is free to use."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.places.postcodes import WrongFile, import_postcodes


class Command(BaseCommand):
    help = (
        "Imports the postcodes of the UK from an open file, so that readers can search by them: "
        "the ONS Postcode Directory, Code-Point Open, or any CSV with a postcode and its "
        "coordinates, zipped or not. Of each sector, such as LS1 4, the middle is kept, and no "
        "single postcode. The file takes the place of the one before; the same one changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="ONSPD_FEB_2026_UK.csv; codepo_gb.zip")
        parser.add_argument(
            "--may-be-fewer",
            action="store_true",
            help="Take a file also if it holds less than half of the postcodes there are.",
        )

    def handle(self, **options: Any) -> None:
        try:
            report = import_postcodes(
                options["file"], self._tell, may_be_fewer=options["may_be_fewer"]
            )
        except WrongFile as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Nothing was changed.", returncode=130) from None
        self._end_line()
        if report.is_new:
            self.stdout.write(
                f"{report.postcodes:,} postcodes read in {report.rows:,} rows; "
                f"{report.areas:,} sectors and first halves kept."
            )
        else:
            self.stdout.write("These postcodes were there already; nothing was changed.")

    def _tell(self, rows: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{rows:,} rows read", ending="")
            self.stdout.flush()

    def _end_line(self) -> None:
        if self.stdout.isatty():
            self.stdout.write("\r\033[K", ending="")
