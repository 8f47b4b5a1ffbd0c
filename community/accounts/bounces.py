"""Whether mail reaches a member, as far as mail servers say."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from community.models import Member


def note_bounced(addresses: Iterable[str], on: date) -> None:
    """Note that mail to `addresses` comes back; the first day stays."""
    _members(addresses).filter(mail_bounced_on=None).update(mail_bounced_on=on)


def note_arrived(addresses: Iterable[str]) -> None:
    """Note that a mail server takes mail to `addresses` (again)."""
    bounced = _members(addresses).exclude(mail_bounced_on=None)
    # Nearly always there is none, and then nothing waits for a lock.
    if bounced.exists():
        bounced.update(mail_bounced_on=None)


def _members(addresses: Iterable[str]) -> QuerySet[Member]:
    return Member.objects.filter(email__in={a.lower() for a in addresses}, emptied_on=None)
