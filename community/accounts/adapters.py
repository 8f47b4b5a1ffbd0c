"""How allauth behaves here: discreet mails, links from SITE_URL, a code where no password is.

allauth 65 is pinned; what is imported from its `internal` packages is used, not changed.
"""

import time
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.account.internal.flows.reauthentication import (
    get_reauthentication_flows,
    raise_if_reauthentication_required,
)
from allauth.account.models import EmailAddress
from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community.accounts.addresses import as_one
from community.models import Member
from facts import mails

CODE_SESSION_KEY = "confirmation_code"
# Of whom this session has set the password anew, with a code from her mail.
RESET_SESSION_KEY = "password_was_reset"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts known by an email address, and mails that give nothing away."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is switched off."),
        "duplicate_email": _("This is your address already."),
        "email_password_mismatch": _(
            "This address and this password do not go together. Please check both. You can "
            "also ask for a code by mail instead."
        ),
        "email_taken": _("This address cannot be used. Please choose another one."),
        "enter_current_password": _("This is not your password. Please try again."),
        "incorrect_code": _("This code is not right. Please check it and try again."),
        "incorrect_password": _("This is not your password. Please try again."),
        "invalid_password_reset": _("This no longer works. Please ask for a new code."),
        "rate_limited": _("That was a bit fast. Please wait a minute, then try again."),
        "same_as_current": _("This is your address already."),
        "too_many_login_attempts": _(
            "There were too many tries. Please wait five minutes, then try again."
        ),
    }

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:
        """Send a mail with links to SITE_URL, and nothing taken from the request."""
        self.make_mail(template_prefix, email, context).send()

    def make_mail(
        self, template_prefix: str, email: str, context: Mapping[str, Any]
    ) -> EmailMessage:
        """Return such a mail, without sending it, in the language that its member has chosen."""
        context = {
            **context,
            "email": email,
            "login_url": site_url("account_login"),
            "login_code_url": site_url("account_request_login_code"),
            "signup_url": site_url("account_signup"),
            "password_reset_url": site_url("account_reset_password"),
            "account_url": site_url("community:account"),
            "minutes": settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60,
        }
        with translation.override(language_of(email) or translation.get_language()):
            return mails.make(template_prefix, email, context)

    def ajax_response(
        self,
        request: HttpRequest,
        response: HttpResponse,
        redirect_to: str | None = None,
        form: forms.BaseForm | None = None,
        data: Any = None,
    ) -> HttpResponse:
        """Return allauth's answer for programs, without `data`: it holds a member's address with
        the number of its row, which tells how many members there are.
        """
        made: HttpResponse = super().ajax_response(request, response, redirect_to, form)
        return made

    def ajax_response_form(self, form: forms.BaseForm) -> dict[str, Any]:
        """Return allauth's answer for programs, without what was typed as a password."""
        told: dict[str, Any] = super().ajax_response_form(form)
        for field in form:
            if isinstance(field.field.widget, forms.PasswordInput):
                told["fields"][field.html_name]["value"] = None
        return told

    def is_safe_url(self, url: str) -> bool:
        """Say whether `url` is a path of this site, the only place that `next` may lead to.

        Not even a full address of this host is: it could name another port.
        """
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def clean_email(self, email: str) -> str:
        """Return the address in the one way in which it is kept."""
        return as_one(email)

    def format_email_subject(self, subject: str) -> str:
        """Return the subject alone: a prefix would name the site in somebody's inbox."""
        return subject

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Take the address as proved; a sign-up with it that nobody finished gives way."""
        with transaction.atomic():
            others = unfinished_sign_ups(email_address.email).exclude(pk=email_address.user_id)
            others.delete()
            return bool(super().confirm_email(request, email_address))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords by address alone: a Host with another port begins no new count.

        Whoever has just set the password anew has a count of her own.
        """
        address = str(credentials.get("email", "")).lower()
        is_own = request.session.get(RESET_SESSION_KEY) == address
        return counted_after_reset(address) if is_own else address

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Let whoever has set her password anew sign in, though others have tried too often.

        allauth begins all counts anew, which would tell those others that the address is a
        member's.
        """
        request.session[RESET_SESSION_KEY] = str(credentials.get("email", "")).lower()

    def post_login(
        self, request: HttpRequest, user: Any, *, redirect_url: str | None, **kwargs: Any
    ) -> HttpResponse:
        """Count the sign-in itself as proof for the next minutes, as if asked again."""
        records = get_authentication_records(request, user)
        if records:
            records[-1]["reauthenticated"] = True
            request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records
        return super().post_login(request, user, redirect_url=redirect_url, **kwargs)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return allauth's methods, in our words; a code by mail for who has none of them."""
        words = {
            "reauthenticate": gettext("Use your password"),
            "mfa_reauthenticate": gettext("Use a code from your app, or a recovery code"),
            "mfa_reauthenticate:webauthn": gettext("Use your passkey"),
        }
        methods = [
            {**method, "description": words.get(method["id"], method["description"])}
            for method in super().get_reauthentication_methods(user)
        ]
        if not methods and user.is_authenticated:
            url = reverse("community:account-confirm")
            methods = [{"id": "code", "description": gettext("Use a code by mail"), "url": url}]
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Say whether `app` wants a recent proof of who is there.

        allauth lets members through who have neither a password nor a second step, such as
        invited staff. Here they prove themselves with a code by mail, so this raises
        ReauthenticationRequired for them, which is what allauth's callers do with True.
        """
        request = allauth_context.request
        if not get_reauthentication_flows(request.user) and not _is_recent(request):
            raise ReauthenticationRequired
        return super().is_reauthentication_required(app=app, **kwargs)


class MFAAdapter(DefaultMFAAdapter):
    """Second steps, under a name that may stand in anybody's list of accounts."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _("You cannot switch this off."),
        "cannot_generate_recovery_codes": _(
            "Recovery codes go with a second step. Please set up an app or a passkey first."
        ),
        "incorrect_code": _("This code is not right. Please check it and try again."),
        "incorrect_passkey": _("This passkey did not work. Please try again, or another way."),
        "unverified_email": _(
            "Please confirm your email address first. Then you can set up a second step."
        ),
    }

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        """Return a name to begin with, such as "Passkey 2"."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1}

    def build_totp_svg(self, url: str) -> str:
        """Return the square code on white ground, so that a dark page does not swallow it."""
        import qrcode
        from qrcode.image.svg import SvgPathFillImage

        buffer = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(buffer)
        return buffer.getvalue().decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return who the passkey is for: the host of SITE_URL, never that of the request."""
        return {"id": settings.SITE_HOST, "name": settings.DISCREET_NAME}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        entity = super().get_public_key_credential_user_entity(user)
        return {**entity, "display_name": user.display_name or user.email}


