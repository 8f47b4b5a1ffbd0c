"""Secret links under which somebody else reads a member's list."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models.drawn_numbers import drawn_number
from community.models.reading_lists import ReadingList, SavedItem

SECRET_BYTES = 16  # 128 bits: nobody guesses it
MAX_LINKS = 10  # of one list


def hashed(secret: str) -> str:
    """Return what is kept of the secret in a link's address."""
    return sha256(secret.encode()).hexdigest()


class SharedListQuerySet(models.QuerySet["SharedList"]):
    def open_at(self, at: datetime) -> Self:
        """Links that lead to a list at `at`."""
        still_open = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
        return self.filter(still_open, reading_list__member__is_active=True)

    def opened_by(self, secret: str, at: datetime) -> Self:
        """The link whose address holds `secret`, if it leads to a list at `at`."""
        return self.open_at(at).filter(secret_hash=hashed(secret))

    def expired(self, at: datetime) -> Self:
        """Links whose time is over at `at`."""
        return self.filter(expires_at__lte=at)


class SharedList(models.Model):
    """A link under which whoever has it reads a list, without its notes but for those ticked.

    To stop sharing is to delete it. Nothing is kept of who opens it, or how often.
    """

    id = models.BigAutoField(primary_key=True, default=drawn_number, editable=False)
    reading_list = models.ForeignKey(
        ReadingList, models.CASCADE, related_name="shared_lists", verbose_name=_("reading list")
    )
    # Only a hash: whoever reads the database cannot open the link.
    secret_hash = models.CharField(_("hash of the secret"), max_length=64, unique=True)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)

    objects = SharedListQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("shared list")
        verbose_name_plural = _("shared lists")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="community_sharedlist_has_secret", condition=~Q(secret_hash="")
            ),
            models.CheckConstraint(
                name="community_sharedlist_ends_after_it_begins",
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"S{self.pk}"

    def change_secret(self) -> str:
        """Give it a new address, and return its secret, which is kept nowhere. Does not save."""
        secret = token_urlsafe(SECRET_BYTES)
        self.secret_hash = hashed(secret)
        return secret


class SharedNote(models.Model):
    """A note that may be read under a link, as it was when it was ticked.

    Once the member has changed the note, its number differs, and it is not shown any more.
    """

    shared_list = models.ForeignKey(SharedList, models.CASCADE, related_name="shared_notes")
    item = models.ForeignKey(SavedItem, models.CASCADE, related_name="+")
    note_number = models.PositiveIntegerField(_("number of the note"))

    class Meta:
        ordering = ["pk"]
        verbose_name = _("shared note")
        verbose_name_plural = _("shared notes")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="community_sharednote_one_per_item", fields=["shared_list", "item"]
            ),
        ]

    def __str__(self) -> str:
        return f"N{self.pk}"
