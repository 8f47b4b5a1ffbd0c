"""Groups as a table: one row for each time at which a group meets.

The columns are those of the import, so that a file goes out and comes in again unchanged.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from community.cells import defuse
from community.exports.groups import running_meetings
from community.imports.columns import PUBLIC_COLUMNS, Column


def write(groups: Iterable[Any], at: datetime) -> str:
    """Return the table. No cell begins as a formula does."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.heading for column in PUBLIC_COLUMNS)
    for group in groups:
        meetings: list[Any] = [*running_meetings(group, at)] or [None]
        for meeting in meetings:
            writer.writerow(defuse(_cell(column, group, meeting)) for column in PUBLIC_COLUMNS)
    return text.getvalue()


def _cell(column: Column, group: Any, meeting: Any) -> str:
    if not column.field.startswith("meeting."):
        return column.write(getattr(group, column.field))
    if meeting is None:
        return ""
    name = column.field.removeprefix("meeting.")
    if name == "ordinals" and meeting.frequency != "monthly":
        return ""
    return column.write(getattr(meeting, name))
