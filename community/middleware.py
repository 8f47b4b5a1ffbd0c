"""What every request of a member passes through."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from community.sessions import note_step

GetResponse = Callable[[HttpRequest], HttpResponse]
View = Callable[..., Any]


def leaves_session_alone(view: View) -> View:
    """Mark a view that a page asks by itself: it is no step of whoever is signed in."""
    view.is_no_step = True  # type: ignore[attr-defined]
    return view


class SessionStepsMiddleware:
    """Notes that somebody is still there. A request without a session cookie costs nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *args: Any) -> None:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not getattr(
            view, "is_no_step", False
        ):
            note_step(request.session)
