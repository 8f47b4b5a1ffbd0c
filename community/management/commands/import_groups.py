"""Reads support groups out of a file: looks first, and writes only if it is told to."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from community.imports.checks import label
from community.imports.formats import FORMATS, read_file
from community.imports.plan import NotApplied, Plan, compare, import_reading
from community.imports.rows import MOST_BYTES, FileRefused, one_line
from community.imports.shown import pair_in_words
from community.imports.words import choice, time_zone
from community.languages import LANGUAGE_CHOICES


class Command(BaseCommand):
    help = (
        "Compares the support groups in a file with the directory and says what would change. "
        "With --apply it is written, all or nothing. New listings wait unpublished; nothing is "
        "deleted, and what staff have edited is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file")
        parser.add_argument(
            "--format", required=True, choices=[name for name, _words in FORMATS], dest="kind"
        )
        parser.add_argument("--apply", action="store_true", help="write it, after the comparison")
        parser.add_argument(
            "--source",
            default="",
            help="where the file is from, the same each time; the file’s name if it is left out",
        )
        parser.add_argument(
            "--time-zone", default="", help="for rows that name none: America/Edmonton"
        )
        parser.add_argument("--language", default="", help="for feeds that name none: en")

    def handle(self, **options: Any) -> None:
        source = one_line(options["source"] or options["file"].stem)[:60]
        try:
            zone = time_zone(options["time_zone"]) if options["time_zone"] else ""
            language = choice(options["language"], LANGUAGE_CHOICES) if options["language"] else ""
            with options["file"].open("rb") as file:
                data = file.read(MOST_BYTES + 1)
            reading = read_file(data, options["kind"], zone, language)
        except OSError as error:
            raise CommandError(f"The file cannot be opened: {error.strerror}.") from None
        except (FileRefused, ValueError) as error:
            raise CommandError(str(error)) from None
        now = timezone.now()
        if not options["apply"]:
            self.report(compare(reading, source, timezone.localdate(now)))
            self.stdout.write("Nothing was written. Add --apply to write it.")
            return
        try:
            plan, done = import_reading(reading, source, now)
        except NotApplied as error:
            raise CommandError(str(error)) from None
        self.report(plan)
        counts = done or {"new": 0, "changed": 0}
        self.stdout.write(
            f"Written: {counts['new']} new listings, which wait unpublished, and "
            f"{counts['changed']} changed ones."
        )

    def report(self, plan: Plan) -> None:
        """Write what would change; of what lets people in, only that it would."""
        for problem in (*plan.reading.remarks, *plan.refused):
            kind = "refused" if problem in plan.refused else "note"
            place = f"row {problem.row}" if problem.row else "the file"
            field = f", {problem.field}" if problem.field else ""
            self.stdout.write(f"{kind:<8}  {place}{field}: {problem.reason}")
        for item in plan.items:
            name = item.listing.fields["name"]
            if item.kind == "new":
                self.stdout.write(f"new       {name}")
            for change in item.changes:
                kind = "kept" if change.is_conflict else "changed"
                values = (
                    "(private)"
                    if change.is_private
                    else " → ".join(pair_in_words(change.field, change.old, change.new))
                )
                self.stdout.write(f"{kind:<8}  {name}, {label(change.field)}: {values}")
        for group in plan.gone:
            self.stdout.write(f"gone      {group.name} (it stays; nothing is deleted)")
        counts = plan.counts
        self.stdout.write(
            "{rows} rows read, {refused} of them refused. {listings} listings: {new} new, "
            "{changed} changed, {kept} kept as they are here, {unchanged} unchanged. {gone} are "
            "not in the file any more.".format(**counts)
        )
