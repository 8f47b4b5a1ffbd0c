"""A list as a file to take along: a page that needs no network, data (JSON) and a table (CSV)."""

import csv
import io
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from community.cells import defuse
from community.fields import UndecipherableText
from community.keeping.cards import cards
from community.keeping.entries import Entry, entries
from community.member_data.held import ITEMS, LISTS, PARTS
from community.models import ReadingList, SavedItem
from facts.gentle import Asked, Shown, mark_terms, show, show_term, terms_in
from facts.models import FactVersion, GlossaryTerm
from facts.preferences import Preferences

FORMAT = "waymark-list"
VERSION = 1
# Of what goes with a list, these parts have a column that says which.
SHEET_PARTS = ("appointment_sheets", "sheet_questions")
_TERM = re.compile(r'href="/glossary/#([\w-]+)"')
_INNER_LINK = re.compile(r'href="(/[^"]*)"')


# As data, and as a table


def _items(reading_list: ReadingList, preferences: Preferences) -> list[SavedItem]:
    """Return all that is on a list, put aside or not, each with its `card`."""
    items: Any = list(reading_list.saved_items.with_targets().select_related("seen_version"))  # type: ignore[attr-defined]
    for item, card in zip(items, cards(items, preferences, timezone.now()), strict=True):
        item.card = card
    return items


def as_data(reading_list: ReadingList, preferences: Preferences) -> str:
    """Return the list as JSON, in the form of a member's copy (docs/member-data.md)."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": timezone.now(),
        "site": settings.SITE_URL,
    }
    items = [ITEMS.of(item) for item in _items(reading_list, preferences)]
    told[LISTS.key] = [{**LISTS.of(reading_list), "items": items}]
    for part in PARTS:
        if part.key in SHEET_PARTS:
            rows = part.rows(reading_list.member).filter(reading_list=reading_list)  # type: ignore[attr-defined]
            told[part.key] = [part.of(row) for row in rows]
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain)


def _plain(value: Any) -> str:
    """Return a moment in UTC or a day as ISO 8601 has them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def as_table(reading_list: ReadingList, preferences: Preferences) -> str:
    """Return the list as CSV. No cell begins as a formula does."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    what = (_("Place"), _("Kind"), _("Title"), _("Address"), _("Note"))
    writer.writerow([*what, _("Saved"), _("Read"), _("Archived")])
    for number, item in enumerate(_items(reading_list, preferences), start=1):
        card = item.card  # type: ignore[attr-defined]
        moments = (item.created_at, item.read_at, item.archived_at)
        days = (timezone.localdate(at).isoformat() if at else "" for at in moments)
        address = f"{settings.SITE_URL}{card.url}" if card.url else ""
        cells = (str(number), card.kind_label, card.heading, address, card.stored_note, *days)
        writer.writerow(defuse(cell) for cell in cells)
    # Without the mark, spreadsheet programs take it for an older alphabet.
    return f"\ufeff{text.getvalue()}"


# As a page that needs nothing beside it


@dataclass(frozen=True)
class Page:
    """What a file to read without a network holds."""

    entries: list[tuple[Entry, list[Shown], SafeString]]
    terms: list[Any]
    covered: int


def as_page(
    reading_list: ReadingList, preferences: Preferences, asked: Asked, *, with_notes: bool
) -> str:
    """Return the list as one HTML page: the texts as they are now, and the words that they use."""
    now = timezone.now()
    items = list(reading_list.saved_items.active().with_targets())  # type: ignore[attr-defined]
    notes = {item.pk: _opened(item) for item in items} if with_notes else {}
    found = entries(items, preferences=preferences, asked=asked, at=now, notes=notes)
    context = {
        "page": _page(found, asked, now),
        "title": reading_list.title,
        "note": _opened(reading_list) if with_notes else "",
        "with_notes": with_notes,
        "made_on": timezone.localdate(now),
        "site": settings.SITE_URL,
        "language": get_language() or "en",
        "is_right_to_left": get_language_bidi(),
    }
    return render_to_string("community/take_along.html", context)


def _page(found: list[Entry], asked: Asked, at: datetime) -> Page:
    topics = [entry.card.item.topic_id for entry in found if entry.card.item.topic_id and entry.url]
    versions = FactVersion.objects.live(at).filter(fact__topic__in=topics, language=get_language())
    ordered = versions.select_related("fact__topic").order_by("fact__position", "fact_id")
    of_topic: dict[int, list[Shown]] = {}
    alone = {entry.fact.url for entry in found if entry.fact}
    for version in ordered.with_evidence() if topics else ():
        fact = show(version.fact, version, asked)
        # What is on the list by itself stands there.
        if fact.url not in alone:
            of_topic.setdefault(version.fact.topic_id, []).append(fact)
    glossary = list(GlossaryTerm.objects.published(at))
    texts: list[Shown] = []
    introductions: list[str] = []
    made = []
    for entry in found:
        inner = of_topic.get(entry.card.item.topic_id or 0, [])
        marked = mark_terms([*([entry.fact] if entry.fact else []), *inner], glossary)
        texts += marked
        alone_here = replace(entry, fact=_standing_alone(marked[0])) if entry.fact else entry
        rest = [_standing_alone(fact) for fact in marked[bool(entry.fact) :]]
        topic = entry.card.item.topic
        words = topic.introduction if topic and entry.url else ""
        introductions.append(words)
        made.append((alone_here, rest, _outward(words)))
    used = set(terms_in([*texts, *introductions]))
    terms = [show_term(term, asked) for term in glossary if term.slug in used]
    return Page(made, terms, sum(fact.is_covered for fact in texts))


def _standing_alone(fact: Shown) -> Shown:
    return replace(fact, body=_outward(fact.body))


def _outward(html: str) -> SafeString:
    """Return `html`, which is sanitised, with links that lead somewhere from within a file."""
    inner = _TERM.sub(r'href="#word-\1"', html)
    whole = _INNER_LINK.sub(lambda link: f'href="{settings.SITE_URL}{link[1]}"', inner)
    return mark_safe(whole)  # noqa: S308


def _opened(row: Any) -> str:
    """Return the note on a list or on what is on it, or "" if the present keys do not open it."""
    try:
        return row.note
    except UndecipherableText:
        return ""
