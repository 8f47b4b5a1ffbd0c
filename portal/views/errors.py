"""Pages for when something went wrong. What was typed is given back, never lost."""

import re
import sys
from typing import Any

from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

RETRY_AFTER = 30  # seconds
_SECRET = re.compile(r"(?:old|new)?_?password\d?|csrfmiddlewaretoken|code|credential")
_ROW = re.compile(r"[_-]\d{6,}$")  # The number of a row says nothing to anybody.
# What a press says, or a page to itself.
_PRESSED = re.compile(r"_.*|action|direction|key|kind|next|seen|show|stay|step|.*_FORMS")


def kept_text(request: HttpRequest) -> list[dict[str, str]]:
    """Return what the request's form held, without passwords, codes and tokens.

    Each entry has `name`, `value` and `label`; what cannot be somebody's words has no label.
    """
    if request.method != "POST":
        return []
    try:
        lists = list(request.POST.lists())
    except Exception:  # The body itself may be what went wrong.
        return []
    kept = []
    for name, values in lists:
        if _SECRET.fullmatch(name):
            continue
        for value in values:
            is_typed = any(c.isalpha() for c in value) and not _PRESSED.fullmatch(name)
            words = _ROW.sub("", name).replace("_", " ").replace("-", " ")
            label = words.capitalize() if is_typed else ""
            kept.append({"name": name, "value": value, "label": label})
    return kept


def _to_send_again(request: HttpRequest) -> dict[str, Any]:
    """Return what was typed, and where it may be sent again: only if that is the whole form."""
    kept = kept_text(request)
    names = {"csrfmiddlewaretoken", *(field["name"] for field in kept)}
    is_whole = bool(kept) and names >= set(request.POST) and not request.FILES
    return {"kept": kept, "retry_path": request.get_full_path() if is_whole else ""}


def service_unavailable(request: HttpRequest) -> HttpResponse:
    """Return a 503 that needs no database and gives back what was typed.

    It offers to send the form again if it is whole: without its password it would do harm.
    """
    response = HttpResponse(
        render_to_string("503.html", _to_send_again(request), request), status=503
    )
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "private, no-store"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return a 403 for a form that did not come from one of our pages, or came too late.

    What was typed is given back. It is offered to be sent again only if the browser says that the
    form is ours, as it is where somebody has signed in since: it may be a stranger's.
    """
    context = _to_send_again(request)
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        context["retry_path"] = ""
    return render(request, "403_csrf.html", context, status=403)


def signed_out(request: HttpRequest) -> HttpResponse | None:
    """Return a 403 that gives back what somebody typed over a dead session, if they typed."""
    context = _to_send_again(request)
    if not any(field["label"] for field in context["kept"]):
        return None
    context["files"] = bool(request.FILES)
    response = render(request, "403_signed_out.html", context, status=403)
    response["Cache-Control"] = "private, no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return our 400 page; nothing of the request is used to make it.

    Django counts it as a bad request when a session cannot be written, be it that the database
    has just failed. That is no fault of whoever sent it, so what was typed is given back.
    """
    if isinstance(exception, SessionInterrupted):
        return service_unavailable(request)
    return HttpResponse(render_to_string("400.html"), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return our 403 page."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return our 404 page, the same for what never was and for what is somebody else's."""
    match = request.resolver_match
    # An address with a list in it: whoever asks reads the same, whether there ever was one.
    context = {"is_list": match is not None and "lists/<uuid:pk>/" in match.route}
    return render(request, "404.html", context, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return our 500 page, which needs neither the database nor the request.

    If it was the database that failed (busy, full, read-only or gone), wherever in the request,
    the page is a 503 that gives back what was typed.
    """
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return service_unavailable(request)
    return HttpResponse(render_to_string("500.html"), status=500)
