"""Mail: queued with the change that causes it, sent by the worker, tried again if it fails."""

import smtplib
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from secrets import token_hex
from typing import Any

import structlog
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.filebased import EmailBackend as FileEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SMTPEmailBackend
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from community.demo_members import is_example
from community.signals import mail_given_up, mail_taken
from portal.bounces import is_about_address, make_message_id
from portal.models import GivenUpMail

log = structlog.get_logger("portal.mail")

# Minutes to wait after each failed try; the codes in most mails die after ten minutes, notices
# of a changed password must arrive all the same.
RETRY_AFTER = (1, 2, 5, 15, 60, 240)
# Until a server that has greeted answers each of our sentences; the RFC would wait longer still.
ANSWERS_WITHIN = 120  # seconds
# From then on the desk says that mail waits.
LONG_WAIT = timedelta(minutes=5)
# What the other side says of the address or the message; all else is a server that is away.
REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


class QueuedEmailBackend(BaseEmailBackend):
    """Puts each message in the task queue, so that a slow mail server slows no page."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            if not all(is_example(address) for address in message.recipients()):
                deliver.enqueue(pack(message), 0)
        return len(email_messages)


class PatientEmailBackend(SMTPEmailBackend):
    """Django's, but once a server has greeted it may take its time.

    Whoever hangs up while a slow server looks at a message does not know whether it was taken,
    and would send it twice. Source: RFC 5321, section 4.5.3.2.6.
    """

    def open(self) -> bool | None:
        is_new: bool | None = super().open()
        if is_new and self.connection is not None and self.connection.sock is not None:
            self.connection.sock.settimeout(ANSWERS_WITHIN)
        return is_new


class FileAndTerminalEmailBackend(FileEmailBackend):
    """Keeps each message as a file in the data directory, and shows it on the terminal."""

    _fname: str | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        settings.EMAIL_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        kwargs["file_path"] = str(settings.EMAIL_DIR)
        super().__init__(*args, **kwargs)

    def _get_filename(self) -> str:
        """Return a name of its own for each connection: two mails may share a second."""
        if not self._fname:
            stamp = timezone.now().strftime("%Y%m%d-%H%M%S-%f")
            self._fname = str(settings.EMAIL_DIR / f"{stamp}-{token_hex(4)}.log")
        return self._fname

    def write_message(self, message: EmailMessage) -> None:
        super().write_message(message)
        text = f"\nMail to {', '.join(message.to)}: {message.subject}\n{message.body}\n"
        sys.stdout.write(text)
        sys.stdout.flush()


def pack(message: EmailMessage) -> dict[str, Any]:
    """Return `message` as plain data for the queue.

    Its Message-ID is made here: it stays the same however often sending is tried, and it
    names the sender's domain, not the machine that the worker runs on.
    """
    headers = {name: str(value) for name, value in message.extra_headers.items()}
    if "message-id" not in {name.lower() for name in headers}:
        _name, address = parseaddr(message.from_email)
        domain = address.rpartition("@")[2] or "localhost"
        headers["Message-ID"] = make_message_id("".join(message.to), domain)
    alternatives = getattr(message, "alternatives", [])
    return {
        "subject": str(message.subject),
        "body": str(message.body),
        "from_email": str(message.from_email),
        "to": [str(address) for address in message.to],
        "cc": [str(address) for address in message.cc],
        "bcc": [str(address) for address in message.bcc],
        "reply_to": [str(address) for address in message.reply_to],
        "headers": headers,
        "html": next((str(a[0]) for a in alternatives if a[1] == "text/html"), ""),
    }


def unpack(packed: dict[str, Any]) -> EmailMultiAlternatives:
    """Return the message that `pack` made `packed` from."""
    fields = dict(packed)
    html = fields.pop("html")
    message = EmailMultiAlternatives(**fields)
    if html:
        message.attach_alternative(html, "text/html")
    return message


@task()
def deliver(packed: dict[str, Any], tries: int) -> None:
    """Send one message. If it fails, queue it again for later, up to six times.

    What the other side refuses for good is not tried again. Whoever wants to know of a message
    that was taken, or will not arrive, is told by a signal. Those that were given up for any
    other reason than their address are counted for the desk.
    """
    try:
        mail.get_connection(settings.EMAIL_DELIVERY_BACKEND).send_messages([unpack(packed)])
    except OSError as error:  # smtplib's errors are OSErrors too.
        if _is_refused_for_good(error) or tries >= len(RETRY_AFTER):
            log.error("mail given up", error=type(error).__name__, tries=tries + 1)
            bad = _bad_addresses(error)
            if not bad:
                GivenUpMail.objects.count_once(timezone.localdate())
            mail_given_up.send(
                sender=None,
                message_id=packed["headers"].get("Message-ID", ""),
                is_refused=isinstance(error, REFUSALS),
                addresses=bad,
            )
            return
        wait = timedelta(minutes=RETRY_AFTER[tries])
        log.warning("mail not sent, will be tried again", error=type(error).__name__)
        deliver.using(run_after=timezone.now() + wait).enqueue(packed, tries + 1)
        return
    # It is sent; what goes wrong from here on must not send it again.
    mail_taken.send_robust(sender=None, addresses=packed["to"])


def _is_refused_for_good(error: OSError) -> bool:
    """Return whether nobody at the other side will ever take the message.

    Codes from 500 on are for good. Source: RFC 5321, section 4.2.1.
    """
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _words in error.recipients.values())


def _bad_addresses(error: OSError) -> list[str]:
    """Return the addresses at which, as the other side says, nobody gets mail."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return []
    return [
        address
        for address, (code, words) in error.recipients.items()
        if code >= 500 and is_about_address(words)
    ]


def waiting_for_long(now: datetime) -> int:
    """Return how many mails have not been taken by the mail server within some minutes."""
    waiting = DBTaskResult.objects.filter(
        task_path=deliver.module_path, status=TaskResultStatus.READY
    )
    return waiting.filter(enqueued_at__lt=now - LONG_WAIT).count()


def prune_finished() -> int:
    """Delete the queue's rows of tasks that are done with; return their number.

    That of a mail holds an address, and often a code. Rows of mails that could not even be made
    go too: what failed is in the log.
    """
    number, _per_model = DBTaskResult.objects.finished().delete()
    return number
