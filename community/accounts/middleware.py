"""What every request of a member passes through."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from community.accounts.nobody import number_nobody
from community.accounts.sessions import CONSENT_IS_DUE, note_step

GetResponse = Callable[[HttpRequest], HttpResponse]
View = Callable[..., Any]


def leaves_session_alone(view: View) -> View:
    """Mark a view that a page asks by itself: it is no step of whoever is signed in."""
    view.is_no_step = True  # type: ignore[attr-defined]
    return view


class SessionStepsMiddleware:
    """Notes that somebody is still there. A request without a session cookie costs nothing.

    What has begun and is nobody's looks like all else that has, before the session is saved.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.modified:
            number_nobody(request.session)
        return response

    def process_view(self, request: HttpRequest, view: View, *args: Any) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if not getattr(view, "is_no_step", False):
            note_step(request.session)
        if request.session.get(CONSENT_IS_DUE) and _waits_for_consent(request):
            following = urlencode({"next": request.get_full_path()})
            return redirect(f"{reverse('community:account-consent')}?{following}")
        return None


# What somebody needs who does not agree, and what reads and asks nothing of a member.
_WAITS = ("admin:", "mfa_", "usersessions_", "account_", "community:")
_WAITS_NOT = (
    "community:account-consent",
    "community:account-confirm",
    "community:account-delete",
    "community:account-export",
    "community:account-stay",
    "community:sign-out",
    "community:group-calendar",
    "community:support-group",
    "community:suggestion",
    "community:correction",
    "community:state",
    "account_reauthenticate",
    "account_logout",
    "mfa_reauthenticate",
)


def _waits_for_consent(request: HttpRequest) -> bool:
    """Return whether the page has to wait until a member agreed to the words of today."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    return name.startswith(_WAITS) and not name.startswith(_WAITS_NOT)
