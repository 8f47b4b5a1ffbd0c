"""What a saved item shows on its card: gently, and nothing of what has been withdrawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from community.keeping.notes import WithNote
from community.keeping.saving import KINDS
from community.models import SavedItem
from facts.choices import Sensitivity
from facts.models import Fact, FactVersion
from facts.preferences import GENTLE_BY_DEFAULT, Preferences
from facts.prepared import prepared

_OF_A_VERSION = (
    *("fact", "language", "number", "title", "neutral_heading", "sensitivity"),
    *("change_kind", "live_from", "live_until", "withdrawn_reason"),
)


# What many cards say is put into words once: to write a day costs as much as the rest of one.
@lru_cache(maxsize=1000)
def _saved_on(day: date, _language: str | None) -> str:
    return _("Saved %(day)s.") % {"day": date_format(day, "j F Y")}


@lru_cache(maxsize=1000)
def _read_on(day: date, _language: str | None) -> str:
    return _("Read %(day)s") % {"day": date_format(day, "j F Y")}


@lru_cache(maxsize=100)
def _kind(kind: str, _language: str | None) -> str:
    return str(KINDS[kind])


@lru_cache(maxsize=1000)
def _progress(count: int, read: int, _language: str | None) -> str:
    if not read:
        words = ngettext("It has %(count)s fact.", "It has %(count)s facts.", count)
        return words % {"count": count}
    words = ngettext(
        "You marked %(read)s of its %(count)s fact as read.",
        "You marked %(read)s of its %(count)s facts as read.",
        count,
    )
    return words % {"read": read, "count": count}


@dataclass
class Card(WithNote):
    """A saved item as it may stand on a page. `gone` says, in words, why it cannot be read.

    Or, of a group, that nobody meets any more.
    """

    item: SavedItem
    heading: str
    url: str = ""
    gone: str = ""
    reason: str = ""
    # Where the reason can be read, if it is left out here.
    reason_url: str = ""
    replacement_heading: str = ""
    replacement_url: str = ""
    # Where the note's form begins, if it is not what is stored.
    typed: str | None = None
    based_on: str = ""
    status: str = ""
    number: int = 0
    is_first: bool = False
    is_last: bool = False
    total: int = 0
    # What has happened since it was seen (community.keeping.changes).
    change: Any = None
    # Of a topic: how many facts it has now, on how many of them its reader has a mark, and since
    # when it has had the newest of their texts.
    fact_count: int = 0
    read_count: int = 0
    newest_from: datetime | None = None
    # Of a fact: all its versions that were ever live, in all languages, the newest first.
    versions: tuple[FactVersion, ...] = ()

    @property
    def kind_label(self) -> str:
        """The kind, in words."""
        return _kind(self.item.kind, get_language())

    @property
    def saved_day(self) -> str:
        """When it was saved, in words."""
        return _saved_on(self.item.created_at.date(), get_language())

    @property
    def read_day(self) -> str:
        """When it was marked as read, in words."""
        read_at = self.item.read_at
        return _read_on(read_at.date(), get_language()) if read_at else ""

    @property
    def progress(self) -> str:
        """How many facts a topic has, and on how many of them there is a read mark, in words."""
        return _progress(self.fact_count, self.read_count, get_language())

    @property
    def place(self) -> str:
        """What a button that moves it says to those who hear it."""
        words = _("%(heading)s, now %(number)s of %(total)s")
        return words % {"heading": self.heading, "number": self.number, "total": self.total}


def cards(items: Iterable[SavedItem], preferences: Preferences, at: datetime) -> list[Card]:
    """Return the cards of `items`, which must have their targets fetched. Asks one query."""
    items = list(items)
    facts = {item.fact_id for item in items if item.fact}
    facts |= {item.fact.replaced_by_id for item in items if item.fact and item.fact.replaced_by_id}
    versions: dict[int, list[FactVersion]] = {}
    if facts:
        for version in _versions(sorted(facts), at):
            versions.setdefault(version.fact_id, []).append(version)
    language = get_language()
    newest = {
        fact: version
        for fact, own in versions.items()
        for version in reversed(own)
        if version.language == language
    }
    found = [_card(item, newest, preferences, at) for item in items]
    for card in found:
        card.versions = tuple(versions.get(card.item.fact_id, ()))  # type: ignore[arg-type]
    return found


@prepared
def _versions(facts: list[int], at: datetime) -> QuerySet[FactVersion]:
    ever_live = FactVersion.objects.ever_live(at).filter(fact__in=facts)
    return ever_live.only(*_OF_A_VERSION)


def count_read_facts(shown: Iterable[Card], member: Any, at: datetime) -> None:
    """Tell the cards of topics how far their reader has come. Asks one query.

    A fact counts as read if `member` has marked it so on any list, archived or not.
    """
    topics = {card.item.topic_id: card for card in shown if card.item.topic_id and card.url}
    if not topics:
        return
    for topic, count, read, newest in _read_facts(list(topics), member, get_language(), at):
        card = topics[topic]
        card.fact_count, card.read_count, card.newest_from = count, read, newest


@prepared
def _read_facts(
    topics: list[int], member: int, language: str | None, at: datetime
) -> QuerySet[Any]:
    marked = SavedItem.objects.filter(
        reading_list__member=member, read_at__isnull=False, fact__isnull=False
    )
    live = FactVersion.objects.live(at).filter(language=language, fact__topic__in=topics)
    counts = (
        live.order_by()
        .values("fact__topic")
        .annotate(
            all=Count("fact", distinct=True),
            read=Count("fact", distinct=True, filter=Q(fact__in=marked.values("fact"))),
            newest=Max("live_from"),
        )
    )
    return counts.values_list("fact__topic", "all", "read", "newest")


def _card(
    item: SavedItem, newest: dict[int, FactVersion], preferences: Preferences, at: datetime
) -> Card:
    if item.fact:
        return _fact_card(item, item.fact, newest, preferences, at)
    target = item.topic or item.group
    assert target is not None  # noqa: S101  A constraint says so.
    if not _is_published(target.published_at, at):
        return Card(item, str(target), gone=_("This is no longer here."))
    card = Card(item, str(target), target.get_absolute_url())
    if item.group and item.group.ended_on and item.group.has_ended(at):
        day = date_format(item.group.ended_on, "j F Y")
        card.gone = _("This group has ended. Nobody has met since %(day)s.") % {"day": day}
    return card


def _fact_card(
    item: SavedItem,
    fact: Fact,
    newest: dict[int, FactVersion],
    preferences: Preferences,
    at: datetime,
) -> Card:
    version = newest.get(fact.pk)
    is_here = _is_published(fact.topic.published_at, at)
    if is_here and version and version.is_live(at):
        return Card(item, heading_for(version, preferences), fact.get_absolute_url())
    # The heading of a fact is its answer, and nobody stands behind that answer now.
    card = Card(item, version.neutral_heading if version and version.neutral_heading else str(fact))
    if not is_here or version is None or version.is_live(at):
        card.gone = _("This is no longer here.")
        return card
    card.gone = _("This fact was withdrawn. Please do not rely on it.")
    if version.sensitivity in preferences.hidden:
        card.reason_url = fact.get_absolute_url()
    else:
        card.reason = version.withdrawn_reason
    other = fact.replaced_by
    answer = newest.get(other.pk) if other else None
    if other and answer and answer.is_live(at) and _is_published(other.topic.published_at, at):
        card.replacement_heading = heading_for(answer, preferences)
        card.replacement_url = other.get_absolute_url()
    return card


def heading_for(version: FactVersion, preferences: Preferences) -> str:
    """Return the heading for somebody's list: neutral, unless they chose to see such parts."""
    has_chosen = preferences.hidden != GENTLE_BY_DEFAULT
    if version.sensitivity == Sensitivity.NONE or (
        has_chosen and version.sensitivity not in preferences.hidden
    ):
        return version.title
    return version.heading


def _is_published(published_at: datetime | None, at: datetime) -> bool:
    return published_at is not None and published_at <= at
