"""Files to import, made in memory or kept with the tests."""

import csv
import io
import json
from pathlib import Path

FEEDS = Path(__file__).resolve().parent.parent / "data" / "meeting-guide"
ROW = {
    "key": "7",
    "name": "Tuesday circle",
    "description": "We drink tea.",
    "run by": "peer",
    "online": "yes",
    "day": "Tuesday",
    "begins": "18:30",
    "time zone": "Europe/London",
}


def csv_file(*rows, delimiter=",", encoding="utf-8"):
    """Return a CSV file of `rows`; each says what is different from a row that is fine."""
    rows = [ROW | row for row in rows or [{}]]
    headings = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, headings, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def many_rows(number, **changes):
    """Return a CSV file of so many groups; `changes` gives other rows by their places."""
    rows = [{"key": str(n), "name": f"Group {n}"} for n in range(number)]
    for place, row in changes.items():
        rows[int(place.removeprefix("at_"))] |= row
    return csv_file(*rows)


MEETING = {
    "name": "Tuesday circle",
    "slug": "7",
    "day": 2,
    "time": "18:30",
    "timezone": "Europe/London",
    "types": ["ONL"],
    "notes": "We drink tea.",
    "conference_url": "https://zoom.us/j/81234567890?pwd=hope12",
}


def feed(*meetings):
    """Return a Meeting Guide feed; each meeting says what is different from one that is fine."""
    return json.dumps([MEETING | meeting for meeting in meetings or [{}]]).encode()


def real_feed(name):
    """Return a feed as it was published."""
    return (FEEDS / f"{name}.json").read_bytes()
