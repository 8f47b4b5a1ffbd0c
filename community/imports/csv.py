"""Reads listings out of a CSV file, as spreadsheet programs save them."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from community.cells import defuse, undo_defuse
from community.imports.checks import check, label
from community.imports.columns import COLUMNS, Column
from community.imports.rows import (
    MOST_CELL,
    FileRefused,
    Listing,
    Reading,
    check_row_count,
    check_size,
    cut,
    one_line,
)
from community.imports.words import simplify

FORMAT = "csv"
# What the name of the template's own row begins with.
EXAMPLE_MARK = "EXAMPLE"
MOST_COLUMNS = 200
_DELIMITERS = ",;\t|"
_HEADINGS = {
    simplify(heading): column
    for column in COLUMNS
    for heading in (column.heading, *column.other_headings)
}
_NAMES = {column.field: column.heading for column in COLUMNS}
_OTHER_FILES = (
    (b"PK\x03\x04", "xlsx"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"%PDF", "pdf"),
)


@dataclass(frozen=True)
class _Row:
    """A row that was read: its number, its values by field, and which cells were filled."""

    number: int
    values: dict[str, Any]
    filled: set[str]


def name_of(field: str) -> str:
    """Return the heading of the column that fills `field`."""
    if field == "meetings":
        return _NAMES["meeting.weekday"]
    return _NAMES.get(field) or label(field)


def read(data: bytes, time_zone: str = "") -> Reading:
    """Return what the CSV file `data` says. Raises FileRefused if nothing can be made of it.

    `time_zone` is for rows that name none.
    """
    check_size(data)
    reading = Reading(FORMAT)
    text = _decode(data, reading)
    records = _records(text, reading)
    headings = next(records, (0, []))[1]
    columns = _columns(headings, reading)
    groups: dict[str, list[_Row]] = {}
    is_bad: dict[str, int] = {}
    for row, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        reading.row_count += 1
        check_row_count(reading.row_count)
        before = len(reading.refused)
        values, filled = _values(row, cells, headings, columns, time_zone, reading)
        key = _key(values)
        groups.setdefault(key, []).append(_Row(row, values, filled))
        if len(reading.refused) > before:
            is_bad.setdefault(key, row)
    if not reading.row_count and not reading.refused:
        raise FileRefused(_("There is a row of headings in the file, and nothing below it."))
    for key, rows in groups.items():
        if key in is_bad:
            _refuse_with(is_bad[key], rows, reading)
        else:
            listing = _listing(key, rows, reading)
            if listing and check(listing, reading, name_of):
                reading.listings.append(listing)
    return reading


def _decode(data: bytes, reading: Reading) -> str:
    """Return the text of the file; guess how it is written if it does not say."""
    for start, kind in _OTHER_FILES:
        if data.startswith(start):
            raise FileRefused(
                _("This is a file of the kind .%(kind)s. Save it as CSV (UTF-8) and take that one.")
                % {"kind": kind}
            )
    try:
        text = _decode_marked(data)
    except UnicodeDecodeError:
        raise FileRefused(
            _("The file is not written as it says. Save it again as CSV (UTF-8).")
        ) from None
    if text is None:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
            reading.remark(
                0,
                "",
                _(
                    "The file is not in UTF-8. It was read as Windows-1252, as older programs save "
                    "it: look at the letters with accents."
                ),
            )
    if "\x00" in text:
        text = text.replace("\x00", "")
        reading.remark(0, "", _("Empty signs (NUL) in the file were left out."))
    return text


def _decode_marked(data: bytes) -> str | None:
    """Return the text if the file begins with a mark, or is plainly UTF-16; else None."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return data.decode("utf-32")
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    start = data[:2000]
    # Of a text in Latin letters every other byte is empty then.
    if len(start) >= 4 and start.count(b"\x00") > len(start) // 3:
        return data.decode("utf-16-be" if start[0] == 0 else "utf-16-le")
    return None


