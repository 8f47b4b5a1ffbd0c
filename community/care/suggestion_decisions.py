"""What a moderator makes of a suggestion: each step is one transaction, under the row's lock.

A decision, what it changes in the listing, its event and the answer to the sender happen
together or not at all.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from community.care.suggested import as_plain, fingerprint
from community.care.suggestion_mails import send_answer
from community.joining_details import find_joining_details
from community.models import JoiningDetails, Suggestion, SupportGroup
from community.models.groups import TAKEN_ADDRESSES
from community.models.verifications import How, lock, record_check, record_end

# An address may be taken by somebody else at the same moment.
TRIES = 3


class ListingChanged(ValidationError):
    """The listing says something else than on the page that the moderator saw."""

    def __init__(self) -> None:
        words = _("The listing was changed while you were reading. Look at it again.")
        super().__init__(words, code="changed")


def with_values(
    group: SupportGroup, values: dict[str, Any], details: JoiningDetails | None = None
) -> SupportGroup:
    """Return `group` with `values`, checked as a whole, its joining details too.

    Raises ValidationError by field; those of the joining details begin with `joining_`.
    """
    for name, value in values.items():
        setattr(group, name, value)
    errors: dict[str, Any] = {}
    try:
        group.full_clean()
    except ValidationError as error:
        errors |= error.error_dict
    if details is None and group.pk:
        details = JoiningDetails.objects.filter(group=group).first()
    if details is not None:
        details.group = group
        try:
            # They know whether the listing repeats them.
            details.full_clean(exclude=["group"])
        except ValidationError as error:
            errors |= {f"joining_{name}": found for name, found in error.error_dict.items()}
    if errors:
        raise ValidationError(errors)
    return group


def accept_correction(
    suggestion: Suggestion,
    by: Any,
    values: dict[str, Any],
    *,
    by_hand: Iterable[str] = (),
    is_whole: bool,
    basis: str,
    note: str = "",
) -> SupportGroup:
    """Take `values` over into the listing, and note that the rest is put right `by_hand`.

    `is_whole` says whether that is all that was suggested. `basis` is the fingerprint of the
    listing as the moderator saw it. Raises what Suggestion.lock_to_decide() raises;
    ListingChanged; ValidationError if the listing would not be right.
    """
    with transaction.atomic():
        locked = suggestion.lock_to_decide(by)
        assert locked.group is not None  # noqa: S101 - the database says so.
        group = lock(locked.group)
        if fingerprint(group, locked.changes) != basis:
            raise ListingChanged
        if values:
            with_values(group, values)
            group._change_reason = "suggestion"  # type: ignore[attr-defined]
            group.save()
            if values.get("ended_on"):
                record_end(group, values["ended_on"], by)
        if is_whole and locked.is_from_organizer and not group.ended_on:
            # All the rest was right, or they would have said so.
            record_check(group, locked.created_on, How.LINK, by)
        applied = {name: as_plain(value) for name, value in values.items()}
        outcome = Suggestion.Outcome.ACCEPTED if is_whole else Suggestion.Outcome.PARTLY
        suggestion.close(by, outcome=outcome, note=note, applied=applied | dict.fromkeys(by_hand))
        send_answer(suggestion)
    return group


def accept_new_group(
    suggestion: Suggestion,
    by: Any,
    values: dict[str, Any],
    *,
    details: JoiningDetails | None = None,
    note: str = "",
) -> SupportGroup:
    """Make a listing of `values`: off the site, checked by nobody, to be completed and published.

    Raises what Suggestion.lock_to_decide() raises; ValidationError if it would not be right.
    """
    with transaction.atomic():
        suggestion.lock_to_decide(by)
        group = _draft(values, details)
        suggestion.close(
            by,
            outcome=Suggestion.Outcome.ACCEPTED,
            note=note,
            applied={name: as_plain(value) for name, value in values.items()},
            draft=group,
        )
        send_answer(suggestion)
    return group


def reject(suggestion: Suggestion, by: Any, *, reason: str, note: str = "") -> None:
    """Take nothing over, and keep why not. Raises what Suggestion.lock_to_decide() raises."""
    with transaction.atomic():
        suggestion.close(by, outcome=Suggestion.Outcome.REJECTED, reason=reason, note=note)
        send_answer(suggestion)


def _draft(values: dict[str, Any], details: JoiningDetails | None) -> SupportGroup:
    for tried in range(1, TRIES + 1):
        group = SupportGroup(slug=free_slug(str(values.get("name", ""))))
        with_values(group, values, details)
        group._change_reason = "suggestion"  # type: ignore[attr-defined]
        try:
            with transaction.atomic():
                group.save()
            break
        except IntegrityError:
            if tried == TRIES:
                raise
    if details is not None and not details.is_empty:
        details.group = group
        details.save()
    return group


def free_slug(name: str) -> str:
    """Return an address made of `name` that no group has."""
    stem = slugify(name)[:70].strip("-") or "group"
    if find_joining_details(stem):
        stem = "group"
    taken = set(SupportGroup.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    taken |= TAKEN_ADDRESSES
    number, slug = 1, stem
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug
