"""The pages of the facts app, for search engines. Every page is listed without `?show`."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
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

    def items(self) -> QuerySet[Topic]:
        now = timezone.now()
        live = FactVersion.objects.live(now).filter(fact__topic=OuterRef("pk"), language=LANGUAGE)
        begun = Q(facts__versions__live_from__lte=now, facts__versions__language=LANGUAGE)
        return (
            Topic.objects.published(now)
            .filter(Exists(live))
            .annotate(
                last_begun=Max("facts__versions__live_from", filter=begun),
                last_ended=Max(
                    "facts__versions__live_until",
                    filter=begun & Q(facts__versions__live_until__lte=now),
                ),
            )
            .order_by("pk")
        )

    def lastmod(self, item: Topic) -> datetime:
        moments = (item.edited_at, item.published_at, item.last_begun, item.last_ended)  # type: ignore[attr-defined]
        return max(moment for moment in moments if moment)


class FactSitemap(Sitemap):
    """Live facts of published topics, at addresses that tell no prognosis."""

    def items(self) -> QuerySet[Fact]:
        now = timezone.now()
        begun = Q(versions__live_from__lte=now, versions__language=LANGUAGE)
        return (
            Fact.objects.live(now, LANGUAGE)
            .select_related("topic")
            .annotate(last_begun=Max("versions__live_from", filter=begun))
            .order_by("pk")
        )

    def lastmod(self, item: Fact) -> datetime:
        return max(item.last_begun, item.topic.published_at)  # type: ignore[attr-defined]


class PageSitemap(Sitemap):
    """The standing pages about the portal itself."""

    def items(self) -> QuerySet[Page]:
        return Page.objects.all()

    def lastmod(self, item: Page) -> datetime:
        return item.edited_at
