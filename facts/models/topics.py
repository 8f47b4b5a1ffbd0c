from datetime import datetime
from typing import Any, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from facts.choices import RiskClass
from facts.fields import RichTextField
from facts.reversing import address


class TopicQuerySet(models.QuerySet):
    def published(self, at: datetime) -> Self:
        """Topics that readers find at `at`: those whose day has come."""
        return self.filter(published_at__lte=at)

    def counting_live_facts(self, at: datetime, language: str | None) -> Self:
        """Topics with `live_fact_count`, in their order, which Django leaves out of groups."""
        from facts.models.versions import FactVersion

        live = FactVersion.objects.live(at).filter(language=language)
        return self.annotate(
            live_fact_count=Count("facts", filter=Exists(live.filter(fact=OuterRef("facts__pk"))))
        ).order_by("position", "title")


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
    is_example = models.BooleanField(_("example"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    objects = TopicQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "title"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        indexes = [models.Index(name="facts_topic_in_order", fields=["position", "title"])]
        constraints = [
            models.CheckConstraint(
                name="facts_topic_published_has_summary",
                condition=Q(published_at__isnull=True) | (~Q(title="") & ~Q(summary="")),
                violation_error_message=_("Write a title and a summary before you publish it."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it. An address that readers knew leads here for ever, whichever door it comes by.

        Raises ValidationError if the address once was another topic's.
        """
        from facts.models.addresses import FormerTopicAddress, require_free_topic_address

        with transaction.atomic():
            before = Topic.objects.filter(pk=self.pk).first()
            super().save(*args, **kwargs)
            if before is not None and before.slug == self.slug:
                return
            # Asked afterwards: whoever leaves this address at the same time has left it by now.
            require_free_topic_address(self)
            FormerTopicAddress.objects.filter(slug=self.slug).delete()
            now = timezone.now()
            if before is not None and before.was_ever_published(now):
                FormerTopicAddress.objects.create(topic=self, slug=before.slug, left_at=now)

    def get_absolute_url(self) -> str:
        return address("facts:topic-detail", self.slug)

    def clean(self) -> None:
        from facts.models.addresses import require_free_topic_address

        require_free_topic_address(self)

    def was_ever_published(self, at: datetime) -> bool:
        """Return whether readers found it at some moment up to `at`, so may know its address."""
        if self.published_at is not None and self.published_at <= at:
            return True
        return self.history.filter(slug=self.slug, published_at__lte=at).exists()

    def move(self, by: Any, slug: str) -> None:
        """Give it another address; the old one, and those of its facts, lead there.

        What readers have found is moved by those who decide what readers see. Raises
        PermissionDenied, or ValidationError if it cannot have this address.
        """
        with transaction.atomic():
            topic = Topic.objects.select_for_update().get(pk=self.pk)
            is_known = topic.was_ever_published(timezone.now())
            if not by.has_perm("facts.approve_factversion" if is_known else "facts.change_topic"):
                raise PermissionDenied(_now("Your role does not include this."))
            if topic.slug == slug:
                raise ValidationError(_("It has this address already."), code="same")
            # In staff's own words, in the topic's history.
            reason = _now("Moved from %(address)s") % {"address": topic.slug}
            topic._change_reason = reason  # type: ignore[attr-defined]
            topic.slug = slug
            topic.full_clean()
            topic.save()
        self.refresh_from_db()
