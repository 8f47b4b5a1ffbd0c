"""The columns of our CSV files: what each is called, holds, and how it is read and written.

One list for the reader, the template, its guide and the export, so that they cannot disagree.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from community.countries import COUNTRY_CHOICES
from community.imports import words
from community.imports.rows import one_line, plain_text
from community.languages import LANGUAGE_CHOICES, SIGN_LANGUAGE_CHOICES
from community.models import SupportGroup
from community.models.groups import ACCESS_FEATURES, GROUP_AUDIENCES

Words = str | Promise
LINE, TEXT = one_line, plain_text


@dataclass(frozen=True)
class Column:
    """One column: what it is called, and which field of the models it fills.

    A field of a meeting has "meeting." before it, one of the joining details "joining.". `read`
    makes a value of a cell, `write` a cell of a value. Private columns are never written.
    """

    heading: str
    field: str
    example: str
    help: Words
    read: Callable[[str], Any] = LINE
    write: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()
    is_private: bool = False
    is_required: bool = False
    other_headings: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether a cell may hold several lines."""
        return self.read is TEXT


def _list(choices: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        "read": lambda text: words.several(text, choices),
        "write": "; ".join,
        "choices": _few(choices),
    }


def _one(choices: Any) -> dict[str, Any]:
    return {
        "read": lambda text: words.choice(text, choices) if text else "",
        "write": str,
        "choices": _few(choices),
    }


def _few(choices: list[tuple[str, Any]]) -> tuple[str, ...]:
    """Return what may be written, unless it is more than anybody would read."""
    return tuple(value for value, _words in choices) if len(choices) <= 40 else ()


def _degrees(most: float) -> dict[str, Any]:
    return {
        "read": lambda text: words.coordinate(text, most) if text else None,
        "write": lambda value: "" if value is None else f"{value:.6f}".rstrip("0").rstrip("."),
    }


YES_OR_NO: dict[str, Any] = {
    "read": words.yes_or_no,
    "write": lambda value: "yes" if value else "no",
}
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINAL_NAMES = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}

