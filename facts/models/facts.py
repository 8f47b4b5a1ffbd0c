from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from facts.models.topics import Topic

if TYPE_CHECKING:
    from facts.models.versions import FactVersion


class FactQuerySet(models.QuerySet):
    def live(self, at: datetime, language: str | None) -> Self:
        """Facts of published topics that have a version which readers see at `at`."""
        from facts.models.versions import FactVersion

        versions = FactVersion.objects.live(at).filter(fact=OuterRef("pk"), language=language)
        return self.filter(Exists(versions), topic__published_at__lte=at)

    def due_for_review(self, on: date, at: datetime) -> Self:
        """Facts with `review_due`, whose live version's next review is on or before the day `on`.

        A version that nobody has reviewed yet is due at once. Oldest first.
        """
        from facts.models.reviews import Review
        from facts.models.versions import FactVersion

        live = FactVersion.objects.live(at)
        latest = Review.objects.filter(version__fact=OuterRef("pk"), version__in=live)
        return (
            self.filter(Exists(live.filter(fact=OuterRef("pk"))))
            .annotate(
                review_due=Subquery(latest.order_by("-reviewed_on", "-pk").values("review_due")[:1])
            )
            .filter(Q(review_due__isnull=True) | Q(review_due__lte=on))
            .order_by(F("review_due").asc(nulls_first=True), "pk")
        )


class Fact(models.Model):
    """The lasting identity of one claim-sized answer: its topic, its place and its address."""

    topic = models.ForeignKey(Topic, models.PROTECT, related_name="facts", verbose_name=_("topic"))
    slug = models.SlugField(
        _("address"),
        max_length=80,
        help_text=_(
            "The last part of its address, for ever, made from the neutral heading: "
            "figures-over-five-years. It must not tell a prognosis."
        ),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    replaced_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("replaced by"),
        help_text=_("If it was withdrawn: the fact that now answers the question."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        ordering = ["topic__position", "topic_id", "position", "pk"]
        verbose_name = _("fact")
        verbose_name_plural = _("facts")
        constraints = [
            models.UniqueConstraint(
                name="facts_fact_one_address",
                fields=["topic", "slug"],
                violation_error_message=_("Another fact of this topic has this address."),
            ),
            models.CheckConstraint(
                name="facts_fact_not_replaced_by_itself",
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("pk")),
                violation_error_message=_("A fact cannot replace itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.slug.replace("-", " ").capitalize()

    def get_absolute_url(self) -> str:
        return reverse("facts:fact-detail", args=[self.topic.slug, self.slug])

    def get_history_url(self) -> str:
        """Return the address of the page that tells what changed."""
        return reverse("facts:fact-history", args=[self.topic.slug, self.slug])

    def live_version(self, at: datetime, language: str | None) -> "FactVersion | None":
        """Return the version that readers see at `at`, or None."""
        return self.versions.live(at).filter(language=language).first()  # type: ignore[attr-defined]
