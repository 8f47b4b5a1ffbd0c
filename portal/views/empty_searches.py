"""“Tell us what you looked for”: a page of its own, since a page of results holds no form that
posts, and opening one changes nothing.
"""

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.forms import SearchTellForm
from portal.models import EmptySearch
from portal.search.words import MAX_LENGTH


@require_http_methods(["GET", "HEAD", "POST"])
def search_tell(request: HttpRequest) -> HttpResponse:
    """Offer the words of the search to be sent; on POST count them, with the day and no more."""
    if request.method != "POST":
        words = request.GET.get("q", "").strip()[:MAX_LENGTH]
        return render(
            request, "search_tell.html", {"form": SearchTellForm(initial={"words": words})}
        )
    form = SearchTellForm(request.POST)
    if not ratelimit.consume(request, action="word_from_reader"):
        label = form.fields["words"].label
        context = {
            "reason": _("This keeps out programs that send too much."),
            "kept": [{"name": "words", "label": label, "value": request.POST.get("words", "")}],
            "retry_path": request.path,
        }
        return render(request, "429.html", context, status=429)
    if not form.is_valid():
        return render(request, "search_tell.html", {"form": form}, status=400)
    EmptySearch.objects.count_once(form.cleaned_data["words"], timezone.localdate())
    return redirect("search-told")


@require_safe
def search_told(request: HttpRequest) -> HttpResponse:
    """Say thank you, and where to go on. It repeats nothing that was typed."""
    return render(request, "search_told.html")
