"""What pages have in common that a mailed link opens, without an account."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# The address is the key: no copy is kept. Referrer-Policy is the site's own: no other site is told
# the address, and our own logs hold no referrer.
HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
# The base page names its own address, and here that must not be printed.
NO_ADDRESS = {"canonical_url": ""}


def for_one_person(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark whatever `view` answers as nobody else's to keep or to find."""

    @wraps(view)
    def marked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return marked


def opens_nothing(request: HttpRequest) -> HttpResponse:
    """Return the same page as for any address that is none."""
    return render(request, "404.html", NO_ADDRESS, status=404)
