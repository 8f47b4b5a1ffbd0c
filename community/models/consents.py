from datetime import datetime
from typing import Self

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.members import Member

# Raised when the words of the consent change in substance; members are then asked anew.
CONSENT_VERSION = "2026-11"


class ConsentQuerySet(models.QuerySet["Consent"]):
    def in_force(self) -> Self:
        """Those that are neither taken back nor replaced."""
        return self.filter(withdrawn_at__isnull=True)

    def is_asked_anew(self) -> bool:
        """Return whether the one in force was given to other words than those of today."""
        return self.in_force().exclude(version=CONSENT_VERSION).exists()

    def renew(self, member: Member, at: datetime) -> "Consent":
        """Put the consent to the words of today in the place of the older one."""
        with transaction.atomic():
            member.consents.in_force().update(withdrawn_at=at)
            return self.create(member=member, version=CONSENT_VERSION, given_at=at)


class Consent(models.Model):
    """A member's word that what may reveal an illness may be kept.

    One that newer words replace ends with the moment in which those were agreed to.
    """

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="consents", verbose_name=_("member")
    )
    version = models.CharField(_("version of the words"), max_length=20)
    given_at = models.DateTimeField(_("given"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at"]
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                name="community_consent_one_in_force",
                fields=["member"],
                condition=Q(withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.version}"
