"""Read → compare → apply: what a file would change in the directory, and the change itself.

A listing is found again by the source of the file and its key there. What staff have edited since
the last import, and what was never imported, is kept unless somebody says otherwise, field by
field. Nothing is ever deleted.
"""

import copy
import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Prefetch, Q
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from community.imports.checks import CAN_WAIT, label, make_meeting
from community.imports.rows import Listing, Problem, Reading, one_line, plain_text
from community.imports.words import simplify
from community.models import (
    ImportedListing,
    JoiningDetails,
    Meeting,
    Pause,
    SupportGroup,
    Verification,
)
from community.signals import public_content_changed
from community.tasks import make_dates

# Written beside each change in the history.
REASON = "import"
_TEXTS = {"description", "first_meeting", "staff_contact"}
_WHAT_NEEDS_WHAT = {"is_in_person", "place", "latitude", "longitude"}


@dataclass
class Change:
    """One field of a listing that the file has otherwise.

    It is a conflict if what stands here is not what the last import wrote. `is_known` is one
    that the file said already then.
    """

    field: str
    old: Any
    new: Any
    is_conflict: bool = False
    is_known: bool = False

    @property
    def is_private(self) -> bool:
        """Whether it lets people in, or is for staff."""
        return self.field.startswith("joining.") or self.field in {"owner_email", "staff_contact"}


@dataclass
class Item:
    """One listing of the file beside what stands in the directory."""

    listing: Listing
    group: SupportGroup | None = None
    changes: list[Change] = field(default_factory=list)
    # A listing of the same name, which may be the same group.
    twin: SupportGroup | None = None

    @property
    def kind(self) -> str:
        """What would happen: new, changed, kept (conflicts alone) or unchanged."""
        if self.group is None:
            return "new"
        if any(not change.is_conflict for change in self.changes):
            return "changed"
        return "kept" if self.changes else "unchanged"

    @property
    def conflicts(self) -> list[Change]:
        """The changes that are made only if somebody says so."""
        return [change for change in self.changes if change.is_conflict]

    def token(self, change: Change) -> str:
        """Return what stands for a conflict in a form."""
        return f"{self.group.pk if self.group else 0}.{change.field}"


