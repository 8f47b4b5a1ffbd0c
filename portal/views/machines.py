"""What machines ask for: search engines, password managers, monitors, people who found a hole."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from community.sitemaps import CommunitySitemap, SupportGroupSitemap
from facts.sitemaps import FactSitemap, FactsSitemap, PageSitemap, TopicSitemap
from portal.health import readiness
from portal.sitemaps import PortalSitemap

SITEMAPS: tuple[type[Sitemap], ...] = (
    PortalSitemap,
    FactsSitemap,
    TopicSitemap,
    FactSitemap,
    PageSitemap,
    CommunitySitemap,
    SupportGroupSitemap,
)
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
    """List the public pages with the day each last changed, at addresses made from SITE_URL.

    One file may hold 50,000 addresses, many times what a portal has.
    """
    addresses = [
        {
            "location": f"{settings.SITE_URL}{part.location(item)}",
            "lastmod": part.lastmod(item) if hasattr(part, "lastmod") else None,
        }
        for part in (kind() for kind in SITEMAPS)
        for item in part.items()
    ]
    return HttpResponse(
        render_to_string("sitemap.xml", {"urlset": addresses}),
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
