"""Answers to addresses that a topic or a fact had before: sent on for ever, query and all."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.translation import get_language

from facts.models.addresses import fact_formerly_at, topic_formerly_at


def topic_moved(request: HttpRequest, slug: str, at: datetime) -> HttpResponse:
    """Lead to the topic that once stood here. Raises Http404 if there is none."""
    topic = topic_formerly_at(slug, at)
    if topic is None:
        raise Http404
    return _sent_on(request, topic.get_absolute_url())


def fact_moved(
    request: HttpRequest, topic: str, slug: str, at: datetime, name: str = "facts:fact-detail"
) -> HttpResponse:
    """Lead to the fact that once stood here, to its page `name`; `?show=` still names it.

    Raises Http404 if there is none that readers have ever seen.
    """
    fact = fact_formerly_at(topic, slug, at, get_language())
    if fact is None:
        raise Http404
    return _sent_on(
        request, reverse(name, args=[fact.topic.slug, fact.slug]), show={slug: fact.slug}
    )


def _sent_on(request: HttpRequest, address: str, show: dict[str, str] | None = None) -> Any:
    query = request.GET.copy()
    if show and "show" in query:
        query.setlist("show", [show.get(name, name) for name in query.getlist("show")])
    if encoded := query.urlencode():
        address = f"{address}?{encoded}"
    return HttpResponsePermanentRedirect(address)
