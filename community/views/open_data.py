"""Open data: the public listings for other programs, read-only. Never a way in."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from community.exports import csv, hsds, meeting_guide
from community.exports.groups import open_groups

PAGE_SIZE = 50
MOST_PER_PAGE = 500


@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """Explain what there is, in plain words."""
    return render(request, "community/open_data.html", {"site_url": settings.SITE_URL})


@require_safe
def groups_csv(request: HttpRequest) -> HttpResponse:
    """Give all groups as a table, with the mark by which spreadsheets know its encoding."""
    now = timezone.now()
    text = csv.write(open_groups(now), now)
    response = HttpResponse(text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="groups.csv"'
    return response


@require_safe
def groups_meeting_guide(request: HttpRequest) -> JsonResponse:
    """Give all groups in the Meeting Guide format."""
    now = timezone.now()
    return _json(meeting_guide.records(open_groups(now), now))


@require_safe
def hsds_root(request: HttpRequest) -> JsonResponse:
    """Say which specification the data keeps to."""
    return _json(
        {
            "version": hsds.VERSION,
            "profile": "https://docs.openreferral.org/en/3.1/",
            "openapi_url": (
                "https://raw.githubusercontent.com/openreferral/specification/3.1/schema/"
                "openapi.json"
            ),
        }
    )


@require_safe
def hsds_services(request: HttpRequest) -> JsonResponse:
    """Give a page of groups as services. An odd number of a page or of rows is passed over."""
    now = timezone.now()
    size = min(_number(request.GET.get("per_page"), PAGE_SIZE), MOST_PER_PAGE)
    groups = open_groups(now)
    total = groups.count()
    number = min(_number(request.GET.get("page"), 1), max(1, -(-total // size)))
    rows = groups[(number - 1) * size : number * size]
    return _json(hsds.page_of([hsds.service(g, now) for g in rows], number, total, size))


@require_safe
def hsds_service(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Give one group as a service."""
    now = timezone.now()
    groups = open_groups(now)
    slugs = groups.order_by().prefetch_related(None).values_list("slug", flat=True)
    slug = next((slug for slug in slugs if hsds.service_id(slug) == pk), None)
    group = groups.filter(slug=slug).first() if slug else None
    if group is None:
        raise Http404
    return _json(hsds.service(group, now))


def _number(text: str | None, otherwise: int) -> int:
    """Return a whole number from 1 to 99,999, or `otherwise`."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < 6
    return (int(text or 0) if is_number else 0) or otherwise


def _json(value: Any) -> JsonResponse:
    return JsonResponse(value, safe=False, json_dumps_params={"ensure_ascii": False})
