"""Takes the examples away, for good."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import QuerySet

from community import demo as groups
from community import demo_members as members
from community.examples import remove_examples
from community.models import SavedItem, SupportGroup
from facts import demo as facts
from facts.models import Fact, Topic
from portal.pages import store
from portal.search import index


class Command(BaseCommand):
    help = (
        "Removes the example groups of a fresh installation, which do not come back, and all that "
        "make_demo has made. What a member wrote a note about is kept, off the site."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = self._remove_demo()
        removed, kept = remove_examples()
        for kind, number in numbers.items():
            if number:
                self.stdout.write(f"{number} example {kind} removed.")
        for name in removed:
            self.stdout.write(f"Removed, with meetings and joining details: {name}")
        for name in kept:
            self.stdout.write(f"Taken off the site, since a member wrote a note about it: {name}")
        if not removed and not kept and not any(numbers.values()):
            self.stdout.write("There are no examples here. Nothing was changed.")

    def _remove_demo(self) -> dict[str, int]:
        numbers = {"members": members.remove()}
        # What is left was saved by members who are none.
        on_examples = (
            SavedItem.objects.filter(fact__topic__is_example=True)
            | SavedItem.objects.filter(topic__is_example=True)
            | SavedItem.objects.filter(group__is_example=True)
        )
        noted = self._forget_unless_noted(on_examples)
        topics = {item.fact.topic_id for item in noted if item.fact}
        topics |= {item.topic_id for item in noted if item.topic_id}
        Topic.objects.filter(pk__in=topics).update(published_at=None)
        kept_facts = [item.fact_id for item in noted if item.fact_id]
        numbers["facts"] = facts.remove(kept_facts, topics)
        numbers["groups"] = groups.remove([item.group_id for item in noted if item.group_id])
        if any(numbers.values()):
            for model in (Topic, Fact, SupportGroup):
                index.forget_missing(model)
            for topic in Topic.objects.filter(pk__in=topics):
                index.update(topic)
            transaction.on_commit(store.forget_all)
        return numbers

    def _forget_unless_noted(self, items: QuerySet[SavedItem]) -> list[SavedItem]:
        noted = []
        for item in items.select_related("fact", "topic"):
            if item.has_note:
                noted.append(item)
            else:
                item.delete()
        return noted
