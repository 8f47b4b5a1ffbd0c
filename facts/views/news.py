from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from facts.changes import newest_changes


@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """What is new, what was changed and why, and what was withdrawn."""
    changes = newest_changes(timezone.now(), get_language())
    return render(request, "facts/news.html", {"changes": changes})
