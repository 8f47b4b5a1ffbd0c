"""The piece of a text that shows why it was found. Plain functions, no database."""

import re
from html import escape

from django.utils.safestring import SafeString, mark_safe

from portal.search.stems import Stems

LONGEST = 170  # characters; what begins before the last of them is shown whole
# A piece begins with its sentence, if that begins no further before the hit.
BEFORE = 70  # characters
_SENTENCE = re.compile(r"(?<=[.?!])\s+")


def piece(text: str, stems: Stems) -> SafeString:
    """Return the piece of `text` with the most of what is looked for, marked, escaped."""
    text = text.strip()
    hits = stems.hits(text)
    begin = _begin(text, hits)
    end = begin + LONGEST
    if len(text) - end < BEFORE // 2:
        end = len(text)  # Nearly all of it.
    elif (space := text.find(" ", end, end + BEFORE)) >= 0:
        end = space
    html, at = ["…" if begin else ""], begin
    for start, stop in hits:
        if at <= start and stop <= end:
            html += [escape(text[at:start]), f"<mark>{escape(text[start:stop])}</mark>"]
            at = stop
    # A sentence that has ended leaves nothing open.
    html += [escape(text[at:end]), "" if end == len(text) or text[end - 1] in ".?!" else "…"]
    return mark_safe("".join(html))  # noqa: S308  Escaped above.


def _begin(text: str, hits: list[tuple[int, int]]) -> int:
    """Return where the best piece begins."""
    best, most = 0, 0
    for number, (start, _stop) in enumerate(hits):
        near = {text[a:b].lower() for a, b in hits[number:] if b < start + LONGEST - BEFORE}
        if len(near) > most:
            best, most = start, len(near)
    if best <= BEFORE:
        return 0
    sentences = [hit.end() for hit in _SENTENCE.finditer(text, best - BEFORE, best)]
    if sentences:
        return sentences[-1]
    space = text.rfind(" ", best - BEFORE, best - BEFORE // 2)
    return space + 1 if space >= 0 else best
