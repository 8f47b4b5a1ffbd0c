"""The pages that need both apps, for search engines."""

from django.contrib.sitemaps import Sitemap
from django.urls import reverse


class PortalSitemap(Sitemap):
    """The first page, and whom to call."""

    def items(self) -> list[str]:
        return ["home", "help"]

    def location(self, item: str) -> str:
        return reverse(item)
