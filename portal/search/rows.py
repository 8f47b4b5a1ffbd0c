"""What the two databases return of a search."""

from dataclasses import dataclass

LIMIT = 20  # results
# What more texts hold than these is not ranked text by text. In its place stand, of the newest
# that have it in their title, the shortest titles, and then the newest texts.
RANKED = 1_000
NAMED = 100
BOUNDS = {"limit": LIMIT, "ranked": RANKED, "most_named": NAMED}
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
