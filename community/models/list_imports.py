"""Lists that a member has read in from a file and not made yet."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField
from community.models.members import Member

IMPORT_LIFE = timedelta(hours=1)


class ListImportQuerySet(models.QuerySet["ListImport"]):
    def open_at(self, at: datetime) -> Self:
        """Files that can still be looked at and made into lists at `at`."""
        return self.filter(created_at__gt=at - IMPORT_LIFE)

    def expired(self, at: datetime) -> Self:
        """Files whose time is over at `at`."""
        return self.filter(created_at__lte=at - IMPORT_LIFE)


class ListImport(models.Model):
    """What was read out of a member's file, for an hour; a newer file takes its place."""

    member = models.OneToOneField(
        Member, models.CASCADE, related_name="list_import", verbose_name=_("member")
    )
    content = EncryptedTextField(_("what was read"))
    created_at = models.DateTimeField(_("read in"))

    objects = ListImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("lists from a file")
        verbose_name_plural = _("lists from files")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.member)
