from typing import Any, Never

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AppendOnlyQuerySet(models.QuerySet):
    """Rows that are added, and never changed or deleted."""

    def update(self, **changes: Any) -> Never:
        raise ValueError("These rows are never changed.")

    def delete(self) -> Never:
        raise ValueError("These rows are never deleted.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts"):
            raise ValueError("These rows are never changed.")
        return super().bulk_create(*args, **kwargs)


class Event(models.Model):
    """Who did what to a version, and when. Only ever added to."""

    class Verb(models.TextChoices):
        CREATED = "created", _("written")
        SUBMITTED = "submitted", _("sent for review")
        RETURNED = "returned", _("sent back to be worked on")
        REJECTED = "rejected", _("rejected")
        APPROVED = "approved", _("approved")
        WITHDRAWN = "withdrawn", _("withdrawn")
        REVIEWED = "reviewed", _("reviewed")
        STANDS = "stands", _("said to still stand, in spite of a warning")
        MOVED = "moved", _("moved to another address")
        GIVEN = "given", _("given to another owner")
        SHARED = "shared", _("preview link made")
        ASKED = "asked", _("sent to an outside clinician")
        ANSWERED = "answered", _("answered by an outside clinician")
        REVOKED = "revoked", _("question to a clinician taken back")
        REPORT_CLOSED = "report-closed", _("reader’s report closed")

    version = models.ForeignKey(
        "facts.FactVersion", models.PROTECT, related_name="events", verbose_name=_("version")
    )
    verb = models.CharField(_("what"), max_length=16, choices=Verb.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("who"),
    )
    note = models.TextField(_("note"), blank=True)
    happened_at = models.DateTimeField(_("when"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["happened_at", "pk"]
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.version}: {self.get_verb_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise ValueError("An event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise ValueError("An event is never deleted.")
