"""What somebody outside can say of a listing: its values as plain data, and in words.

Plain functions. A suggestion keeps values as JSON does: text, true or false, a list of choices,
a day as 2026-11-24.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core import signing
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from community.meeting_times import zone_in_words
from community.models import SupportGroup
from community.recurrence import with_plain_spaces
from facts.fields import ChoicesField

# In the order of the form. What is not here, nobody outside can suggest.
FIELDS = (
    "ended_on", "name", "description", "first_meeting", "organisation", "run_by",
    "is_metastatic_only", "audiences", "languages", "is_in_person", "is_online", "is_by_phone",
    "place", "access", "attendance", "cost", "website", "how_to_ask",
)  # fmt: skip
WAYS = ("is_in_person", "is_online", "is_by_phone")
MEETS = "meets"
_SALT = "community.suggested.seen"


def values_of(group: SupportGroup) -> dict[str, Any]:
    """Return what `group` says in each of FIELDS, and in words when it meets."""
    values = {name: as_plain(getattr(group, name)) for name in FIELDS}
    return {**values, MEETS: meets_in_words(group)}


def as_plain(value: Any) -> Any:
    """Return `value` as JSON keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, list | tuple) else value


def meets_in_words(group: SupportGroup) -> str:
    """Return when `group` meets, a line for each rule."""
    return "\n".join(
        with_plain_spaces(f"{meeting.rule_in_words} {zone_in_words(meeting.time_zone)}")
        for meeting in group.meetings.all()  # type: ignore[attr-defined]
    )


def label(name: str) -> str:
    """Return what staff call the field `name`."""
    if name == MEETS:
        return _("When it meets")
    return capfirst(str(SupportGroup._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def in_words(name: str, value: Any) -> str:
    """Return `value` of the field `name` as people read it; nothing is an empty string."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if not value:
        return ""
    if name == MEETS:
        return str(value)
    field: Any = SupportGroup._meta.get_field(name)
    if isinstance(field, ChoicesField):
        return ", ".join(field.labels(value))
    if field.get_internal_type() == "DateField":
        return date_format(date.fromisoformat(value), "j F Y")
    return str(dict(field.flatchoices).get(value, value))


def seal(group: SupportGroup) -> str:
    """Return a token of what a sender sees of `group`: all of it is public, none can be forged."""
    return signing.dumps({"group": group.pk, **values_of(group)}, salt=_SALT, compress=True)


def unseal(token: str) -> dict[str, Any] | None:
    """Return what was sealed: the values, and the number of the `group`; None if it was not."""
    try:
        return signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None


def fingerprint(group: SupportGroup, names: Iterable[str]) -> str:
    """Return a short text that differs when `group` says something else in one of `names`."""
    values = values_of(group)
    said = json.dumps([[name, values[name]] for name in sorted(names)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
