"""Reads listings out of a feed in the Meeting Guide format, which real feeds take liberties with.

Source: https://github.com/code4recovery/spec
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any, Never
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community.countries import COUNTRY_CHOICES
from community.imports import words
from community.imports.checks import check, label, screen
from community.imports.rows import (
    FileRefused,
    Listing,
    Reading,
    check_row_count,
    check_size,
    cut,
    one_line,
    text_of_html,
)
from community.imports.words import simplify
from community.models.groups import SECRET_FIELDS

FORMAT = "meeting-guide"
# What a meeting lasts that does not say it. Source: the format, “end_time”.
USUAL_MINUTES = 60

# The codes of the format that say something which a listing has a place for.
LANGUAGES = {
    "AR": "ar", "DA": "da", "DE": "de", "EL": "el", "EN": "en", "FA": "fa", "FI": "fi", "FR": "fr",
    "HE": "he", "HI": "hi", "HU": "hu", "ITA": "it", "JA": "ja", "KOR": "ko", "NL": "nl",
    "NO": "no", "POL": "pl", "POR": "pt", "PUN": "pa", "RUS": "ru", "S": "es", "SV": "sv",
    "TL": "tl", "TUR": "tr", "UK": "uk",
}  # fmt: skip
SIGN_LANGUAGES = {"ASL": "ase", "QSL": "fcs", "RSL": "rsl"}
AUDIENCES = {"M": "men", "Y": "young-adults"}
ACCESS = {"X": "step-free", "XB": "accessible-toilet", "FF": "low-scent"}
_WAYS = {"ONL", "TC"}
# Codes that readers want to know of, though a listing has no field for them.
_WORDS = {
    "O": gettext_lazy("Open to everybody."),
    "C": gettext_lazy("Closed to all but those who are affected themselves."),
    "W": gettext_lazy("For women."),
    "LGBTQ": gettext_lazy("For LGBTQ people."),
    "G": gettext_lazy("For gay people."),
    "L": gettext_lazy("For lesbian women."),
    "BI": gettext_lazy("For bisexual people."),
    "T": gettext_lazy("For transgender people."),
    "NB": gettext_lazy("For non-binary people."),
    "POC": gettext_lazy("For people of color."),
    "N": gettext_lazy("For Native Americans."),
    "NDG": gettext_lazy("For Indigenous people."),
    "SEN": gettext_lazy("For older people."),
    "BE": gettext_lazy("For newcomers."),
    "BA": gettext_lazy("Somebody looks after your children."),
    "CF": gettext_lazy("You may bring your children."),
    "OUT": gettext_lazy("Outdoors."),
    "D": gettext_lazy("People discuss."),
    "SP": gettext_lazy("Somebody speaks."),
    "MED": gettext_lazy("People meditate."),
    "AF": gettext_lazy("In Afrikaans."),
    "AM": gettext_lazy("In Amharic."),
    "BG": gettext_lazy("In Bulgarian."),
    "HR": gettext_lazy("In Croatian."),
    "IS": gettext_lazy("In Icelandic."),
    "KA": gettext_lazy("In Georgian."),
    "LT": gettext_lazy("In Lithuanian."),
    "ML": gettext_lazy("In Malayalam."),
    "MT": gettext_lazy("In Maltese."),
    "NE": gettext_lazy("In Nepali."),
    "SK": gettext_lazy("In Slovak."),
    "SL": gettext_lazy("In Slovenian."),
    "TH": gettext_lazy("In Thai."),
}
_OTHER_LANGUAGES = {
    "AF", "AM", "BG", "HR", "IS", "KA", "LT", "ML", "MT", "NE", "SK", "SL", "TH",
}  # fmt: skip
_DAYS_IN_ORDER = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
_DAY_NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

_ALSO_COUNTRIES = {
    "usa": "us", "uk": "gb", "england": "gb", "scotland": "gb", "wales": "gb",
    "great britain": "gb",
}  # fmt: skip
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HOME = re.compile(
    r"\bprivate\s+(?:residence|home|house|address)\b|\b(?:somebody|someone)['’]s home\b",
    re.IGNORECASE,
)
_ONLINE_PLACE = re.compile(
    r"\b(?:zoom|online|on-line|virtual|skype|teams|phone only)\b", re.IGNORECASE
)
_POST_CODE = re.compile(
    r"^(?:[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{4,5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


class _Object(dict):
    """An object of a JSON file that remembers which names stood in it twice."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _value in pairs)
        found.twice = tuple(name for name, number in counted.items() if number > 1)
    return found


