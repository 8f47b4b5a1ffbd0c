"""What every request passes through: the log line, headers, bytes that nothing can keep."""

import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    TooManyFieldsSent,
    ValidationError,
)
from django.db import DataError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    QueryDict,
)
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.urls import reverse

from portal.views.errors import not_found, signed_out

log = structlog.get_logger("portal.request")

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestLogMiddleware:
    """Writes one line for each request: the name of the URL pattern, never a path or an IP."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        structlog.contextvars.clear_contextvars()
        request.id = secrets.token_hex(8)  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request.id)  # type: ignore[attr-defined]
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        log.info(
            "request",
            view=match.view_name if match else None,
            method=request.method if request.method in KNOWN_METHODS else "other",
            status=response.status_code,
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        # The next line of this thread may belong to no request.
        structlog.contextvars.clear_contextvars()
        return response


KNOWN_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class SecurityHeadersMiddleware:
    """The headers for which Django has no setting."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class BadInputMiddleware:
    """Turns bytes that no form could have sent into a 400 instead of an error of ours.

    PostgreSQL refuses a NUL in a text, both databases a lone surrogate, and a number can be
    larger than any column; Django leaves these to the database.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or _is_broken(request.path):
            return _bad_request(request)
        # A cookie is looked up, and the name of a browser is kept; most web servers refuse these.
        if any("\x00" in v for k, v in request.META.items() if k.startswith("HTTP_")):
            return _bad_request(request)
        if any(_is_broken(v) for _k, values in request.GET.lists() for v in (_k, *values)):
            return _bad_request(request)
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            # Django refuses a method without a word.
            response.content = render_to_string("405.html", request=request)
            response["Content-Length"] = str(len(response.content))
        return response

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        if request.method in {"GET", "HEAD"}:
            return None
        try:
            lists = request.POST.lists()
        except (RequestDataTooBig, TooManyFieldsSent, BadRequest):
            return _bad_request(request)
        if any(_is_broken(v) for _k, values in lists for v in (_k, *values)):
            return _bad_request(request)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, (DataError, OverflowError, UnicodeEncodeError)):
            return _bad_request(request)
        match = request.resolver_match
        is_admin = match is not None and match.app_name == "admin"
        if is_admin and isinstance(error, (ValueError, ValidationError)):
            # An address or a choice that the admin's own pages never write.
            return not_found(request, error)
        return None


class SignedOutMiddleware:
    """Gives back what was typed into a form, instead of the sign-in that it would be lost to."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and _asks_to_sign_in(request, response):
            return signed_out(request) or response
        return response


def _asks_to_sign_in(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether `response` leads to a sign-in, and from there back to what was asked for."""
    address = urlsplit(response.get("Location", ""))
    sign_ins = {resolve_url(settings.LOGIN_URL), reverse("admin:login")}
    if request.user.is_authenticated or request.path in sign_ins:
        return False
    return (
        address.path in sign_ins and QueryDict(address.query).get("next") == request.get_full_path()
    )


class MethodsMiddleware:
    """Lets GET and POST through to the views, and HEAD as a GET whose body the server leaves out.

    All else is refused before anybody's session is looked up: views of Django and of other
    packages take PUT for POST, and count a HEAD, with which programs look at links, as a try to
    sign in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in PAGE_METHODS:
            return HttpResponseNotAllowed(PAGE_METHODS)
        if request.method != "HEAD":
            return self.get_response(request)
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        return response


PAGE_METHODS = ["GET", "HEAD", "POST"]


def _is_broken(text: str) -> bool:
    """Return whether `text` holds what no database keeps: NUL, or half of a surrogate pair."""
    return "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)


def _bad_request(request: HttpRequest) -> HttpResponse:
    return HttpResponseBadRequest(render_to_string("400.html"))
