"""How a member reads: kept in the account, and seen in all its sessions at once.

On a device of the member's own the cookie mirrors the account, so that the text does not shrink
when the session is over. On a shared computer there is no cookie, neither of the member nor of
whoever sat there before.
"""

from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from community.accounts.sessions import Stay, stay_of
from community.models import Member
from facts.preferences import CookieStore, Preferences, set_cookie

# In the account: the defaults, chosen on purpose. Nothing that a browser holds replaces them.
AS_IT_COMES = "as=it-comes"
# In the cookie: it mirrors an account, so it is nobody's choice on this device.
_MIRRORED = "&of=account"


class AccountStore(CookieStore):
    """Keeps the preferences of whoever is signed in, in the account; a visitor's in the cookie."""

    def read(self, request: HttpRequest) -> Preferences:
        member = _member(request)
        if member is None:
            return super().read(request)
        request.mirrored_member = member  # type: ignore[attr-defined]
        return Preferences.parse(member.preferences)

    def keep(self, request: HttpRequest, response: HttpResponse, preferences: Preferences) -> None:
        member = _member(request)
        if member is None:
            super().keep(request, response, preferences)
            return
        _save(member, preferences)
        _mirror(request, response, member)

    def finish(self, request: HttpRequest, response: HttpResponse) -> None:
        member = getattr(request, "mirrored_member", None)
        if member is not None and request.user == member:
            _mirror(request, response, member)


def take_over(request: HttpRequest, member: Member) -> None:
    """Give the account of `member`, who has just signed in, what was chosen before in this browser.

    Only if the account has chosen nothing, and the device is the member's own: on a shared
    computer somebody else may have asked for everything to be shown.
    """
    cookie = request.COOKIES.get(settings.PREFERENCES_COOKIE_NAME, "")
    if member.preferences or _MIRRORED in cookie or stay_of(request.session) == Stay.SHARED:
        return
    if Preferences.parse(cookie) != Preferences():
        _save(member, Preferences.parse(cookie))


def forget_on_this_device(response: HttpResponse) -> None:
    """Take the cookie away, when somebody leaves a shared computer."""
    set_cookie(response, "")


def _member(request: HttpRequest) -> Member | None:
    """Return who is signed in. A request without a session costs nothing."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    user: Any = request.user
    try:
        return user if user.is_authenticated else None
    except (InterfaceError, OperationalError):  # The page that says so wants its colors, too.
        return None


def _save(member: Member, preferences: Preferences) -> None:
    member.preferences = preferences.serialise() or AS_IT_COMES
    member.save(update_fields=["preferences"])


def _mirror(request: HttpRequest, response: HttpResponse, member: Member) -> None:
    """Let the cookie say what the account says, or nothing on a shared computer."""
    value = Preferences.parse(member.preferences).serialise()
    if stay_of(request.session) == Stay.SHARED:
        value = ""
    wanted = f"{value}{_MIRRORED}" if value else ""
    if request.COOKIES.get(settings.PREFERENCES_COOKIE_NAME, "") != wanted:
        set_cookie(response, wanted)
