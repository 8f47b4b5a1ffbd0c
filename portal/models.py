"""Tables that are derived, or that only the machine needs; all can be rebuilt."""

from django.db import models
from django.db.models import F, Q


class SearchEntry(models.Model):
    """One text that search finds, while it is live. Written in the transaction of the change.

    The full-text index itself (SQLite's FTS5 table, PostgreSQL's tsvector column) is made by a
    migration and kept by the database.
    """

    kind = models.CharField(max_length=16)  # topic, fact, term, question, service, group
    key = models.CharField(max_length=200)  # With the kind, what the entry was made from.
    language = models.CharField(max_length=10, default="en")
    url = models.CharField(max_length=300)
    title = models.TextField()
    neutral_title = models.TextField(blank=True)
    body = models.TextField(blank=True)
    sensitivity = models.CharField(max_length=16, default="none")
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "search entry"
        verbose_name_plural = "search entries"
        indexes = [models.Index(name="portal_searchentry_key", fields=["kind", "key"])]
        constraints = [
            models.CheckConstraint(
                name="portal_searchentry_interval_in_order",
                condition=Q(live_until__isnull=True)
                | Q(live_until__isnull=False, live_until__gt=F("live_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Job(models.Model):
    """When a recurring job last ran; one row for each, locked while it is due."""

    name = models.CharField(max_length=60, primary_key=True)
    ran_at = models.DateTimeField()
    is_failed = models.BooleanField(default=False)

    class Meta:
        verbose_name = "job"
        verbose_name_plural = "jobs"

    def __str__(self) -> str:
        return self.name
