"""Example groups all over the world, many and always the same, to try the directory with.

The group of a number is the same whatever else is made, but for what hangs on the day: how long
ago it was checked, and its pauses and single dates. Whoever calls writes them into the index of
search, since rows that are made together tell nobody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from community.languages import LANGUAGE_CHOICES, SIGN_LANGUAGE_CHOICES
from community.models import (
    JoiningDetails,
    Meeting,
    MeetingException,
    Occurrence,
    Pause,
    SupportGroup,
)
from community.models.groups import ACCESS_FEATURES, GROUP_AUDIENCES
from community.models.meetings import WEEKDAYS
from community.models.occurrences import HORIZON
from community.recurrence import Break, planned

# So many groups are written at once: quick, and little to remember.
BATCH = 250
_ANCHOR = date(2026, 1, 5)


class Town(NamedTuple):
    """Where people could meet: its middle, its clock, and what is spoken there."""

    name: str
    country: str
    latitude: float
    longitude: float
    zone: str
    languages: tuple[str, ...]
    signed: str = ""


TOWNS = [
    Town("London", "GB", 51.51, -0.13, "Europe/London", ("en",), "bfi"),
    Town("Chicago", "US", 41.88, -87.63, "America/Chicago", ("en", "es", "pl"), "ase"),
    Town("Leeds", "GB", 53.8, -1.55, "Europe/London", ("en", "ur", "pa"), "bfi"),
    Town("New York", "US", 40.71, -74.01, "America/New_York", ("en", "es", "zh", "ru"), "ase"),
    Town("Mexico City", "MX", 19.43, -99.13, "America/Mexico_City", ("es",), "mfs"),
    Town("Dublin", "IE", 53.35, -6.26, "Europe/Dublin", ("en",), "isg"),
    Town("Sydney", "AU", -33.87, 151.21, "Australia/Sydney", ("en", "zh", "ar"), "asf"),
    Town("Toronto", "CA", 43.65, -79.38, "America/Toronto", ("en", "fr", "tl"), "ase"),
    Town("Madrid", "ES", 40.42, -3.7, "Europe/Madrid", ("es",), "ssp"),
    Town("Mumbai", "IN", 19.08, 72.88, "Asia/Kolkata", ("hi", "en"), "ins"),
    Town("Cape Town", "ZA", -33.93, 18.42, "Africa/Johannesburg", ("en",), "sfs"),
    Town("Auckland", "NZ", -36.85, 174.76, "Pacific/Auckland", ("en",), "nzs"),
    Town("Los Angeles", "US", 34.05, -118.24, "America/Los_Angeles", ("en", "es", "ko"), "ase"),
    Town("Houston", "US", 29.76, -95.37, "America/Chicago", ("en", "es", "vi"), "ase"),
    Town("Phoenix", "US", 33.45, -112.07, "America/Phoenix", ("en", "es"), "ase"),
    Town("Denver", "US", 39.74, -104.99, "America/Denver", ("en", "es"), "ase"),
    Town("Anchorage", "US", 61.22, -149.9, "America/Anchorage", ("en",)),
    Town("Honolulu", "US", 21.31, -157.86, "Pacific/Honolulu", ("en", "tl", "ja")),
    Town("San Juan", "PR", 18.47, -66.11, "America/Puerto_Rico", ("es", "en")),
    Town("Birmingham", "GB", 52.48, -1.9, "Europe/London", ("en", "ur", "pa", "bn"), "bfi"),
    Town("Birmingham", "US", 33.52, -86.8, "America/Chicago", ("en",), "ase"),
    Town("Cardiff", "GB", 51.48, -3.18, "Europe/London", ("cy", "en"), "bfi"),
    Town("Glasgow", "GB", 55.86, -4.25, "Europe/London", ("en",), "bfi"),
    Town("Belfast", "GB", 54.6, -5.93, "Europe/London", ("en",), "isg"),
    Town("St. John’s", "CA", 47.56, -52.71, "America/St_Johns", ("en",)),
    Town("Montreal", "CA", 45.5, -73.57, "America/Toronto", ("fr", "en"), "fcs"),
    Town("Vancouver", "CA", 49.28, -123.12, "America/Vancouver", ("en", "zh", "pa"), "ase"),
    Town("Paris", "FR", 48.86, 2.35, "Europe/Paris", ("fr",), "fsl"),
    Town("Lyon", "FR", 45.76, 4.84, "Europe/Paris", ("fr", "ar"), "fsl"),
    Town("Berlin", "DE", 52.52, 13.41, "Europe/Berlin", ("de", "tr", "en"), "gsg"),
    Town("Vienna", "AT", 48.21, 16.37, "Europe/Vienna", ("de",)),
    Town("Amsterdam", "NL", 52.37, 4.9, "Europe/Amsterdam", ("nl", "en"), "dse"),
    Town("Brussels", "BE", 50.85, 4.35, "Europe/Brussels", ("fr", "nl"), "vgt"),
    Town("Rome", "IT", 41.9, 12.5, "Europe/Rome", ("it",), "ise"),
    Town("Lisbon", "PT", 38.72, -9.14, "Europe/Lisbon", ("pt",)),
    Town("Athens", "GR", 37.98, 23.73, "Europe/Athens", ("el",)),
    Town("Warsaw", "PL", 52.23, 21.01, "Europe/Warsaw", ("pl",)),
    Town("Prague", "CZ", 50.08, 14.44, "Europe/Prague", ("cs",)),
    Town("Budapest", "HU", 47.5, 19.04, "Europe/Budapest", ("hu",)),
    Town("Bucharest", "RO", 44.43, 26.1, "Europe/Bucharest", ("ro",)),
    Town("Kyiv", "UA", 50.45, 30.52, "Europe/Kyiv", ("uk",)),
    Town("Stockholm", "SE", 59.33, 18.07, "Europe/Stockholm", ("sv",), "swl"),
    Town("Oslo", "NO", 59.91, 10.75, "Europe/Oslo", ("no",)),
    Town("Copenhagen", "DK", 55.68, 12.57, "Europe/Copenhagen", ("da",)),
    Town("Helsinki", "FI", 60.17, 24.94, "Europe/Helsinki", ("fi", "sv")),
    Town("Reykjavik", "IS", 64.15, -21.94, "Atlantic/Reykjavik", ("en",)),
    Town("Istanbul", "TR", 41.01, 28.98, "Europe/Istanbul", ("tr",), "tsm"),
    Town("Tel Aviv", "IL", 32.08, 34.78, "Asia/Jerusalem", ("he", "ar", "ru"), "isr"),
    Town("Cairo", "EG", 30.04, 31.24, "Africa/Cairo", ("ar",)),
    Town("Casablanca", "MA", 33.57, -7.59, "Africa/Casablanca", ("ar", "fr")),
    Town("Lagos", "NG", 6.52, 3.38, "Africa/Lagos", ("en",)),
    Town("Nairobi", "KE", -1.29, 36.82, "Africa/Nairobi", ("en",)),
    Town("Johannesburg", "ZA", -26.2, 28.05, "Africa/Johannesburg", ("en",), "sfs"),
    Town("Tehran", "IR", 35.69, 51.39, "Asia/Tehran", ("fa",)),
    Town("Karachi", "PK", 24.86, 67.0, "Asia/Karachi", ("ur", "en")),
    Town("Delhi", "IN", 28.65, 77.23, "Asia/Kolkata", ("hi", "pa", "en"), "ins"),
    Town("Kathmandu", "NP", 27.72, 85.32, "Asia/Kathmandu", ("en", "hi")),
    Town("Dhaka", "BD", 23.81, 90.41, "Asia/Dhaka", ("bn",)),
    Town("Singapore", "SG", 1.35, 103.82, "Asia/Singapore", ("en", "zh")),
    Town("Manila", "PH", 14.6, 120.98, "Asia/Manila", ("tl", "en")),
    Town("Hanoi", "VN", 21.03, 105.85, "Asia/Ho_Chi_Minh", ("vi",)),
    Town("Hong Kong", "HK", 22.32, 114.17, "Asia/Hong_Kong", ("zh", "en"), "csl"),
    Town("Tokyo", "JP", 35.68, 139.69, "Asia/Tokyo", ("ja",), "jsl"),
    Town("Seoul", "KR", 37.57, 126.98, "Asia/Seoul", ("ko",)),
    Town("Adelaide", "AU", -34.93, 138.6, "Australia/Adelaide", ("en", "el", "it"), "asf"),
    Town("Darwin", "AU", -12.46, 130.84, "Australia/Darwin", ("en",)),
    Town("Perth", "AU", -31.95, 115.86, "Australia/Perth", ("en",), "asf"),
    Town("Waitangi", "NZ", -43.95, -176.56, "Pacific/Chatham", ("en",)),
    Town("Suva", "FJ", -18.14, 178.44, "Pacific/Fiji", ("en", "hi")),
    Town("Apia", "WS", -13.83, -171.77, "Pacific/Apia", ("en",)),
    Town("São Paulo", "BR", -23.55, -46.63, "America/Sao_Paulo", ("pt",), "bzs"),
    Town("Buenos Aires", "AR", -34.6, -58.38, "America/Argentina/Buenos_Aires", ("es",)),
    Town("Santiago", "CL", -33.45, -70.67, "America/Santiago", ("es",)),
    Town("Bogotá", "CO", 4.71, -74.07, "America/Bogota", ("es",)),
    Town("Lima", "PE", -12.05, -77.04, "America/Lima", ("es",)),
    Town("Caracas", "VE", 10.48, -66.9, "America/Caracas", ("es",)),
]  # fmt: skip

# Every kind of rule: frequency, interval, ordinals.
RULES: list[tuple[str, int, list[str]]] = [
    ("weekly", 1, []),
    ("monthly", 1, ["2", "4"]),
    ("monthly", 1, ["-1"]),
    ("weekly", 2, []),
    ("monthly", 1, ["1"]),
    ("monthly", 1, ["1", "3"]),
    ("monthly", 1, ["3"]),
    ("weekly", 1, []),
    ("monthly", 1, ["1", "-1"]),
    ("weekly", 3, []),
    ("monthly", 2, ["2"]),
    ("monthly", 1, ["1", "2", "3"]),
    ("weekly", 4, []),
    ("monthly", 3, ["-1"]),
    ("weekly", 6, []),
    ("monthly", 6, ["4"]),
    ("monthly", 12, ["1"]),
]
# In person, online, by phone.
_WAYS = [
    (1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 1), (0, 1, 1), (1, 0, 0), (0, 1, 0),
    (1, 1, 1), (1, 0, 1),
]  # fmt: skip
_CLOCKS = [
    (time(10), "coffee morning"), (time(18, 30), "evening circle"), (time(14), "afternoon tea"),
    (time(19), "evening talk"), (time(11, 30), "walk and talk"), (time(12, 15), "lunch table"),
    (time(20), "late circle"), (time(16, 45), "open door"), (time(9), "early hour"),
]  # fmt: skip
_AUDIENCES: list[list[str]] = [
    [], ["newly-diagnosed"], [], ["living-long-term"], ["men"], ["young-adults"], [],
    ["family-carer"], ["de-novo"], ["bereaved"], ["newly-diagnosed", "young-adults"],
    ["family-carer", "bereaved"], [],
]  # fmt: skip
_FOR_OTHERS = {"family-carer", "bereaved"}
# How many weeks ago somebody confirmed a listing; None for never.
_CHECKED = [2, 9, 20, 1, 14, None, 26, 5, 34, 11, 18, 3, 52, 24, 7, 80, 16, None, 29, 12]
_ROOMS = ["library", "church hall", "hospital, floor 2", "community center", "town hall"]
_COSTS = ["Free", "Free, with tea", "", "A small gift for the room, if you can", "Free"]
_CONTACTS = ["Robin", "Sam", "Alex", "", "Noor", "Ana", "Lee", "Kim", "Marta"]
_DESCRIPTIONS = [
    "An hour and a half of talk for people who know what it is like. Somebody opens the meeting, "
    "asks who would like to begin, and sees that everybody has room.",
    "A small circle with tea. Some come every time, some now and then. You can speak or listen.",
    "First a short talk by a guest, then questions, then time for one another.",
    "We walk slowly, sit down often, and talk about anything, the illness or not.",
    "A calm hour for whatever is on your mind this week. What is said stays here.",
]
_FIRST_MEETINGS = [
    "Somebody meets you before it begins and tells you what will happen. You say your first name, "
    "or nothing at all.",
    "",
    "You can keep your camera off and only listen. You may leave at any time.",
    "Come ten minutes early, and we show you the room.",
]


@dataclass
class Example:
    """A group that is not saved yet, with all that hangs on it."""

    group: SupportGroup
    meetings: list[Meeting]
    pauses: list[Pause] = field(default_factory=list)
    exceptions: list[MeetingException] = field(default_factory=list)
    details: JoiningDetails | None = None


def missing(first: int, last: int, now: datetime) -> list[Example]:
    """Return the examples of `first` to `last` that are not here yet. One query."""
    slugs = {number: _slug(number) for number in range(first, last + 1)}
    here = set(SupportGroup.objects.filter(slug__in=slugs.values()).values_list("slug", flat=True))
    return [example(number, now) for number, slug in slugs.items() if slug not in here]


def _town(number: int) -> Town:
    return TOWNS[(number - 1) % len(TOWNS)]


def _slug(number: int) -> str:
    return f"example-{number}-{slugify(_town(number).name)}"


def example(number: int, now: datetime) -> Example:
    """Return the example group of `number`, which counts from 1."""
    chance = Random(f"waymark {number}")  # noqa: S311  Always the same, on purpose.
    today = timezone.localdate(now)
    town = _town(number)
    group = _group(number, town, chance, now)
    made = Example(group, list(_meetings(number, group, town, chance, today)))
    if number % 23 == 5:
        made.pauses.append(_pause(number, group, today))
    if number % 7 == 3 and not made.pauses:
        made.exceptions.extend(_exceptions(number, made.meetings[0], now))
    made.details = JoiningDetails(
        group=group,
        link=f"https://example.org/not-a-real-meeting/{number}" if group.is_online else "",
        door_code="not-a-real-code" if group.is_in_person else "",
        note="This is an example. Real details would stand here.",
    )
    return made


def _group(number: int, town: Town, chance: Random, now: datetime) -> SupportGroup:
    today = timezone.localdate(now)
    is_in_person, is_online, is_by_phone = map(bool, _WAYS[number % len(_WAYS)])
    audiences = _AUDIENCES[chance.randrange(len(_AUDIENCES))]
    if number % 11 == 0:
        audiences = [GROUP_AUDIENCES[number // 11 % len(GROUP_AUDIENCES)][0]]
    languages = chance.sample(town.languages, chance.randint(1, len(town.languages)))
    if is_online and not is_in_person and number % 4 == 1:
        # On a screen any language may be at home anywhere.
        languages = [LANGUAGE_CHOICES[number // 4 % len(LANGUAGE_CHOICES)][0]]
    signed = [town.signed] if town.signed and chance.random() < 0.12 else []
    if number % 97 == 0:
        signed = [SIGN_LANGUAGE_CHOICES[number // 97 % len(SIGN_LANGUAGE_CHOICES)][0]]
    features = [value for value, _label in ACCESS_FEATURES]
    weeks = _CHECKED[number % len(_CHECKED)]
    kind = _CLOCKS[number % len(_CLOCKS)][1]
    fields: dict[str, Any] = {
        "slug": _slug(number),
        "name": f"Example {number}: {kind}, {town.name}",
        "description": _DESCRIPTIONS[number % len(_DESCRIPTIONS)],
        "first_meeting": _FIRST_MEETINGS[number % len(_FIRST_MEETINGS)],
        "organisation": ("An example hospital", "An example charity", "")[number % 3],
        "run_by": ("peer", "professional", "both")[chance.randrange(3)],
        "audiences": audiences,
        "is_metastatic_only": number % 3 == 0 and not set(audiences) & _FOR_OTHERS,
        "languages": languages,
        "sign_languages": signed,
        "is_in_person": is_in_person,
        "is_online": is_online,
        "is_by_phone": is_by_phone,
        "place": f"An example of {_ROOMS[number % len(_ROOMS)]}, {town.name}"
        if is_in_person
        else "",
        "country": town.country,
        "region_served": f"{town.name} and around" if is_in_person and number % 2 else "",
        # In and around the town, most of them close to its middle.
        "latitude": round(town.latitude + chance.gauss(0, 0.12), 4) if is_in_person else None,
        "longitude": round(town.longitude + chance.gauss(0, 0.15), 4) if is_in_person else None,
        "access_features": chance.sample(features, chance.randrange(5)),
        "attendance": ("", "drop-in", "sign-up")[chance.randrange(3)],
        "size": ("", "small", "medium", "large")[chance.randrange(4)],
        "cost": _COSTS[number % len(_COSTS)],
        "website": f"https://example.org/groups/{number}" if number % 5 else "",
        "public_contact": _CONTACTS[number % len(_CONTACTS)],
        "how_to_ask": "Write to the address on the web page." if number % 5 else "Ask at the desk.",
        "joining_policy": ("members", "on-request")[number % 2],
        "checked_on": None if weeks is None else today - timedelta(weeks=weeks),
        "published_at": now - timedelta(days=1 + number % 300),
        "ended_on": today - timedelta(days=number % 60) if number % 41 == 40 else None,
        "is_example": True,
    }
    for name in ("audiences", "languages", "sign_languages", "access_features"):
        # In the order of the choices, as a row that is read again has them.
        choices: Any = SupportGroup._meta.get_field(name)
        fields[name] = choices.to_python(fields[name])
    return SupportGroup(**fields)


def _meetings(
    number: int, group: SupportGroup, town: Town, chance: Random, today: date
) -> Iterator[Meeting]:
    for index in range(2 if number % 6 == 0 else 1):
        frequency, interval, ordinals = RULES[(number + 5 * index) % len(RULES)]
        first_on = _ANCHOR + timedelta(days=number % 80)
        if number % 31 == 30:
            first_on = today + timedelta(days=20 + number % 20)
        fields: dict[str, Any] = {
            "group": group,
            "frequency": frequency,
            "interval": interval,
            "ordinals": ordinals,
            "weekday": WEEKDAYS[chance.randrange(len(WEEKDAYS))][0],
            "starts_at": _CLOCKS[(number + index) % len(_CLOCKS)][0],
            "duration_minutes": (60, 90, 120, 45)[chance.randrange(4)],
            "time_zone": town.zone,
            "first_on": first_on,
            # Some series are coming to their end.
            "last_on": first_on + timedelta(days=420) if number % 37 == 36 else None,
        }
        yield Meeting(**fields)


def _pause(number: int, group: SupportGroup, today: date) -> Pause:
    begins, ends, reason = [
        (-10, 25, "Summer break"),
        (-30, None, "The room is being painted"),
        (20, 50, "The hosts are away"),
    ][number // 23 % 3]
    return Pause(
        group=group,
        first_on=today + timedelta(days=begins),
        last_on=None if ends is None else today + timedelta(days=ends),
        reason=reason,
    )


def _exceptions(number: int, meeting: Meeting, now: datetime) -> Iterator[MeetingException]:
    coming = meeting.recurrence.starts(now + timedelta(hours=12), now + timedelta(days=90))
    for day, _start in coming:
        later = day + timedelta(days=1)
        changes: list[dict[str, Any]] = [
            {"is_cancelled": True, "note": "Public holiday"},
            {"new_on": later, "note": "A day later this once"},
            {"new_starts_at": time(15), "note": "In daylight this time"},
            {"new_duration_minutes": 180, "note": "A longer meeting, with lunch"},
            {"note": "A speaker: an example of a nurse, on sleep"},
        ]
        if meeting.group.is_in_person:
            changes.append({"place": "The small room upstairs"})
        yield MeetingException(meeting=meeting, on=day, **changes[number // 7 % len(changes)])
        return


def remove(kept: Iterable[int] = ()) -> int:
    """Take the example groups away, but for those with a key in `kept`; return how many went.

    Nobody is told of each, and no history is kept: there was never such a group.
    """
    groups = SupportGroup.objects.filter(is_example=True, slug__regex=r"^example-[0-9]+-")
    keys = list(groups.exclude(pk__in=kept).values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        with transaction.atomic():
            for rows in (
                Occurrence.objects.filter(meeting__group__in=some),
                MeetingException.objects.filter(meeting__group__in=some),
                Meeting.objects.filter(group__in=some),
                Pause.objects.filter(group__in=some),
                JoiningDetails.objects.filter(group__in=some),
                SupportGroup.objects.filter(pk__in=some),
            ):
                rows._raw_delete(rows.db)
    return len(keys)


@transaction.atomic
def save(made: Iterable[Example], now: datetime) -> list[SupportGroup]:
    """Save the examples with all that hangs on them, in few queries; return the groups."""
    made = list(made)
    groups = SupportGroup.objects.bulk_create(example.group for example in made)
    meetings = [meeting for example in made for meeting in example.meetings]
    Meeting.objects.bulk_create(meetings)
    Pause.objects.bulk_create(pause for example in made for pause in example.pauses)
    exceptions = [exception for example in made for exception in example.exceptions]
    MeetingException.objects.bulk_create(exceptions)
    JoiningDetails.objects.bulk_create(
        example.details for example in made if example.details is not None
    )
    Occurrence.objects.bulk_create(
        (row for example in made for row in _occurrences(example, now)), batch_size=2000
    )
    return groups


def _occurrences(made: Example, now: datetime) -> Iterator[Occurrence]:
    breaks = [pause.as_break for pause in made.pauses]
    if made.group.ended_on:
        breaks.append(Break(made.group.ended_on))
    for meeting in made.meetings:
        changes = [e.change for e in made.exceptions if e.meeting is meeting]
        dates = planned(meeting.recurrence, changes, breaks, now - timedelta(days=1), now + HORIZON)
        for each in dates:
            yield Occurrence(meeting=meeting, **vars(each))
