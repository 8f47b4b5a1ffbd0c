"""Takes away the second step of somebody who has lost app, passkeys and recovery codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from community.accounts.adapters import AccountAdapter
from community.accounts.sessions import end_sessions
from community.models import Event, Member


class Command(BaseCommand):
    help = (
        "Takes away the app, the passkeys and the recovery codes of one account, signs it out "
        "everywhere and tells its owner by mail. Make sure first that it is they who ask: call "
        "them, or see them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the person, e.g. nurse@example.org")
        parser.add_argument("--yes", action="store_true", help="do not ask whether it is meant")

    def handle(self, *, email: str, yes: bool, **options: Any) -> None:
        member = Member.objects.filter(email__iexact=email.strip()).first()
        if member is None:
            raise CommandError("There is no account with this address.")
        if not Authenticator.objects.filter(user=member).exists():
            raise CommandError("This account has no second step.")
        if not yes and not self.is_meant(member):
            raise CommandError("Nothing was changed.")
        with transaction.atomic():
            Authenticator.objects.filter(user=member).delete()
            devices = end_sessions(member)
            Event.objects.create(
                at=timezone.now(),
                action=Event.Action.MEMBER_SIGNED_OUT,
                subject_kind="member",
                subject_key=str(member.pk),
                detail="second step taken away by command",
            )
            AccountAdapter().send_mail("account/email/second_step_reset", member.email, {})
        self.stdout.write(
            f"{member} has no second step now, and was signed out on {devices} device(s). A mail "
            "tells them. "
            + (
                "At their next sign-in they set up a new one before they can work."
                if member.is_staff
                else "They can set up a new one in their account."
            )
        )

    def is_meant(self, member: Member) -> bool:
        """Ask whoever types the command, in words."""
        who = "a member of staff" if member.is_staff else "a member"
        question = f"{member} ({who}): take the second step away? Are you sure who asks? yes/no "
        return input(question).strip().lower() == "yes"
