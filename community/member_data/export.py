"""A member's copy of what is held about them: as data (JSON), or as one page to read (HTML).

Both are written piece by piece: no copy stands whole in memory or on a disk, and no transaction
is open while a slow phone takes it in. docs/member-data.md describes the data.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.dates import MONTHS
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from community.keeping.cards import cards
from community.member_data.held import ACCOUNT, ITEMS, LISTS, PARTS, LeftOut, Part, deeds
from community.models import Member, ReadingList, SavedItem
from facts.preferences import Preferences

FORMAT = "waymark-member-data"
VERSION = 1
ITEMS_AT_ONCE = 250
ROWS_AT_ONCE = 250
BLOCK = 32_768  # characters
# Where the inner part of a template goes; a member's text, being escaped, cannot hold it.
_HERE = "<!-- here -->"


class Copy:
    """What is held about `member` at `at`, with headings as `preferences` want them."""

    def __init__(self, member: Member, preferences: Preferences, at: datetime) -> None:
        self.member = member
        self.preferences = preferences
        self.at = at
        self.zone = ZoneInfo(preferences.zone or settings.TIME_ZONE)
        self.language = translation.get_language()
        self.counts: dict[str, int] = {}
        # What there is nothing of, by its title.
        self.empty: list[str] = []
        self.labels: dict[str, list[tuple[str, str]]] = {}

    def written(self, shape: str) -> Iterator[str]:
        """Yield the copy in `shape`, in blocks that are worth sending."""
        translation.activate(self.language)
        block: list[str] = []
        size = 0
        for piece in SHAPES[shape][0](self):
            block.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield "".join(block)
                block, size = [], 0
        yield "".join(block)

    def as_data(self) -> Iterator[str]:
        """Yield the copy as JSON."""
        yield from _json(self._whole())
        yield "\n"

    def as_page(self) -> Iterator[str]:
        """Yield the copy as one HTML page that needs nothing beside it."""
        context = {
            "day": self._in_words(self.at),
            "language": self.language,
            "account": self._labelled(ACCOUNT, self.member),
            "left_out": _by_reason(left_out()),
        }
        yield from self._frame("page", context, self._parts_on_page())

    # As data

    def _whole(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "made_at": self.at,
            "site": settings.SITE_URL,
        }
        for part in PARTS:
            if part is LISTS:
                parts[part.key] = self._counted(part.key, self._lists())
            elif part.is_one:
                parts[part.key] = part.of(self.member)
            elif part is not ITEMS:
                parts[part.key] = self._counted(part.key, map(part.of, part.rows(self.member)))
        parts["did_as_staff"] = self._counted("did_as_staff", deeds(self.member))
        parts["left_out"] = list(left_out())
        # Looked at last, when all else has been written and counted.
        parts["counts"] = self.counts
        return parts

    def _lists(self) -> Iterator[dict[str, Any]]:
        for reading_list in LISTS.rows(self.member):
            items = (ITEMS.of(item) for chunk in _chunks(reading_list, self) for item in chunk)
            yield {**LISTS.of(reading_list), "items": self._counted("items", items)}

    def _counted(self, key: str, rows: Iterable[Any]) -> Iterator[Any]:
        self.counts.setdefault(key, 0)
        for row in rows:
            self.counts[key] += 1
            yield row

    # As a page

    def _parts_on_page(self) -> Iterator[str]:
        yield from self._frame(
            "section", {"key": LISTS.key, "title": LISTS.title}, self._lists_on_page()
        )
        for part in PARTS:
            if part not in (ACCOUNT, LISTS, ITEMS):
                rows = (self._labelled(part, row) for row in part.rows(self.member))
                yield from self._section(part.key, part.title, rows)
        words = {"what": _("What"), "where": _("Where"), "number": _("Number"), "at": _("When")}
        did = (
            self._facts((words[key], self._in_words(value)) for key, value in deed.items())
            for deed in deeds(self.member)
        )
        yield from self._section("did_as_staff", _("What you did here as staff"), did)
        yield self._render("empty", {"titles": self.empty})

    def _lists_on_page(self) -> Iterator[str]:
        for reading_list in LISTS.rows(self.member):
            about = self._labelled(LISTS, reading_list)
            context = {"reading_list": reading_list, "about": about}
            yield from self._frame("list", context, self._items_on_page(reading_list))

    def _items_on_page(self, reading_list: ReadingList) -> Iterator[str]:
        for chunk in _chunks(reading_list, self):
            rows = [(item, self._labelled(ITEMS, item)) for item in chunk]
            yield self._render("items", {"rows": rows})

    def _section(self, key: str, title: Any, rows: Iterable[Any]) -> Iterator[str]:
        rows = iter(rows)
        pieces = (
            self._render("rows", {"rows": some})
            for some in iter(lambda: list(islice(rows, ROWS_AT_ONCE)), [])
        )
        first = next(pieces, "")
        if not first:
            self.empty.append(str(title))
            return
        yield from self._frame("section", {"key": key, "title": title}, chain([first], pieces))

    def _frame(self, name: str, context: dict[str, Any], inner: Iterable[str]) -> Iterator[str]:
        """Yield the template `name` with `inner` in its place, without waiting for all of it."""
        before, _mark, after = self._render(name, {**context, "inner": _HERE}).partition(_HERE)
        yield before
        yield from inner
        yield after

    def _labelled(self, part: Part, row: Any) -> SafeString:
        """Return what is shown of `row`, each with its label, without what is empty."""
        values = part.of(row)
        return self._facts(
            (label, self._in_words(values[key])) for key, label in self._labels(part)
        )

    def _labels(self, part: Part) -> list[tuple[str, str]]:
        """Return what is shown of `part` with its labels, translated once for all rows."""
        if part.key not in self.labels:
            self.labels[part.key] = [(key, str(how.label)) for key, how, _column in part.shown]
        return self.labels[part.key]

    @staticmethod
    def _facts(labelled: Iterable[tuple[str, str]]) -> SafeString:
        # Not a template: there are 10,000 of them, and this takes a fifth of the time.
        pairs = ((label, words) for label, words in labelled if words)
        inner = format_html_join("\n", "<div><dt>{}</dt><dd>{}</dd></div>", pairs)
        return format_html("<dl>\n{}\n</dl>", inner)

    def _in_words(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, datetime):
            local = value.astimezone(self.zone)
            return f"{self._in_words(local.date())}, {local:%H:%M} ({local.tzname()})"
        if isinstance(value, date):
            return f"{value.day} {MONTHS[value.month]} {value.year}"
        if isinstance(value, (dict, list)):
            return json.dumps(value, ensure_ascii=False) if value else ""
        return str(value)

    def _render(self, name: str, context: dict[str, Any]) -> str:
        return render_to_string(f"community/copy/{name}.html", context)


SHAPES: dict[str, tuple[Callable[[Copy], Iterator[str]], str, str]] = {
    "data": (Copy.as_data, "application/json", "json"),
    "pages": (Copy.as_page, "text/html; charset=utf-8", "html"),
}


def left_out() -> Iterator[dict[str, str]]:
    """Yield what is held and is not in the copy, and why."""
    for part in PARTS:
        for column, how in part.columns.items():
            reason = how.reason if isinstance(how, LeftOut) else how.without
            if reason:
                yield {"of": str(part.title), "what": column, "why": str(reason)}


def _by_reason(rows: Iterable[dict[str, str]]) -> dict[str, list[str]]:
    """Return what is left out, gathered by the reason."""
    gathered: dict[str, list[str]] = {}
    for row in rows:
        gathered.setdefault(row["why"], []).append(f"{row['of']}: {row['what']}")
    return gathered


def _chunks(reading_list: ReadingList, copy: Copy) -> Iterator[list[SavedItem]]:
    """Yield the items of a list in their order, some at a time, each with its `card`."""
    keys = list(reading_list.saved_items.values_list("pk", flat=True))
    for first in range(0, len(keys), ITEMS_AT_ONCE):
        some = SavedItem.objects.filter(pk__in=keys[first : first + ITEMS_AT_ONCE])
        items = list(some.with_targets().select_related("seen_version"))
        for item, card in zip(items, cards(items, copy.preferences, copy.at), strict=True):
            item.card = card  # type: ignore[attr-defined]
        yield items


def _json(value: Any) -> Iterator[str]:
    """Yield `value` as JSON; what can be iterated is written while it is gone through."""
    if isinstance(value, dict):
        yield "{"
        for number, (key, inner) in enumerate(value.items()):
            yield f"{', ' if number else ''}{json.dumps(key)}: "
            yield from _json(inner)
        yield "}"
    elif isinstance(value, Iterator):
        yield "["
        for number, inner in enumerate(value):
            yield ",\n" if number else "\n"
            yield from _json(inner)
        yield "]\n"
    else:
        yield json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    """Return a moment in UTC or a day as ISO 8601 has them, all else as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
