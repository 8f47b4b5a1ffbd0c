"""Cells of CSV files that no spreadsheet program takes for a formula."""

import re

# What a program may take for the beginning of a formula, also after spaces and quotes.
_OPENS_FORMULA = re.compile(r"[\s']*[=+\-@|%\t\r\n\uff1d\uff0b\uff0d\uff20\u2212]")


def defuse(cell: str) -> str:
    """Return `cell` with an apostrophe before it if it could be taken for a formula.

    Source: OWASP, "CSV Injection".
    """
    return f"'{cell}" if _OPENS_FORMULA.match(cell) else cell


def undo_defuse(cell: str) -> str:
    """Return what `defuse` was given."""
    return cell[1:] if cell.startswith("'") and _OPENS_FORMULA.match(cell[1:]) else cell
