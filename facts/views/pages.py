import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from facts.models import Page

_HEADING = re.compile(r"<h3>(.*?)</h3>", re.S)


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A standing page about the portal itself."""
    standing = get_object_or_404(Page, slug=slug)
    first, body, parts = in_parts(standing.body)
    context = {"page": standing, "first": first, "body": body, "parts": parts}
    return render(request, "facts/page.html", context)


def in_parts(body: str) -> tuple[SafeString, SafeString, list[tuple[str, SafeString]]]:
    """Return what comes before the first heading, the rest, and where each heading leads.

    The headings come right below the page's own. `body` is sanitised on every save (facts.fields).
    """
    parts: list[tuple[str, SafeString]] = []

    def heading(found: re.Match[str]) -> str:
        key = f"part-{len(parts) + 1}"
        parts.append((key, mark_safe(strip_tags(found[1]))))  # noqa: S308
        return f'<h2 id="{key}">{found[1]}</h2>'

    first, mark, rest = _HEADING.sub(heading, body).partition("<h2 ")
    return mark_safe(first), mark_safe(f"{mark}{rest}"), parts  # noqa: S308
