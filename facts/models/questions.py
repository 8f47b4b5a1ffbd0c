from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from facts.choices import QuestionTheme, Sensitivity
from facts.models.facts import Fact
from facts.models.topics import Topic
from facts.models.versions import FactVersion


class QuestionQuerySet(models.QuerySet):
    def published(self, at: datetime) -> Self:
        """Questions that readers find at `at`."""
        return self.filter(published_at__lte=at)

    def of_topic(self, topic: Topic) -> Self:
        """Questions of the facts of `topic`, each once."""
        return self.filter(facts__topic=topic).distinct()

    def with_live_facts(self, at: datetime, language: str | None) -> Self:
        """Questions with `live_facts`: those of their facts that readers find at `at`.

        Each of these has its text in `live_versions`, a list of one.
        """
        versions = FactVersion.objects.live(at).filter(language=language)
        live = (
            Fact.objects.live(at, language)
            .select_related("topic")
            .prefetch_related(Prefetch("versions", versions, to_attr="live_versions"))
        )
        return self.prefetch_related(Prefetch("facts", live, to_attr="live_facts"))


class Question(models.Model):
    """A question to ask the care team, offered beside a topic."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    text = models.CharField(
        _("question"), max_length=240, help_text=_("What are my other choices?")
    )
    theme = models.CharField(_("heading"), max_length=32, choices=QuestionTheme.choices)
    sensitivity = models.CharField(
        _("sensitivity"), max_length=16, choices=Sensitivity.choices, default=Sensitivity.NONE
    )
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    facts = models.ManyToManyField(
        Fact,
        related_name="questions",
        blank=True,
        verbose_name=_("facts"),
        help_text=_("It is offered on the pages of these facts and of their topics."),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    objects = QuestionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("question")
        verbose_name_plural = _("questions")

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return f"{reverse('facts:question-list')}#{self.slug}"