def _integer(figures: str) -> int | float:
    # Python refuses to read whole numbers of thousands of figures; none of ours has many.
    return int(figures) if len(figures) < 20 else math.inf


def _constant(name: str) -> Never:
    raise ValueError(name)


def parse(data: bytes) -> Any:
    """Return the value that the JSON file `data` holds. Raises FileRefused if it is none."""
    check_size(data)
    try:
        return json.loads(
            data.decode(json.detect_encoding(data)),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except UnicodeDecodeError:
        reason = _("The file is not written in UTF-8, as JSON has to be.")
    except RecursionError:
        reason = _("Lists in the file are nested too deeply to be a list of meetings.")
    except json.JSONDecodeError as error:
        reason = _("The file is not JSON: look at line %(line)d, column %(column)d.") % {
            "line": error.lineno,
            "column": error.colno,
        }
    except ValueError:
        reason = _("The file is not JSON: it holds NaN or Infinity, which are no numbers.")
    raise FileRefused(reason)


def read(data: bytes, time_zone: str = "", language: str = "") -> Reading:
    """Return what the feed `data` says. Raises FileRefused if nothing can be made of it.

    `time_zone` and `language` are for rows that name none.
    """
    value = parse(data)
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list)]
        value = lists[0] if len(lists) == 1 else value
    if not isinstance(value, list):
        raise FileRefused(_("This is JSON, but not a list of meetings."))
    if not value:
        raise FileRefused(_("There is no meeting in the file."))
    check_row_count(len(value))
    reading = Reading(FORMAT, row_count=len(value))
    unknown: Counter[str] = Counter()
    known: dict[str, int] = {}
    rows: dict[Any, list[_Row]] = {}
    for number, item in enumerate(value, 1):
        before = len(reading.refused)
        row = _read_row(number, item, time_zone, language, known, reading, unknown)
        if len(reading.refused) == before and row:
            rows.setdefault(row.same(), []).append(row)
    for parts in rows.values():
        listing = _listing(parts, reading)
        if check(listing, reading):
            reading.listings.append(listing)
    _say_unknown(unknown, reading)
    return reading


@dataclass
class _Row:
    """A meeting of the feed: what it says of its group, and what is true of it alone."""

    number: int
    key: str
    fields: dict[str, Any]
    joining: dict[str, str]
    days: list[str]
    meetings: list[dict[str, Any]]
    is_paused: bool
    text: str
    said: str
    staff: list[str]

    def same(self) -> tuple[Any, ...]:
        """Return what two rows of one group have in common: who meets, where, and the way in."""
        room = self.joining.get("link", "")
        address = urlsplit(room)
        number = "" if room else self.joining.get("meeting_number", "")
        # Its page may be that of the meeting, and access is the same at one place.
        own = {"website", "access_features"}
        shared = {name: str(value) for name, value in self.fields.items() if name not in own}
        shared |= {"name": simplify(shared["name"]), "place": simplify(shared["place"])}
        return (*sorted(shared.items()), address.netloc, address.path, number, self.is_paused)


