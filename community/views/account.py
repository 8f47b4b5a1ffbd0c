"""The member's own account: an overview, a proof by code, signing out."""

from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import logout as allauth_logout
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from community.accounts.adapters import ConfirmationByCode
from community.accounts.middleware import leaves_session_alone
from community.accounts.preferences import forget_on_this_device
from community.accounts.sessions import CONSENT_IS_DUE, Stay, note_step, seconds_left, stay_of
from community.forms.accounts import ConfirmLoginCodeForm, ConsentForm, DisplayNameForm
from community.models import Consent, Member

CLEAR_SITE_DATA = '"cache", "storage"'


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show what there is about the member, and the way to change each part."""
    member = member_of(request)
    form = DisplayNameForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("community:account")
    factors = set(member.authenticator_set.values_list("type", flat=True))  # type: ignore[attr-defined]
    context = {
        "form": form,
        "address": member.email,
        "has_password": member.has_usable_password(),
        "has_app": "totp" in factors,
        "has_passkey": "webauthn" in factors,
        "consent": member.consents.filter(withdrawn_at__isnull=True).first(),
    }
    return render(request, "community/account.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_confirm(request: HttpRequest) -> HttpResponse:
    """Ask for a code by mail before a step that matters, where there is nothing else to ask."""
    member = member_of(request)
    process = ConfirmationByCode.resume(request)
    if request.method == "POST" and "send" in request.POST:
        limited = ratelimit.consume_or_429(request, action="request_login_code", key=member.email)
        if limited:
            return limited
        ConfirmationByCode.begin(request, member)
        return redirect(request.get_full_path())
    if request.method == "POST" and process:
        form = ConfirmLoginCodeForm(request.POST, code=process.code)
        if form.is_valid():
            process.finish()
            return resume_request(request) or redirect("community:account")
        if not process.record_invalid_attempt():
            messages.error(request, _("There were too many tries. Please ask for a new code."))
            return redirect(request.get_full_path())
    else:
        form = ConfirmLoginCodeForm(code="")
    context = {
        "form": form,
        "is_sent": process is not None,
        "address": member.email,
        "next": get_next_redirect_url(request) or "",
    }
    return render(request, "community/account_confirm.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_consent(request: HttpRequest) -> HttpResponse:
    """Ask a member anew whether anything may be kept, when the words have changed."""
    member = member_of(request)
    following = get_next_redirect_url(request) or reverse("community:account")
    if not member.consents.is_asked_anew():
        request.session.pop(CONSENT_IS_DUE, None)
        return redirect(following)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        Consent.objects.renew(member, timezone.now())
        request.session.pop(CONSENT_IS_DUE, None)
        messages.success(request, _("Thank you. Everything is as you left it."))
        return redirect(following)
    context = {"form": form, "next": get_next_redirect_url(request) or ""}
    return render(request, "community/account_consent.html", context)


@leaves_session_alone
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account_stay(request: HttpRequest) -> HttpResponse:
    """Say in how many seconds the session is over; POST begins its idle time anew.

    Pages ask by themselves, so a GET does not count as a step.
    """
    if not request.user.is_authenticated:
        return JsonResponse({"seconds": 0, "token": ""})
    if request.method == "POST":
        note_step(request.session, is_now=True)
    answer = {"seconds": seconds_left(request.session), "token": get_token(request)}
    return JsonResponse(answer)


@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """allauth's signing out, which then empties what the browser keeps of this site.

    The list that is saved on the device goes too: the next person at a shared computer must
    not find it. Somebody who only breaks off a sign-in keeps theirs. The page that says so is
    the answer itself: at an address of its own it would say so to anybody who opens that.
    """
    was_signed_in = request.user.is_authenticated
    is_shared = stay_of(request.session) == Stay.SHARED
    response: HttpResponse = allauth_logout(request)
    if not was_signed_in or request.user.is_authenticated:
        return response
    if not get_next_redirect_url(request):
        response = render(request, "community/account_signed_out.html", {"is_shared": is_shared})
    if is_shared:
        forget_on_this_device(response)
    response["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


def member_of(request: HttpRequest) -> Member:
    """Return who is signed in; only for views behind `login_required`."""
    assert isinstance(request.user, Member), settings.AUTH_USER_MODEL  # noqa: S101
    return request.user
