from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from facts.gentle import Asked, show_term
from facts.models import GlossaryTerm


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    """Every word that is explained, in the order of the alphabet."""
    asked = Asked.of(request)
    terms = [show_term(term, asked) for term in GlossaryTerm.objects.published(timezone.now())]
    # Each letter with the first word that begins with it.
    letters: dict[str, str] = {}
    for term in terms:
        letters.setdefault(term.term[:1].upper(), term.slug)
    context = {"terms": terms, "letters": list(letters.items()), "asked": asked}
    return render(request, "facts/glossary.html", context)
