"""The pages of the facts app, for search engines. Every page is listed without `?show`.

Of what there can be many, `items` are rows, `needs` the columns that an address is made of, and
`changed_at` is when what they show was last changed: an aggregate, for one row or for many.
"""

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
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
        now = timezone.now()
        live = FactVersion.objects.live(now).filter(fact__topic=OuterRef("pk"), language=LANGUAGE)
        return Topic.objects.published(now).filter(Exists(live))

    def changed_at(self) -> Greatest:
        now = timezone.now()
        begun = Q(facts__versions__live_from__lte=now, facts__versions__language=LANGUAGE)
        ended = begun & Q(facts__versions__live_until__lte=now)
        return Greatest(
            Max("edited_at"),
            Max("published_at"),
            Coalesce(Max("facts__versions__live_from", filter=begun), Max("published_at")),
            Coalesce(Max("facts__versions__live_until", filter=ended), Max("published_at")),
        )

    def location(self, item: dict[str, Any]) -> str:
        return reverse("facts:topic-detail", args=[item["slug"]])


class FactSitemap(Sitemap):
    """Live facts of published topics, at addresses that tell no prognosis."""

    needs = ("topic__slug", "slug")

    def items(self) -> QuerySet[Fact]:
        return Fact.objects.live(timezone.now(), LANGUAGE)

    def changed_at(self) -> Greatest:
        begun = Q(versions__live_from__lte=timezone.now(), versions__language=LANGUAGE)
        return Greatest(Max("versions__live_from", filter=begun), Max("topic__published_at"))

    def location(self, item: dict[str, Any]) -> str:
        return reverse("facts:fact-detail", args=[item["topic__slug"], item["slug"]])


class PageSitemap(Sitemap):
    """The standing pages about the portal itself."""

    def items(self) -> QuerySet[Page]:
        return Page.objects.all()

    def lastmod(self, item: Page) -> datetime:
        return item.edited_at
