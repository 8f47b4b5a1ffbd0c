from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from facts.choices import QuestionTheme
from facts.gentle import Asked
from facts.models import Question

_ORDER = {theme: number for number, theme in enumerate(QuestionTheme.values)}


@require_safe
def question_list(request: HttpRequest) -> HttpResponse:
    """Questions to ask the care team, under their headings, with the facts they belong to."""
    asked = Asked.of(request)
    questions = list(
        Question.objects.published(timezone.now()).with_live_facts(timezone.now(), get_language())
    )
    seen = [q for q in questions if not asked.covers(q.sensitivity, q.slug)]
    seen.sort(key=lambda q: (_ORDER[q.theme], q.position, q.pk))
    themes = [
        (QuestionTheme(theme).label, list(group))
        for theme, group in groupby(seen, key=lambda q: q.theme)
    ]
    context = {"themes": themes, "covered_count": len(questions) - len(seen), "asked": asked}
    return render(request, "facts/question_list.html", context)