def unfinished_sign_ups(*addresses: str) -> QuerySet[Member]:
    """Return the accounts of `addresses` that nobody has ever proved to own, or come into.

    Whoever made one may have typed the address of somebody else. It is nobody's yet, so the
    next sign-up takes its place.
    """
    return Member.objects.filter(
        email__in=addresses,
        is_active=True,
        is_staff=False,
        is_superuser=False,
        last_login=None,
        reading_lists=None,
    ).exclude(emailaddress__verified=True)


def opens_by_code(address: str) -> bool:
    """Say whether a code by mail may sign in, or set a password, at `address`.

    Only where the address has been proved before. A code would prove it, but also move its
    owner into an account with the password and the consent of whoever made it, and that may be
    somebody else. So she is told that there is no account, signs up, and has one of her own.
    """
    is_proved: bool = EmailAddress.objects.is_verified(address)
    look_up_once_more(address, is_proved=is_proved)
    return is_proved


def look_up_once_more(address: str, *, is_proved: bool) -> None:
    """Ask the database what allauth asks it for an address only if nobody has proved it."""
    if is_proved:
        list(Member.objects.filter(email=address.lower()))


def language_of(address: str) -> str:
    """Return the language that the member with `address` has chosen, or "".

    It is asked for every address, so that a mail to a stranger takes as long.
    """
    members = Member.objects.filter(email=address.lower())
    return members.values_list("language", flat=True).first() or ""


