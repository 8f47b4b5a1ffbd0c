"""The pages that need both apps, for search engines, and the files that name all public pages.

There is one file, `/sitemap.xml`. Where it would grow too long, it names numbered parts instead,
each with the rows of a range of keys, so that a part takes as long however many there are.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import Count, F, Value
from django.urls import reverse
from django.utils import timezone

from community.sitemaps import CommunitySitemap, SupportGroupSitemap
from facts.sitemaps import FactSitemap, FactsSitemap, PageSitemap, TopicSitemap

# Addresses in one file: a fifth of what sitemaps.org allows, since it is made while somebody waits.
MOST = 10_000
PAGES = "pages"
# A page for each of their rows. Their names stand in the addresses of the parts.
ROWS: dict[str, type[Sitemap]] = {
    "topics": TopicSitemap,
    "facts": FactSitemap,
    "groups": SupportGroupSitemap,
}
_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"

# An address, and when what it shows was last changed, if that is known.
Entry = tuple[str, datetime | None]


class PortalSitemap(Sitemap):
    """The first page, and whom to call."""

    def items(self) -> list[str]:
        return ["home", "help"]

    def location(self, item: str) -> str:
        return reverse(item)


def public_paths() -> Iterator[str]:
    """Yield the path of every public page."""
    for path, _changed_at in _pages():
        yield path
    for name in ROWS:
        for path, _changed_at in _rows(name):
            yield path


def sitemap() -> str:
    """Return all public pages in one file, or the parts in which they are."""
    parts = list(_parts())
    pages = list(_pages())
    if len(pages) + sum(count for _name, _number, count, _last in parts) > MOST:
        named = [(reverse("sitemap-part", args=[PAGES, 1]), _last_of(pages))]
        named += [
            (reverse("sitemap-part", args=[name, number]), last)
            for name, number, _count, last in parts
        ]
        return _file("sitemapindex", "sitemap", named)
    rows = (entry for name in dict.fromkeys(part[0] for part in parts) for entry in _rows(name))
    return _file("urlset", "url", [*pages, *rows])


def sitemap_part(name: str, number: int) -> str:
    """Return the part of this name and number, counted from 1; "" if nothing is in it."""
    if name == PAGES:
        entries = list(_pages()) if number == 1 else []
    elif name in ROWS:
        entries = list(_rows(name, pk__gte=(number - 1) * MOST, pk__lt=number * MOST))
    else:
        entries = []
    return _file("urlset", "url", entries) if entries else ""


def _parts() -> Iterator[tuple[str, int, int, datetime]]:
    """Yield name, number and count of each part of rows, and when any of them last changed."""
    kinds: list[tuple[str, Any]] = [(name, kind()) for name, kind in ROWS.items()]
    counted = [
        kind.items()
        .order_by()
        .values(section=Value(name), part=F("pk") / MOST)
        .annotate(count=Count("pk", distinct=True), last=kind.changed_at())
        .values_list("section", "part", "count", "last")
        for name, kind in kinds
    ]
    order = list(ROWS)
    found = counted[0].union(*counted[1:], all=True)
    for name, part, count, last in sorted(found, key=lambda row: (order.index(row[0]), row[1])):
        yield name, part + 1, count, last


def _pages() -> Iterator[Entry]:
    """Yield the pages of which there are few, whatever the portal holds."""
    for kind in (PortalSitemap, FactsSitemap, PageSitemap, CommunitySitemap):
        part: Any = kind()
        for item in part.items():
            yield part.location(item), part.lastmod(item) if hasattr(part, "lastmod") else None


def _rows(name: str, **keys: int) -> Iterator[Entry]:
    """Yield the pages of rows of one kind whose keys are in the range, without their models."""
    kind: Any = ROWS[name]()
    rows = kind.items().filter(**keys).order_by("pk").values("pk", *kind.needs)
    for row in rows.annotate(last=kind.changed_at()).iterator():
        yield kind.location(row), row["last"]


def _last_of(entries: list[Entry]) -> datetime | None:
    return max((moment for _address, moment in entries if moment), default=None)


def _file(root: str, element: str, entries: list[Entry]) -> str:
    """Return a file of sitemaps.org's format: its root, and what each of its elements is."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_XMLNS}">']
    for address, moment in entries:
        day = f"<lastmod>{_day(moment)}</lastmod>" if moment else ""
        lines.append(
            f"<{element}><loc>{escape(settings.SITE_URL + address)}</loc>{day}</{element}>"
        )
    return "\n".join([*lines, f"</{root}>", ""])


def _day(moment: datetime) -> date:
    return timezone.localdate(moment)
