"""The links by which members take away a copy of what is held about them."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Self

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.members import Member

LINK_LIFE = timedelta(minutes=15)
# A download that takes longer was broken off without a word.
DOWNLOAD_LIMIT = timedelta(minutes=10)
A_DAY = timedelta(days=1)
EXPORTS_A_DAY = 5


class LinkIsSpent(Exception):
    """This link has been used, or its time is over."""


class AnotherIsRunning(Exception):
    """Another copy for the same member is being made at this moment."""


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def are_used_up(self, member: Member, now: datetime) -> bool:
        """Say whether `member` has taken as many copies as a day allows."""
        return self.filter(member=member, begun_at__gt=now - A_DAY).count() >= EXPORTS_A_DAY

    def old(self, now: datetime) -> Self:
        """Rows that say nothing any more: unused after their time, used a day ago."""
        return self.filter(
            Q(begun_at__isnull=True, asked_at__lt=now - LINK_LIFE) | Q(begun_at__lt=now - A_DAY)
        )

    @transaction.atomic
    def ask(self, member: Member, shape: str, now: datetime) -> tuple["DataExport", str]:
        """Return a new link's row and the secret of its address; an older one stops working."""
        self.filter(member=member, begun_at__isnull=True).delete()
        secret = token_urlsafe(32)
        made = self.create(member=member, shape=shape, secret_hash=hashed(secret), asked_at=now)
        return made, secret


class DataExport(models.Model):
    """One copy of a member's data: asked for, taken away once. The copy itself is never kept."""

    class Shape(models.TextChoices):
        PAGES = "pages", _("As a page to read")
        DATA = "data", _("As data, for another program")

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="data_exports", verbose_name=_("member")
    )
    shape = models.CharField(max_length=8, choices=Shape.choices)
    # Only a hash: whoever reads the database cannot open the link.
    secret_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("copy of a member’s data")
        verbose_name_plural = _("copies of members’ data")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="community_dataexport_one_at_a_time",
                fields=["member"],
                condition=Q(begun_at__isnull=False, ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="community_dataexport_begins_before_it_ends",
                condition=Q(ended_at__isnull=True) | Q(begun_at__isnull=False),
            ),
            models.CheckConstraint(
                name="community_dataexport_shape_known", condition=Q(shape__in=["pages", "data"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.shape}"

    def is_open(self, now: datetime) -> bool:
        """Whether the link still works at `now`."""
        return self.begun_at is None and now < self.asked_at + LINK_LIFE

    def begin(self, now: datetime) -> None:
        """Spend the link. Raises LinkIsSpent or AnotherIsRunning, and then changes nothing."""
        of_member = DataExport.objects.filter(member=self.member_id)
        of_member.filter(begun_at__lt=now - DOWNLOAD_LIMIT, ended_at__isnull=True).update(
            ended_at=now
        )
        unused = of_member.filter(pk=self.pk, begun_at__isnull=True, asked_at__gt=now - LINK_LIFE)
        try:
            with transaction.atomic():
                is_ours = unused.update(begun_at=now)
        except IntegrityError:
            raise AnotherIsRunning from None
        if not is_ours:
            raise LinkIsSpent
        self.begun_at = now

    def end(self, now: datetime) -> None:
        """Make room for the next copy."""
        DataExport.objects.filter(pk=self.pk, ended_at__isnull=True).update(ended_at=now)


def hashed(secret: str) -> str:
    """Return what is kept of the secret in a link's address."""
    return sha256(secret.encode()).hexdigest()
