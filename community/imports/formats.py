"""The formats of files that can be imported, and the one door to their readers."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from community.imports import csv, meeting_guide
from community.imports.rows import Reading

FORMATS: list[tuple[str, Any]] = [
    (csv.FORMAT, _("CSV, as spreadsheet programs save it")),
    (meeting_guide.FORMAT, _("Meeting Guide (JSON), as meeting lists publish it")),
]


def read_file(data: bytes, kind: str, time_zone: str = "", language: str = "") -> Reading:
    """Return what the file `data` of the format `kind` says.

    `time_zone` and `language` are for rows that name none. Raises FileRefused if nothing can be
    made of the file.
    """
    if kind == csv.FORMAT:
        return csv.read(data, time_zone)
    return meeting_guide.read(data, time_zone, language)
