"""What people write in cells, and what it means: times, days, lists. Plain functions.

Each raises ValueError with a sentence for whoever has to mend the cell.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, time, timedelta
from functools import cache, lru_cache
from typing import Any

from django.utils.translation import gettext as _

from community.meeting_times import time_zone_names

# The days by their names and the first letters that are used, Monday first.
_DAYS = (
    ("monday", "mon", "mo", "lunes", "lundi", "montag"),
    ("tuesday", "tues", "tue", "tu", "martes", "mardi", "dienstag"),
    ("wednesday", "weds", "wed", "we", "miercoles", "mercredi", "mittwoch"),
    ("thursday", "thurs", "thur", "thu", "th", "jueves", "jeudi", "donnerstag"),
    ("friday", "fri", "fr", "viernes", "vendredi", "freitag"),
    ("saturday", "sat", "sa", "sabado", "samedi", "samstag"),
    ("sunday", "sun", "su", "domingo", "dimanche", "sonntag"),
)
_ORDINALS = {
    "1": "1", "1st": "1", "first": "1",
    "2": "2", "2nd": "2", "second": "2",
    "3": "3", "3rd": "3", "third": "3",
    "4": "4", "4th": "4", "fourth": "4",
    "-1": "-1", "last": "-1",
}  # fmt: skip
_YES = {"yes", "y", "true", "1", "x", "✓", "✔", "si", "oui", "ja", "on"}
_NO = {"no", "n", "false", "0", "", "-", "non", "nein", "off"}
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:\s*[:.h]\s*(?P<minute>[0-9]{2})?(?:[:.][0-9]{2}(?:\.0+)?)?)?\s*"
    r"(?P<half>[ap]\.?\s?m\.?)?(?:\s*(?:uhr|hrs?|o['’]?clock))?$",
    re.ASCII,
)


@lru_cache(maxsize=4096)
def simplify(text: str) -> str:
    """Return `text` as it is compared: small letters, no accents, single spaces."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:39]}…"


def _wrong(words: str, text: str) -> ValueError:
    return ValueError(words % {"text": _short(text)})


def clock(text: str) -> time:
    """Return the clock time that `text` means: 18:30, 6:30 PM, 6 p.m., 18.30, 1830, noon."""
    said = simplify(text)
    if said in {"noon", "midday", "12 noon"}:
        return time(12)
    if said == "midnight":
        return time(0)
    if re.fullmatch(r"[0-9]{4}", said) and int(said[:2]) < 24 and int(said[2:]) < 60:
        return time(int(said[:2]), int(said[2:]))
    if re.fullmatch(r"0?\.[0-9]+", said):
        # A spreadsheet keeps a time as a part of a day.
        minutes = round(float(said) * 24 * 60)
        return time(minutes // 60 % 24, minutes % 60)
    match = _CLOCK.match(said)
    # A number alone may be anything.
    if match and not (match["half"] or match["minute"] or "h" in said):
        match = None
    if match:
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        half = (match["half"] or "")[:1]
        if half and not 1 <= hour <= 12:
            half = "" if half == "p" and 13 <= hour <= 23 else "?"
        if half != "?":
            hour = hour % 12 + (12 if half == "p" else 0) if half else hour
            if hour < 24 and minute < 60:
                return time(hour, minute)
    raise _wrong(_("“%(text)s” is no time. Write it as 18:30 or 6:30 pm."), text)


def weekday(text: str) -> str:
    """Return the number of a day, Monday = "0", by its name."""
    said = simplify(text).rstrip(".")
    for number, names in enumerate(_DAYS):
        if said in names or said.removesuffix("s") in names:
            return str(number)
    raise _wrong(_("“%(text)s” is no day of the week. Write its name: Tuesday."), text)


def ordinals(text: str) -> list[str]:
    """Return which of the month `text` means: "2nd and 4th" is ["2", "4"], last is "-1"."""
    said = re.sub(r"\b(?:and|y|et|und)\b|[,;/&+]", " ", simplify(text))
    found = []
    for word in said.split():
        if word not in _ORDINALS:
            raise _wrong(
                _("“%(text)s” does not say which of the month. Write: second, fourth, last."), text
            )
        found.append(_ORDINALS[word])
    return sorted(set(found), key=lambda o: (int(o) < 0, int(o)))


def day(text: str) -> date:
    """Return the day that `text` means, if it can mean only one: 2026-01-31, January 31, 2026."""
    said = re.sub(r"[t ]00:00(?::00)?$", "", simplify(text))
    found = _day_in_figures(said) or _day_in_words(said)
    if len(found) == 1:
        return found.pop()
    if found:
        words = _("“%(text)s” could be two different days. Write it as 2026-01-31.")
    else:
        words = _("“%(text)s” is no day. Write it as 2026-01-31.")
    raise _wrong(words, text)


def _days(*parts: tuple[int, int, int]) -> set[date]:
    """Return those of `parts`, years, months and days, that are in the calendar."""
    found = set()
    for year, month, number in parts:
        with suppress(ValueError):
            found.add(date(year, month, number))
    return found


def _day_in_figures(said: str) -> set[date]:
    """Return the days that the figures `said` can mean."""
    if match := re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", said, re.ASCII):
        year, month, number = map(int, match.groups())
        return _days((year, month, number))
    if match := re.fullmatch(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", said, re.ASCII):
        # The day first or the month first, as people are used to.
        first, second, year = map(int, match.groups())
        return _days((year, first, second), (year, second, first))
    if re.fullmatch(r"[2-7][0-9]{4}", said, re.ASCII):
        # A spreadsheet counts days from the end of 1899.
        return {date(1899, 12, 30) + timedelta(days=int(said))}
    return set()


def _day_in_words(said: str) -> set[date]:
    """Return the day that `said` means with the name of a month: 31 January 2026."""
    words = re.sub(r"(?<=[0-9])(?:st|nd|rd|th)\b", "", re.sub(r"[,.]", " ", said)).split()
    months = [i for i, name in enumerate(_MONTHS, 1) for w in words if _is_start(w, name)]
    figures = [int(w) for w in words if re.fullmatch(r"[0-9]{1,4}", w, re.ASCII)]
    if len(words) == 3 and len(months) == 1 and len(figures) == 2:
        return _days((figures[1], months[0], figures[0]))
    return set()


def _is_start(word: str, name: str) -> bool:
    return len(word) >= 3 and name.startswith(word)


def minutes(text: str) -> int:
    """Return how long `text` means, in minutes: 90, 90 min, 1:30, 1.5 hours."""
    said = simplify(text)
    match = re.fullmatch(r"([0-9]{1,4})\s*(?:m|min|mins|minutes?)?\.?", said)
    if match:
        return int(match[1])
    match = re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])(?::00)?(?:\s*h(?:ours?)?)?", said)
    if match:
        return int(match[1]) * 60 + int(match[2])
    match = re.fullmatch(
        r"([0-9]{1,2}(?:[.,][0-9]{1,2})?)\s*(?:h|hrs?|hours?)"
        r"(?:\s*(?:and\s*)?([0-9]{1,2})\s*(?:m|min|mins|minutes?)?)?",
        said,
    )
    if match:
        return round(float(match[1].replace(",", ".")) * 60) + int(match[2] or 0)
    raise _wrong(_("“%(text)s” is no length of time. Write the minutes: 90."), text)


