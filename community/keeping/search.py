"""Looking for words in a member's own lists and notes: plain functions.

Notes are encrypted, so no database can look for a word in them: they are opened in memory, some
at a time, and nothing of it is kept. A title is looked through as it is shown: the words of a
sensitive heading that is covered find nothing.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from community.fields import UndecipherableText
from community.keeping.cards import Card, cards
from community.models import ReadingList, SavedItem
from facts.preferences import Preferences

AT_ONCE = 500  # items that are opened with one query
MOST_LOOKED_THROUGH = 2_000  # items, for one answer
MOST_FOUND = 50  # items in one answer
MOST_WORDS = 20
SNIPPET_LENGTH = 160  # characters, and a little more


@dataclass
class Hit:
    """Something on a list, or without a card a list, in whose title or note the words are."""

    reading_list: ReadingList
    card: Card | None
    snippet: SafeString
    url: str = ""


@dataclass(frozen=True)
class Answer:
    """What was found. `next_from` is where to go on looking, or None if that was all."""

    hits: list[Hit]
    next_from: int | None


class _Bare(dict[int, int]):
    """Each letter without its accent and small, worked out when it is first met."""

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        plain = unicodedata.normalize("NFKD", letter)[0].lower()
        self[code] = ord(plain) if len(plain) == 1 else code
        return self[code]


_BARE = _Bare()


def bare(text: str) -> str:
    """Return `text` as it is compared, with as many letters as it had: "cafe" of "Café"."""
    return text.lower() if text.isascii() else text.translate(_BARE)


def words_in(typed: str) -> list[str]:
    """Return the words to look for, as they are compared, each once."""
    words = bare(unicodedata.normalize("NFC", typed)).split()
    return list(dict.fromkeys(words))[:MOST_WORDS]


def look_for(
    words: list[str], member: Any, preferences: Preferences, at: datetime, *, begin: int = 0
) -> Answer:
    """Return what has all `words` in its title and note together, in the order of the lists.

    The first `begin` items are passed over. At most `MOST_LOOKED_THROUGH` items are opened, and
    at most `MOST_FOUND` of them returned: `next_from` says where to go on. What is archived is
    found too. A note that cannot be opened is passed over.
    """
    lists = {reading_list.pk: reading_list for reading_list in member.reading_lists.all()}
    hits = [] if begin else list(_lists_with(words, lists.values()))
    items = (
        SavedItem.objects.filter(reading_list__member=member)
        .for_cards()
        .order_by(
            F("reading_list__archived_at").asc(nulls_first=True),
            "-reading_list__is_default",
            "reading_list__title",
            "reading_list",
            "position",
            "pk",
        )
    )
    found: list[Card] = []
    place = begin
    for first in range(begin, begin + MOST_LOOKED_THROUGH, AT_ONCE):
        some = list(items[first : first + AT_ONCE])
        for card in cards(some, preferences, at):
            place += 1
            if _has_all(words, card.heading, card.stored_note):
                found.append(card)
                if len(found) == MOST_FOUND:
                    break
        if len(found) == MOST_FOUND or len(some) < AT_ONCE:
            break
    is_more = items[place : place + 1].exists()
    numbers = SavedItem.objects.filter(pk__in=[card.item.pk for card in found]).with_numbers()
    number_of = {item.pk: item.number for item in numbers.only("pk")}
    for card in found:
        card.number = number_of.get(card.item.pk) or 1
        reading_list = lists[card.item.reading_list_id]
        hits.append(Hit(reading_list, card, snippet(card.stored_note, words)))
    return Answer(hits, place if is_more else None)


def _lists_with(words: list[str], lists: Any) -> Iterator[Hit]:
    for reading_list in lists:
        try:
            note = reading_list.note
        except UndecipherableText:
            note = ""
        if _has_all(words, reading_list.title, note):
            yield Hit(reading_list, None, snippet(note, words))


def _has_all(words: list[str], title: str, note: str) -> bool:
    text = bare(unicodedata.normalize("NFC", f"{title}\n{note}"))
    return all(word in text for word in words)


def snippet(note: str, words: list[str]) -> SafeString:
    """Return the part of `note` around the first of `words`, which are marked in it."""
    note = unicodedata.normalize("NFC", note)
    plain = bare(note)
    first = min((place for word in words if (place := plain.find(word)) >= 0), default=0)
    begin = note.rfind(" ", 0, max(0, first - SNIPPET_LENGTH // 4)) + 1
    end = note.find(" ", begin + SNIPPET_LENGTH)
    end = min(len(note) if end < 0 else end, begin + 2 * SNIPPET_LENGTH)
    before, after = "… " if begin else "", " …" if end < len(note) else ""
    return format_html("{}{}{}", before, _marked(note[begin:end], words), after)


def _marked(part: str, words: list[str]) -> SafeString:
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pieces: list[tuple[SafeString | str]] = []
    last = 0
    for match in re.finditer(pattern, bare(part)) if words else ():
        pieces.append((part[last : match.start()],))
        pieces.append((format_html("<mark>{}</mark>", part[match.start() : match.end()]),))
        last = match.end()
    pieces.append((part[last:],))
    return format_html_join("", "{}", pieces)
