"""Where a member is signed in, and signing out there."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.internal.flows.logout import logout
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from community.accounts.devices import device_in_words
from community.accounts.preferences import forget_on_this_device
from community.accounts.sessions import Stay, end_sessions, stay_of
from community.views.account import CLEAR_SITE_DATA


@dataclass(frozen=True)
class Device:
    """One place where a member is signed in."""

    words: str
    is_this: bool
    is_shared: bool
    began_at: datetime
    ends_at: datetime


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_list(request: HttpRequest) -> HttpResponse:
    """Show where the member is signed in; sign out everywhere else, or here too."""
    if request.method != "POST":
        return render(request, "usersessions/usersession_list.html", {"devices": _devices(request)})
    if "everywhere" in request.POST:
        is_shared = stay_of(request.session) == Stay.SHARED
        end_sessions(request.user)  # type: ignore[arg-type]
        logout(request, show_message=False)
        context = {"is_everywhere": True, "is_shared": is_shared}
        response = render(request, "community/account_signed_out.html", context)
        if is_shared:
            forget_on_this_device(response)
        response["Clear-Site-Data"] = CLEAR_SITE_DATA
        return response
    end_sessions(request.user, but=request.session.session_key)  # type: ignore[arg-type]
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("usersessions_list")


def _devices(request: HttpRequest) -> list[Device]:
    """Return the running sessions of the member, this one first, in two queries."""
    rows = list(UserSession.objects.filter(user=request.user).order_by("-created_at"))
    keys = [row.session_key for row in rows]
    running = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {session.session_key: session for session in running}
    devices = [
        Device(
            words=device_in_words(row.user_agent),
            is_this=row.session_key == request.session.session_key,
            is_shared=sessions[row.session_key].get_decoded().get("stay") == Stay.SHARED,
            began_at=row.created_at,
            ends_at=sessions[row.session_key].expire_date,
        )
        for row in rows
        if row.session_key in sessions
    ]
    return sorted(devices, key=lambda device: not device.is_this)
