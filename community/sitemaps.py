"""The pages of the community app, for search engines: groups that exist, and no member's page."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from community.models import SupportGroup


class CommunitySitemap(Sitemap):
    """The directory of support groups."""

    def items(self) -> list[str]:
        return ["community:support-group-list"]

    def location(self, item: str) -> str:
        return reverse(item)


class SupportGroupSitemap(Sitemap):
    """Published groups that have not ended, without the examples of a fresh installation."""

    def items(self) -> QuerySet[SupportGroup]:
        now = timezone.now()
        return SupportGroup.objects.published(now).running(now).real().order_by("pk")

    def lastmod(self, item: SupportGroup) -> datetime:
        return max(item.edited_at, item.published_at or item.edited_at)
