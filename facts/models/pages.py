from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from facts.fields import RichTextField


class Page(models.Model):
    """A standing page about the portal itself, edited by staff."""

    class Slug(models.TextChoices):
        ABOUT = "about", _("About us")
        PRIVACY = "privacy", _("Privacy")
        ACCESSIBILITY = "accessibility", _("Accessibility")

    slug = models.SlugField(_("address"), unique=True, choices=Slug.choices)
    title = models.CharField(_("title"), max_length=120)
    body = RichTextField(_("text"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["slug"]
        verbose_name = _("page")
        verbose_name_plural = _("pages")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse(f"facts:page-{self.slug}")
