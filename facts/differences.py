"""The difference of two wordings, word by word, as HTML of our own. Plain functions.

Rich text is compared block by block (paragraph, list item, heading, quotation): the blocks that
belong together are found first, then the words in each are compared. What comes out holds the
tags that a text may hold, plus `ins` and `del` inside a block, and every word in it is escaped.
`ins` and `del` mean nothing to most screen readers, so words that only they meet say the same.

Source of the comparison: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in
diff-match-patch, which compares characters: here each word stands for one character.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from typing import Any, NamedTuple, Self

from diff_match_patch import diff_match_patch
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facts.fields import ChoicesField, sanitise
from facts.models import FactVersion

TAKEN_OUT, SAME, ADDED = -1, 0, 1
# Seconds that one comparison may take; what is left over then counts as replaced as a whole.
TIME_LIMIT = 1.0
# Characters; a fact has about a thousand. Longer ones are not compared word by word.
LONGEST_TEXT = 100_000
# Pairs of blocks that are tried; where there are more, none of them is said to be alike.
MOST_PAIRS = 2_500
# Lists in lists in lists: deeper ones are shown as if they were this deep.
DEEPEST = 4
# Two blocks are the same one in other words if they share this part of their words.
ALIKE = 0.3

_WORD = re.compile(r"\s+|[\w\u0300-\u036f]+(?:[.,'’\-][\w\u0300-\u036f]+)*%?|.", re.DOTALL)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_FIRST_CHARACTER = 0x4E00
_SURROGATES = range(0xD800, 0xE000)


class Matcher(diff_match_patch):
    """The comparison without its shortcut for long texts, which heeds no time limit."""

    def diff_halfMatch(self, text1: str, text2: str) -> None:
        return None


def operations(
    old: Sequence[Hashable],
    new: Sequence[Hashable],
    seconds: float = TIME_LIMIT,
    *,
    for_reading: bool = True,
) -> list[tuple[int, int]]:
    """Return how `old` becomes `new`: (TAKEN_OUT, SAME or ADDED, how many items), in order.

    `for_reading` joins changes that stand so close together that a reader takes them for one.
    """
    characters: dict[Hashable, str] = {" ": " ", "\n": "\n"}

    def character(item: Hashable) -> str:
        if item not in characters:
            code = _FIRST_CHARACTER + len(characters)
            if code >= _SURROGATES.start:
                code += len(_SURROGATES)
            characters[item] = chr(code)
        return characters[item]

    matcher = Matcher()
    matcher.Diff_Timeout = max(seconds, 0.001)  # 0 would mean for ever.
    before = "".join(map(character, old))
    after = "".join(map(character, new))
    found = matcher.diff_main(before, after, False)
    if for_reading:
        matcher.diff_cleanupSemantic(found)
    return [(kind, len(text)) for kind, text in found]


def words_of(text: str) -> list[str]:
    """Return `text` in pieces that make it up: words, figures, spaces, marks."""
    return _WORD.findall(text)


def _is_word(piece: str) -> bool:
    return any(letter.isalnum() for letter in piece)


@dataclass(frozen=True)
class Marks:
    """What a screen reader says before and after what differs."""

    added: str
    removed: str
    end: str

    @classmethod
    def of_change(cls) -> Self:
        """One text came after the other."""
        return cls(_("added:"), _("taken out:"), _("end."))

    @classmethod
    def of_two_hands(cls) -> Self:
        """Two people wrote at the same time: neither text came first."""
        return cls(_("only in yours:"), _("only in theirs:"), _("end."))


@dataclass(frozen=True)
class Marked:
    """Two texts in one, with what differs marked; how many words only one of them has."""

    html: SafeString
    added: int = 0
    removed: int = 0
    is_changed: bool = False


# Plain text


def compare_text(
    old: str, new: str, marks: Marks | None = None, seconds: float = TIME_LIMIT
) -> Marked:
    """Return the difference of two plain texts; both may hold anything."""
    if max(len(old), len(new)) > LONGEST_TEXT:
        return _too_long(old, new)
    before, after = [[Piece(word) for word in words_of(text)] for text in (old, new)]
    html, added, removed = _mark(before, after, marks or Marks.of_change(), seconds)
    return Marked(html, added, removed, is_changed=old != new)


def _too_long(old: str, new: str) -> Marked:
    words = format_html("<p>{}</p>", _("This text is too long to be compared word by word."))
    return Marked(words, is_changed=old != new)


# Rich text


class Piece(NamedTuple):
    """A word of a text, and how it looks."""

    text: str
    is_strong: bool = False
    is_emphasised: bool = False
    href: str = ""

    @property
    def key(self) -> Hashable:
        """What makes it another word. A link that leads elsewhere is another."""
        return (self.text, self.href) if self.href else self.text


@dataclass
class Block:
    """A paragraph, a list item, a heading: `path` names the lists and quotations around it."""

    tag: str
    path: tuple[str, ...]
    begins_item: bool
    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def key(self) -> Hashable:
        return tuple(piece.key for piece in self.pieces)

    @property
    def words(self) -> Counter[str]:
        return Counter(piece.text for piece in self.pieces if _is_word(piece.text))


class _Reader(HTMLParser):
    """Reads sanitised HTML into blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._path: list[str] = []
        self._tag = "p"
        self._begins_item = False
        self._text: list[tuple[str, Piece]] = []
        self._strong = self._emphasised = 0
        self._hrefs: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        match tag:
            case "strong":
                self._strong += 1
            case "em":
                self._emphasised += 1
            case "a":
                self._hrefs.append(dict(attributes).get("href") or "")
            case "br":
                self._text.append(("\n", self._look()))
            case _:
                self._end_block()
                if tag in {"ul", "ol", "blockquote"}:
                    self._path.append(tag)
                elif tag == "li":
                    self._begins_item = True
                else:
                    self._tag = tag

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "strong":
                self._strong -= 1
            case "em":
                self._emphasised -= 1
            case "a":
                self._hrefs.pop()
            case "br":
                pass
            case _:
                self._end_block()
                if tag in {"ul", "ol", "blockquote"}:
                    self._path.pop()

    def handle_data(self, data: str) -> None:
        self._text.append((_SPACES.sub(" ", data), self._look()))

    def close(self) -> None:
        super().close()
        self._end_block()

    def _look(self) -> Piece:
        href = self._hrefs[-1] if self._hrefs else ""
        return Piece("", self._strong > 0, self._emphasised > 0, href)

    def _end_block(self) -> None:
        pieces = [look._replace(text=word) for text, look in self._text for word in words_of(text)]
        while pieces and pieces[0].text.isspace():
            pieces.pop(0)
        while pieces and pieces[-1].text.isspace():
            pieces.pop()
        if pieces:
            path = tuple(self._path[:DEEPEST])
            self.blocks.append(Block(self._tag, path, self._begins_item, pieces))
            self._begins_item = False
        self._text, self._tag = [], "p"


