"""The few things that an administrator can do with somebody's account, each of them on record.

A record says who, what, when and under which number; it holds no address and no note.
"""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.accounts.adapters import AccountAdapter, opens_by_code
from community.accounts.sessions import end_sessions
from community.member_data.deletion import delete_member
from community.member_data.held import MEMBER_KIND
from community.models import Event, Member

Action = Event.Action


def write_down(action: str, actor: Any, member: Member | None, detail: str = "") -> None:
    """Put on record that `actor` did something with the account of `member`, or with none."""
    Event.objects.create(
        at=timezone.now(),
        actor=actor,
        action=action,
        subject_kind=MEMBER_KIND,
        subject_key=str(member.pk) if member else "",
        detail=detail[:200],
    )


def look_up(actor: Any, address: str) -> Member | None:
    """Return the member with this very address, or None; both are put on record."""
    _require_administrator(actor)
    found = Member.objects.filter(email__iexact=address.strip(), emptied_on=None).first()
    write_down(Action.ADDRESS_LOOKED_UP, actor, found)
    return found


@transaction.atomic
def send_way_in(actor: Any, member: Member) -> None:
    """Send a mail that says how to sign in. It holds no code: one works only where it was asked."""
    _require_other(actor, member)
    if not opens_by_code(member.email):
        raise ValidationError(
            _("Nobody has confirmed the address of this account. Ask them to sign up again.")
        )
    if not member.is_active:
        raise ValidationError(_("This account is switched off. Switch it on first."))
    write_down(Action.MEMBER_MAILED, actor, member)
    AccountAdapter().send_mail("account/email/way_in", member.email, {})


@transaction.atomic
def sign_out_everywhere(actor: Any, member: Member) -> None:
    """End every session of `member`."""
    _require_other(actor, member)
    write_down(Action.MEMBER_SIGNED_OUT, actor, member)
    end_sessions(member)


@transaction.atomic
def switch(actor: Any, member: Member, *, is_on: bool) -> None:
    """Let `member` in again, or keep them out and end their sessions; nothing of theirs is lost."""
    _require_other(actor, member)
    write_down(Action.MEMBER_SWITCHED_ON if is_on else Action.MEMBER_SWITCHED_OFF, actor, member)
    Member.objects.filter(pk=member.pk).update(is_active=is_on)
    if not is_on:
        end_sessions(member)


@transaction.atomic
def delete_on_request(actor: Any, member: Member) -> None:
    """Delete the account of `member`, who asked for it, as if they had done it themselves."""
    _require_other(actor, member)
    write_down(Action.MEMBER_DELETED, actor, member)
    delete_member(member, farewell="asked")


def _require_administrator(actor: Any) -> None:
    if not (actor.is_active and actor.is_superuser):
        raise PermissionDenied


def _require_other(actor: Any, member: Member) -> None:
    _require_administrator(actor)
    if member.pk == actor.pk:
        raise ValidationError(_("This is your own account. You find all of this on its page."))
    if member.emptied_on is not None:
        raise ValidationError(_("This account is empty. Only its number is left."))
