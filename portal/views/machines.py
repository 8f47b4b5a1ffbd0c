"""What machines ask for: search engines, password managers, monitors, people who found a hole."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal import sitemaps
from portal.health import readiness

# What is personal, or made anew for every search. Reading pages are open to all.
NOT_FOR_ROBOTS = ("/account/", "/accounts/", "/admin/", "/lists/", "/preferences/", "/search/")
SECURITY_TXT_LIFE = timedelta(days=180)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell robots what to leave alone, and where the sitemap is."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS),
        "",
        f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the public pages with the day each last changed, at addresses made from SITE_URL."""
    return _sitemap_response(sitemaps.sitemap())


@require_safe
def sitemap_part(request: HttpRequest, name: str, number: str) -> HttpResponse:
    """The same for some of the pages, where there are too many for one file."""
    part = sitemaps.sitemap_part(name, int(number))
    if not part:
        raise Http404
    return _sitemap_response(part)


def _sitemap_response(text: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type="application/xml",
        headers={"X-Robots-Tag": "noindex, noodp, noarchive"},
    )


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Say to whom a hole can be told (RFC 9116), if somebody has said who listens."""
    contact = settings.SECURITY_CONTACT
    if not contact:
        raise Http404
    if ":" not in contact:
        contact = f"mailto:{contact}"
    expires = timezone.now().replace(hour=0, minute=0, second=0) + SECURITY_TXT_LIFE
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{reverse('security')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Lead a password manager to the right page.

    Source: W3C, A Well-Known URL for Changing Passwords.
    """
    return redirect("account_change_password")


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; nothing else is asked."""
    return HttpResponse(
        "ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether all that is needed is there: 200 if it is, 503 if anything is missing."""
    checks = readiness(timezone.now())
    status = 200 if all(checks.values()) else 503
    return JsonResponse(checks, status=status, headers={"Cache-Control": "no-store"})
