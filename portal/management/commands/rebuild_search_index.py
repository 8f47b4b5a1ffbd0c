from django.core.management.base import BaseCommand

from portal.search import index


class Command(BaseCommand):
    help = "Writes the search index anew from what is published."

    def handle(self, **options) -> None:
        self.stdout.write(f"{index.rebuild()} entries are in the search index.")
