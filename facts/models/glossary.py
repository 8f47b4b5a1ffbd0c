from datetime import datetime
from typing import Self

from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from facts.choices import Sensitivity


class GlossaryTermQuerySet(models.QuerySet):
    def published(self, at: datetime) -> Self:
        """Terms that readers find at `at`."""
        return self.filter(published_at__lte=at)


class GlossaryTerm(models.Model):
    """A medical word explained in plain words, shown where it is used."""

    slug = models.SlugField(
        _("address"), max_length=80, unique=True, help_text=_("biopsy, as in /glossary/#biopsy")
    )
    term = models.CharField(_("word"), max_length=80)
    other_names = models.CharField(
        _("other names"),
        max_length=200,
        blank=True,
        help_text=_("Separated by commas: secondaries, mets"),
    )
    explanation = models.TextField(
        _("explanation"), help_text=_("One or two sentences without another hard word.")
    )
    sensitivity = models.CharField(
        _("sensitivity"), max_length=16, choices=Sensitivity.choices, default=Sensitivity.NONE
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    objects = GlossaryTermQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = [Lower("term")]
        verbose_name = _("glossary term")
        verbose_name_plural = _("glossary terms")

    def __str__(self) -> str:
        return self.term

    def get_absolute_url(self) -> str:
        return f"{reverse('facts:glossary')}#{self.slug}"
