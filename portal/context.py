"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from facts.preferences import Preferences


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, the page's canonical address and the reader's preferences."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "canonical_url": f"{settings.SITE_URL}{request.path}",
        "preferences": getattr(request, "preferences", Preferences()),
        "is_local": settings.IS_LOCAL,
        "mail_is_sent": settings.EMAIL_IS_SENT,
    }
