"""The pages of the facts app, for search engines. Every page is listed without `?show`.

Of what there can be many, `items` are rows with `changed_at`, and `needs` the columns that an
address is made of.
"""

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils import timezone

from facts.models import Fact, FactVersion, Page, Topic

LANGUAGE = "en"


class FactsSitemap(Sitemap):
    """The pages that list topics, glossary terms and questions."""

    def items(self) -> list[str]:
        return ["facts:topic-list", "facts:news", "facts:glossary", "facts:question-list"]

    def location(self, item: str) -> str:
        return reverse(item)


class TopicSitemap(Sitemap):
    """Published topics that hold something to read."""

    needs = ("slug",)

    def items(self) -> QuerySet[Topic]:
        """Topics with `changed_at`: when they, or what they show, were last changed."""
        now = timezone.now()
        versions = FactVersion.objects.filter(fact__topic=OuterRef("pk"), language=LANGUAGE)
        begun = versions.filter(live_from__lte=now)
        return (
            Topic.objects.published(now)
            .filter(Exists(versions.live(now)))
            .annotate(
                changed_at=Greatest(
                    "edited_at",
                    "published_at",
                    Coalesce(_last("live_from", begun), "published_at"),
                    Coalesce(_last("live_until", begun.filter(live_until__lte=now)), "edited_at"),
                )
            )
        )

    def location(self, item: dict[str, Any]) -> str:
        return reverse("facts:topic-detail", args=[item["slug"]])


class FactSitemap(Sitemap):
    """Live facts of published topics, at addresses that tell no prognosis."""

    needs = ("topic__slug", "slug")

    def items(self) -> QuerySet[Fact]:
        """Facts with `changed_at`: when what they show last began."""
        now = timezone.now()
        versions = FactVersion.objects.filter(fact=OuterRef("pk"), language=LANGUAGE)
        begun = _last("live_from", versions.filter(live_from__lte=now))
        return Fact.objects.live(now, LANGUAGE).annotate(
            changed_at=Greatest(begun, "topic__published_at")
        )

    def location(self, item: dict[str, Any]) -> str:
        return reverse("facts:fact-detail", args=[item["topic__slug"], item["slug"]])


def _last(moment: str, versions: QuerySet[FactVersion]) -> Subquery:
    """Return the last `moment` of the `versions` of a row; each of them has it."""
    return Subquery(versions.order_by(f"-{moment}").values(moment)[:1])


class PageSitemap(Sitemap):
    """The standing pages about the portal itself."""

    def items(self) -> QuerySet[Page]:
        return Page.objects.all()

    def lastmod(self, item: Page) -> datetime:
        return item.edited_at
