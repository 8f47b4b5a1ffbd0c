"""Cells of CSV files that no spreadsheet program takes for a formula."""

import re

# What a program may take for the beginning of a formula, also after spaces and quotes.
_OPENS_FORMULA = re.compile(r"[\s']*[=+\-@|%\t\r\n\uff1d\uff0b\uff0d\uff20\u2212]")
# Half of Europe parts cells at semicolons. There a quotation mark within a line quotes nothing,
# so a cell of ours can become several, each with a beginning of its own.
_BEGINS = r"(?<=[;\t\r\n])"
_FORMULA = r"(?=[\s'\"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20\u2212])"
_INNER = re.compile(f"{_BEGINS}{_FORMULA}")
_INNER_DEFUSED = re.compile(f"{_BEGINS}'{_FORMULA}")


def defuse(cell: str) -> str:
    """Return `cell` with an apostrophe wherever it could be taken for a formula.

    Source: OWASP, "CSV Injection".
    """
    cell = _INNER.sub("'", cell)
    return f"'{cell}" if _OPENS_FORMULA.match(cell) else cell


def undo_defuse(cell: str) -> str:
    """Return what `defuse` was given."""
    if cell.startswith("'") and _OPENS_FORMULA.match(cell[1:]):
        cell = cell[1:]
    return _INNER_DEFUSED.sub("", cell)
