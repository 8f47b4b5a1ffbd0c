"""Medical words marked where they stand: a link to the glossary at a page's first use of each.

Done when a page is made, on text that was sanitised when it was saved. The words of a text never
change, only what of them can be followed.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from facts.bench import MOST_CHARACTERS, Glossary
from facts.medical_words import split_list

# What holds no mark: links lead somewhere already, headings are short and stand in lists too.
_UNMARKED = frozenset({"a", "h1", "h2", "h3", "h4", "h5", "h6", "code", "pre", "script", "style"})
_WORD = re.compile(r"[^\W_]+")
# What joins two words to one: nothing is marked within “HER2-targeted” or “and/or”.
_JOINS = frozenset("-‑/")
_LINKED = re.compile(r'href="[^"]*/glossary/#([\w-]+)"')

# A name as it is looked for: its words and what stands between them, in small letters; how it
# must be written, if that matters; and the address of its term.
_Name = tuple[tuple[str, ...], str, str]


@lru_cache(maxsize=8)
def _names_of(rows: tuple[tuple[str, str, str], ...]) -> dict[str, list[_Name]]:
    """Return the names of the terms by their first word, the longest first."""
    names: dict[str, list[_Name]] = {}
    for entry in Glossary.of(rows).entries:
        for name in entry.marked_names:
            parts = _parts(name)
            if parts:
                exact = name if name.isupper() else ""
                names.setdefault(parts[0], []).append((parts, exact, entry.slug))
    for same in names.values():
        same.sort(key=lambda name: (-len(name[0]), -len(name[1]), name[2]))
    return names


def _parts(text: str) -> tuple[str, ...]:
    """Return the words of `text` in small letters, with what stands between them."""
    parts: list[str] = []
    end = 0
    for word in _WORD.finditer(text):
        if parts:
            parts.append(_between(text[end : word.start()]))
        parts.append(word.group().casefold())
        end = word.end()
    return tuple(parts)


def _between(text: str) -> str:
    return " " if text.isspace() else text.replace("‑", "-")


class Marker:
    """Marks the words of one page: each term once, where it is used first.

    `terms` are the glossary's published terms. Names are whole words in any case, with or without
    an “s”; abbreviations only as they are written. Everyday words that are other names of a term
    ("study", "cord") are not marked, nor is what the text's author says needs no glossary.
    """

    def __init__(self, terms: Iterable[tuple[str, str, str]]) -> None:
        self.names = _names_of(tuple(terms))
        self.address = reverse("facts:glossary")
        self.marked: set[str] = set()

    def mark(self, html: str, plain_words: str = "") -> SafeString:
        """Return sanitised `html` with links to the terms that it uses first on this page."""
        linked = set(_LINKED.findall(html))
        self.marked |= linked
        if self.names and len(html) <= MOST_CHARACTERS:
            plain = {_parts(word) for word in split_list(plain_words)}
            html = _Marking(self, plain).run(html)
        # Sanitised on every save (facts.fields); what is added is escaped.
        return mark_safe(html)  # noqa: S308

    def link(self, written: str, slug: str) -> str:
        """Return `written`, which is HTML already, as a link to a term."""
        return f'<a href="{escape(self.address)}#{escape(slug)}">{written}</a>'


class _Marking(HTMLParser):
    """Copies HTML as it is, but for the words of its text that are marked."""

    def __init__(self, marker: Marker, plain: set[tuple[str, ...]]) -> None:
        super().__init__(convert_charrefs=False)
        self.marker = marker
        self.plain = plain
        self.out: list[str] = []
        self.closed = 0  # how many elements are open that hold no mark

    def run(self, html: str) -> str:
        """Return `html` with its marks."""
        self.feed(html)
        self.close()
        return "".join(self.out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.closed += tag in _UNMARKED
        self.out.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.closed = max(0, self.closed - (tag in _UNMARKED))
        self.out.append(f"</{tag}>")

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")

    def handle_data(self, data: str) -> None:
        self.out.append(data if self.closed else self._marked(data))

    def _marked(self, text: str) -> str:
        words = list(_WORD.finditer(text))
        pieces, copied, at = [], 0, 0
        while at < len(words):
            found = self._at(text, words, at)
            if found is None:
                at += 1
                continue
            count, slug = found
            start, end = words[at].start(), words[at + count - 1].end()
            self.marker.marked.add(slug)
            pieces += [text[copied:start], self.marker.link(text[start:end], slug)]
            copied, at = end, at + count
        return "".join([*pieces, text[copied:]])

    def _at(self, text: str, words: list[re.Match[str]], at: int) -> tuple[int, str] | None:
        """Return how many words from `at` on are a term to be marked, and its address."""
        first = words[at].group().casefold()
        start = words[at].start()
        if start > 1 and text[start - 1] in _JOINS and text[start - 2].isalnum():
            return None
        for name in self._beginning_with(first):
            parts, exact, slug = name
            count = (len(parts) + 1) // 2
            last = at + count - 1
            if last >= len(words):
                continue
            written = text[start : words[last].end()]
            if self._is(parts, written) and not (
                exact and written.rstrip("s") != exact.rstrip("s")
            ):
                if self._goes_on(text, words[last].end()):
                    continue
                # The longest name is the one that is meant, whether it is to be marked or not.
                if slug in self.marker.marked or parts in self.plain:
                    return None
                return count, slug
        return None

    def _beginning_with(self, first: str) -> list[_Name]:
        names = self.marker.names
        found = names.get(first, [])
        if first.endswith("s"):
            found = found + [n for n in names.get(first[:-1], []) if len(n[0]) == 1]
        return found

    @staticmethod
    def _is(parts: tuple[str, ...], written: str) -> bool:
        found = _parts(written)
        return found == parts or (found[:-1], found[-1]) == (parts[:-1], f"{parts[-1]}s")

    @staticmethod
    def _goes_on(text: str, end: int) -> bool:
        return end + 1 < len(text) and text[end] in _JOINS and text[end + 1].isalnum()
