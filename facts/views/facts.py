from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from facts.gentle import Asked, kind_line, mark_terms, show, show_term, terms_in
from facts.models import Fact, FactVersion, GlossaryTerm, Question
from facts.related import around
from facts.structured_data import of_fact
from facts.views.moved import fact_moved


@require_safe
def fact_detail(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    """One fact; 410 with the reason, and what replaces it, if staff have withdrawn it."""
    now = timezone.now()
    asked = Asked.of(request)
    version = (
        FactVersion.objects.of_topic(topic, now, get_language())
        .with_evidence()
        .filter(fact__slug=slug)
        .first()
    )
    if version is None:
        return _not_live(request, topic, slug, asked)
    fact = version.fact
    glossary = list(GlossaryTerm.objects.published(now))
    [shown] = mark_terms([show(fact, version, asked)], glossary)
    used = terms_in([shown])
    questions = [
        question
        for question in Question.objects.published(now).filter(facts=fact)
        if not asked.covers(question.sensitivity, question.slug)
    ]
    context = {
        "topic": fact.topic,
        "fact": shown,
        "structured_data": of_fact(fact, version),
        "history_url": fact.get_history_url(),
        "terms": [show_term(term, asked) for term in glossary if term.slug in used],
        "questions": questions,
        "around": around(version, shown, questions, asked, now),
        # Of a covered text nothing is told, not even for whom it is.
        "audiences": [] if shown.is_covered else version.audiences,
        "asked": asked,
    }
    return render(request, "facts/fact_detail.html", context)


def _not_live(request: HttpRequest, topic: str, slug: str, asked: Asked) -> HttpResponse:
    now = timezone.now()
    facts = Fact.objects.select_related("topic", "replaced_by__topic")
    fact = facts.filter(topic__slug=topic, topic__published_at__lte=now, slug=slug).first()
    if fact is None:
        return fact_moved(request, topic, slug, now)
    last = fact.versions.ever_live(now).filter(language=get_language()).first()  # type: ignore[attr-defined]
    if last is None:
        raise Http404
    replacement = fact.replaced_by
    if replacement and not Fact.objects.live(now, get_language()).filter(pk=replacement.pk):
        replacement = None
    context = {
        "topic": fact.topic,
        "heading": last.subject,
        "is_covered": asked.covers(last.sensitivity, slug),
        "kind_line": kind_line(last.sensitivity),
        "show_query": f"?show={slug}",
        "reason": "" if asked.covers(last.sensitivity, slug) else last.withdrawn_reason,
        "withdrawn_at": last.live_until,
        "replacement": replacement,
        "replacement_version": replacement and replacement.live_version(now, get_language()),
        "history_url": fact.get_history_url(),
    }
    return render(request, "facts/fact_withdrawn.html", context, status=410)
