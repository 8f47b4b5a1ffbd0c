"""Loads the texts that come with Waymark, and leaves alone what staff have made of them."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from community.examples import load_examples
from portal.starter.load import Outcome, load
from portal.starter.read import BrokenLibrary, read


class Command(BaseCommand):
    help = (
        "Loads the starter library: topics, facts, sources, glossary, questions, services and "
        "pages, and two example groups while the portal runs on this machine alone. What staff "
        "have changed or deleted stays as they left it. A second run changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--drafts",
            action="store_true",
            help="Load facts as drafts, and all else unpublished, for staff to read first.",
        )

    def handle(self, **options: Any) -> None:
        try:
            report = load(read(), now=timezone.now(), as_drafts=options["drafts"])
        except BrokenLibrary as error:
            raise CommandError(
                "The starter library holds mistakes, so nothing was loaded.\n"
                + "\n".join(error.problems)
            ) from error
        examples = load_examples()
        self._print(report, examples, options["verbosity"])

    def _print(self, report: list[Any], examples: list[str], verbosity: int) -> None:
        for line in report:
            if line.outcome is Outcome.REFUSED:
                self.stderr.write(str(line))
            elif verbosity > 1 or (verbosity == 1 and line.outcome is not Outcome.UNCHANGED):
                self.stdout.write(str(line))
        if verbosity:
            for words in examples:
                self.stdout.write(words)
        numbers = Counter(line.outcome for line in report)
        if verbosity or examples or numbers[Outcome.NEW] or numbers[Outcome.UPDATED]:
            parts = [f"{numbers[outcome]} {outcome}" for outcome in Outcome if numbers[outcome]]
            if examples:
                parts.append(f"{len(examples)} examples made")
            self.stdout.write(f"Starter library: {', '.join(parts)}.")
