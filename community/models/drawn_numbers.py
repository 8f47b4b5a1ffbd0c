"""Numbers of rows that stand in addresses and forms of members: drawn, not counted.

Numbers in a row would tell everybody who has two of them how many others were made in between.
"""

import secrets

# Sixteen digits, and below what JavaScript counts exactly (2 to the power of 53).
_BEGIN, _COUNT = 10**15, 8 * 10**15


def drawn_number() -> int:
    """Return a number for a new row that tells nothing, and that no row has yet."""
    return _BEGIN + secrets.randbelow(_COUNT)