def _read_row(
    number: int,
    item: Any,
    time_zone: str,
    language: str,
    known: dict[str, int],
    reading: Reading,
    unknown: Counter[str],
) -> _Row | None:
    """Return what one object of the feed says, or refuse it."""
    if not isinstance(item, dict):
        reading.refuse([number], "", _("It is not a meeting with fields of its own."))
        return None
    twice = [name for name in getattr(item, "twice", ()) if isinstance(name, str)]
    if twice:
        reading.refuse([number], cut(one_line(twice[0]), 40), _("The field stands in it twice."))
        return None
    name = _line(item, "name") or _line(item, "group")
    slug = _line(item, "slug")
    if not name:
        reading.refuse([number], "name", _("It has no name."))
    if not slug:
        reading.refuse([number], "slug", _("It has no “slug”, by which it could be found again."))
    if not (name and slug):
        return None
    key = slug if len(slug) <= 120 else hashlib.sha256(slug.encode()).hexdigest()
    if key in known:
        reading.refuse(
            [number],
            "slug",
            _("Row %(row)d has the same “slug”. It has to be another one.") % {"row": known[key]},
        )
        return None
    known[key] = number
    if len(name) > 120:
        reading.remark(number, "name", _("It was cut to 120 characters."))
    types = _types(item, unknown)
    days, meetings = _meetings(number, item, time_zone, reading)
    joining = _joining(number, item, reading)
    text, staff = _description(item)
    fields: dict[str, Any] = {
        "name": cut(name, 120),
        "description": text,
        "languages": [code for type_, code in LANGUAGES.items() if type_ in types],
        "sign_languages": [code for type_, code in SIGN_LANGUAGES.items() if type_ in types],
        "audiences": [value for type_, value in AUDIENCES.items() if type_ in types],
        "access_features": [value for type_, value in ACCESS.items() if type_ in types],
        "website": _website(item),
    }
    if not fields["languages"] and language and not types & _OTHER_LANGUAGES:
        fields["languages"] = [language]
    if entity := _line(item, "entity"):
        fields["organisation"] = cut(entity, 160)
    # Notes say as often as the fields do that a group meets online, and how.
    listing = Listing([number], key, fields, joining=joining)
    screen(listing, reading)
    joining = listing.joining or {}
    where, is_paused = _where(number, item, types, joining, reading)
    fields |= where
    text = fields.pop("description")
    if where["place"].startswith(_private_home()):
        # How to find a home is for those who are expected there.
        joining["note"] = cut(f"{joining['note']} {one_line(text)}".strip(), 300)
        text = ""
    said = " ".join(str(words) for type_, words in _WORDS.items() if type_ in types)
    return _Row(number, key, fields, joining, days, meetings, is_paused, text, said, staff)


