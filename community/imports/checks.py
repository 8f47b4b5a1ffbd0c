"""Makes what was read fit for the directory, or says why it is not.

Ways in are taken out of what everybody reads; what the models would refuse is refused here, with
the row and the field, before anything is written.
"""

import re
from collections.abc import Callable
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from community.imports.rows import MOST_CELL, Listing, Reading, cut
from community.joining_details import TakenOut, find_joining_details, repeats
from community.joining_details import take_out_joining_details as take_out
from community.models import JoiningDetails, Meeting, SupportGroup
from community.models.groups import PUBLIC_FIELDS, SECRET_FIELDS

# What a new listing is not refused for: it waits, and whoever publishes it writes it first.
CAN_WAIT = {"description"}
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def label(name: str) -> str:
    """Return what staff call a field."""
    if name == "meetings":
        return _("when it meets")
    if name == "is_paused":
        return _("paused")
    model: Any = SupportGroup
    if name.startswith("joining."):
        model, name = JoiningDetails, name.removeprefix("joining.")
    return str(model._meta.get_field(name).verbose_name)


def check(listing: Listing, reading: Reading, name_of: Callable[[str], str] = label) -> bool:
    """Make `listing` fit to be compared, in place; return False if its rows were refused.

    `name_of` says what a field is called in the file.
    """
    screen(listing, reading, name_of)
    errors = {
        **_group_errors(listing),
        **_joining_errors(listing),
        **_meeting_errors(listing),
    }
    for name, reason in errors.items():
        reading.refuse(listing.rows, name_of(name), reason)
    return not errors


def screen(listing: Listing, reading: Reading, name_of: Callable[[str], str] = label) -> None:
    """Take every way in out of what everybody reads, and put it with the joining details."""
    fields, row = listing.fields, listing.rows[0]
    joining = dict(listing.joining or {})
    more: list[str] = []
    for name in PUBLIC_FIELDS:
        text = fields.get(name) or ""
        if not find_joining_details(text, may_hold_phone=name == "how_to_ask"):
            continue
        taken = take_out(text)
        fields[name] = "" if name == "website" else taken.text
        _keep(joining, taken, more)
        reading.remark(
            row, name_of(name), _("A way in was taken out and put under “Joining details”.")
        )
    if more:
        joining["note"] = cut(" ".join([joining.get("note", ""), *more]).strip(), 300)
    if not any(joining.values()):
        return
    listing.joining = joining
    values = [joining[name] for name in SECRET_FIELDS if joining.get(name)]
    for name in PUBLIC_FIELDS:
        text = fields.get(name) or ""
        if not _tells(text, values):
            continue
        if name == "name":
            # A group that is called as its passcode is: only people can decide that.
            words = _("It repeats a way in. Change one of the two before you publish the listing.")
            reading.remark(row, name_of(name), words)
            continue
        kept = [s for s in _SENTENCE_END.split(text) if not _tells(s, values)]
        fields[name] = "\n".join(kept)
        reading.remark(row, name_of(name), _("A sentence that repeats a way in was left out."))


def _tells(text: str, values: list[str]) -> bool:
    return bool(text and repeats(text, words=values, numbers=values))


def _keep(joining: dict[str, str], taken: TakenOut, more: list[str]) -> None:
    """Put what was taken out where nothing stands yet, or else into the note."""
    for name in SECRET_FIELDS:
        value = getattr(taken, name)
        if not value:
            continue
        if not joining.get(name):
            joining[name] = value
        elif not _is_same(joining[name], value):
            more.append(f"{label(f'joining.{name}')}: {value}.")
    if taken.rest and taken.rest not in joining.get("note", ""):
        more.append(taken.rest)


def _is_same(one: str, other: str) -> bool:
    """Whether two ways in are one: the same link, or the same number in other groups."""
    digits, others = (re.sub(r"\D", "", text) for text in (one, other))
    is_number = len(others) >= 6 and not re.search(r"[^\W\d]", other)
    return one == other or (is_number and (others in digits or digits in others))


def _group_errors(listing: Listing) -> dict[str, str]:
    group = SupportGroup(slug="a", **listing.fields)
    names = {field.name for field in SupportGroup._meta.fields}
    given = {n for n in listing.fields if n not in CAN_WAIT or listing.fields[n]}
    # The readers know all countries; listing them for each row takes longer than all the rest.
    errors = _errors(lambda: group.clean_fields(exclude=(names - given) | {"country"}))
    for name in sorted(given):
        errors |= _shape_errors(name, SupportGroup._meta.get_field(name), listing.fields[name])
    # What depends on several fields is asked when it is known what the listing has already.
    return errors | {
        name: reason
        for name, reason in _errors(group.clean).items()
        if name in listing.fields and name not in {"is_in_person", "place", "latitude", "longitude"}
    }


def _shape_errors(name: str, field: Any, value: Any) -> dict[str, str]:
    """Return what forms would find wrong, and a model does not."""
    if isinstance(field, models.TextField) and len(value) > (field.max_length or MOST_CELL):
        words = _("It is longer than %(number)d characters.")
        return {name: words % {"number": field.max_length or MOST_CELL}}
    if isinstance(field, models.URLField) and value and not re.match(r"https?://", value.lower()):
        return {name: _("It is no web address: it should begin with https://.")}
    return {}


def _joining_errors(listing: Listing) -> dict[str, str]:
    if listing.joining is None:
        return {}
    details = JoiningDetails(**listing.joining)
    errors = _errors(lambda: details.clean_fields(exclude=["id", "group"]))
    link = JoiningDetails._meta.get_field("link")
    errors |= _shape_errors("link", link, listing.joining.get("link", ""))
    return {f"joining.{name}": reason for name, reason in errors.items()}


def _meeting_errors(listing: Listing) -> dict[str, str]:
    for values in listing.meetings or []:
        meeting = make_meeting(values, date(2026, 1, 1))
        errors = _errors(lambda m=meeting: m.clean_fields(exclude=["id", "group"]))  # type: ignore[misc]
        errors = errors or _errors(meeting.clean)
        if errors:
            return {"meetings": " ".join(errors.values())}
    return {}


def _errors(run: Callable[[], Any]) -> dict[str, str]:
    try:
        run()
    except ValidationError as error:
        return {name: " ".join(messages) for name, messages in error.message_dict.items()}
    return {}


def make_meeting(values: dict[str, Any], today: date) -> Meeting:
    """Return a meeting, not saved, of what a file says; without a first date it begins today."""
    first_on = values.get("first_on")
    last_on = values.get("last_on")
    return Meeting(
        frequency=values["frequency"],
        interval=values["interval"],
        weekday=values["weekday"],
        ordinals=values["ordinals"],
        starts_at=time.fromisoformat(values["starts_at"]),
        duration_minutes=values["duration_minutes"],
        time_zone=values["time_zone"],
        first_on=date.fromisoformat(first_on) if first_on else today,
        last_on=date.fromisoformat(last_on) if last_on else None,
    )
