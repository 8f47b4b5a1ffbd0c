"""allauth's two pages for a code on the way in, made the same for every address."""

from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
    EmailVerificationProcess,
)
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.flows.signup import send_unknown_account_mail
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage, LoginByCodeStage, LoginStageController
from allauth.account.views import confirm_login_code as allauth_confirm_login_code
from allauth.account.views import email_verification_sent
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from community.accounts.adapters import AccountAdapter
from community.accounts.nobody import NOBODY
from community.models import Member


@never_cache
def confirm_email(request: HttpRequest) -> HttpResponse:
    """Ask for the code of a new address.

    Where the address has an account already, allauth would go on after signing out, when the
    sign-up itself is forgotten; and a code that is asked for again would be a mail less.
    """
    if request.user.is_anonymous and not LoginStageController.enter(
        request, EmailVerificationStage.key
    ):
        request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
    process = EmailVerificationProcess.resume(request)
    is_nobodys = _is_asked_again(request, process)
    response: HttpResponse = email_verification_sent(request)
    if process and is_nobodys:
        AccountAdapter().send_account_already_exists_mail(process.email)
        # Of somebody, allauth looks the address up.
        EmailAddress.objects.filter(user=int(NOBODY), email=process.email).first()
    elif process and request.method == "POST" and request.POST.get("action") != "resend":
        _look_up_twice(process)
    return response


def _look_up_twice(process: EmailVerificationProcess) -> None:
    """Ask once more for whom a code was typed, as allauth does where that is nobody."""
    if process.user is not None:
        Member.objects.filter(pk=process.user.pk).first()


@never_cache
def confirm_login_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that signs in; one that is asked for again is a mail for every address."""
    stage = LoginStageController.enter(request, LoginByCodeStage.key)
    process = LoginCodeVerificationProcess.resume(stage) if stage else None
    is_nobodys = _is_asked_again(request, process)
    response: HttpResponse = allauth_confirm_login_code(request)
    if process and is_nobodys:
        send_unknown_account_mail(request, process.state["email"])
    return response


def _is_asked_again(
    request: HttpRequest, process: EmailVerificationProcess | LoginCodeVerificationProcess | None
) -> bool:
    """Return whether another code is wanted for an address to which none can be sent."""
    if process is None or request.POST.get("action") != "resend":
        return False
    return process.user is None and process.can_resend
