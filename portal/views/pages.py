"""Pages that need both apps: they ask the apps' QuerySets and render, nothing more."""

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from community.models import Service
from facts.gentle import Asked
from facts.models import FactVersion, Topic

NEW_FACTS = 3
TOPICS = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where to start."""
    now = timezone.now()
    context = {
        "topics": Topic.objects.published(now)[:TOPICS],
        "new_versions": FactVersion.objects.newest(now, get_language())[:NEW_FACTS],
    }
    return render(request, "home.html", context)


@require_safe
def help_now(request: HttpRequest) -> HttpResponse:
    """When to call and whom: what cannot wait, crisis lines, then services by country."""
    asked = Asked.of(request)
    services = sorted(
        Service.objects.published(timezone.now()),
        key=lambda s: (not s.is_crisis_line, str(s.get_country_display()), s.position, s.name),
    )
    others = [service for service in services if not service.is_crisis_line]
    context = {
        "signs": [
            (
                version.heading,
                version.fact.get_absolute_url(),
                "" if asked.covers(version.sensitivity, version.fact.slug) else version.call_now,
            )
            for version in FactVersion.objects.with_call_now(timezone.now(), get_language())
        ],
        "crisis_lines": [service for service in services if service.is_crisis_line],
        "countries": [
            (country, list(group))
            for country, group in groupby(others, key=lambda s: s.get_country_display())
        ],
    }
    return render(request, "help.html", context)