def blocks_of(html: str) -> list[Block]:
    """Return the blocks of `html`, of which nothing is taken but what a text may hold."""
    reader = _Reader()
    reader.feed(sanitise(html))
    reader.close()
    return reader.blocks


def compare_html(
    old: str, new: str, marks: Marks | None = None, seconds: float = TIME_LIMIT
) -> Marked:
    """Return the difference of two rich texts, as blocks in the structure of the new one."""
    if max(len(old), len(new)) > LONGEST_TEXT:
        return _too_long(old, new)
    marks = marks or Marks.of_change()
    ends_at = time.monotonic() + seconds
    before, after = blocks_of(old), blocks_of(new)
    written: list[tuple[Block, SafeString]] = []
    added = removed = 0
    for left, right in _pairs(before, after, seconds):
        html, more, less = _mark(
            left.pieces if left else [],
            right.pieces if right else [],
            marks,
            ends_at - time.monotonic(),
        )
        added, removed = added + more, removed + less
        block = right or left
        assert block is not None  # noqa: S101 - a pair is of at least one.
        written.append((block, html))
    return Marked(_structure(written), added, removed, is_changed=before != after)


Pair = tuple[Block | None, Block | None]


def _pairs(old: list[Block], new: list[Block], seconds: float) -> Iterable[Pair]:
    """Yield the blocks that belong together; a block without a partner stands alone."""
    left = right = 0
    keys = [block.key for block in old], [block.key for block in new]
    pending: tuple[list[Block], list[Block]] = ([], [])
    for kind, count in operations(*keys, seconds, for_reading=False):
        if kind == TAKEN_OUT:
            pending[0].extend(old[left : left + count])
            left += count
        elif kind == ADDED:
            pending[1].extend(new[right : right + count])
            right += count
        else:
            yield from _alike(*pending)
            pending = ([], [])
            yield from zip(old[left : left + count], new[right : right + count], strict=True)
            left, right = left + count, right + count
    yield from _alike(*pending)