@dataclass
class Plan:
    """What a file would change."""

    source: str
    reading: Reading
    items: list[Item]
    refused: list[Problem]
    # Listings of the source that the file does not have any more.
    gone: list[SupportGroup]

    def of_kind(self, kind: str) -> list[Item]:
        """The listings that are new, changed, kept or unchanged."""
        return [item for item in self.items if item.kind == kind]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each: rows and refused rows, the others by listing."""
        kinds = [item.kind for item in self.items]
        return {
            "rows": self.reading.row_count,
            "listings": len(self.items),
            **{kind: kinds.count(kind) for kind in ("new", "changed", "kept", "unchanged")},
            "refused": len({problem.row for problem in self.refused}),
            "gone": len(self.gone),
        }

    @property
    def fingerprint(self) -> str:
        """The same for two plans that would do the same."""
        told = [
            [
                item.kind,
                item.listing.key,
                item.group.pk if item.group else None,
                [[c.field, c.old, c.new, c.is_conflict] for c in item.changes],
            ]
            for item in self.items
        ]
        text = json.dumps([self.source, told], default=str, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class NotApplied(Exception):
    """Nothing was written; the words say why."""


def compare(reading: Reading, source: str, today: date, *, is_locking: bool = False) -> Plan:
    """Return what the file would change in the directory as it is now.

    `is_locking` keeps everybody else from changing these listings until the transaction ends.
    """
    slugs = {listing.slug for listing in reading.listings if listing.slug}
    which = Q(import_source=source) | Q(slug__in=slugs, is_example=False)
    if is_locking:
        list(SupportGroup.objects.select_for_update().filter(which).values_list("pk"))
    known = list(
        SupportGroup.objects.filter(which)
        .select_related("joining_details", "imported_listing")
        .prefetch_related(Prefetch("meetings", Meeting.objects.order_by("pk")), "pauses")
        .order_by("pk")
    )
    finder = _Finder(known, source)
    twins = {
        simplify(group.name): group
        for group in SupportGroup.objects.real().only("pk", "name").order_by("-pk")
    }
    plan = Plan(source, reading, [], list(reading.refused), [])
    for listing in reading.listings:
        group = finder.find(listing)
        item = Item(listing, group)
        if group is None:
            item.twin = twins.get(simplify(listing.fields["name"]))
            errors = _errors_of(_new_group(listing), REQUIRED | listing.fields.keys())
        else:
            item.changes = _changes(listing, group, finder.said(group), today)
            errors = {}
            if item.kind == "changed":
                errors = _errors_of(_changed_group(item), _WHAT_NEEDS_WHAT)
        if errors:
            plan.refused += [
                Problem(row, label(name), reason)
                for name, reason in errors.items()
                for row in listing.rows
            ]
        else:
            plan.items.append(item)
    plan.gone = finder.left()
    return plan


class _Finder:
    """Finds the listing of the directory that a listing of the file is, each of them once."""

    def __init__(self, groups: Iterable[SupportGroup], source: str) -> None:
        self._of_source = [group for group in groups if group.import_source == source]
        self._said = {group.pk: _last_said(group) for group in self._of_source}
        self._by_key = {group.import_key: group for group in self._of_source}
        self._by_part = {
            part: group
            for group in self._of_source
            for part in (self._said[group.pk] or {}).get("parts", [])
        }
        self._by_slug = {group.slug: group for group in groups}
        self._found: set[int] = set()

    def find(self, listing: Listing) -> SupportGroup | None:
        """Return the listing that `listing` is, unless another one of the file was it."""
        parts = listing.parts or [listing.key]
        candidates = [
            *(self._by_key.get(part) for part in dict.fromkeys([listing.key, *parts])),
            *(self._by_part.get(part) for part in parts),
            self._by_slug.get(listing.slug),
        ]
        for group in candidates:
            if group is not None and group.pk not in self._found:
                self._found.add(group.pk)
                return group
        return None

    def said(self, group: SupportGroup) -> dict[str, Any] | None:
        """Return what the file said last time, or None if the listing did not come from it."""
        return self._said.get(group.pk)

    def left(self) -> list[SupportGroup]:
        """Return the listings of the source that were not found in the file."""
        return [group for group in self._of_source if group.pk not in self._found]


def _last_said(group: SupportGroup) -> dict[str, Any] | None:
    imported = getattr(group, "imported_listing", None)
    return json.loads(imported.content) if imported else None


def _content(listing: Listing) -> str:
    """Return what is kept of a listing, to tell next time what staff have edited."""
    said = {
        "parts": listing.parts or [listing.key],
        "values": {name: _normal(name, value) for name, value in _told(listing).items()},
    }
    return json.dumps(said, sort_keys=True)


def _told(listing: Listing) -> dict[str, Any]:
    """Return all that the file tells of a listing, by the names of changes."""
    told = dict(listing.fields)
    if listing.meetings is not None:
        told["meetings"] = listing.meetings
    for name, value in (listing.joining or {}).items():
        told[f"joining.{name}"] = value
    if listing.is_paused is not None:
        told["is_paused"] = listing.is_paused
    return told


def _stands(group: SupportGroup, name: str, today: date) -> Any:
    """Return what stands in the directory now, by the name of a change."""
    if name == "meetings":
        return [_meeting_values(m) for m in _running(group, today)]
    if name == "is_paused":
        return _open_pause(group, today) is not None
    if name.startswith("joining."):
        details = getattr(group, "joining_details", None)
        return _normal(name, getattr(details, name.removeprefix("joining."), ""))
    return _normal(name, getattr(group, name))


def _normal(name: str, value: Any) -> Any:
    """Return `value` as it is compared: what only looks different is the same."""
    if isinstance(value, str):
        return plain_text(value) if name in _TEXTS else one_line(value)
    if isinstance(value, float):
        return round(value, 6)
    return value


def _changes(
    listing: Listing, group: SupportGroup, said: dict[str, Any] | None, today: date
) -> list[Change]:
    """Return the fields that the file has otherwise than the directory."""
    changes = []
    values = (said or {}).get("values", {})
    for name, value in _told(listing).items():
        new, old = _normal(name, value), _stands(group, name, today)
        if _is_same(name, new, old):
            continue
        is_ours = bool(old) if name not in values else not _is_same(name, values[name], old)
        changes.append(
            Change(
                name,
                old,
                new,
                is_conflict=is_ours,
                is_known=name in values and values[name] == new,
            )
        )
    return changes


def _is_same(name: str, new: Any, old: Any) -> bool:
    """Whether what a file says stands already; of meetings, it may leave dates untold."""
    if name != "meetings":
        return new == old
    wanted, there = _unpaired(new, old)
    return not wanted and not there


def _unpaired(
    wanted: list[dict[str, Any]], there: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the meetings of a file that are not there, and those there that it has not."""
    left = list(there)
    missing = []
    for meeting in wanted:
        told = {n: v for n, v in meeting.items() if v is not None or n == "last_on"}
        same = next((m for m in left if told.items() <= m.items()), None)
        if same is None:
            missing.append(meeting)
        else:
            left.remove(same)
    return missing, left