COLUMNS = (
    Column(
        "key",
        "key",
        "17",
        _(
            "Your own number or short name for the group, the same in every later file. By it a "
            "second file finds the listing again. Rows with the same key are one group that meets "
            "at several times."
        ),
        is_private=True,
        other_headings=("id",),
    ),
    Column(
        "listing",
        "slug",
        "",
        _(
            "What the listing is called in the address of its page here. Our own exports fill it "
            "in. Leave it empty for a new group."
        ),
    ),
    Column(
        "name",
        "name",
        "Tuesday circle",
        _("What the group is called. 120 characters at most."),
        is_required=True,
    ),
    Column(
        "description",
        "description",
        "We talk over tea about living with it. Once a month somebody speaks.",
        _("What it is, in a few plain sentences. No links, numbers or codes that let people in."),
        read=TEXT,
        other_headings=("what it is", "notes"),
    ),
    Column(
        "first meeting",
        "first_meeting",
        "Sam meets you at the door. You say your first name, or nothing at all.",
        _("What somebody who comes for the first time can expect."),
        read=TEXT,
    ),
    Column(
        "organization",
        "organisation",
        "Hope House",
        _("Who is behind the group, if anybody is."),
        other_headings=("organisation",),
    ),
    Column(
        "run by",
        "run_by",
        "peer",
        _("Who leads it. A new group needs it."),
        **_one(SupportGroup.RunBy.choices),
    ),
    Column(
        "for",
        "audiences",
        "young-adults; family-carer",
        _("For whom in particular. Empty if it is for everybody living with breast cancer."),
        other_headings=("audiences", "for whom"),
        **_list(GROUP_AUDIENCES),
    ),
    Column(
        "metastatic only",
        "is_metastatic_only",
        "yes",
        _("yes if only people with metastatic breast cancer come."),
        **YES_OR_NO,
    ),
    Column(
        "languages",
        "languages",
        "en; es",
        _("The languages that people can speak there, by their two letters or their own names."),
        other_headings=("language",),
        **_list(LANGUAGE_CHOICES),
    ),
    Column(
        "sign languages",
        "sign_languages",
        "ase",
        _("The sign languages that are signed or interpreted."),
        **_list(SIGN_LANGUAGE_CHOICES),
    ),
    Column("in person", "is_in_person", "yes", _("yes or no."), **YES_OR_NO),
    Column("online", "is_online", "no", _("yes or no."), **YES_OR_NO),
    Column("by phone", "is_by_phone", "no", _("yes or no."), **YES_OR_NO),
    Column(
        "place",
        "place",
        "Hope House, 12 Mill Lane, Leeds",
        _("The town and what the building is called, without a door code. Needed if in person."),
    ),
    Column(
        "country",
        "country",
        "GB",
        _("Two letters, or the name: GB, US, Mexico."),
        **_one(COUNTRY_CHOICES),
    ),
    Column(
        "region served",
        "region_served",
        "Leeds and the towns around it",
        _("Where people come from. Empty if they come from anywhere."),
    ),
    Column("latitude", "latitude", "53.8008", _("Of the place. Both or none."), **_degrees(90)),
    Column("longitude", "longitude", "-1.5491", _("Of the place. Both or none."), **_degrees(180)),
    Column(
        "access",
        "access_features",
        "step-free; hearing-loop",
        _("What somebody has confirmed of access."),
        other_headings=("access features",),
        **_list(ACCESS_FEATURES),
    ),
    Column(
        "getting in",
        "access",
        "The way in without steps is at the back.",
        _("The way in, in words. No door code."),
    ),
    Column(
        "drop-in or sign-up",
        "attendance",
        "drop-in",
        _("Empty if that is not known."),
        other_headings=("attendance",),
        **_one(SupportGroup.Attendance.choices),
    ),
    Column(
        "size",
        "size",
        "small",
        _("small is up to 8 people, medium 9 to 15, large 16 or more."),
        **_one(SupportGroup.Size.choices),
    ),
    Column("cost", "cost", "Free", _("Free, or what it costs.")),
    Column(
        "web page",
        "website",
        "https://hope-house.example.org/circle",
        _("The group’s own page, for everybody. Not the link to the meeting."),
        other_headings=("website", "url"),
    ),
    Column("contact", "public_contact", "Sam", _("A first name, one word, shown to everybody.")),
    Column(
        "how to ask",
        "how_to_ask",
        "Write to the address on our web page.",
        _("How people ask the organizer for the way in. Shown to everybody."),
    ),
    Column(
        "repeats",
        "meeting.frequency",
        "monthly",
        _("weekly, or monthly. Empty means weekly, unless “which” says which of the month."),
        read=lambda text: words.choice(text, [("weekly", "week"), ("monthly", "month")]),
    ),
    Column(
        "every",
        "meeting.interval",
        "1",
        _("1 for every week or month, 2 for every other. From 1 to 12."),
        read=words.whole_number,
    ),
    Column(
        "day",
        "meeting.weekday",
        "Tuesday",
        _("The day of the week, by its name. One row for each day."),
        read=words.weekday,
        write=lambda value: _DAY_NAMES[int(value)],
    ),
    Column(
        "which",
        "meeting.ordinals",
        "second; fourth",
        _("Which of the month: first, second, third, fourth, last, or several of them."),
        read=words.ordinals,
        write=lambda values: "; ".join(_ORDINAL_NAMES[value] for value in values),
    ),
    Column(
        "begins",
        "meeting.starts_at",
        "18:30",
        _("By the clock of the place: 18:30 or 6:30 pm."),
        read=lambda text: words.clock(text).isoformat(),
        write=lambda value: value.strftime("%H:%M"),
        other_headings=("starts", "time", "start"),
    ),
    Column(
        "minutes",
        "meeting.duration_minutes",
        "90",
        _("How long it lasts. Empty means 90."),
        read=words.minutes,
        other_headings=("lasts", "duration"),
    ),
    Column(
        "time zone",
        "meeting.time_zone",
        "Europe/London",
        _("Europe/London, America/Chicago. Empty means the one that you choose for the file."),
        read=words.time_zone,
        other_headings=("timezone",),
    ),
    Column(
        "first date",
        "meeting.first_on",
        "2026-01-13",
        _("No meeting is shown before this day. Every other week is counted from it."),
        read=lambda text: words.day(text).isoformat(),
        write=lambda value: value.isoformat(),
    ),
    Column(
        "last date",
        "meeting.last_on",
        "",
        _("Only if the meetings end."),
        read=lambda text: words.day(text).isoformat() if text else None,
        write=lambda value: value.isoformat() if value else "",
    ),
    Column(
        "link to join",
        "joining.link",
        "https://video.example.org/room",
        _("Members see the way in only if the listing says so; else they ask the organizer."),
        is_private=True,
    ),
    Column(
        "meeting number",
        "joining.meeting_number",
        "",
        _("The number of the video meeting."),
        is_private=True,
    ),
    Column("passcode", "joining.passcode", "", _("What is asked for after it."), is_private=True),
    Column(
        "number to call", "joining.phone", "", _("For those who join by phone."), is_private=True
    ),
    Column("door code", "joining.door_code", "", _("What opens the door."), is_private=True),
    Column(
        "note on joining",
        "joining.note",
        "Ring the second bell.",
        _("Anything else about the way in."),
        is_private=True,
    ),
    Column(
        "organizer’s address",
        "owner_email",
        "sam@example.org",
        _("Staff ask there from time to time whether the listing is still right."),
        is_private=True,
        other_headings=("organizer's address", "organizer email", "owner email"),
    ),
    Column(
        "contact for staff",
        "staff_contact",
        "Call Sam in the evening",
        _("Only staff see it."),
        read=TEXT,
        is_private=True,
    ),
)
PUBLIC_COLUMNS = tuple(column for column in COLUMNS if not column.is_private)
