"""The mails of the question “is it still right?”: the first one, and one reminder.

Their words say nothing of what the listing is about: an organizer's inbox may be shared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from community.care import verification_links
from community.fields import UndecipherableText
from community.models import SupportGroup, Verification
from community.models.verifications import ID_LENGTH
from facts import mails

# A mail server that takes a few takes no thousands; the next run goes on.
MOST_PER_RUN = 200


def ask(group: SupportGroup, by: Any = None) -> Verification:
    """Ask the organizer of `group`, with one mail, made together with the asking or not at all.

    Raises what `Verification.ask` raises.
    """
    with transaction.atomic():
        asking, secret = Verification.ask(group, by)
        _send("verification", asking, secret)
    return asking


def remind(asking: Verification) -> bool:
    """Remind the organizer once; return whether a mail was made."""
    with transaction.atomic():
        secret = asking.remind()
        if secret is None:
            return False
        _send("verification_reminder", asking, secret)
    return True


@dataclass
class Report:
    """What a run did, or would do."""

    asked: int = 0
    reminded: int = 0
    left: int = 0


def ask_owners(at: datetime, *, is_dry: bool = False, most: int = MOST_PER_RUN) -> Report:
    """Ask every organizer whose listing is due at `at`, and remind those who have not answered.

    Each listing is a transaction of its own. Two runs at once send one mail: what was found to be
    due is looked at again under the lock of the listing.
    """
    report = Report()
    to_remind = SupportGroup.objects.to_remind(at).values_list("pk", flat=True)
    to_ask = SupportGroup.objects.to_ask(at).values_list("pk", flat=True)
    if is_dry:
        report.reminded, report.asked = to_remind.count(), to_ask.count()
        return report
    asked, reminded = list(to_ask), list(to_remind)
    report.left = max(0, len(asked) + len(reminded) - most)
    for group in _rows(reminded[:most]):
        asking = Verification.objects.open().filter(group=group).first()
        if asking is not None:
            asking.group = group
            report.reminded += _did(remind, asking)
    for group in _rows(asked[: most - len(reminded[:most])]):
        report.asked += _did(ask, group)
    return report


def _rows(keys: list[int]) -> Iterator[SupportGroup]:
    for pk in keys:
        group = SupportGroup.objects.filter(pk=pk).first()
        if group is not None:
            yield group


def _did(step: Any, what: Any) -> bool:
    """Return whether `step` was taken; a listing that changed in between is passed over."""
    try:
        return bool(step(what))
    except (ValidationError, UndecipherableText):
        return False


def message_id(secret: str) -> str:
    """Return what names the mail with the link of `secret`, and tells nothing of it.

    By it a mail that does not arrive is known again.
    """
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    domain = sender.rpartition("@")[2] or "localhost"
    return f"<{verification_links.hash_of(secret)[:ID_LENGTH]}@{domain}>"


def _send(template: str, asking: Verification, secret: str) -> None:
    context = {
        "url": verification_links.make_url(asking.pk, secret),
        "expires_at": timezone.localtime(asking.expires_at),
    }
    mails.send(
        f"community/email/{template}",
        asking.group.owner_email,
        context,
        headers={"Message-ID": message_id(secret)},
    )
