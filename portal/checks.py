"""Risky combinations of settings, refused with a reason."""

import re
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

NAMES_AN_ILLNESS = re.compile(
    r"cancer|cáncer|krebs|breast|metasta|tumou?r|onco(?!n)|chemo|hospice|palliat|patient",
    re.IGNORECASE,
)


def check_proxies(**kwargs: Any) -> list[CheckMessage]:
    """Refuse https without a trusted proxy: every reader would share one limit on guessing."""
    if settings.IS_HTTPS and settings.TRUSTED_PROXY_COUNT < 1:
        return [
            checks.Error(
                "SITE_URL is https, but TRUSTED_PROXY_COUNT is 0.",
                hint=(
                    "TLS ends in a proxy in front of the portal. Without trusting it, all "
                    "visitors seem to come from one address and share one limit on guessing "
                    "passwords, and every page redirects to itself. Say how many proxies stand "
                    "in front (usually 1)."
                ),
                id="portal.E001",
            )
        ]
    return []


def check_mail(**kwargs: Any) -> list[CheckMessage]:
    """Refuse to run for the public without mail: nobody could finish signing up."""
    if settings.IS_HTTPS and not settings.EMAIL_IS_SENT:
        return [
            checks.Error(
                "EMAIL_URL is not set, so no code would reach anybody.",
                hint="Set EMAIL_URL, for example submission://name:password@mail.example.org:587",
                id="portal.E002",
            )
        ]
    return []


def check_keys(**kwargs: Any) -> list[CheckMessage]:
    """Refuse to keep notes without a key."""
    if not settings.NOTES_KEYS:
        return [
            checks.Error(
                "NOTES_KEYS is empty.",
                hint="Notes cannot be kept without a key. Run bin/serve once, or set NOTES_KEYS.",
                id="portal.E003",
            )
        ]
    return []


def check_security_contact(**kwargs: Any) -> list[CheckMessage]:
    """Refuse a contact that would break the lines of security.txt."""
    if not is_contact(settings.SECURITY_CONTACT):
        return [
            checks.Error(
                "SECURITY_CONTACT is neither an e-mail address nor an https address.",
                hint="Give one such as security@example.org, or https://example.org/security.",
                id="portal.E004",
            )
        ]
    return []


def check_discretion(**kwargs: Any) -> list[CheckMessage]:
    """Warn if what stands in every mail, the sender or a link, names an illness."""
    places = {
        "DISCREET_NAME": settings.DISCREET_NAME,
        "DEFAULT_FROM_EMAIL": settings.DEFAULT_FROM_EMAIL,
        "SITE_URL": settings.SITE_URL,
    }
    return [
        checks.Warning(
            f"{name} names an illness, and it stands in every mail.",
            hint=(
                "Whoever sees the inbox of a member, or the network that they use, learns of it. "
                "Choose a name and a host that say nothing."
            ),
            id="portal.W005",
        )
        for name, value in places.items()
        if NAMES_AN_ILLNESS.search(value)
    ]


def is_contact(text: str) -> bool:
    """Return whether `text` is empty, or one address that security.txt may carry."""
    if any(c.isspace() for c in text):
        return False
    return not text or "@" in text or text.startswith("https://")


def register_all() -> None:
    """Register the checks with Django."""
    for check in (
        check_proxies,
        check_mail,
        check_keys,
        check_security_contact,
        check_discretion,
    ):
        checks.register(check, checks.Tags.security)
