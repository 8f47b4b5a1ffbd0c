"""A list with the texts of what is on it, for whoever reads it elsewhere. Plain functions.

Gently, as its reader asks; nothing of what has been withdrawn; of notes only what is handed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from community.keeping.cards import Card, cards
from community.models import SavedItem
from facts.gentle import Asked, Shown, show
from facts.models import FactVersion
from facts.preferences import Preferences


@dataclass(frozen=True)
class Entry:
    """A thing on a list: its card, the text of a fact that readers find, and a note."""

    card: Card
    fact: Shown | None = None
    note: str = ""

    @property
    def heading(self) -> str:
        """How it is called: of a fact that is shown, as the reader asked for it."""
        return self.fact.heading if self.fact else self.card.heading

    @property
    def url(self) -> str:
        """Where it stands, or "" if it is not there any more."""
        return self.card.url

    @property
    def save_key(self) -> str:
        """By what it is saved."""
        target = self.card.item.target
        return self.fact.save_key if self.fact else str(target.slug)

    @property
    def save_title(self) -> str:
        """What it is called where it is saved: always neutral."""
        return self.fact.save_title if self.fact else self.card.heading


def entries(
    items: Iterable[SavedItem],
    *,
    preferences: Preferences,
    asked: Asked,
    at: datetime,
    notes: Mapping[int, str],
) -> list[Entry]:
    """Return `items`, which must have their targets fetched, with their texts and with `notes`.

    `notes` are texts by the number of their item. Asks four queries.
    """
    items = list(items)
    facts = [item.fact_id for item in items if item.fact_id]
    live = FactVersion.objects.live(at).filter(fact__in=facts, language=get_language())
    versions = {version.fact_id: version for version in live.with_evidence()} if facts else {}
    made = []
    for card in cards(items, preferences, at):
        item = card.item
        version = versions.get(item.fact_id) if item.fact_id and card.url else None
        fact = show(item.fact, version, asked) if item.fact and version else None
        made.append(Entry(card, fact, notes.get(item.pk, "")))
    return made
