"""The pages of the community app, for search engines: groups that exist, and no member's page."""

from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import Max, QuerySet
from django.db.models.functions import Greatest
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

    needs = ("slug",)

    def items(self) -> QuerySet[SupportGroup]:
        now = timezone.now()
        return SupportGroup.objects.published(now).running(now).real()

    def changed_at(self) -> Greatest:
        return Greatest(Max("edited_at"), Max("published_at"))

    def location(self, item: dict[str, Any]) -> str:
        return reverse("community:support-group-detail", args=[item["slug"]])
