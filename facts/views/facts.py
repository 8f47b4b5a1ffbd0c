from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from facts.gentle import Asked, kind_line, show, show_term, terms_in
from facts.models import Fact, FactVersion, GlossaryTerm, Question


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
    shown = show(fact, version, asked)
    terms = GlossaryTerm.objects.published(now).filter(slug__in=terms_in([shown]))
    questions = [
        question
        for question in Question.objects.published(now).filter(facts=fact)
        if not asked.covers(question.sensitivity, question.slug)
    ]
    context = {
        "topic": fact.topic,
        "fact": shown,
        "history_url": fact.get_history_url(),
        "terms": [show_term(term, asked) for term in terms],
        "questions": questions,
        "asked": asked,
    }
    return render(request, "facts/fact_detail.html", context)


def _not_live(request: HttpRequest, topic: str, slug: str, asked: Asked) -> HttpResponse:
    now = timezone.now()
    facts = Fact.objects.select_related("topic", "replaced_by__topic")
    fact = get_object_or_404(facts, topic__slug=topic, topic__published_at__lte=now, slug=slug)
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


@require_safe
def fact_history(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    """Every version that readers have seen, the newest first.

    Of a version that was withdrawn no text is shown, and of a fact that was withdrawn none of any
    version: only when, and why.
    """
    now = timezone.now()
    asked = Asked.of(request)
    fact = get_object_or_404(
        Fact.objects.select_related("topic"),
        topic__slug=topic,
        topic__published_at__lte=now,
        slug=slug,
    )
    versions = list(fact.versions.ever_live(now).filter(language=get_language()).with_evidence())  # type: ignore[attr-defined]
    if not versions:
        raise Http404
    is_live = versions[0].is_live(now)
    # The strictest of its versions decides: an older wording may hold what the newest does not.
    covered = [v for v in versions if asked.covers(v.sensitivity, fact.slug)]
    context = {
        "topic": fact.topic,
        "fact_url": fact.get_absolute_url(),
        "heading": (covered[0] if covered else versions[0]).heading
        if is_live
        else versions[0].subject,
        "is_live": is_live,
        "is_covered": bool(covered),
        "kind_line": kind_line(covered[0].sensitivity) if covered else "",
        "show_query": f"?show={fact.slug}",
        "asked": asked,
        "versions": [
            {
                "version": version.number,
                "live_from": version.live_from,
                "live_until": version.live_until if not version.is_live(now) else None,
                "is_live": version.is_live(now),
                "is_withdrawn": version.is_withdrawn,
                "withdrawn_reason": "" if covered else version.withdrawn_reason,
                "change_kind": version.change_kind,
                "change_note": "" if covered or version.is_withdrawn else version.change_note,
                "is_starter": version.author_id is None,
                "shown": show(fact, version, asked)
                if is_live and not covered and not version.is_withdrawn
                else None,
                "review": version.last_review,
            }
            for version in versions
        ],
    }
    return render(request, "facts/fact_history.html", context)