def _meeting_values(meeting: Meeting) -> dict[str, Any]:
    return {
        "frequency": meeting.frequency,
        "interval": meeting.interval,
        "weekday": meeting.weekday,
        "ordinals": list(meeting.ordinals) if meeting.frequency == "monthly" else [],
        "starts_at": meeting.starts_at.replace(microsecond=0).isoformat(),
        "duration_minutes": meeting.duration_minutes,
        "time_zone": meeting.time_zone,
        "first_on": meeting.first_on.isoformat(),
        "last_on": meeting.last_on.isoformat() if meeting.last_on else None,
    }


def _running(group: Any, today: date) -> list[Meeting]:
    """Return the meetings that are not over."""
    return [m for m in group.meetings.all() if m.last_on is None or m.last_on >= today]


def _open_pause(group: Any, today: date) -> Pause | None:
    """Return the pause without an end that a group is in."""
    return next((p for p in group.pauses.all() if p.last_on is None and p.first_on <= today), None)


# A new listing is refused without these; a description can wait until it is published.
REQUIRED = {"name", "run_by"} | _WHAT_NEEDS_WHAT | {"is_online"}


def _new_group(listing: Listing) -> SupportGroup:
    values = {n: v for n, v in listing.fields.items() if v not in ("", None)}
    return SupportGroup(
        **{**listing.defaults, **values},
        slug="a",
        joining_policy=SupportGroup.JoiningPolicy.ON_REQUEST,
    )


def _changed_group(item: Item, ticked: Collection[str] = ()) -> SupportGroup:
    """Return the listing with the changes that are to be made, not saved."""
    group = copy.copy(item.group)
    assert group is not None  # noqa: S101 (for the type checker)
    for change in _to_make(item, ticked):
        if change.field in _FIELDS:
            setattr(group, change.field, change.new)
    return group


def _to_make(item: Item, ticked: Collection[str]) -> list[Change]:
    return [c for c in item.changes if not c.is_conflict or item.token(c) in ticked]


_FIELDS = {f.name for f in SupportGroup._meta.fields}


def _errors_of(group: SupportGroup, names: Collection[str]) -> dict[str, str]:
    """Return what the model finds wrong in the fields `names`, each in words."""
    names = set(names) - CAN_WAIT
    errors: dict[str, list[str]] = {}
    for run in (
        lambda: group.clean_fields(exclude=(_FIELDS - names) | {"country"}),
        group.clean,
    ):
        try:
            run()
        except ValidationError as error:
            errors |= error.message_dict
    return {name: " ".join(errors[name]) for name in errors if name in names}


