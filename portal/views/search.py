"""What fits a few words, and what somebody who is typing may be looking for."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from facts.gentle import kind_line
from facts.models import Topic
from portal.search.crisis import danger_in
from portal.search.query import search as find
from portal.search.suggest import suggest

TOPICS = 6
LOOKED_AT = 100


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What fits a few words, over topics, facts, words explained, services and groups."""
    query = request.GET.get("q", "").strip()
    hidden = request.preferences.hidden  # type: ignore[attr-defined]
    found = find(query, timezone.now(), get_language() or "en", hidden)
    results = [(result, kind_line(result.sensitivity)) for result in found.results]
    topics = _nearest(found.near) if not results else []
    context = {
        "query": query,
        "found": found,
        "results": results,
        "topics": topics,
        "danger": danger.value if (danger := danger_in(query)) else "",
    }
    return render(request, "search.html", context)


def _nearest(near: Sequence[str]) -> list[Topic]:
    """Return a few topics, those whose addresses are among `near` first."""
    topics = list(Topic.objects.published(timezone.now())[:LOOKED_AT])
    place = {address: number for number, address in enumerate(near)}
    topics.sort(key=lambda topic: place.get(topic.get_absolute_url(), len(place)))
    return topics[:TOPICS]


@require_safe
def search_suggest(request: HttpRequest) -> HttpResponse:
    """Titles for what has been typed so far, as the options of the field."""
    hidden = request.preferences.hidden  # type: ignore[attr-defined]
    titles = suggest(request.GET.get("q", ""), timezone.now(), get_language() or "en", hidden)
    return render(request, "_search_suggest.html", {"titles": titles})
