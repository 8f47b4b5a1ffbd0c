"""Forms of the account: allauth's, with our words, and the two boxes of signing up."""

from secrets import token_hex
from typing import Any

from allauth.account import forms as account_forms
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.account.utils import setup_user_email
from allauth.core import context, ratelimit
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.core.validators import MaxLengthValidator
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.accounts.adapters import (
    AccountAdapter,
    MFAAdapter,
    opens_by_code,
    require_recent_proof,
    unfinished_sign_ups,
)
from community.accounts.addresses import as_one
from community.accounts.sessions import CHOICES, Stay, remember_stay
from community.models import Consent, Member
from community.models.consents import CONSENT_VERSION

STAY_WORDS = {
    Stay.DAY: _("Sign me out when I close the browser, or if I do nothing for a day"),
    Stay.KEPT: _("Keep me signed in for 14 days: nobody else uses this device"),
    Stay.SHARED: _(
        "This is a shared computer: sign me out if I do nothing for 15 minutes, and keep nothing "
        "here"
    ),
}
# Longer than anybody's password, short enough to be refused before it is hashed.
PASSWORD_MAX_LENGTH = 500
NEW_PASSWORD_HINT = _(
    "At least 10 characters. Four or five words that do not belong together are easy to "
    "remember and hard to guess."
)