def _records(text: str, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their numbers as a spreadsheet counts them, the headings first."""
    lines = io.StringIO(text, newline="")
    first = lines.readline()
    said = first.strip().lower()
    row = 0
    if said.startswith("sep=") and len(said) <= 5:
        # A line that only spreadsheet programs understand.
        delimiter, row = (said[4:] or "\t"), 1
    else:
        delimiter = _delimiter(first)
        lines.seek(0)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "expected after" not in str(error) or row == 1:
                raise FileRefused(
                    _(
                        "In row %(row)d a quotation mark is opened and not closed where it should "
                        "be. Nothing was read: mend the row and try again."
                    )
                    % {"row": row}
                ) from None
            reading.row_count += 1
            reading.refuse([row], "", _("A quotation mark stands in the middle of a cell."))
            continue
        yield row, cells


def _delimiter(line: str) -> str:
    """Return what stands between the cells: that which makes the most known headings."""

    def known(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            cells = line.split(delimiter)
        return sum(_heading(cell) in _HEADINGS for cell in cells), len(cells)

    return max(_DELIMITERS, key=known)


def _heading(cell: str) -> str:
    return simplify(undo_defuse(cell).replace("_", " ").strip(" *:\ufeff")[:100])


def _columns(headings: list[str], reading: Reading) -> list[Column | None]:
    """Return the columns in the order of the file; None for those that are not known."""
    if len(headings) > MOST_COLUMNS:
        words = _("The file has more than %(number)d columns. Is it a list of groups?")
        raise FileRefused(words % {"number": MOST_COLUMNS})
    columns: list[Column | None] = []
    for heading in headings:
        column = _HEADINGS.get(_heading(heading))
        if column in columns and column is not None:
            raise FileRefused(
                _("Two columns are called “%(heading)s”. Take one of them out.")
                % {"heading": column.heading}
            )
        if column is None and heading.strip():
            reading.remark(
                1,
                cut(one_line(heading), 40),
                _("This column is not known, and was left out."),
            )
        columns.append(column)
    if not any(column and column.is_required for column in columns):
        found = ", ".join(f"“{cut(one_line(h), 30)}”" for h in headings[:8] if h.strip())
        raise FileRefused(
            _(
                "There is no column called “name”. Is the first row the row of headings? "
                "It holds: %(found)s."
            )
            % {"found": found or _("nothing")}
        )
    return columns


def _values(
    row: int,
    cells: list[str],
    headings: list[str],
    columns: list[Column | None],
    time_zone: str,
    reading: Reading,
) -> tuple[dict[str, Any], set[str]]:
    """Return the values of a row by the names of their fields, and which cells are filled.

    Refuses the row where a cell cannot be read.
    """
    values: dict[str, Any] = {}
    filled: set[str] = set()
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        reading.refuse([row], "", _("It has more cells than there are headings."))
    for place, column in enumerate(columns):
        cell = undo_defuse(cells[place]) if place < len(cells) else ""
        if column is None:
            if cell.strip() and not headings[place].strip():
                reading.remark(1, "", _("A column without a heading was left out."))
            continue
        if len(cell) > MOST_CELL:
            reason = _("It holds more than %(number)d characters.") % {"number": MOST_CELL}
            reading.refuse([row], column.heading, reason)
            continue
        text = one_line(cell)
        if text:
            filled.add(column.field)
        elif column.field.startswith("meeting."):
            values.setdefault(column.field, None)
            continue
        try:
            values[column.field] = column.read(cell if column.is_text else text)
        except ValueError as error:
            reading.refuse([row], column.heading, error)
    name = values.get("name", "")
    if name.startswith(EXAMPLE_MARK):
        reading.refuse([row], _NAMES["name"], _("The example of the template: never imported."))
    _complete_meeting(row, values, filled, time_zone, reading)
    return values, filled


def _complete_meeting(
    row: int, values: dict[str, Any], filled: set[str], time_zone: str, reading: Reading
) -> None:
    """Make one value of the cells that say when a group meets, or refuse the row."""
    cells = {name: values.pop(name) for name in list(values) if name.startswith("meeting.")}
    if "meeting.weekday" not in cells and "meeting.starts_at" not in cells:
        return
    values["meeting"] = None
    if not any(name.startswith("meeting.") for name in filled - {"meeting.time_zone"}):
        return
    ordinals = cells.get("meeting.ordinals") or []
    frequency = cells.get("meeting.frequency") or ("monthly" if ordinals else "weekly")
    zone = cells.get("meeting.time_zone") or time_zone
    for name in ("meeting.weekday", "meeting.starts_at"):
        if name not in filled:
            reading.refuse([row], _NAMES[name], _("It says when a group meets only in part."))
    if not zone and "meeting.time_zone" not in filled:
        reading.refuse(
            [row],
            _NAMES["meeting.time_zone"],
            _("It names no time zone, and none was chosen for the file."),
        )
    if frequency == "weekly" and ordinals:
        reading.refuse(
            [row], _NAMES["meeting.frequency"], _("A weekly meeting has no “which of the month”.")
        )
    values["meeting"] = {
        "frequency": frequency,
        "interval": cells.get("meeting.interval") or 1,
        "weekday": cells.get("meeting.weekday"),
        "ordinals": ordinals,
        "starts_at": cells.get("meeting.starts_at"),
        "duration_minutes": cells.get("meeting.duration_minutes") or 90,
        "time_zone": zone,
        # Only if the file has these columns: without them it cannot tell.
        **{
            name: cells[f"meeting.{name}"]
            for name in ("first_on", "last_on")
            if f"meeting.{name}" in cells
        },
    }


def _key(values: dict[str, Any]) -> str:
    """Return what the rows of one group have in common."""
    key = values.get("key") or values.get("slug")
    if not key:
        key = f"{simplify(values.get('name', ''))} | {simplify(values.get('place', ''))}"
    return key if len(key) <= 120 else hashlib.sha256(key.encode()).hexdigest()


def _refuse_with(bad: int, rows: list[_Row], reading: Reading) -> None:
    """Refuse the rows of a group of which row `bad` was refused: half of it would be wrong."""
    done = reading.refused_rows
    others = [row.number for row in rows if row.number not in done]
    reading.refuse(others, "", _("Row %(row)d of the same group was refused.") % {"row": bad})


def _listing(key: str, rows: list[_Row], reading: Reading) -> Listing | None:
    """Return one listing out of its rows, or refuse them if they contradict each other.

    The first row says what the group is; the cells of later ones may be empty or say the same.
    """
    values = rows[0].values
    for row in rows[1:]:
        for name in sorted(row.filled & values.keys()):
            if row.values.get(name) != values[name]:
                reading.refuse(
                    [row.number for row in rows],
                    _NAMES[name],
                    _("Row %(row)d says something else than row %(first)d of the same group.")
                    % {"row": row.number, "first": rows[0].number},
                )
                return None
    fields = {n: v for n, v in values.items() if n not in {"key", "slug", "meeting"}}
    joining = {
        name.removeprefix("joining."): fields.pop(name)
        for name in list(fields)
        if name.startswith("joining.")
    }
    meetings = None
    if "meeting" in values:
        found = [row.values["meeting"] for row in rows if row.values.get("meeting")]
        meetings = [m for i, m in enumerate(found) if m not in found[:i]]
    slug = values.get("slug", "")
    return Listing(
        rows=[row.number for row in rows],
        key=key,
        slug=slug if re.fullmatch(r"[a-z0-9_-]{1,80}", slug) else "",
        fields=fields,
        meetings=meetings,
        joining=joining or None,
    )


def template() -> bytes:
    """Return an empty file with all headings, and one row that shows what to write.

    With a mark of its encoding, without which spreadsheet programs misread accents.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.heading for column in COLUMNS)
    example = {column.field: column.example for column in COLUMNS}
    example["name"] = f"{EXAMPLE_MARK} ({_('this row is never imported')}): {example['name']}"
    writer.writerow(defuse(cell) for cell in example.values())
    return text.getvalue().encode("utf-8-sig")
