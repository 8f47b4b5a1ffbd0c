"""Cards of a list as HTML, quickly: what is the same on many is rendered once.

Twenty cards with ten buttons each are thousands of template nodes. So the template of a card is
rendered once for each shape that cards have, with marks in the place of what differs, and kept;
from then on a card is a join of strings. The words stay in the template, and a card that has
more to say than others is rendered by it. Marks are filled in one pass, so that no text of
anybody's can be taken for a mark.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from html import escape
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from community.keeping.cards import Card
from community.keeping.cleared_notes import cleared_note
from community.models import SavedItem

TEMPLATE = "community/_saved_item.html"

# What stands in a mold for what differs. A number and a UUID, since addresses are made of them.
_PK = 7_316_482_950_173
_LIST_PK = UUID("7f3c1d52-9f0e-4a51-8f64-0c7a5be3d1a9")
_LIST_URL, _TOKEN = "\ue001", "\ue002"
_MARKS: dict[str, Callable[[Card], Any]] = {
    "\ue003": lambda card: card.heading,
    "\ue004": lambda card: card.url,
    "\ue005": lambda card: card.kind_label,
    "\ue006": lambda card: card.saved_day,
    "\ue007": lambda card: card.read_day,
    "\ue008": lambda card: card.progress,
    "\ue009": lambda card: card.place,
    "\ue00a": lambda card: card.note,
    "\ue00b": lambda card: card.note_rows,
    "\ue00c": lambda card: card.based_on,
    "\ue00d": lambda card: card.number,
    str(_PK): lambda card: card.item.pk,
    str(_LIST_PK): lambda card: card.item.reading_list_id,
}
_ANY_MARK = re.compile(f"([{_LIST_URL}-\ue00d]|{_PK}|{_LIST_PK})")
# Fields of a card that are filled in, or of which only the truth shapes it.
_FILLED_IN = {
    *("item", "heading", "url", "based_on", "number", "total"),
    *("is_first", "is_last", "fact_count", "read_count", "newest_from", "versions"),
}
_UNSAID = [field for field in fields(Card) if field.name not in _FILLED_IN]

_says = attrgetter(*(field.name for field in _UNSAID))
_SAYS_NOTHING = tuple(field.default for field in _UNSAID)


@dataclass(frozen=True)
class Mold:
    """A card as a pattern, and the marks that stand for something in it."""

    pattern: str
    marks: tuple[str, ...]


_molds: dict[tuple[Any, ...], Mold] = {}


class _Blank(Card):
    """A card with marks in the place of what differs."""

    heading, url, based_on = "\ue003", "\ue004", "\ue00c"
    kind_label, saved_day, read_day, progress, place = (
        "\ue005",
        "\ue006",
        "\ue007",
        "\ue008",
        "\ue009",
    )
    note = "\ue00a"
    note_rows: Any = "\ue00b"
    is_sealed = False


def cards_as_html(cards: Iterable[Card], context: Context) -> SafeString:
    """Return what the template of a card makes of each of `cards` in `context`."""
    around = (get_language(), context.get("show", ""))
    known = {
        _LIST_URL: escape(str(context["list_url"])),
        _TOKEN: escape(str(context.get("csrf_token", ""))),
    }
    # The pieces are the template's own, and what is between them is escaped.
    return mark_safe("".join(_as_html(card, context, around, known) for card in cards))  # noqa: S308


def _as_html(
    card: Card, context: Context, around: tuple[Any, ...], known: Mapping[str, str]
) -> str:
    if not _is_plain(card, context):
        with context.push(card=card):
            return str(_template(context).render(context))
    key = _shape(card, around)
    mold = _molds.get(key)
    if mold is None:
        mold = _make_mold(card, context)
        if not settings.DEBUG:
            _molds[key] = mold
    texts = {
        mark: known[mark] if mark in known else escape(str(_MARKS[mark](card)))
        for mark in mold.marks
    }
    return mold.pattern % texts


def _is_plain(card: Card, context: Context) -> bool:
    """Whether all that the card says can be filled into a mold."""
    if _says(card) != _SAYS_NOTHING or card.is_sealed:
        return False
    item = card.item
    return not cleared_note(context["request"].session, item.reading_list_id, item.pk)


def _shape(card: Card, around: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return all on which it depends which parts of the template a card has."""
    return (
        *around,
        card.item.read_at is None,
        card.item.archived_at is None,
        card.is_first,
        card.is_last,
        not card.url,
        not card.fact_count,
        not card.note,
    )


def _make_mold(card: Card, context: Context) -> Mold:
    item = SavedItem(
        pk=_PK,
        reading_list_id=_LIST_PK,
        read_at=card.item.read_at,
        archived_at=card.item.archived_at,
    )
    number: Any = "\ue00d"
    blank = _Blank(
        item,
        _Blank.heading,
        url=card.url and _Blank.url,
        based_on=_Blank.based_on,
        number=number,
        is_first=card.is_first,
        is_last=card.is_last,
        fact_count=card.fact_count,
    )
    if not card.note:
        blank.note = ""
    with context.push(card=blank, list_url=_LIST_URL, csrf_token=_TOKEN):
        pieces = _ANY_MARK.split(_template(context).render(context).replace("%", "%%"))
    # Every second piece is a mark.
    marks = tuple(dict.fromkeys(pieces[1::2]))
    pieces[1::2] = [f"%({mark})s" for mark in pieces[1::2]]
    return Mold("".join(pieces), marks)


def _template(context: Context) -> Any:
    assert context.template is not None  # noqa: S101  A tag is rendered by one.
    return context.template.engine.get_template(TEMPLATE)
