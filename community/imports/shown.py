"""What a value of a listing looks like to people who compare two of them."""

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from community.imports.checks import make_meeting
from community.imports.rows import cut
from community.meeting_times import duration_in_words, zone_in_words
from community.models import SupportGroup
from facts.fields import ChoicesField


def value_in_words(name: str, value: Any) -> str:
    """Return the value of the field `name` as people read it; nothing is “(empty)”."""
    if name == "meetings":
        return "; ".join(_meeting_in_words(meeting) for meeting in value) or _("(none)")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value in ("", None, []):
        return _("(empty)")
    if name.startswith("joining."):
        return str(value)
    field: Any = SupportGroup._meta.get_field(name)
    if isinstance(field, ChoicesField):
        return ", ".join(field.labels(value))
    choices = dict(field.flatchoices)
    return cut(str(choices.get(value, value)), 2000)


def pair_in_words(name: str, old: Any, new: Any) -> tuple[str, str]:
    """Return what stands here and what the file says, in words.

    Of meetings, a first or last date is left out of one if the other does not tell it.
    """
    if name == "meetings":
        untold = [day for day in ("first_on", "last_on") if not all(day in m for m in new)]
        old = [{n: v for n, v in m.items() if n not in untold} for m in old]
    return value_in_words(name, old), value_in_words(name, new)


def _meeting_in_words(values: dict[str, Any]) -> str:
    meeting = make_meeting(values, date(2026, 1, 1))
    words = (
        f"{meeting.rule_in_words} {zone_in_words(meeting.time_zone)}, "
        f"{duration_in_words(meeting.duration_minutes)}"
    )
    if values.get("first_on"):
        words += _(", from %(day)s") % {"day": date_format(meeting.first_on, "j F Y")}
    if meeting.last_on:
        words += _(", until %(day)s") % {"day": date_format(meeting.last_on, "j F Y")}
    return words
