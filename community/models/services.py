from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from community.countries import country_choices, country_in_words
from community.languages import LANGUAGE_CHOICES
from facts.fields import ChoicesField


class ServiceQuerySet(models.QuerySet):
    def published(self, at: datetime) -> Self:
        """Services that readers find at `at`."""
        return self.filter(published_at__lte=at)


class Service(models.Model):
    """A helpline or organization that helps people, checked by staff."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        choices=country_choices,
        help_text=_("Leave it empty if it works in several countries."),
    )
    description = models.TextField(
        _("what it offers"), max_length=600, help_text=_("One or two plain sentences.")
    )
    hours = models.CharField(
        _("hours"), max_length=160, blank=True, help_text=_("Every day, 8 a.m. to 8 p.m.")
    )
    languages = ChoicesField(_("languages"), choices=LANGUAGE_CHOICES)
    phone = models.CharField(
        _("phone"), max_length=40, blank=True, help_text=_("As a person dials it: 0808 808 00 00")
    )
    url = models.URLField(_("web page"), max_length=300)
    is_crisis_line = models.BooleanField(
        _("crisis line"), default=False, help_text=_("Shown first, for people in distress.")
    )
    checked_on = models.DateField(
        _("checked on"), help_text=_("The day somebody opened the page or called.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    objects = ServiceQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["country", "position", "name"]
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [
            models.CheckConstraint(
                name="community_service_web_address",
                condition=Q(url__startswith="https://") | Q(url__startswith="http://"),
                violation_error_message=_("The address must begin with https:// or http://."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('help')}#{self.slug}"

    def get_country_display(self) -> str:  # type: ignore[no-redef]
        """Return the name of the country, or "" if it works in several."""
        return country_in_words(self.country)

    @property
    def phone_address(self) -> str:
        """The number as a `tel:` address takes it."""
        return "".join(c for c in self.phone if c.isdigit() or c == "+")

    @property
    def spoken(self) -> list[dict[str, str]]:
        """The languages that are spoken: `code`, and `name` in the language itself."""
        names = dict(LANGUAGE_CHOICES)
        return [{"code": code, "name": names[code]} for code in self.languages if code in names]
