import secrets
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.fields import EncryptedTextField
from community.models.members import Member
from facts.secret_links import SECRET_BYTES, hash_of


class ChangeNoticeQuerySet(models.QuerySet["ChangeNotice"]):
    def opened_by(self, secret: str) -> Self:
        """The row whose link holds `secret`."""
        return self.filter(secret_hash=hash_of(secret))


class ChangeNotice(models.Model):
    """Until when a member was told by mail of changes, and the secret of the link that stops it.

    Each of these mails holds the same secret, and it never expires. It is kept encrypted, to be
    put into the next one; it is found by its hash.
    """

    member = models.OneToOneField(
        Member, models.CASCADE, related_name="change_notice", verbose_name=_("member")
    )
    secret = EncryptedTextField(_("secret"))
    secret_hash = models.CharField(_("hash of the secret"), max_length=64, unique=True)
    # Of what was to be known at this moment, no further mail is sent.
    told_at = models.DateTimeField(_("told"), null=True, blank=True)

    objects = ChangeNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice of changes")
        verbose_name_plural = _("notices of changes")
        constraints = [
            models.CheckConstraint(
                name="community_changenotice_has_secret", condition=~Q(secret_hash="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.member)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.secret_hash:
            self.secret = secrets.token_urlsafe(SECRET_BYTES)
            self.secret_hash = hash_of(self.secret)
        super().save(*args, **kwargs)
