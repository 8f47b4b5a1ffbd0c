"""Lists as files: to take along, for other programs, and back again."""

from typing import Any
from uuid import UUID

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from community.forms.list_files import ListImportForm
from community.keeping.files import as_data, as_page, as_table
from community.keeping.imports import make, packed, plan, unpacked
from community.models import ListImport, ReadingList
from facts.gentle import Asked


def _own_list(request: HttpRequest, pk: UUID) -> ReadingList:
    """Return the member's own list. That of another is not found, as if it never was."""
    return get_object_or_404(request.user.reading_lists, pk=pk)  # type: ignore[union-attr]


def _file(content: str, name: str, content_type: str) -> HttpResponse:
    """Return a file to keep; its name tells nothing."""
    response = HttpResponse(content, content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@login_required
def list_take_along(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which files of a list there are, and what each is for."""
    context = {"reading_list": _own_list(request, pk)}
    return render(request, "community/list_take_along.html", context)


@require_safe
@login_required
def list_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A list as one page that needs no network; with `?notes=1`, with the notes on it."""
    content = as_page(
        _own_list(request, pk),
        request.preferences,  # type: ignore[attr-defined]
        Asked.of(request),
        with_notes=request.GET.get("notes") == "1",
    )
    return _file(content, "list.html", "text/html")


@require_safe
@login_required
def list_data(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A list as JSON, which can be read in again."""
    content = as_data(_own_list(request, pk), request.preferences)  # type: ignore[attr-defined]
    return _file(content, "list.json", "application/json")


@require_safe
@login_required
def list_table(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A list as CSV, for a spreadsheet program."""
    content = as_table(_own_list(request, pk), request.preferences)  # type: ignore[attr-defined]
    return _file(content, "list.csv", "text/csv")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def list_import(request: HttpRequest) -> HttpResponse:
    """Read lists out of a file, show what they would become, and make them, all or none.

    What was read waits for an hour, encrypted, and is the member's alone.
    """
    waiting = ListImport.objects.filter(member=request.user.pk)
    if request.method == "POST" and "drop" in request.POST:
        waiting.delete()
        messages.success(request, _("The file is forgotten. Nothing was made."))
        return redirect("community:list-import")
    if request.method == "POST" and "make" in request.POST:
        return _make(request)
    now = timezone.now()
    form = ListImportForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST":
        limited = ratelimit.consume_or_429(
            request, app="allauth.account", action="list_import", user=request.user
        )
        if limited:
            return limited
        if form.is_valid():
            ListImport.objects.update_or_create(
                member=request.user,  # type: ignore[misc]
                defaults={"content": packed(form.lists), "created_at": now},
            )
            return redirect("community:list-import")
    context: dict[str, Any] = {"form": form}
    found = waiting.open_at(now).first() if request.method != "POST" else None
    if found:
        context["planned"] = plan(unpacked(found.content), request.user, now)  # type: ignore[arg-type]
    return render(request, "community/list_import.html", context)


def _make(request: HttpRequest) -> HttpResponse:
    made = make(request.user, timezone.now())  # type: ignore[arg-type]
    if made is None:
        messages.info(request, _("No file is waiting. If you pressed twice, look at your lists."))
        return redirect("community:list-import")
    words = ngettext("%(count)d list is made.", "%(count)d lists are made.", len(made))
    messages.success(request, words % {"count": len(made)})
    return redirect("community:reading-list-list")
