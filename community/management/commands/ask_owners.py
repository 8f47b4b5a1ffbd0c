"""Asks organizers by mail whether their listings are still right."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from community.care.verification_mails import MOST_PER_RUN, ask_owners
from community.models import SupportGroup
from community.models.worklist import Todo


class Command(BaseCommand):
    help = (
        "Asks organizers by mail whether their listings are still right, once per interval, and "
        "reminds those who have not answered for two weeks. The worker does it every day."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say what would be done; send nothing."
        )
        parser.add_argument(
            "--most",
            type=int,
            default=MOST_PER_RUN,
            metavar="N",
            help=f"Send N mails at most (default: {MOST_PER_RUN}); the next run goes on.",
        )

    def handle(self, *, dry_run: bool, most: int, **options: Any) -> None:
        """Do it, and say how many were asked, and what waits for staff."""
        now = timezone.now()
        report = ask_owners(now, is_dry=dry_run, most=max(0, most))
        verb = "Would be asked" if dry_run else "Asked"
        self.stdout.write(f"{verb}: {report.asked}")
        self.stdout.write(f"{'Would be reminded' if dry_run else 'Reminded'}: {report.reminded}")
        if report.left:
            self.stdout.write(f"Left for the next run: {report.left}")
        self.stdout.write("For staff:")
        for todo, number in SupportGroup.objects.count_todo(now).items():
            self.stdout.write(f"  {Todo(todo).label}: {number}")
