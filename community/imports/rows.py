"""What a file says, in one shape whatever its format, and the limits that all formats share.

Plain data, no database.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from html import unescape
from typing import Any

from django.utils.translation import gettext as _

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 5_000
# Longer than any field may be; what a cell may hold before it is looked at.
MOST_CELL = 20_000


class FileRefused(Exception):
    """The whole file cannot be read; the words say why, and what would help."""


@dataclass
class Problem:
    """Something about a row that somebody should know: why it was refused, or what was changed.

    `row` counts as the file's own program does; 0 is the file as a whole.
    """

    row: int
    field: str
    reason: str


@dataclass
class Listing:
    """One listing, out of one row or several.

    `key` finds it again in a later file of the same source, as do the keys of its `parts`.
    `fields` holds only what the file can tell: what is not in it is left as it is; `defaults` is
    for new listings alone. `meetings`, `joining` and `is_paused` are None if the file cannot tell
    them. `slug` names one of our own listings.
    """

    rows: list[int]
    key: str
    fields: dict[str, Any]
    parts: list[str] = field(default_factory=list)
    slug: str = ""
    defaults: dict[str, Any] = field(default_factory=dict)
    meetings: list[dict[str, Any]] | None = None
    joining: dict[str, str] | None = None
    is_paused: bool | None = None


@dataclass
class Reading:
    """What was read out of a file. Each of its rows is in a listing or refused."""

    format: str
    row_count: int = 0
    listings: list[Listing] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)

    @property
    def refused_rows(self) -> set[int]:
        """The numbers of the rows that were refused, whatever the number of reasons."""
        return {problem.row for problem in self.refused}

    def refuse(self, rows: Iterable[int], name: str, reason: Any) -> None:
        """Write down why rows that belong together are not imported."""
        self.refused += [Problem(row, str(name), str(reason)) for row in rows]

    def remark(self, row: int, name: str, words: Any) -> None:
        """Write down what was left out of a row, or changed in it."""
        remark = Problem(row, str(name), str(words))
        # The parts of a listing are looked at one by one, and then as a whole.
        if remark not in self.remarks[-50:]:
            self.remarks.append(remark)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Reading":
        """Return what `to_json` was made of."""
        return cls(
            format=values["format"],
            row_count=values["row_count"],
            listings=[Listing(**listing) for listing in values["listings"]],
            refused=[Problem(**problem) for problem in values["refused"]],
            remarks=[Problem(**problem) for problem in values["remarks"]],
        )


def check_size(data: bytes) -> None:
    """Raise FileRefused if `data` is empty or too large."""
    if not data.strip(b"\x00 \t\r\n"):
        raise FileRefused(_("The file is empty."))
    if len(data) > MOST_BYTES:
        raise FileRefused(
            _("The file is larger than %(number)d MB. Cut it into several files.")
            % {"number": MOST_BYTES // 1024 // 1024}
        )


def check_row_count(number: int) -> None:
    """Raise FileRefused if there are too many rows."""
    if number > MOST_ROWS:
        raise FileRefused(
            _("The file has more than %(number)d rows. Cut it into several files.")
            % {"number": MOST_ROWS}
        )


_TAGS = (
    "a|abbr|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|script|small|"
    "span|strong|style|sub|sup|table|tbody|td|th|thead|tr|u|ul"
)
_BREAK = re.compile(r"</?(?:br|div|h[1-6]|hr|li|ol|p|table|tr|ul)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(rf"<!--.*?-->|</?(?:{_TAGS})\b[^<>]*>", re.IGNORECASE | re.DOTALL)
# Signs of control, and signs that mean something only to whoever made them up.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")


def plain_text(value: Any) -> str:
    """Return `value` as words that can be kept: without signs of control or half letters.

    Lines end in \\n; spaces at both ends of the text and at the end of lines are gone.
    """
    if value is None or isinstance(value, (list, dict)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else str(value)
    if text.isascii() and text.isprintable():
        return text.strip()
    # Half a surrogate pair is no character that could be stored.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    text = _UNPRINTABLE.sub("", text).replace("\t", " ").replace("\u00a0", " ")
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def text_of_html(value: Any) -> str:
    """Return the words of a text that may hold HTML, as those of feeds do."""
    text = re.sub(r"(?<=\S)[ \t]{2,}(?=\S)", " ", plain_text(value))
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    return plain_text(unescape(text)) if "&" in text else plain_text(text)


def one_line(value: Any) -> str:
    """Return `value` as words on one line."""
    return " ".join(plain_text(value).split())


def cut(text: str, length: int) -> str:
    """Return `text`, shortened at the end of a word to `length` characters at most."""
    if len(text) <= length:
        return text
    shorter = text[: length - 1]
    return (shorter.rsplit(None, 1)[0] if " " in shorter[length // 2 :] else shorter).rstrip() + "…"