def counted_after_reset(address: str) -> str:
    """Return under what wrong passwords for `address` are counted once its owner has set one."""
    return f"{address}:reset"


def site_url(name: str) -> str:
    """Return the full address of the page called `name`, made from SITE_URL."""
    return f"{settings.SITE_URL}{reverse(name)}"


def require_recent_proof(request: HttpRequest) -> None:
    """Interrupt `request` unless its member proved who they are within the last minutes.

    A form that was sent is not kept for later, as allauth would do: it may hold a password.
    """
    try:
        raise_if_reauthentication_required(request, app="allauth.account")
    except ReauthenticationRequired:
        if request.method == "POST":
            raise ImmediateHttpResponse(redirect(request.path)) from None
        raise


def _is_recent(request: HttpRequest) -> bool:
    """Return whether this session has proved who it is within the last minutes."""
    return any(
        record.get("reauthenticated")
        and time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT
        for record in get_authentication_records(request, request.user)
    )


class ConfirmationByCode(AbstractCodeVerificationProcess):
    """A code by mail that proves who is there, for members without password or second step."""

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(
            max_attempts=app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.LOGIN_BY_CODE_TIMEOUT,
            state=state,
            user=request.user,
        )

    @classmethod
    def begin(cls, request: HttpRequest, member: Member) -> None:
        """Send a new code; one sent earlier no longer counts."""
        process = cls(request, cls.initial_state(member, member.email))
        process.state["code"] = AccountAdapter().generate_login_code()
        process.send()
        process.persist()

    @classmethod
    def resume(cls, request: HttpRequest) -> "ConfirmationByCode | None":
        """Return the process that this session has begun, or None if it is over."""
        state = request.session.get(CODE_SESSION_KEY)
        if not state or state.get("user_id") != str(request.user.pk):
            return None
        process: ConfirmationByCode | None = cls(request, state).abort_if_invalid()
        return process

    def send(self) -> None:
        AccountAdapter().send_mail(
            "account/email/login_code", self.state["email"], {"code": self.code}
        )

    def persist(self) -> None:
        self.request.session[CODE_SESSION_KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(CODE_SESSION_KEY, None)

    def finish(self) -> None:
        """Record that the right code was typed."""
        self.abort()
        record_authentication(self.request, self.user, method="code", reauthenticated=True)


@receiver(
    [authenticator_added, authenticator_removed, password_changed, password_set, password_reset],
    dispatch_uid="community_end_sessions",
)
def _end_other_sessions(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Sign out everywhere else: an older session has not passed the new proof."""
    if request is not None:
        end_other_sessions(request, user)


@receiver(authentication_step_completed, dispatch_uid="community_new_session_key")
def _change_session_key(request: HttpRequest, reauthenticated: bool = False, **kwargs: Any) -> None:
    """Give the session another key when somebody has proved anew who they are.

    Whoever knew the old key could otherwise do what the proof was asked for. Signing in itself
    changes the key anyway.
    """
    old = request.session.session_key
    if not reauthenticated or not request.user.is_authenticated or not old:
        return
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)


@receiver(user_logged_out, dispatch_uid="community_forget_session")
def _forget_session(request: HttpRequest | None, **kwargs: Any) -> None:
    """Forget where somebody was signed in: the address and browser of the session that ends."""
    if request is not None and request.session.session_key:
        UserSession.objects.filter(session_key=request.session.session_key).delete()
