from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models.meetings import Meeting

HORIZON = timedelta(days=400)


class OccurrenceQuerySet(models.QuerySet):
    def upcoming(self, at: datetime) -> Self:
        """Occurrences that have not ended at `at` and take place, soonest first."""
        return self.filter(ends_at__gt=at, is_cancelled=False).order_by("starts_at", "pk")

    def public(self, at: datetime) -> Self:
        """Occurrences of groups that readers find at `at`."""
        return self.filter(meeting__group__published_at__lte=at)

    @transaction.atomic
    def rebuild(self, meeting: Meeting, at: datetime) -> None:
        """Make the rows of `meeting` match its rule, from `at` to 400 days later.

        Rows that stay right are not touched; those gone by are kept for a day.
        """
        Meeting.objects.select_for_update().get(pk=meeting.pk)
        wanted = dict(meeting.recurrence.between(at - timedelta(days=1), at + HORIZON))
        kept = set()
        for row in self.filter(meeting=meeting):
            if wanted.get(row.starts_at) == row.ends_at:
                kept.add(row.starts_at)
            else:
                row.delete()
        self.bulk_create(
            self.model(meeting=meeting, starts_at=start, ends_at=end)
            for start, end in wanted.items()
            if start not in kept
        )


class Occurrence(models.Model):
    """One date of a meeting, kept ready so that lists can be ordered by it."""

    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="occurrences", verbose_name=_("meeting")
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    is_cancelled = models.BooleanField(_("canceled"), default=False)

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
                name="community_occurrence_once", fields=["meeting", "starts_at"]
            ),
            models.CheckConstraint(
                name="community_occurrence_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"
