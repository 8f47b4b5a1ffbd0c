from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from community.models.groups import SupportGroup
from community.models.meetings import Meeting
from community.recurrence import Planned

HORIZON = timedelta(days=400)
# What a row knows of its date.
PLANNED = [field.name for field in fields(Planned)]


class OccurrenceQuerySet(models.QuerySet["Occurrence"]):
    def ahead(self, at: datetime) -> Self:
        """Occurrences that have not ended at `at`, canceled ones among them, soonest first."""
        return self.filter(ends_at__gt=at).order_by("starts_at", "pk")

    def upcoming(self, at: datetime) -> Self:
        """Occurrences that have not ended at `at` and take place, soonest first."""
        return self.filter(ends_at__gt=at, is_cancelled=False).order_by("starts_at", "pk")

    def of(self, groups: models.QuerySet[SupportGroup]) -> Self:
        """Occurrences of `groups`, with `group`, its number, and `group_name`.

        The group of each date is looked up by itself, which is for the first few of many: for a
        join PostgreSQL prepares at a cost that grows with all dates.
        """
        own = groups.filter(meetings=OuterRef("meeting_id")).order_by()
        return self.annotate(
            group=Subquery(own.values("pk")[:1]), group_name=Subquery(own.values("name")[:1])
        ).filter(group__isnull=False)

    def attach_next(self, groups: Iterable[SupportGroup], at: datetime) -> None:
        """Set `next_occurrence` on each of `groups`, its meeting with it, in one query.

        Takes groups that know their `next_starts_at`; those without one get None.
        """
        groups = list(groups)
        moments = {group.next_starts_at for group in groups if group.next_starts_at}
        rows: dict[int, Occurrence] = {}
        if moments:
            found = self.upcoming(at).filter(meeting__group__in=groups, starts_at__in=moments)
            for row in found.select_related("meeting"):
                rows.setdefault(row.meeting.group_id, row)
        for group in groups:
            group.next_occurrence = rows.get(group.pk)

    def rebuild(self, meeting: Meeting, at: datetime) -> bool:
        """Make the rows of `meeting` match its rule, as `rebuild_group()` does."""
        return self._rebuild(meeting.group_id, at, pk=meeting.pk)

    def rebuild_group(self, group_id: int, at: datetime) -> bool:
        """Make the rows of a group's meetings match their rules, exceptions and pauses.

        They reach from `at` to 400 days later; those gone by are kept for a day. Rows that stay
        right are not touched, and a date that was moved keeps its row. Returns False, and does
        nothing, if there is no meeting any more.
        """
        return self._rebuild(group_id, at)

    @transaction.atomic
    def _rebuild(self, group_id: int, at: datetime, **which: int) -> bool:
        # All is read under the lock, so that two saves at once cannot leave the dates of the
        # earlier one. It lets pass what a new row does to the row that it points at.
        groups = SupportGroup.objects.select_for_update(no_key=True).only("pk", "ended_on")
        group = groups.filter(pk=group_id).first()
        meetings = list(Meeting.objects.filter(group=group_id, **which))
        if group is None or not meetings:
            return False
        prefetch_related_objects(meetings, "exceptions")
        prefetch_related_objects([group], "pauses")
        wanted: dict[tuple[int, datetime], Occurrence] = {}
        for meeting in meetings:
            meeting.group = group
            for date in meeting.planned(at - timedelta(days=1), at + HORIZON):
                row = Occurrence(meeting=meeting, **asdict(date))
                wanted[meeting.pk, row.original_starts_at] = row
        wrong, changed = [], []
        for row in self.filter(meeting__in=meetings):
            new = wanted.pop((row.meeting_id, row.original_starts_at), None)
            if new is None:
                wrong.append(row.pk)
            elif any(getattr(row, name) != getattr(new, name) for name in PLANNED):
                new.pk = row.pk
                changed.append(new)
        if wrong:
            self.filter(pk__in=wrong).delete()
        if changed:
            Occurrence.objects.bulk_update(changed, PLANNED)
        Occurrence.objects.bulk_create(wanted.values())
        return True


class Occurrence(models.Model):
    """One date of a meeting, kept ready so that lists can be ordered by it."""

    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="occurrences", verbose_name=_("meeting")
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    # What the rule says, before anything was moved: the day in the meeting's zone, and the
    # moment. They stay the same when the date is moved again.
    original_on = models.DateField(_("day by the rule"))
    original_starts_at = models.DateTimeField(_("begins by the rule"))
    is_cancelled = models.BooleanField(_("canceled"), default=False)
    place = models.CharField(_("another place"), max_length=200, blank=True)
    note = models.CharField(_("what people should know"), max_length=300, blank=True)

    objects = OccurrenceQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        verbose_name = _("date of a meeting")
        verbose_name_plural = _("dates of meetings")
        indexes = [
            models.Index(name="community_occurrence_ends", fields=["ends_at", "starts_at"]),
            # The next date of each meeting, for lists of groups.
            models.Index(name="community_occurrence_next", fields=["meeting", "starts_at"]),
            # The next dates of all meetings, for the first page of a long list of groups. Those
            # that are over are passed over in the index.
            models.Index(name="community_occurrence_coming", fields=["starts_at", "ends_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="community_occurrence_once", fields=["meeting", "original_starts_at"]
            ),
            models.CheckConstraint(
                name="community_occurrence_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"

    @property
    def is_moved(self) -> bool:
        """Whether it takes place at another time than its rule says."""
        return self.starts_at != self.original_starts_at
