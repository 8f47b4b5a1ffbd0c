"""What somebody typed into the form of a text that changed in the meantime: nothing of it is lost.

What was typed is read from the request itself, since a form that is refused may hold less.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from facts.differences import Cited, Marks, Wording, choice_words, compare
from facts.fields import sanitise
from facts.models import FactVersion, Source

PREFIX = "citations"
_CELL = re.compile(r"^citations-([0-9]{1,4})-([A-Za-z_]+)$")
_NUMBER = re.compile(r"^[0-9]{1,18}$")
Row = dict[str, str]


def rows_of(data: QueryDict) -> list[Row]:
    """Return the rows of citations in `data`, in their order, each with what was typed."""
    rows: dict[int, Row] = {}
    for name in data:
        if cell := _CELL.match(name):
            rows.setdefault(int(cell[1]), {})[cell[2]] = str(data[name])
    return [rows[number] for number in sorted(rows)]


def _is_empty(row: Row) -> bool:
    return not any(row.get(name, "").strip() for name in ("source", "supports", "passages"))


def with_rows_as_saved(data: QueryDict, version: FactVersion) -> QueryDict:
    """Return `data` with rows that fit what is saved of `version` now.

    A row that somebody else has added joins them; one of which the citation was taken out becomes
    a new row, so that what was typed into it stays.
    """
    rows = rows_of(data)
    saved = {str(c.pk): c for c in version.citations.in_order()}  # type: ignore[attr-defined]
    kept = [row for row in rows if row.get("id") in saved]
    known = {row["id"] for row in kept}
    joined = [
        {
            "id": key,
            "version": str(version.pk),
            "source": str(citation.source_id),
            "supports": citation.supports,
            "passages": citation.passages,
            "position": str(citation.position),
        }
        for key, citation in saved.items()
        if key not in known
    ]
    said = [(row["source"], row["supports"], row["passages"]) for row in joined]
    typed = [
        {**row, "id": ""}
        for row in rows
        if row.get("id") not in saved
        and not _is_empty(row)
        and not row.get("DELETE")
        # Both added the same: once is enough.
        and (row.get("source"), row.get("supports"), row.get("passages", "")) not in said
    ]
    fresh = data.copy()
    for name in list(fresh):
        if _CELL.match(name):
            del fresh[name]
    for number, row in enumerate([*kept, *joined, *typed]):
        for name, value in row.items():
            fresh[f"{PREFIX}-{number}-{name}"] = value
    fresh[f"{PREFIX}-INITIAL_FORMS"] = str(len(kept) + len(joined))
    fresh[f"{PREFIX}-TOTAL_FORMS"] = str(len(kept) + len(joined) + len(typed))
    return fresh


def typed_wording(data: QueryDict) -> Wording:
    """Return what was typed, as a wording: its text clean, its sources by name."""
    rows = [row for row in rows_of(data) if not _is_empty(row) and not row.get("DELETE")]
    keys = {row["source"] for row in rows if _NUMBER.match(row.get("source", ""))}
    sources = {str(source.pk): source for source in Source.objects.filter(pk__in=keys)}
    audiences: Any = FactVersion._meta.get_field("audiences")
    return Wording(
        title=str(data.get("title", "")),
        neutral_heading=str(data.get("neutral_heading", "")),
        body=sanitise(str(data.get("body", ""))),
        call_now=str(data.get("call_now", "")),
        sensitivity=str(data.get("sensitivity", "")),
        evidence=str(data.get("evidence", "")),
        audiences=tuple(audiences.to_python(",".join(map(str, data.getlist("audiences"))))),
        grade_reason=str(data.get("grade_reason", "")),
        plain_words=str(data.get("plain_words", "")),
        citations=tuple(_cited(row, sources) for row in rows),
    )


def _cited(row: Row, sources: dict[str, Source]) -> Cited:
    source = sources.get(row.get("source", ""))
    return Cited(
        source.pk if source else None,
        str(source) if source else _("No publication chosen"),
        row.get("supports", ""),
        row.get("passages", ""),
    )


def both_texts(saved: FactVersion, data: QueryDict) -> dict[str, Any]:
    """Return what a page shows of two texts of which one could not be saved."""
    theirs, yours = Wording.of(saved), typed_wording(data)
    return {
        "difference": compare(theirs, yours, for_staff=True, marks=Marks.of_two_hands()),
        "two_hands": True,
        "theirs": in_full(theirs),
        "yours": in_full(yours),
    }


def in_full(wording: Wording) -> list[tuple[str, SafeString | str]]:
    """Return every field of a wording: what it is called, and what it holds."""
    return [
        (_("Heading"), wording.title),
        (_("Neutral heading"), wording.neutral_heading),
        (_("When to call now"), wording.call_now),
        # Clean already; once more, since what is marked here is not escaped.
        (_("Text"), mark_safe(sanitise(wording.body))),  # noqa: S308
        (_("Sensitivity"), ", ".join(choice_words("sensitivity", wording.sensitivity))),
        (_("Kind of evidence"), ", ".join(choice_words("evidence", wording.evidence))),
        (_("For whom in particular"), ", ".join(choice_words("audiences", wording.audiences))),
        (_("Sources"), _list(wording.citations)),
        (_("Why it cannot be simpler"), wording.grade_reason),
        (_("Words that need no glossary"), wording.plain_words),
    ]


def _list(citations: Iterable[Cited]) -> SafeString:
    items = format_html_join(
        "",
        "<li>{}<br>{} {}{}</li>",
        (
            (c.source, _("Supports:"), c.supports, _lines(c.passages) if c.passages else "")
            for c in citations
        ),
    )
    return format_html("<ul>{}</ul>", items) if items else SafeString("")


def _lines(text: str) -> SafeString:
    return format_html_join("", "<br>{}", ((line,) for line in text.splitlines()))
