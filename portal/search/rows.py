"""What the two databases return of a search."""

from dataclasses import dataclass

LIMIT = 20  # results
# Of so many texts that a database sets first, the order is decided by rank.py.
CANDIDATES = 60
# What more texts hold than these is not ranked text by text. In its place stand, of the newest
# that have it in their title, the shortest titles, and then the newest texts.
RANKED = 1_000
NAMED = 100
BOUNDS = {"limit": CANDIDATES, "ranked": RANKED, "most_named": NAMED}
# A hit that stands further back in a text adds nothing to its rank, and nothing to what is shown.
LOOKED_AT = 4_000  # characters


@dataclass(frozen=True)
class Row:
    """What a database's index returns; `text` is what stands under the title, or its beginning."""

    kind: str
    url: str
    title: str
    neutral_title: str
    sensitivity: str
    text: str
