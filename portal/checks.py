"""Risky combinations of settings, refused with a reason."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage


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


def is_contact(text: str) -> bool:
    """Return whether `text` is empty, or one address that security.txt may carry."""
    if any(c.isspace() for c in text):
        return False
    return not text or "@" in text or text.startswith("https://")


def register_all() -> None:
    """Register the checks with Django."""
    for check in (check_proxies, check_mail, check_keys, check_security_contact):
        checks.register(check, checks.Tags.security)
