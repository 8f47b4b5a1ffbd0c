import hashlib
import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField
from community.models.groups import SupportGroup
from community.models.members import Member
from community.models.reading_lists import SavedItem

SECRET_BYTES = 24  # 192 bits: nobody guesses it


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def opened_by(self, secret: str) -> Self:
        """The feed whose address holds `secret`, if its member may still sign in."""
        return self.filter(secret_hash=_hash(secret), member__is_active=True)


class CalendarFeed(models.Model):
    """A secret address under which a member's calendar program finds the groups they saved.

    Whoever has the address reads it without signing in, so a member can change it at any time.
    It is kept encrypted, to be shown to the member again; it is found by its hash.
    """

    member = models.OneToOneField(
        Member, models.CASCADE, related_name="calendar_feed", verbose_name=_("member")
    )
    secret = EncryptedTextField(_("secret"))
    secret_hash = models.CharField(_("hash of the secret"), max_length=64, unique=True)
    is_neutral = models.BooleanField(_("neutral titles"), default=True)
    holds_ways_in = models.BooleanField(_("with the way in"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        constraints = [
            models.CheckConstraint(
                name="community_calendarfeed_has_secret", condition=~Q(secret_hash="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.member)

    def change_secret(self) -> None:
        """Give it a new address; the old one leads nowhere from now on. Does not save."""
        self.secret = secrets.token_urlsafe(SECRET_BYTES)
        self.secret_hash = _hash(self.secret)

    @property
    def address(self) -> str:
        """The full address for a calendar program."""
        return f"{settings.SITE_URL}{reverse('community:calendar-feed', args=[self.secret])}"

    def groups(self, at: datetime) -> models.QuerySet[SupportGroup]:
        """Return the groups that its member has saved, with all that their dates are made of.

        What is archived, or on an archived list, is left out.
        """
        saved = SavedItem.objects.active().filter(
            reading_list__member=self.member_id, reading_list__archived_at__isnull=True
        )
        groups = SupportGroup.objects.published(at).filter(pk__in=saved.values("group"))
        return groups.with_dates().select_related("joining_details").order_by("pk")
