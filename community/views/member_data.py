"""A copy of what is held about a member, to take away; and deletion."""

from collections.abc import Iterator
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from community.accounts.preferences import forget_on_this_device
from community.forms.member_data import DataExportForm
from community.member_data.deletion import delete_member, stays_as_a_number
from community.member_data.export import SHAPES, Copy
from community.models import DataExport
from community.models.data_exports import (
    EXPORTS_A_DAY,
    LINK_LIFE,
    AnotherIsRunning,
    LinkIsSpent,
    hashed,
)
from community.views.account import CLEAR_SITE_DATA, member_of

# Ties the link to the session in which it was asked for.
EXPORT_SESSION_KEY = "data_export"


@never_cache
@login_required
@reauthentication_required(app="allauth.account")
@require_http_methods(["GET", "HEAD", "POST"])
def account_export(request: HttpRequest) -> HttpResponse:
    """Say what a copy holds, and make the link by which it is taken away."""
    member, now = member_of(request), timezone.now()
    is_post = request.method == "POST"
    form = DataExportForm(request.POST if is_post else None)
    if is_post and DataExport.objects.are_used_up(member, now):
        return _wait(request, is_running=False)
    if is_post and form.is_valid():
        made, secret = DataExport.objects.ask(member, form.cleaned_data["shape"], now)
        request.session[EXPORT_SESSION_KEY] = made.pk
        return redirect("community:account-export-download", secret)
    return render(request, "community/account_export.html", {"form": form})


@never_cache
@login_required
@reauthentication_required(app="allauth.account")
@require_http_methods(["GET", "HEAD", "POST"])
def account_export_download(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Offer the copy; POST gives it, once.

    Opening the page spends nothing: browsers and scanners open addresses by themselves.
    """
    member, now = member_of(request), timezone.now()
    asked = DataExport.objects.filter(secret_hash=hashed(secret), member=member).first()
    if asked is None or request.session.get(EXPORT_SESSION_KEY) != asked.pk:
        raise Http404
    if request.method != "POST":
        if not asked.is_open(now):
            return _gone(request)
        minutes = int(LINK_LIFE.total_seconds() // 60)
        context = {"asked": asked, "minutes": minutes, "until": asked.asked_at + LINK_LIFE}
        return render(request, "community/account_export_download.html", context)
    if DataExport.objects.are_used_up(member, now):
        return _wait(request, is_running=False)
    try:
        asked.begin(now)
    except LinkIsSpent:
        return _gone(request)
    except AnotherIsRunning:
        return _wait(request, is_running=True)
    copy = Copy(member, request.preferences, now)  # type: ignore[attr-defined]
    _write, content_type, ending = SHAPES[asked.shape]
    # The name says nothing of what it is a copy of.
    name = f"my-data-{timezone.localdate(now).isoformat()}.{ending}"
    return StreamingHttpResponse(
        until_done(asked, copy),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
@login_required
@reauthentication_required(app="allauth.account")
@require_http_methods(["GET", "HEAD", "POST"])
def account_delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, and delete it all when asked to."""
    member = member_of(request)
    is_number_kept = stays_as_a_number(member)
    if request.method != "POST":
        context = {"address": member.email, "number": member, "is_number_kept": is_number_kept}
        return render(request, "community/account_delete.html", context)
    delete_member(member, farewell="asked")
    logout(request)
    response = render(request, "community/account_deleted.html", {"is_number_kept": is_number_kept})
    forget_on_this_device(response)
    response["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


def until_done(asked: DataExport, copy: Copy) -> Iterator[str]:
    """Yield the copy, and make room for the next one, also if this one is broken off."""
    try:
        yield from copy.written(asked.shape)
    finally:
        asked.end(timezone.now())


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "community/account_export_gone.html", status=410)


def _wait(request: HttpRequest, *, is_running: bool) -> HttpResponse:
    context: dict[str, Any] = {"is_running": is_running, "limit": EXPORTS_A_DAY}
    return render(request, "community/account_export_wait.html", context, status=429)
