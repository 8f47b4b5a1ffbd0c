"""Invites somebody to work here: makes the account, gives the role, sends a mail."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from community.accounts.adapters import AccountAdapter, site_url
from community.accounts.addresses import as_one
from community.models import Member
from community.roles import ROLE_NAMES


class Command(BaseCommand):
    help = "Invites somebody to work here, with a role. A second run only sends the mail again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the person, e.g. nurse@example.org")
        parser.add_argument(
            "--role", required=True, help=f"one of: {', '.join(ROLE_NAMES)}", metavar="ROLE"
        )

    def handle(self, *, email: str, role: str, **options: Any) -> None:
        email, role = email.strip().lower(), role.strip().lower()
        try:
            validate_email(email)
            email = as_one(email)
        except ValidationError:
            raise CommandError(f"“{email}” is not an e-mail address.") from None
        if role not in ROLE_NAMES:
            raise CommandError(f"There is no role “{role}”. Choose: {', '.join(ROLE_NAMES)}.")
        with transaction.atomic():
            is_new = self.give_role(email, role)
            AccountAdapter().send_mail("account/email/invitation", email, {})
        self.tell(email, role, is_new)

    def give_role(self, email: str, role: str) -> bool:
        """Make the account if there is none, and give it `role`; return whether it is new."""
        member = Member.objects.filter(email__iexact=email).first()
        is_new = member is None
        if member is None:
            member = Member.objects.create_user(email)
        elif not member.is_active:
            raise CommandError("This account is switched off. Switch it on in the admin first.")
        address, _is_added = EmailAddress.objects.get_or_create(
            user=member, email=member.email, defaults={"primary": True}
        )
        if not address.verified:
            # Whoever made this account has not shown that the address is theirs, so whatever
            # password they chose must not open the desk, and what they agreed to binds nobody
            # else. The code by mail will show it.
            member.set_unusable_password()
            member.consents.all().delete()
            address.verified = address.primary = True
            address.save()
        member.is_staff = True
        if role == "administrator":
            member.is_superuser = True
        else:
            member.groups.add(Group.objects.get(name=role.capitalize()))
        member.save()
        return is_new

    def tell(self, email: str, role: str, is_new: bool) -> None:
        """Say what was done, and what comes next."""
        account = "has a new account" if is_new else "had an account already"
        mail = (
            "A mail is on its way to them. This is what it says to do:"
            if settings.EMAIL_IS_SENT
            else f"Mail is not sent yet: it is kept in {settings.EMAIL_DIR} and shown where "
            "bin/serve runs. This is what comes next:"
        )
        self.stdout.write(
            f"{email} {account} and may work here as {role}. {mail}\n"
            f"  1. Open {site_url('account_request_login_code')} and ask for a code.\n"
            f"  2. Set up a second step at {site_url('mfa_index')}.\n"
            f"  3. Start work at {site_url('admin:index')}."
        )
