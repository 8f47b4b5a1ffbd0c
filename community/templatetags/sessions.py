"""What somebody who is signed in is told about it."""

from typing import Any

from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
    EmailVerificationProcess,
)
from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from community.accounts.sessions import LIMITS, Stay, stay_of
from facts.fixed import fixed_part

register = template.Library()


@register.simple_tag(takes_context=True)
def session_notice(context: dict[str, Any]) -> SafeString:
    """Say how long the session lasts where that is short, and hold the warning before its end."""
    session = context["request"].session
    stay = stay_of(session)
    words = {
        Stay.SHARED: _(
            "Shared computer: you are signed out when you close the browser, or if you do nothing "
            "for 15 minutes."
        ),
        Stay.STAFF: _(
            "You work here, so you are signed out if you do nothing for 30 minutes, and 12 hours "
            "after signing in."
        ),
    }
    return fixed_part(
        "community/_session_notice.html",
        is_shared=stay == Stay.SHARED,
        idle=LIMITS[stay].idle,
        words=words.get(stay, ""),
    )


@register.simple_tag(takes_context=True)
def address_without_code(context: dict[str, Any]) -> str:
    """Return the address whose code has been sent and not been typed yet, or ""."""
    request = context["request"]
    state = request.session.get(EMAIL_VERIFICATION_CODE_SESSION_KEY)
    if not state or not EmailVerificationProcess(request, state).is_valid():
        return ""
    return str(state["email"])


@register.simple_tag(takes_context=True)
def is_shared_computer(context: dict[str, Any]) -> bool:
    """Return whether whoever is signed in said that others use this computer too."""
    return stay_of(context["request"].session) == Stay.SHARED


@register.filter
def in_fours(key: str) -> list[str]:
    """Return a key in parts that somebody can keep in mind while typing it on another device."""
    return [key[start : start + 4] for start in range(0, len(key), 4)]
