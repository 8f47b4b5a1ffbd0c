from django.db import models
from django.utils import timezone


class PublicChange(models.Model):
    """A mark that something which readers see has changed; databases write it by themselves.

    Count and sum of the marks are different after every change: that is all that is asked of
    them. SQLite has one writer at a time and counts up one row; PostgreSQL adds rows, for which
    nobody has to wait for anybody, and old ones are deleted.
    """

    number = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "change of what readers see"
        verbose_name_plural = "changes of what readers see"

    def __str__(self) -> str:
        return str(self.pk)


class ChangedAddress(models.Model):
    """An address below which something was changed, and so may have been withdrawn.

    While the database cannot be reached, no older copy of a page below it is shown. "" stands
    for every page.
    """

    address = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "changed address"
        verbose_name_plural = "changed addresses"

    def __str__(self) -> str:
        return self.address
