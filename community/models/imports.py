import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField
from community.models.groups import SupportGroup

# A preview that nobody acted on by then has to be made again.
PREVIEW_LIFE = timedelta(hours=24)


class ImportedListing(models.Model):
    """What the file said of a listing when it was last imported.

    By it, what staff have edited since is told apart from what is new in the file. Encrypted,
    because it holds the way in as well.
    """

    group = models.OneToOneField(
        SupportGroup,
        models.CASCADE,
        related_name="imported_listing",
        verbose_name=_("support group"),
    )
    content = EncryptedTextField(_("what the file said"))
    imported_at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("imported listing")
        verbose_name_plural = _("imported listings")

    def __str__(self) -> str:
        return str(self.group)


class ImportPreviewQuerySet(models.QuerySet["ImportPreview"]):
    def open_at(self, at: datetime) -> Self:
        """Previews that can still be looked at and applied at `at`."""
        return self.filter(created_at__gt=at - PREVIEW_LIFE)

    def expired(self, at: datetime) -> Self:
        """Previews whose time is over at `at`."""
        return self.filter(created_at__lte=at - PREVIEW_LIFE)


class ImportPreview(models.Model):
    """A file that a staff member has read in and not applied yet; theirs alone, for a day.

    `content` is what was read out of the file. Applying compares it with the directory again: if
    the difference is another by then than the one that was shown, nothing is written and the new
    one is shown. Once applied, the content is gone and `counts` stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("staff member")
    )
    source = models.CharField(_("where the file is from"), max_length=60)
    content = EncryptedTextField(_("what was read"), blank=True)
    created_at = models.DateTimeField(_("read in"))
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    counts: Any = models.JSONField(_("what was done"), default=dict, blank=True)

    objects = ImportPreviewQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.source