def import_reading(
    reading: Reading,
    source: str,
    now: datetime,
    ticked: Collection[str] = (),
    shown: str | None = None,
) -> tuple[Plan, dict[str, int] | None]:
    """Compare what was read with the directory and apply it, with nothing in between.

    If `shown` is the fingerprint of a plan that somebody agreed to, and the directory has changed
    since, nothing is written: the counts are None then, and the plan is the new one.
    """
    try:
        with transaction.atomic():
            plan = compare(reading, source, timezone.localdate(now), is_locking=True)
            if shown is not None and plan.fingerprint != shown:
                return plan, None
            return plan, apply(plan, now, ticked)
    except IntegrityError as error:
        # Another import of the same file has written first.
        raise NotApplied(
            _("Nothing was imported: somebody else changed the same listings. Look at it again.")
        ) from error


def apply(plan: Plan, now: datetime, ticked: Collection[str] = ()) -> dict[str, int]:
    """Write what `plan` says, and the conflicts whose tokens are in `ticked`, or nothing at all.

    Returns how many listings are new and how many were changed. New ones are not published, and
    nobody has checked them. Raises NotApplied if a listing would break a rule.
    """
    new = plan.of_kind("new")
    changed = []
    with transaction.atomic():
        _create(new, plan.source, now)
        for item in plan.items:
            if item.group is not None:
                if _change(item, ticked, now):
                    changed.append(item)
                _remember(item, plan.source, now)
        _save(changed, ticked, now)
    return {"new": len(new), "changed": len(changed)}


def _create(items: list[Item], source: str, now: datetime) -> None:
    """Write new listings, many at a time.

    What a save would tell others is not told: nothing of a listing that waits is public. Its
    dates are made in the background, so that nobody else waits for all of them.
    """
    today = timezone.localdate(now)
    taken = set(SupportGroup.objects.values_list("slug", flat=True))
    groups = []
    for item in items:
        group = _new_group(item.listing)
        group.slug = _free_slug(item.listing, taken)
        group.import_source, group.import_key = source, item.listing.key
        groups.append(group)
    _write(SupportGroup, groups)
    meetings, pauses, ways_in, imported = [], [], [], []
    for item, group in zip(items, groups, strict=True):
        listing = item.listing
        for values in listing.meetings or []:
            meeting = make_meeting(values, today)
            meeting.group = group
            meetings.append(meeting)
        if listing.is_paused:
            pauses.append(Pause(group=group, first_on=today))
        if listing.joining and any(listing.joining.values()):
            ways_in.append(JoiningDetails(group=group, **listing.joining))
        imported.append(ImportedListing(group=group, content=_content(listing), imported_at=now))
    _write(Meeting, meetings)
    _write(Pause, pauses)
    JoiningDetails.objects.bulk_create(ways_in, batch_size=200)
    ImportedListing.objects.bulk_create(imported, batch_size=200)
    keys = [group.pk for group in groups]
    for start in range(0, len(keys), 100):
        make_dates.enqueue(keys[start : start + 100])


def _write(model: Any, rows: list[Any]) -> None:
    """Write new rows and the beginning of their history."""
    model.objects.bulk_create(rows, batch_size=100)
    _write_history(model, rows)


def _write_history(model: Any, rows: list[Any], *, update: bool = False) -> None:
    if rows:
        user = model.history.model.get_default_history_user(rows[0])
        model.history.bulk_history_create(
            rows,
            batch_size=100,
            update=update,
            default_user=user,
            default_change_reason=REASON,
        )


def _free_slug(listing: Listing, taken: set[str]) -> str:
    """Return an address for a new listing that nothing has yet, and add it to `taken`."""
    base = listing.slug or slugify(listing.fields["name"])[:70].strip("-_") or "group"
    slug, number = base, 1
    while slug in taken or not _is_address_of_group(slug):
        number += 1
        slug = f"{base[:72]}-{number}"
    taken.add(slug)
    return slug


def _is_address_of_group(slug: str) -> bool:
    """Whether the address is not that of one of our own pages: /groups/suggest/."""
    address = reverse("community:support-group-detail", args=[slug])
    return resolve(address).url_name == "support-group-detail"


