from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from facts.choices import RiskClass
from facts.fields import RichTextField


class TopicQuerySet(models.QuerySet):
    def published(self, at: datetime) -> Self:
        """Topics that readers find at `at`: those whose day has come."""
        return self.filter(published_at__lte=at)

    def counting_live_facts(self, at: datetime, language: str | None) -> Self:
        """Topics with `live_fact_count`."""
        from facts.models.versions import FactVersion

        live = FactVersion.objects.live(at).filter(language=language)
        return self.annotate(
            live_fact_count=Count("facts", filter=Exists(live.filter(fact=OuterRef("facts__pk"))))
        )


class Topic(models.Model):
    """A page that groups facts under one question."""

    slug = models.SlugField(
        _("address"),
        max_length=80,
        unique=True,
        help_text=_(
            "The last part of the page's address, for ever: living-day-to-day. A leaflet may "
            "carry it, so it names no prognosis."
        ),
    )
    title = models.CharField(_("title"), max_length=120, help_text=_("Living day to day"))
    summary = models.CharField(
        _("summary"),
        max_length=240,
        help_text=_("One plain sentence, without figures: Six things worth knowing first."),
    )
    introduction = RichTextField(
        _("introduction"),
        blank=True,
        help_text=_("Three to five sentences. It claims nothing that the facts do not claim."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    risk_class = models.CharField(
        _("reviewed how often"),
        max_length=16,
        choices=RiskClass.choices,
        default=RiskClass.GENERAL,
    )
    published_at = models.DateTimeField(
        _("published"),
        null=True,
        blank=True,
        help_text=_("From when readers find it. Leave it empty while you write."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    objects = TopicQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "title"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        constraints = [
            models.CheckConstraint(
                name="facts_topic_published_has_summary",
                condition=Q(published_at__isnull=True) | (~Q(title="") & ~Q(summary="")),
                violation_error_message=_("Write a title and a summary before you publish it."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("facts:topic-detail", args=[self.slug])
