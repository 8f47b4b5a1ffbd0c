from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from facts.choices import Audience
from facts.gentle import Asked, mark_terms, show, show_term, terms_in
from facts.models import FactVersion, GlossaryTerm, Question, Topic
from facts.reading import count_words, minutes
from facts.structured_data import of_topic
from facts.views.moved import topic_moved


@require_safe
def topic_list(request: HttpRequest) -> HttpResponse:
    """All topics, or the facts that are written for somebody in particular (`?for=men`).

    An audience that is not known is passed over.
    """
    now = timezone.now()
    context: dict[str, Any] = {"audiences": Audience.choices}
    audience = request.GET.get("for", "")
    if audience in Audience.values:
        versions = FactVersion.objects.live(now).for_audience(audience).in_reading_order()
        versions = versions.filter(language=get_language(), fact__topic__published_at__lte=now)
        context |= {
            "audience": audience,
            "audience_words": Audience(audience).label,
            "topics": [
                (topic, _folded_last(facts, Asked.of(request)))
                for topic, facts in groupby(versions, lambda v: v.fact.topic)
            ],
        }
        return render(request, "facts/topic_list_for.html", context)
    context["topics"] = Topic.objects.published(now).counting_live_facts(now, get_language())
    return render(request, "facts/topic_list.html", context)


@require_safe
def topic_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A topic with its facts in order, what to ask, and the words that it uses."""
    now = timezone.now()
    asked = Asked.of(request)
    found = FactVersion.objects.of_topic(slug, now, get_language())
    versions = list(found.with_evidence().with_topics_beside(slug, now))
    if versions:
        topic = versions[0].fact.topic
    else:
        empty = Topic.objects.published(now).filter(slug=slug).first()
        if empty is None:
            return topic_moved(request, slug, now)
        topic = empty
    glossary = list(GlossaryTerm.objects.published(now))
    shown = mark_terms([show(version.fact, version, asked) for version in versions], glossary)
    questions = [
        question
        for question in Question.objects.published(now).of_topic(topic)
        if not asked.covers(question.sensitivity, question.slug)
    ]
    used = terms_in([topic.introduction, *shown])
    checked = [fact.sources_checked_on for fact in shown if fact.sources_checked_on]
    reviewed = [fact.review for fact in shown]
    context = {
        "topic": topic,
        "structured_data": of_topic(topic, versions),
        # Sanitised on every save (facts.fields).
        "introduction": mark_safe(topic.introduction),  # noqa: S308
        "facts": shown,
        "minutes": minutes(
            count_words(topic.introduction) + sum(fact.word_count for fact in shown)
        ),
        "covered": [fact for fact in shown if fact.is_covered],
        # Whether the address opened something that would be folded otherwise.
        "has_opened": asked.is_explicit
        and not asked.hidden.isdisjoint(
            [*(v.sensitivity for v in versions), *(q.sensitivity for q in questions)]
        ),
        "questions": questions,
        # The topics beside it: in each of its rows, so that they take no query.
        "previous_topic": getattr(next(iter(versions), None), "previous_topic", None),
        "next_topic": getattr(next(iter(versions), None), "next_topic", None),
        "audiences": _audiences_of(versions),
        "terms": [show_term(term, asked) for term in glossary if term.slug in used],
        "asked": asked,
        "source_count": len({c.source_id for v in versions for c in v.citations.all()}),
        "sources_checked_on": min(checked, default=None),
        "unreviewed_count": sum(review is None for review in reviewed),
        "oldest_review": min((r for r in reviewed if r), key=lambda r: r.reviewed_on, default=None),
    }
    return render(request, "facts/topic_detail.html", context)


def _folded_last(versions: Iterable[FactVersion], asked: Asked) -> list[tuple[FactVersion, bool]]:
    """Return versions, each with whether it is folded away; those that are come after the others.

    Whoever was told a day ago begins with what can be read at once.
    """
    told = [(version, asked.covers(version.sensitivity, version.fact.slug)) for version in versions]
    return sorted(told, key=itemgetter(1))


def _audiences_of(versions: list[FactVersion]) -> list[str]:
    """Return for whom in particular a topic is: the audiences of at least half of its facts."""
    named = Counter(audience for version in versions for audience in version.audiences)
    return [audience for audience, count in named.items() if 2 * count >= len(versions)]
