from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.members import Member

# Raised when the words of the consent change in substance; members are then asked anew.
CONSENT_VERSION = "2026-11"


class Consent(models.Model):
    """A member's word that what may reveal an illness may be kept."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="consents", verbose_name=_("member")
    )
    version = models.CharField(_("version of the words"), max_length=20)
    given_at = models.DateTimeField(_("given"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

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