def _alike(old: list[Block], new: list[Block]) -> Iterable[Pair]:
    """Pair, in order, blocks that share most of their words; a longest common subsequence."""
    if len(old) * len(new) > MOST_PAIRS:
        old_words = new_words = []
    else:
        old_words, new_words = [b.words for b in old], [b.words for b in new]
    best = [[0.0] * (len(new) + 1) for _row in range(len(old) + 1)] if old_words else []
    for i in range(len(old_words) - 1, -1, -1):
        for j in range(len(new_words) - 1, -1, -1):
            share = _share(old_words[i], new_words[j])
            both = best[i + 1][j + 1] + share if share >= ALIKE else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(old_words) and j < len(new_words):
        if best[i][j] == best[i + 1][j]:
            yield old[i], None
            i += 1
        elif best[i][j] == best[i][j + 1]:
            yield None, new[j]
            j += 1
        else:
            yield old[i], new[j]
            i, j = i + 1, j + 1
    yield from ((block, None) for block in old[i:])
    yield from ((None, block) for block in new[j:])


def _share(one: Counter[str], other: Counter[str]) -> float:
    """Return the part of their words that two blocks share, 0 to 1 (the Dice coefficient)."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _mark(
    old: list[Piece], new: list[Piece], marks: Marks, seconds: float
) -> tuple[SafeString, int, int]:
    """Return the words of one block with what differs marked, and how many differ."""
    left = right = added = removed = 0
    parts: list[SafeString] = []
    if old == new:
        return _looks(new), 0, 0
    keys = [piece.key for piece in old], [piece.key for piece in new]
    for kind, count in operations(*keys, seconds):
        if kind == TAKEN_OUT:
            pieces = old[left : left + count]
            removed += sum(_is_word(piece.text) for piece in pieces)
            parts.append(_change("del", marks.removed, pieces, marks.end))
            left += count
            continue
        pieces = new[right : right + count]
        right += count
        if kind == SAME:
            left += count
            parts.append(_looks(pieces))
        else:
            added += sum(_is_word(piece.text) for piece in pieces)
            parts.append(_change("ins", marks.added, pieces, marks.end))
    return format_html_join("", "{}", ((part,) for part in parts)), added, removed


def _change(tag: str, begins: str, pieces: list[Piece], ends: str) -> SafeString:
    if all(piece.text.isspace() for piece in pieces):
        # A space more or less is nothing to read out.
        return _looks(pieces) if tag == "ins" else SafeString("")
    return format_html(
        '<{0}><span class="visually-hidden"> {1} </span>{2}'
        '<span class="visually-hidden"> {3} </span></{0}>',
        mark_safe(tag),  # noqa: S308 - one of two words of ours.
        begins,
        _looks(pieces),
        ends,
    )


def _looks(pieces: list[Piece]) -> SafeString:
    """Return the words with their look: nothing else makes a tag here."""
    written: list[SafeString] = []
    for look, group in groupby(pieces, key=lambda piece: piece[1:]):
        text = format_html_join(
            SafeString("<br>"),
            "{}",
            ((line,) for line in "".join(p.text for p in group).split("\n")),
        )
        is_strong, is_emphasised, href = look
        if is_emphasised:
            text = format_html("<em>{}</em>", text)
        if is_strong:
            text = format_html("<strong>{}</strong>", text)
        if href.startswith(("/", "#", "https://", "http://")):
            text = format_html('<a href="{}">{}</a>', href, text)
        written.append(text)
    return format_html_join("", "{}", ((part,) for part in written))


def _structure(blocks: Iterable[tuple[Block, SafeString]]) -> SafeString:
    """Return blocks inside their lists and quotations; every element that opens is closed."""
    written: list[str] = []
    around: list[list[Any]] = []  # Each a name, and whether an item of it is open.

    def leave() -> None:
        name, has_item = around.pop()
        written.append(f"{'</li>' if has_item else ''}</{name}>")

    def begin_item() -> None:
        if around and around[-1][0] != "blockquote":
            written.append("</li><li>" if around[-1][1] else "<li>")
            around[-1][1] = True

    for block, html in blocks:
        kept = 0
        while kept < min(len(around), len(block.path)) and around[kept][0] == block.path[kept]:
            kept += 1
        while len(around) > kept:
            leave()
        for name in block.path[kept:]:
            if around and not around[-1][1]:
                begin_item()
            written.append(f"<{name}>")
            around.append([name, False])
        is_in_list = bool(around) and around[-1][0] != "blockquote"
        is_first = is_in_list and (block.begins_item or not around[-1][1])
        if is_first:
            begin_item()
        tag = "h3" if block.tag == "h3" else "" if is_first else "p"
        written.append(f"<{tag}>{html}</{tag}>" if tag else html)
    while around:
        leave()
    return mark_safe("".join(written))  # noqa: S308 - tags of ours around escaped words.


# Whole wordings


@dataclass(frozen=True)
class Cited:
    """A source as a wording cites it."""

    source_id: int | None
    source: str
    supports: str
    passages: str = ""


@dataclass(frozen=True)
class Wording:
    """All that an editor writes, whatever holds it: a version, or what was typed into a form."""

    title: str = ""
    neutral_heading: str = ""
    body: str = ""
    call_now: str = ""
    sensitivity: str = ""
    evidence: str = ""
    audiences: tuple[str, ...] = ()
    grade_reason: str = ""
    plain_words: str = ""
    citations: tuple[Cited, ...] = ()

    @classmethod
    def of(cls, version: FactVersion) -> Self:
        """Return what `version` says; its citations should be fetched with their sources."""
        return cls(
            title=version.title,
            neutral_heading=version.neutral_heading,
            body=version.body,
            call_now=version.call_now,
            sensitivity=version.sensitivity,
            evidence=version.evidence,
            audiences=tuple(version.audiences),
            grade_reason=version.grade_reason,
            plain_words=version.plain_words,
            citations=tuple(
                Cited(c.source_id, str(c.source), c.supports, c.passages)
                for c in version.citations.all()  # type: ignore[attr-defined]
            ),
        )


@dataclass(frozen=True)
class Part:
    """One field of two wordings: what it is called, and its difference."""

    name: str
    label: str
    html: SafeString
    is_changed: bool


@dataclass(frozen=True)
class Comparison:
    """The difference of two wordings: part by part, and how many words differ in all."""

    parts: tuple[Part, ...]
    added: int
    removed: int

    @property
    def changed(self) -> list[Part]:
        """The parts that differ."""
        return [part for part in self.parts if part.is_changed]

    @property
    def is_changed(self) -> bool:
        return any(part.is_changed for part in self.parts)

    @property
    def summary(self) -> str:
        """What differs, in one line."""
        if not self.is_changed:
            return _("Nothing differs.")
        if not (self.added or self.removed):
            return _("No word differs; how it looks, or what kind of fact it is, does.")
        more = ngettext("%(count)d word added", "%(count)d words added", self.added)
        less = ngettext("%(count)d taken out", "%(count)d taken out", self.removed)
        return _("%(more)s, %(less)s.") % {
            "more": more % {"count": self.added},
            "less": less % {"count": self.removed},
        }


# The parts of a wording, in the order of the page; those of the second list are for staff alone.
READERS_PARTS = (
    "title",
    "neutral_heading",
    "call_now",
    "body",
    "sensitivity",
    "evidence",
    "audiences",
    "citations",
)
STAFF_PARTS = ("grade_reason", "plain_words")


def _labels() -> dict[str, str]:
    return {
        "title": _("Heading"),
        "neutral_heading": _("Neutral heading"),
        "call_now": _("When to call now"),
        "body": _("Text"),
        "sensitivity": _("Sensitivity"),
        "evidence": _("Kind of evidence"),
        "audiences": _("For whom in particular"),
        "citations": _("Sources"),
        "grade_reason": _("Why it cannot be simpler"),
        "plain_words": _("Words that need no glossary"),
    }


def compare(
    old: Wording, new: Wording, *, for_staff: bool = False, marks: Marks | None = None
) -> Comparison:
    """Return the difference of two wordings; `for_staff` with what readers never see."""
    marks = marks or Marks.of_change()
    ends_at = time.monotonic() + TIME_LIMIT
    labels = _labels()
    parts, added, removed = [], 0, 0
    for name in (*READERS_PARTS, *STAFF_PARTS) if for_staff else READERS_PARTS:
        before, after = getattr(old, name), getattr(new, name)
        left = max(ends_at - time.monotonic(), 0.01)
        if name == "citations":
            marked = _compare_citations(before, after, marks, left, for_staff=for_staff)
        elif name == "body":
            marked = compare_html(before, after, marks, left)
        elif name in {"sensitivity", "evidence", "audiences"}:
            marked = _compare_choices(name, before, after, marks)
        else:
            marked = compare_text(before, after, marks, left)
        if marked.html or marked.is_changed:
            parts.append(Part(name, labels[name], marked.html, marked.is_changed))
        added, removed = added + marked.added, removed + marked.removed
    return Comparison(tuple(parts), added, removed)


def compare_versions(old: FactVersion, new: FactVersion, *, for_staff: bool = False) -> Comparison:
    """Return the difference of two versions."""
    return compare(Wording.of(old), Wording.of(new), for_staff=for_staff)


def choice_words(name: str, value: Any) -> list[str]:
    """Return what a choice, or several, of the field `name` of a version is called."""
    model_field: Any = FactVersion._meta.get_field(name)
    if isinstance(model_field, ChoicesField):
        return model_field.labels(value)
    names = {"": _("Not said yet"), **dict(model_field.flatchoices)}
    return [str(names.get(value, value))]


def _compare_choices(name: str, old: Any, new: Any, marks: Marks) -> Marked:
    before, after = choice_words(name, old), choice_words(name, new)
    return Marked(
        _items(
            [
                *((_whole(word, marks) if word not in before else word) for word in after),
                *(_whole(word, marks, "del") for word in before if word not in after),
            ]
        ),
        is_changed=set(before) != set(after),
    )


def _whole(text: str, marks: Marks, tag: str = "ins") -> SafeString:
    """Return `text` as added, or taken out, as a whole."""
    return _change(tag, marks.added if tag == "ins" else marks.removed, [Piece(text)], marks.end)


def _items(items: list[Any]) -> SafeString:
    if not items:
        return SafeString("")
    if len(items) == 1:
        return format_html("<p>{}</p>", items[0])
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((i,) for i in items)))


def _compare_citations(
    old: Iterable[Cited], new: Iterable[Cited], marks: Marks, seconds: float, *, for_staff: bool
) -> Marked:
    """Return which sources came and went, and what else those that stayed support."""
    waiting = list(old)
    items: list[SafeString] = []
    is_changed, added, removed = False, 0, 0
    partners = {}
    after = list(new)
    tests: list[Callable[[Cited, Cited], bool]] = [
        lambda a, b: a == b,
        lambda a, b: (a.source_id, a.supports) == (b.source_id, b.supports),
        lambda a, b: a.source_id is not None and a.source_id == b.source_id,
    ]
    for belongs in tests:
        for place, cited in enumerate(after):
            if place in partners:
                continue
            partner = next((c for c in waiting if belongs(c, cited)), None)
            if partner is not None:
                partners[place] = partner
                waiting.remove(partner)
    for place, cited in enumerate(after):
        if place not in partners:
            items.append(_whole(_cited(cited, for_staff=for_staff), marks))
            is_changed = True
            continue
        pairs = [(partners[place].supports, cited.supports)]
        if for_staff:
            pairs.append((partners[place].passages, cited.passages))
        compared = [compare_text(a, b, marks, seconds) for a, b in pairs]
        is_changed = is_changed or any(marked.is_changed for marked in compared)
        added += sum(marked.added for marked in compared)
        removed += sum(marked.removed for marked in compared)
        texts = format_html_join(SafeString("<br>"), "{}", ((m.html,) for m in compared if m.html))
        items.append(format_html("{}<br>{} {}", cited.source, _("Supports:"), texts))
    for cited in waiting:
        items.append(_whole(_cited(cited, for_staff=for_staff), marks, "del"))
        is_changed = True
    return Marked(_items(items), added, removed, is_changed)


def _cited(cited: Cited, *, for_staff: bool) -> str:
    """Return a source and what it supports, in lines."""
    lines = [cited.source, f"{_('Supports:')} {cited.supports}"]
    if for_staff and cited.passages:
        lines.append(cited.passages)
    return "\n".join(lines)
