"""Looking for words in one's own lists and notes."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from community.forms.reading_lists import SearchForm, number_or_none
from community.keeping.search import look_for, words_in
from community.views.reading_lists import page_address


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@sensitive_post_parameters("words")
def list_search(request: HttpRequest) -> HttpResponse:
    """Ask for words, and show where they are.

    They come by POST: what somebody looks for in private notes must stand in no address, so in no
    history of a browser and no log of a server.
    """
    form = SearchForm(request.POST if request.method == "POST" else None, auto_id="search-%s")
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        words = words_in(form.cleaned_data["words"])
        begin = number_or_none(request.POST.get("from", "")) or 0
        preferences = request.preferences  # type: ignore[attr-defined]
        answer = look_for(words, request.user, preferences, timezone.now(), begin=begin)
        for hit in answer.hits:
            item = hit.card.item if hit.card else None
            hit.url = page_address(hit.reading_list, hit.card.number if hit.card else 1, item)
        context |= {"answer": answer, "is_further": begin > 0}
    return render(request, "community/list_search.html", context)