class PlainForm:
    """Gives allauth's fields our labels and hints, and takes away what is typed inside them."""

    words: dict[str, tuple[Any, Any]] = {
        "login": (_("Email address"), ""),
        "email": (_("Email address"), ""),
        "password": (_("Password"), ""),
        "oldpassword": (_("Your password now"), ""),
        "password1": (_("Password"), NEW_PASSWORD_HINT),
        "code": (_("Code"), ""),
    }
    words_if_empty: dict[str, Any] = {
        "login": _("Please type your email address."),
        "email": _("Please type your email address."),
        "password": _("Please type your password."),
        "oldpassword": _("Please type the password that you have now."),
        "password1": _("Please type a password."),
        "code": _("Please type the code."),
        "name": _("Please type a name."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        # A password that is shown to be mistyped later is set again by code.
        fields.pop("password2", None)
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.words:
                field.label, field.help_text = self.words[name]
            if name in self.words_if_empty:
                field.error_messages["required"] = self.words_if_empty[name]
            if isinstance(field.widget, forms.PasswordInput):
                field.validators.append(MaxLengthValidator(PASSWORD_MAX_LENGTH))

    @property
    def has_password(self) -> bool:
        """Whether the form asks for a password, which never comes back in an answer."""
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        return any(isinstance(field.widget, forms.PasswordInput) for field in fields.values())


class StayForm(PlainForm):
    """A form on the way in, which also asks whose device this is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        fields["stay"] = forms.ChoiceField(
            label=_("How long do you stay signed in here?"),
            choices=[(choice.value, STAY_WORDS[choice]) for choice in CHOICES],
            initial=Stay.DAY.value,
            required=False,
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": _("Please choose one of these.")},
        )

    def clean(self) -> Any:
        cleaned: Any = super().clean()  # type: ignore[misc]
        # After all else: nothing is noted of a try that failed.
        if not self.errors:  # type: ignore[attr-defined]
            stay = self.cleaned_data.get("stay") or Stay.DAY.value  # type: ignore[attr-defined]
            remember_stay(context.request.session, stay)
        return cleaned


class CodeForm(PlainForm):
    """A form whose code is digits from a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.CharField = self.fields["code"]  # type: ignore[attr-defined]
        field.widget.attrs["inputmode"] = "numeric"
        field.help_text = _("Eight digits. You can leave out the line between them.")


class AppCodeForm(PlainForm):
    """A form whose code comes from an app, or from the sheet of recovery codes."""

    words = {
        "code": (
            _("Code from your app, or a recovery code"),
            _("The app shows six digits. A recovery code has eight, and works once."),
        )
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"  # type: ignore[attr-defined]


class LoginForm(StayForm, account_forms.LoginForm):
    """Signing in by password."""

    def clean_login(self) -> str:
        """Return the address as it is kept; one that cannot be kept is nobody's."""
        login: str = super().clean_login()
        try:
            return as_one(login)
        except forms.ValidationError:
            return login


class ConsentField(forms.BooleanField):
    """The box, never ticked beforehand, by which somebody agrees to what is kept."""

    def __init__(self) -> None:
        super().__init__(
            label=_(
                "I agree that this portal keeps my email address and what I save here. I know "
                "that this may reveal an illness."
            ),
            help_text=_("You can take this back at any time by deleting your account."),
            error_messages={
                "required": _("We may keep nothing for you unless you agree. Please tick the box.")
            },
        )


class ConsentForm(forms.Form):
    """Asks a member anew, when the words have changed."""

    consents = ConsentField()


class SignupForm(StayForm, account_forms.SignupForm):
    """A new account: address, password, age, and consent apart from the rest."""

    field_order = ["email", "password1", "is_old_enough", "consents", "stay"]
    account_already_exists: bool

    is_old_enough = forms.BooleanField(
        label=_("I am 16 or older"),
        error_messages={"required": _("Please tick this box if you are 16 or older.")},
    )
    consents = ConsentField()

    def validate_unique_email(self, value: str) -> str:
        """Let an address through that somebody signed up with and nobody has proved."""
        address: str = super().validate_unique_email(value)
        self.unfinished = [member.pk for member in unfinished_sign_ups(address)]
        if self.unfinished:
            self.account_already_exists = False
        return address

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account; if there is one already, take as long and look the same."""
        # Asked before anything is saved: where no mail may go out, no code would come with it,
        # and a sign-up whose code is on its way would have lost its place for nothing.
        address = self.cleaned_data["email"]
        if not ratelimit.consume(request, action="confirm_email", key=address, dry_run=True):
            return None, ratelimit.respond_429(request)
        if self.account_already_exists:
            self._rehearse(request)
        try:
            return super().try_save(request)
        except IntegrityError:  # Pressed twice: the other request was quicker.
            self.account_already_exists = True
            return super().try_save(request)

    def save(self, request: HttpRequest) -> Member:
        """Save account, consent and address together, as allauth does one by one.

        They take the place of an unfinished sign-up. It goes with its row, so that a session
        which began it is left with a number that nobody has: neither its code nor its password
        opens what comes after.
        The password is hashed before the transaction: nobody waits for it with the lock held.
        """
        adapter = AccountAdapter()
        member: Member = adapter.save_user(request, adapter.new_user(request), self, commit=False)
        with transaction.atomic():
            self._make_way(request, member)
            self._store(request, member)
        return member

    def _store(self, request: HttpRequest, member: Member) -> None:
        member.save()
        Consent.objects.create(member=member, version=CONSENT_VERSION, given_at=timezone.now())
        setup_user_email(request, member, [EmailAddress(email=member.email)])

    def _make_way(self, request: HttpRequest, member: Member) -> None:
        """Delete the unfinished sign-up that `member` takes the place of.

        A stand-in is made and deleted with it, so that it is the same work where there is none.
        If the address is being proved at this moment, the lock waits for it, and the sign-up
        that is then finished stays.
        """
        stand_in = Member(email=_nobody(), password=member.password)
        self._store(request, stand_in)
        members = [stand_in.pk, *self.unfinished]
        list(EmailAddress.objects.select_for_update().filter(user__in=members))
        unfinished_sign_ups(member.email, stand_in.email).filter(pk__in=members).delete()

    def _rehearse(self, request: HttpRequest) -> None:
        """Make an account that nobody can have, and take it back: the time tells nothing.

        It is deleted, not rolled back, so that a transaction with as much in it is committed and
        reaches the disk.
        """
        address = self.cleaned_data["email"]
        self.cleaned_data["email"] = _nobody()
        with transaction.atomic():
            member = self.save(request)
            member.consents.all().delete()
            EmailAddress.objects.filter(user=member).delete()
            # Nothing else can hang on it yet.
            members = Member.objects.filter(pk=member.pk)
            members._raw_delete(members.db)
        self.cleaned_data["email"] = address


def _nobody() -> str:
    """Return an address that nobody can have."""
    return f"{token_hex(8)}@account.invalid"


class ReauthenticateForm(PlainForm, account_forms.ReauthenticateForm):
    """The password once more."""


class ChangePasswordForm(PlainForm, account_forms.ChangePasswordForm):
    """A new password in place of the old one."""

    words = {**PlainForm.words, "password1": (_("New password"), NEW_PASSWORD_HINT)}


class SetPasswordForm(PlainForm, account_forms.SetPasswordForm):
    """A first password, for somebody who has signed in by code so far."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # allauth asks for the old password only, and here there is none.
        require_recent_proof(context.request)
        super().__init__(*args, **kwargs)


class ResetPasswordForm(PlainForm, account_forms.ResetPasswordForm):
    """Asks for a code to set a new password."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if not opens_by_code(email):
            self.users: list[Any] = []
        return email


class ResetPasswordKeyForm(PlainForm, account_forms.ResetPasswordKeyForm):
    """A new password after the right code."""

    words = {**PlainForm.words, "password1": (_("New password"), NEW_PASSWORD_HINT)}


class RequestLoginCodeForm(StayForm, account_forms.RequestLoginCodeForm):
    """Asks for a code to sign in."""

    def clean_email(self) -> str:
        self.cleaned_data["email"] = as_one(self.cleaned_data["email"])
        email: str = super().clean_email()
        if not opens_by_code(email):
            self._user = None
        return email


class AddEmailForm(PlainForm, account_forms.AddEmailForm):
    """A new address in place of the old one."""

    words = {
        "email": (
            _("New email address"),
            _("We send a code there. Nothing changes until you type it."),
        )
    }


class ConfirmEmailVerificationCodeForm(CodeForm, account_forms.ConfirmEmailVerificationCodeForm):
    """The code that shows that an address is somebody's own."""

    def clean_code(self) -> str:
        # Nobody: the address has an account already, or another sign-up took the place of this.
        if self.user is None:
            raise AccountAdapter().validation_error("incorrect_code")
        code: str = account_forms.BaseConfirmCodeForm.clean_code(self)
        others = {member.pk for member in filter_users_by_email(self.email)} - {self.user.pk}
        # A sign-up that nobody finished gives way (AccountAdapter.confirm_email).
        if others - {member.pk for member in unfinished_sign_ups(self.email)}:
            raise AccountAdapter().validation_error("email_taken")
        return code


class ConfirmLoginCodeForm(CodeForm, account_forms.ConfirmLoginCodeForm):
    """The code that signs in."""


class ConfirmPasswordResetCodeForm(CodeForm, account_forms.ConfirmPasswordResetCodeForm):
    """The code that lets somebody set a new password."""


class AuthenticateForm(AppCodeForm, mfa_forms.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateByAppForm(AppCodeForm, mfa_forms.ReauthenticateForm):
    """The second step once more."""


class ActivateTOTPForm(AppCodeForm, totp_forms.ActivateTOTPForm):
    """The first code of a new app."""

    words = {"code": (_("Code from your app"), _("Six digits, new every half minute."))}


class PasskeyForm(PlainForm):
    """A form that holds what a passkey answered; anything else that is sent is no passkey.

    The parser underneath raises errors of many kinds when it meets what it does not expect.
    """

    def full_clean(self) -> None:
        try:
            super().full_clean()  # type: ignore[misc]
        except DatabaseError:
            raise
        except Exception:
            refusal = MFAAdapter().validation_error("incorrect_passkey")
            self.cleaned_data: dict[str, Any] = {}
            self.add_error("credential", refusal)  # type: ignore[attr-defined]


class LoginWebAuthnForm(StayForm, PasskeyForm, webauthn_forms.LoginWebAuthnForm):
    """Signing in by passkey alone."""


class AuthenticateWebAuthnForm(PasskeyForm, webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey as the second step of signing in."""


class ReauthenticateWebAuthnForm(PasskeyForm, webauthn_forms.ReauthenticateWebAuthnForm):
    """The passkey once more."""


class AddWebAuthnForm(PasskeyForm, webauthn_forms.AddWebAuthnForm):
    """A new passkey."""

    words = {
        "name": (_("A name for it"), _("So that you know it again, such as “My phone”.")),
        "passwordless": (
            _("Use it to sign in without a password"),
            _("Your device then asks for your finger, your face or its PIN."),
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True
        self.fields["name"].widget.attrs["maxlength"] = "60"
        self.fields["name"].widget.attrs["autocomplete"] = "off"


class EditWebAuthnForm(PlainForm, webauthn_forms.EditWebAuthnForm):
    """Another name for a passkey."""

    words = {"name": (_("A name for it"), _("So that you know it again, such as “My phone”."))}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        self.fields["name"].max_length = 60
        self.fields["name"].validators.append(MaxLengthValidator(60))


class PartOfMemberForm(forms.ModelForm):
    """A form that writes what it asks for and nothing else.

    The rest of the row may have changed meanwhile, such as the password, in another window.
    """

    def save(self, commit: bool = True) -> Member:
        member: Member = super().save(commit=False)
        member.save(update_fields=list(self.fields))
        return member


class DisplayNameForm(PartOfMemberForm):
    """What the portal calls a member."""

    class Meta:
        model = Member
        fields = ["display_name"]
        widgets = {"display_name": forms.TextInput(attrs={"autocomplete": "nickname"})}
