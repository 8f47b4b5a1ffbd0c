"""Addresses that a topic or a fact had before: they lead to it for ever, and to nothing else."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from facts.models.facts import Fact
from facts.models.topics import Topic


class FormerTopicAddress(models.Model):
    """A slug that a topic had. No other topic may have it: a leaflet may carry it."""

    slug = models.SlugField(_("former address"), max_length=80, unique=True)
    topic = models.ForeignKey(
        Topic, models.CASCADE, related_name="former_addresses", verbose_name=_("topic")
    )
    left_at = models.DateTimeField(_("left"))

    class Meta:
        ordering = ["-left_at", "-pk"]
        verbose_name = _("former address of a topic")
        verbose_name_plural = _("former addresses of topics")
        constraints = [
            models.CheckConstraint(
                name="facts_formertopicaddress_not_empty", condition=~Q(slug="")
            ),
        ]

    def __str__(self) -> str:
        return f"/facts/{self.slug}/"


class FormerAddressQuerySet(models.QuerySet):
    def of(self, topic: str, slug: str) -> Self:
        """Rows for the address `topic`/`slug`, whether the topic still has this slug or had it."""
        return self.filter(Q(topic__slug=topic) | Q(topic__former_addresses__slug=topic), slug=slug)


class FormerAddress(models.Model):
    """A place that a fact had: a topic (by whatever slug) and a slug in it.

    A fact that stays in its topic needs no row when the topic's slug changes.
    """

    # PROTECT: where a fact once was must stay known for as long as the fact.
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="+", verbose_name=_("topic"))
    slug = models.SlugField(_("former address"), max_length=80)
    fact = models.ForeignKey(
        Fact, models.CASCADE, related_name="former_addresses", verbose_name=_("fact")
    )
    left_at = models.DateTimeField(_("left"))

    objects = FormerAddressQuerySet.as_manager()

    class Meta:
        ordering = ["-left_at", "-pk"]
        verbose_name = _("former address of a fact")
        verbose_name_plural = _("former addresses of facts")
        constraints = [
            models.UniqueConstraint(name="facts_formeraddress_one_fact", fields=["topic", "slug"]),
            models.CheckConstraint(name="facts_formeraddress_not_empty", condition=~Q(slug="")),
        ]

    def __str__(self) -> str:
        return f"/facts/{self.topic.slug}/{self.slug}/"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if Fact.objects.filter(topic_id=self.topic_id, slug=self.slug).exists():
            raise ValidationError(_("A fact has this address now."), code="taken")
        super().save(*args, **kwargs)


def require_free_topic_address(topic: Topic) -> None:
    """Raise ValidationError if the slug of `topic` once led to another topic."""
    others = FormerTopicAddress.objects.filter(slug=topic.slug).exclude(topic_id=topic.pk)
    if former := others.select_related("topic").first():
        raise ValidationError(
            {
                "slug": ValidationError(
                    _(
                        "This address once led to “%(title)s”, and still leads there. "
                        "Choose another one."
                    ),
                    code="former",
                    params={"title": former.topic.title},
                )
            }
        )


def require_free_address(fact: Fact) -> None:
    """Raise ValidationError if the place of `fact` once was another fact's."""
    others = FormerAddress.objects.filter(topic_id=fact.topic_id, slug=fact.slug)
    if former := others.exclude(fact_id=fact.pk).select_related("fact__topic").first():
        raise ValidationError(
            {
                "slug": ValidationError(
                    _(
                        "This address once led to another fact, and still leads there: "
                        "%(address)s. Choose another one."
                    ),
                    code="former",
                    params={"address": former.fact.get_absolute_url()},
                )
            }
        )


def topic_formerly_at(slug: str, at: datetime) -> Topic | None:
    """Return the published topic that once had the address `slug`, or None."""
    return Topic.objects.published(at).filter(former_addresses__slug=slug).first()


def fact_formerly_at(topic: str, slug: str, at: datetime, language: str | None) -> Fact | None:
    """Return the fact that once had this address, if readers have ever seen it, or None.

    Its topic may have had another address then, or the fact another topic.
    """
    from facts.models.versions import FactVersion

    seen = FactVersion.objects.ever_live(at).filter(fact=OuterRef("pk"), language=language)
    facts = Fact.objects.filter(Exists(seen), topic__published_at__lte=at).select_related("topic")
    places: Iterable[Q] = (
        Q(topic__former_addresses__slug=topic, slug=slug),
        Q(pk__in=FormerAddress.objects.of(topic, slug).values("fact")),
    )
    for place in places:
        if fact := facts.filter(place).first():
            return fact
    return None
