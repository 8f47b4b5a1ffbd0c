from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models.groups import SupportGroup
from community.models.meetings import Meeting

HORIZON = timedelta(days=400)


class OccurrenceQuerySet(models.QuerySet["Occurrence"]):
    def upcoming(self, at: datetime) -> Self:
        """Occurrences that have not ended at `at` and take place, soonest first."""
        return self.filter(ends_at__gt=at, is_cancelled=False).order_by("starts_at", "pk")

    def public(self, at: datetime) -> Self:
        """Occurrences of groups that readers find at `at`, and that have not ended."""
        return self.filter(meeting__group__in=SupportGroup.objects.published(at).running(at))

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

    @transaction.atomic
    def rebuild(self, meeting: Meeting, at: datetime) -> bool:
        """Make the rows of `meeting` match its rule, from `at` to 400 days later.

        Rows that stay right are not touched; those gone by are kept for a day. Returns False,
        and does nothing, if the meeting is not there any more. The rule is read under the
        lock, so that two saves at once cannot leave the dates of the earlier one.
        """
        locked = Meeting.objects.select_for_update().filter(pk=meeting.pk).first()
        if locked is None:
            return False
        wanted = dict(locked.recurrence.between(at - timedelta(days=1), at + HORIZON))
        rows = list(self.filter(meeting=locked))
        kept = {row.starts_at for row in rows if wanted.get(row.starts_at) == row.ends_at}
        wrong = [row.pk for row in rows if row.starts_at not in kept]
        if wrong:
            self.filter(pk__in=wrong).delete()
        self.bulk_create(
            self.model(
                meeting=locked,
                starts_at=start,
                ends_at=end,
                original_on=start.astimezone(locked.recurrence.zone).date(),
                original_starts_at=start,
            )
            for start, end in wanted.items()
            if start not in kept
        )
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
