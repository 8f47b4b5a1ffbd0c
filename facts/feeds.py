"""What has changed, for feed readers (RFC 4287). Always gentle; its links come from SITE_URL."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from facts.changes import Change, newest_changes


class FactsFeed(Feed):
    """New, changed and withdrawn facts."""

    feed_type = Atom1Feed

    def title(self) -> str:
        return _("%(site)s: new and changed facts") % {"site": settings.SITE_NAME}

    def subtitle(self) -> str:
        return _("What is new, what was changed and why, and what was withdrawn.")

    def link(self) -> str:
        return f"{settings.SITE_URL}{reverse('facts:news')}"

    def feed_url(self) -> str:
        return f"{settings.SITE_URL}{reverse('facts:feed')}"

    def feed_guid(self) -> str:
        return self.feed_url()

    def items(self) -> list[Change]:
        return newest_changes(timezone.now(), get_language())

    def item_title(self, item: Change) -> str:  # type: ignore[override]
        return item.heading

    def item_description(self, item: Change) -> str:  # type: ignore[override]
        # A feed reader takes this for HTML; neither holds any.
        return f"{item.kind}. {item.note}".strip()

    def item_link(self, item: Change) -> str:
        return f"{settings.SITE_URL}{item.url}"

    def item_guid(self, item: Change) -> str:
        return f"{settings.SITE_URL}{item.url}#change-{item.key}"

    def item_pubdate(self, item: Change) -> datetime:
        return item.at

    def item_updateddate(self, item: Change) -> datetime:
        return item.at

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().__call__(request, *args, **kwargs)
        # It is marked by its ETag, like every page: a date alone misses what ended.
        del response["Last-Modified"]
        return response