def yes_or_no(text: str) -> bool:
    """Return whether `text` says yes."""
    said = simplify(text).rstrip(".")
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise _wrong(_("“%(text)s” is neither yes nor no."), text)


def whole_number(text: str) -> int:
    """Return the number that `text` is, at most four digits."""
    if re.fullmatch(r"[0-9]{1,4}", text.strip(), re.ASCII):
        return int(text)
    raise _wrong(_("“%(text)s” is no whole number."), text)


def coordinate(text: str, most: float) -> float:
    """Return degrees north or east, between minus and plus `most`."""
    said = text.strip().replace(",", ".").replace("\u2212", "-").rstrip("°")
    if re.fullmatch(r"-?[0-9]{1,3}(?:\.[0-9]{1,17})?", said, re.ASCII) and abs(float(said)) <= most:
        return float(said)
    raise _wrong(_("“%(text)s” is no place on the map. Write degrees: 53.8008."), text)


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in time_zone_names()}


def time_zone(text: str) -> str:
    """Return the name of the time zone as the database of zones writes it."""
    name = _zones().get("_".join(text.split()).casefold())
    if name is None:
        raise _wrong(_("“%(text)s” is not a time zone. Give one such as Europe/London."), text)
    return name


_RULE_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def rule(text: str) -> list[dict[str, Any]]:
    """Return the closed forms that an RFC 5545 rule means: one for each day of the week.

    Knows weeks and months by weekday, as meetings do, and refuses every other rule.
    """
    wrong = _wrong(_("“%(text)s” is a rule that a meeting cannot have."), text)
    parts = dict(part.split("=", 1) for part in text.upper().split(";") if "=" in part)
    frequency = {"WEEKLY": "weekly", "MONTHLY": "monthly"}.get(parts.pop("FREQ", ""), "")
    interval, days = parts.pop("INTERVAL", "1"), parts.pop("BYDAY", "")
    parts.pop("WKST", None)
    if parts or not frequency or not re.fullmatch(r"[1-9]|1[0-2]", interval, re.ASCII):
        raise wrong
    by_day: dict[str, list[str]] = {}
    for one in days.split(","):
        match = re.fullmatch(r"(-1|[1-4])?(MO|TU|WE|TH|FR|SA|SU)", one)
        if not match or bool(match[1]) != (frequency == "monthly"):
            raise wrong
        by_day.setdefault(str(_RULE_DAYS.index(match[2])), []).extend(match.groups()[:1])
    return [
        {
            "frequency": frequency,
            "interval": int(interval),
            "weekday": weekday,
            "ordinals": [o for o in ("1", "2", "3", "4", "-1") if o in wanted],
        }
        for weekday, wanted in by_day.items()
    ]


def choice(text: str, choices: Iterable[tuple[str, Any]]) -> str:
    """Return the value among `choices` that `text` names, by value or by its words."""
    choices = list(choices)
    if any(text == value for value, _words in choices):
        return text
    said = simplify(text)
    for value, words in choices:
        if said in {simplify(value), simplify(str(words))}:
            return value
    raise ValueError(
        _("“%(text)s” is not one of the choices: %(choices)s.")
        % {"text": _short(text), "choices": ", ".join(value for value, _words in choices[:40])}
    )


def several(text: str, choices: Iterable[tuple[str, Any]]) -> list[str]:
    """Return the values among `choices` that `text` names, between commas or semicolons."""
    choices = list(choices)
    wanted = [choice(part, choices) for part in re.split(r"[;,\n|]", text) if part.strip()]
    return [value for value, _words in choices if value in wanted]
