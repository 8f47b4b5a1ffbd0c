"""Words that strangers typed, made fit to be kept and shown. Plain functions."""

import re
import unicodedata

# Marks that turn the direction of what follows, so that a line reads other than it was typed.
# Unicode Standard Annex #9, sections 2.1 to 2.6.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e") | frozenset(
    "\u2066\u2067\u2068\u2069"
)
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")
# Nothing to be seen: these alone are no words.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


def clean_text(text: str) -> str:
    """Return `text` without controls, marks of direction, halves of surrogate pairs and wide gaps.

    Lines stay. A text with nothing to be seen in it becomes an empty string.
    """
    text = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
    kept = "".join(c for c in text if c == "\n" or not _is_control(c))
    if all(unicodedata.category(c) in _INVISIBLE for c in kept):
        return ""
    return _EMPTY_LINES.sub("\n\n", kept).strip()


def _is_control(character: str) -> bool:
    return character in _BIDI_CONTROLS or unicodedata.category(character) in {"Cc", "Cs"}