def _change(item: Item, ticked: Collection[str], now: datetime) -> bool:
    """Make the changes to a listing that is there; return whether there were any."""
    changes = {change.field: change.new for change in _to_make(item, ticked)}
    group = item.group
    if not changes or group is None:
        return False
    names = changes.keys() & _FIELDS
    for name in names:
        setattr(group, name, changes[name])
    errors = _errors_of(group, names | _WHAT_NEEDS_WHAT)
    if errors:
        raise NotApplied(
            _("Nothing was imported. “%(name)s” would break a rule: %(reason)s")
            % {"name": group.name, "reason": " ".join(errors.values())}
        )
    today = timezone.localdate(now)
    if "meetings" in changes:
        _change_meetings(group, changes["meetings"], today)
    if "is_paused" in changes:
        _change_pause(group, changes["is_paused"], today)
    ways_in = [name for name in changes if name.startswith("joining.")]
    if ways_in:
        details = getattr(group, "joining_details", None) or JoiningDetails(group=group)
        for name in ways_in:
            setattr(details, name.removeprefix("joining."), changes[name])
        details.save()
    return True


def _save(items: list[Item], ticked: Collection[str], now: datetime) -> None:
    """Write the listings that were changed, many at a time, and tell of those that are public.

    Also when its own fields stay: the day of the last edit is that of all its parts.
    """
    names = {change.field for item in items for change in _to_make(item, ticked)} & _FIELDS
    groups = [item.group for item in items if item.group is not None]
    for group in groups:
        group.edited_at = now
    SupportGroup.objects.bulk_update(groups, [*sorted(names), "edited_at"], batch_size=50)
    _write_history(SupportGroup, groups, update=True)
    moved = [
        item.group
        for item in items
        if any(change.field == "owner_email" for change in _to_make(item, ticked))
    ]
    # What was asked at an address that is not the organizer's any more takes no answer.
    Verification.objects.filter(group__in=moved).make_room(now)
    for group in groups:
        if group.published_at is not None:
            public_content_changed.send(sender=SupportGroup, instance=group)


def _change_meetings(group: Any, wanted: list[dict[str, Any]], today: date) -> None:
    """Make the meetings of a listing those that the file says.

    One that stays the same keeps its row, and with it its canceled dates; one that is another
    now keeps it too, so that calendars learn of the change. What the file has no more ends.
    """
    left = _running(group, today)
    missing = []
    for values in wanted:
        same = next((m for m in left if not _unpaired([values], [_meeting_values(m)])[0]), None)
        if same is None:
            missing.append(values)
        else:
            left.remove(same)
    for values in missing:
        same_day = [m for m in left if m.weekday == values["weekday"]]
        meeting = (same_day or left or [Meeting(group=group)])[0]
        if meeting in left:
            left.remove(meeting)
        new = make_meeting(values, today)
        told = {n for n, v in values.items() if v is not None or n == "last_on"}
        for name in told if meeting.pk else {*told, "first_on"}:
            setattr(meeting, name, getattr(new, name))
        meeting._change_reason = REASON  # type: ignore[attr-defined]
        meeting.save()
    yesterday = today - timedelta(days=1)
    for meeting in left:
        if meeting.first_on > yesterday:
            meeting.delete()
            continue
        meeting.last_on = yesterday
        meeting._change_reason = REASON  # type: ignore[attr-defined]
        meeting.save()


def _change_pause(group: Any, is_paused: bool, today: date) -> None:
    """Begin a pause until further notice, or end the one that there is."""
    pause = _open_pause(group, today)
    if is_paused and pause is None:
        Pause.objects.create(group=group, first_on=today)
    elif pause and not is_paused:
        if pause.first_on >= today:
            pause.delete()
        else:
            pause.last_on = today - timedelta(days=1)
            pause.save()


def _remember(item: Item, source: str, now: datetime) -> None:
    """Keep what the file said of a listing of its source, unless it is kept already."""
    group = item.group
    content = _content(item.listing)
    if group is None or group.import_source != source:
        return
    imported = getattr(group, "imported_listing", None)
    if imported is None or imported.content != content:
        ImportedListing.objects.update_or_create(
            group=group, defaults={"content": content, "imported_at": now}
        )