def _line(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    return one_line(text_of_html(value))


def _types(item: dict[str, Any], unknown: Counter[str]) -> set[str]:
    """Return the codes of the meeting, and count those that are left out."""
    value = item.get("types")
    values = re.split(r"[,;\s]+", value) if isinstance(value, str) else value
    values = values if isinstance(values, list) else []
    found = {v.strip().upper() for v in values if isinstance(v, str)} - {""}
    unknown.update(
        cut(one_line(code), 20)
        for code in found
        - LANGUAGES.keys()
        - SIGN_LANGUAGES.keys()
        - AUDIENCES.keys()
        - ACCESS.keys()
        - _WORDS.keys()
        - _WAYS
    )
    return found


def _say_unknown(unknown: Counter[str], reading: Reading) -> None:
    for code, number in sorted(unknown.items()):
        words = ngettext(
            "A listing here has no place for the code “%(code)s”. %(number)d row has it.",
            "A listing here has no place for the code “%(code)s”. %(number)d rows have it.",
            number,
        )
        reading.remark(0, "types", words % {"code": code, "number": number})


def _meetings(
    number: int, item: dict[str, Any], time_zone: str, reading: Reading
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the days on which it meets, by their names, and the meetings; or refuse the row.

    A meeting without day and time is one by appointment: it has none.
    """
    rule = _line(item, "rrule")
    said = _line(item, "time")
    days = _days(item.get("day"))
    if days is None:
        reading.refuse([number], "day", _("It is none of the days 0 (Sunday) to 6 (Saturday)."))
        return [], []
    if not rule and not days and not said:
        return [], []
    if not rule and (not days or not said):
        missing = "time" if days else "day"
        reading.refuse([number], missing, _("It says when the group meets only in part."))
        return [], []
    try:
        starts_at = words.clock(said)
        zone = _line(item, "timezone") or time_zone
        if not zone:
            reading.refuse(
                [number], "timezone", _("It names no time zone, and none was chosen for the file.")
            )
            return [], []
        zone = words.time_zone(zone)
        minutes = _minutes(number, item, starts_at, reading)
        rules = words.rule(rule) if rule else [_weekly(day) for day in days]
        dates = _dates(item)
    except ValueError as error:
        reading.refuse([number], "time", error)
        return [], []
    meetings = [
        {
            **found,
            "starts_at": starts_at.isoformat(),
            "duration_minutes": minutes,
            "time_zone": zone,
            **dates,
        }
        for found in rules
    ]
    return [_DAYS_IN_ORDER[int(meeting["weekday"])] for meeting in meetings], meetings


def _weekly(day: int) -> dict[str, Any]:
    # The format counts from Sunday, a meeting from Monday.
    return {"frequency": "weekly", "interval": 1, "weekday": str((day + 6) % 7), "ordinals": []}


def _dates(item: dict[str, Any]) -> dict[str, str]:
    """Return the first and last date, which our own export gives beyond the format."""
    said = {"first_on": _line(item, "first_date"), "last_on": _line(item, "last_date")}
    return {name: words.day(text).isoformat() for name, text in said.items() if text}


def _days(value: Any) -> list[int] | None:
    """Return the days of a feed, Sunday = 0: a number, a name, or a list. None if it is wrong."""
    if isinstance(value, str):
        value = [part for part in re.split(r"[,;\s\[\]]+", value) if part]
    values = value if isinstance(value, list) else [] if value is None else [value]
    days = set()
    for one in values:
        said = simplify(str(one)) if isinstance(one, (str, int)) else ""
        if isinstance(one, bool):
            return None
        if said in _DAY_NAMES:
            days.add(_DAY_NAMES.index(said))
        elif re.fullmatch(r"[0-6]", said):
            days.add(int(said))
        elif said:
            return None
    return sorted(days)


def _minutes(number: int, item: dict[str, Any], starts_at: time, reading: Reading) -> int:
    """Return how long a meeting lasts."""
    said = _line(item, "end_time")
    if not said:
        return USUAL_MINUTES
    try:
        ends_at = words.clock(said)
    except ValueError:
        ends_at = starts_at
    minutes = (ends_at.hour - starts_at.hour) * 60 + ends_at.minute - starts_at.minute
    minutes %= 24 * 60
    if minutes < 5:
        reading.remark(
            number, "end_time", _("It is no end of the meeting. An hour was taken instead.")
        )
        return USUAL_MINUTES
    return minutes


def _joining(number: int, item: dict[str, Any], reading: Reading) -> dict[str, str]:
    """Return the way in that the fields of the feed name."""
    joining: dict[str, str] = {}
    notes = []
    link = _line(item, "conference_url")
    if link and "://" not in link and re.match(r"[\w-]+(?:\.[\w-]+)+/", link):
        link = f"https://{link}"
    if re.match(r"https?://[^\s]{3,490}$", link, re.IGNORECASE):
        joining["link"] = link
    elif link:
        notes.append(link)
        reading.remark(
            number, "conference_url", _("It is no web address. It was put under “Joining details”.")
        )
    phone = _line(item, "conference_phone")
    if phone:
        # A dial-in line may go on for longer than a number does: what follows the first # is
        # in the link as well.
        joining["phone"] = phone if len(phone) <= 60 else f"{phone.split('#')[0][:59]}#"
    for name in ("conference_url_notes", "conference_phone_notes"):
        notes.append(_line(item, name))
    note = " ".join(n for n in notes if n)
    if note:
        joining["note"] = cut(note, 300)
    return joining


def _description(item: dict[str, Any]) -> tuple[str, list[str]]:
    """Return what the notes of a meeting tell everybody, and what only staff should read.

    Sentences with a person's address are for staff.
    """
    kept, staff = [], []
    for name in ("notes", "group_notes", "location_notes"):
        text = re.sub(r"^notes:\s*", "", text_of_html(item.get(name)), flags=re.IGNORECASE)
        if text and text not in kept:
            kept.append(text)
    text = "\n\n".join(kept)
    if _EMAIL.search(text):
        pieces = _SENTENCE_END.split(text)
        staff = [piece for piece in pieces if _EMAIL.search(piece)]
        text = "\n".join(piece for piece in pieces if not _EMAIL.search(piece))
    for number in (1, 2, 3):
        contact = [_line(item, f"contact_{number}_{what}") for what in ("name", "email", "phone")]
        if any(contact):
            staff.append(", ".join(part for part in contact if part))
    staff += [_line(item, name) for name in ("email", "phone") if _line(item, name)]
    return text, staff


def _website(item: dict[str, Any]) -> str:
    """Return the group's page: of addresses, only those of the web."""
    for name in ("website", "url"):
        address = _line(item, name)
        if re.match(r"https?://[^\s/]+\.[^\s]{2,280}$", address, re.IGNORECASE):
            return address
    return ""


def _where(
    number: int,
    item: dict[str, Any],
    types: set[str],
    joining: dict[str, str],
    reading: Reading,
) -> tuple[dict[str, Any], bool]:
    """Return how and where people attend, and whether the group pauses.

    A place that is closed for a time is a pause if there is no other way to attend.
    """
    location = _line(item, "location")
    parts, country = _address(item)
    is_online = "ONL" in types or bool(joining.get("link") or joining.get("meeting_number"))
    is_by_phone = bool(joining.get("phone"))
    is_closed = "TC" in types
    # The town alone says where people come from, not where they meet.
    has_street = bool(re.search(r"\d", " ".join(p for p in parts if not _POST_CODE.match(p))))
    if _line(item, "approximate").lower() in {"yes", "true"}:
        has_street = False
    is_in_person = not is_closed and (has_street or not (is_online or is_by_phone))
    option = _line(item, "attendance_option").lower()
    if option in {"in_person", "online", "hybrid"}:
        is_in_person = option != "online" and not is_closed
        is_online = option != "in_person"
    is_paused = is_closed and not is_online and not is_by_phone
    fields: dict[str, Any] = {
        "is_in_person": is_in_person or is_paused,
        "is_online": is_online,
        "is_by_phone": is_by_phone,
        "place": "",
        "country": country,
        "latitude": None,
        "longitude": None,
    }
    if fields["is_in_person"]:
        if _ONLINE_PLACE.search(location):
            location = ""
        if _HOME.search(location) or _HOME.search(" ".join(parts)):
            joining["note"] = cut(
                " ".join([joining.get("note", ""), ", ".join(parts)]).strip(), 300
            )
            parts = [_private_home(), *_town(item, parts)]
            location = ""
            reading.remark(
                number, "address", _("It is somebody’s home. The street is kept from the public.")
            )
        elif _has_coordinates(item) and has_street:
            fields["latitude"] = round(float(item["latitude"]), 6)
            fields["longitude"] = round(float(item["longitude"]), 6)
        if location and simplify(location) not in simplify(", ".join(parts)):
            parts = [location, *parts]
        fields["place"] = cut(", ".join(parts), 200) or location
        if not fields["place"]:
            reading.refuse(
                [number], "address", _("It says neither where people meet nor how they join.")
            )
    else:
        fields["region_served"] = cut(_region(item) or ", ".join(_town(item, parts)), 160)
    return fields, is_paused


def _private_home() -> str:
    return _("A private home")


def _address(item: dict[str, Any]) -> tuple[list[str], str]:
    """Return the parts of the address without the country, and the country's two letters."""
    text = _line(item, "formatted_address") or _line(item, "address")
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for name in ("city", "state", "postal_code"):
        part = _line(item, name)
        if part and simplify(part) not in {simplify(p) for p in parts}:
            parts.append(part)
    country = _country(_line(item, "country"))
    # Two letters at the end of an address are those of a state.
    last = parts[-1] if parts and (len(parts[-1]) > 2 or parts[-1] in {"US", "UK"}) else ""
    if _country(last):
        country = country or _country(last)
        parts.pop()
    return list(dict.fromkeys(parts)), country


def _country(text: str) -> str:
    """Return the two letters of a country, or "" if `text` names none."""
    said = simplify(text).replace(".", "")
    said = {"usa": "us", "uk": "gb", "england": "gb", "scotland": "gb", "wales": "gb"}.get(
        said, said
    )
    try:
        return words.choice(said, COUNTRY_CHOICES) if said else ""
    except ValueError:
        return ""


def _region(item: dict[str, Any]) -> str:
    regions = item.get("regions")
    if isinstance(regions, list):
        return ", ".join(one_line(r) for r in reversed(regions) if isinstance(r, str))
    return _line(item, "region") or _line(item, "city")


def _town(item: dict[str, Any], parts: list[str]) -> list[str]:
    """Return the town of an address, without street and post code."""
    town = [_line(item, name) for name in ("city", "state") if _line(item, name)]
    if not town:
        town = [p for p in parts if not re.search(r"\d", p)]
    return town or [p for p in [_region(item)] if p]


def _has_coordinates(item: dict[str, Any]) -> bool:
    try:
        latitude, longitude = float(item["latitude"]), float(item["longitude"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return False
    on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
    return on_earth and (latitude, longitude) != (0, 0)


def _by_day(texts: Iterable[tuple[str, list[str]]]) -> str:
    """Return one text; what is true of some days alone is said with their names."""
    by_text: dict[str, list[str]] = {}
    for text, days in texts:
        by_text.setdefault(text, []).extend(days)
    if len(by_text) == 1:
        return next(iter(by_text))
    return "\n\n".join(
        f"{', '.join(name for name in _DAYS_IN_ORDER if name in days)}: {text}" if days else text
        for text, days in by_text.items()
        if text
    )


def _listing(rows: list[_Row], reading: Reading) -> Listing:
    """Return one listing out of the meetings of one group."""
    first = rows[0]
    texts = [
        _by_day((row.text, row.days) for row in rows),
        _by_day((row.said, row.days) for row in rows),
    ]
    text = "\n\n".join(text for text in texts if text)
    joining: dict[str, str] = {}
    for row in rows:
        for name, value in row.joining.items():
            if len(value) > len(joining.get(name, "")):
                joining[name] = value
    lost = {
        f"{label(f'joining.{name}')}: {row.joining[name]}."
        for row in rows
        for name in SECRET_FIELDS
        if row.joining.get(name) and row.joining[name] not in joining[name]
        if re.sub(r"\D", "", row.joining[name]) not in re.sub(r"\D", "", joining[name])
    }
    if lost:
        joining["note"] = cut(" ".join([joining.get("note", ""), *sorted(lost)]).strip(), 300)
    if len(text) > 2000:
        reading.remark(first.number, "notes", _("They were cut to 2,000 characters."))
    staff = list(dict.fromkeys(line for row in rows for line in row.staff))
    access = {value for row in rows for value in row.fields["access_features"]}
    fields = {
        **first.fields,
        "description": cut(text, 2000),
        "access_features": [value for value in ACCESS.values() if value in access],
    }
    if staff:
        fields["staff_contact"] = "\n".join(staff)
    meetings = [meeting for row in rows for meeting in row.meetings]
    return Listing(
        rows=[row.number for row in rows],
        key=first.key,
        parts=[row.key for row in rows],
        fields=fields,
        # Groups of such feeds are run by those who come.
        defaults={"run_by": "peer"},
        meetings=[m for i, m in enumerate(meetings) if m not in meetings[:i]],
        joining={name: joining.get(name, "") for name in (*SECRET_FIELDS, "note")},
        is_paused=first.is_paused,
    )
