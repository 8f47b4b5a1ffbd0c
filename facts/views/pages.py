from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from facts.models import Page


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A standing page about the portal itself."""
    standing = get_object_or_404(Page, slug=slug)
    # Sanitised on every save (facts.fields). Its headings come right below the page's own.
    body = standing.body.replace("<h3>", "<h2>").replace("</h3>", "</h2>")
    context = {"page": standing, "body": mark_safe(body)}  # noqa: S308
    return render(request, "facts/page.html", context)
