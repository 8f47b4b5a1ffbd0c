"""What the two databases return of a search."""

from dataclasses import dataclass

LIMIT = 20  # results
# Control characters that no text holds: they mark the hits, so that the text can be escaped.
HIT_BEGINS, HIT_ENDS = "\x02", "\x03"


@dataclass(frozen=True)
class Row:
    """What a database's index returns; `snippet` still holds the marks of the hits."""

    kind: str
    url: str
    title: str
    neutral_title: str
    sensitivity: str
    snippet: str
    beginning: str  # of the text
