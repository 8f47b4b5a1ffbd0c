"""A draft as readers would see it, for somebody who was sent a signed link to it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from facts import preview_links
from facts.gentle import Asked
from facts.previews import preview_context


@require_safe
def draft_preview(request: HttpRequest, token: str) -> HttpResponse:
    """The version that `token` names, gentle first. Whatever is wrong with it: not found."""
    version = preview_links.version_of(token)
    if version is None:
        raise Http404
    context = preview_context(request, version, Asked.of(request))
    response = render(request, "facts/draft_preview.html", context)
    response["Cache-Control"] = "private, no-store"
    # The address is a secret of those who have it: no website that it links to learns it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
