import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# Ten digits: with 10,000 members, one drawing in a million meets a number that is taken.
NUMBERS_BEGIN = 10**9


class MemberManager(BaseUserManager["Member"]):
    """Makes members from an e-mail address; there is no other name for one."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Member":
        """Return a new member. Without a password, the member signs in by code or passkey."""
        member = self.model(email=email.strip().lower(), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Member":
        """Return a new member with every permission."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Member":
        return self.get(email__iexact=username)


class Member(AbstractBaseUser, PermissionsMixin):
    """A person with an account, known by an e-mail address and no name."""

    class MailAboutChanges(models.TextChoices):
        """Which news of what they saved a member wants by mail."""

        OFF = "off", _("No mail about what I saved")
        SAFETY = "safety", _("Only if something about safety changes")
        WEEKLY = "weekly", _("Once a week, if something has changed")

    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(
        _("what we call you"),
        max_length=40,
        blank=True,
        help_text=_("If you like. Nobody else sees it; it need not be your name."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)
    # How the member reads, as facts.preferences.Preferences writes it; "" is as nobody chose.
    preferences = models.CharField(max_length=300, blank=True, editable=False)
    # In which mails are written; "" is that of the page from which one is asked for.
    language = models.CharField(_("language"), max_length=10, blank=True)
    mail_about_changes = models.CharField(
        _("mail about what you saved"),
        max_length=8,
        choices=MailAboutChanges.choices,
        default=MailAboutChanges.OFF,
    )
    # Since when mail to the address comes back; nothing is sent unasked until it is mended.
    mail_bounced_on = models.DateField(null=True, editable=False)
    # How often a mail has said that the account is idle, since its member last signed in.
    idle_notices = models.PositiveSmallIntegerField(default=0, editable=False)
    idle_noticed_on = models.DateField(null=True, editable=False)
    # An account that others' pages rest on is emptied instead of deleted; its number stays.
    emptied_on = models.DateField(_("emptied"), null=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[MemberManager] = MemberManager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="community_member_one_per_address"),
            models.CheckConstraint(name="community_member_has_address", condition=~Q(email="")),
            models.CheckConstraint(
                name="community_member_idle_noticed_on_a_day",
                condition=Q(idle_notices=0, idle_noticed_on__isnull=True)
                | Q(idle_notices__in=[1, 2], idle_noticed_on__isnull=False),
            ),
            models.CheckConstraint(
                name="community_member_emptied_is_closed",
                condition=Q(emptied_on__isnull=True)
                | Q(is_active=False, is_staff=False, is_superuser=False, display_name=""),
            ),
            models.CheckConstraint(
                name="community_member_emptied_has_chosen_nothing",
                condition=Q(emptied_on__isnull=True)
                | Q(preferences="", language="", mail_about_changes="off", mail_bounced_on=None),
            ),
            models.CheckConstraint(
                name="community_member_mail_about_changes_is_known",
                condition=Q(mail_about_changes__in=["off", "safety", "weekly"]),
            ),
        ]

    def __str__(self) -> str:
        """A number: an address in a list, a log or an error would tell who is a member."""
        return f"M{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        # The day is enough to know who has not come for two years; the hour is nobody's business.
        if self.last_login is not None:
            self.last_login = self.last_login.replace(hour=0, minute=0, second=0, microsecond=0)
        if self._state.adding and self.pk is None:
            # Numbers in a row would tell every member how many there are, and how many came since.
            self.pk = NUMBERS_BEGIN + secrets.randbelow(9 * NUMBERS_BEGIN)
            kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()
