"""Mail: queued with the change that causes it, sent by the worker, tried again if it fails."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.filebased import EmailBackend as FileEmailBackend
from django.utils import timezone
from django_tasks import task

log = structlog.get_logger("portal.mail")

# Minutes to wait after each failed try; the codes in most mails die after ten minutes, notices
# of a changed password must arrive all the same.
RETRY_AFTER = (1, 2, 5, 15, 60, 240)


class QueuedEmailBackend(BaseEmailBackend):
    """Puts each message in the task queue, so that a slow mail server slows no page."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            deliver.enqueue(pack(message), 0)
        return len(email_messages)


class FileAndTerminalEmailBackend(FileEmailBackend):
    """Keeps each message as a file in the data directory, and shows it on the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        settings.EMAIL_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(*args, file_path=str(settings.EMAIL_DIR), **kwargs)

    def write_message(self, message: EmailMessage) -> None:
        super().write_message(message)
        text = f"\nMail to {', '.join(message.to)}: {message.subject}\n{message.body}\n"
        sys.stdout.write(text)
        sys.stdout.flush()


def pack(message: EmailMessage) -> dict[str, Any]:
    """Return `message` as plain data for the queue."""
    alternatives = getattr(message, "alternatives", [])
    return {
        "subject": message.subject,
        "body": message.body,
        "from_email": message.from_email,
        "to": list(message.to),
        "reply_to": list(message.reply_to),
        "headers": {name: str(value) for name, value in message.extra_headers.items()},
        "html": next((a[0] for a in alternatives if a[1] == "text/html"), ""),
    }


@task()
def deliver(packed: dict[str, Any], tries: int) -> None:
    """Send one message. If it fails, queue it again for later, up to six times."""
    html = packed.pop("html")
    message = EmailMultiAlternatives(**packed)
    if html:
        message.attach_alternative(html, "text/html")
    try:
        mail.get_connection(settings.EMAIL_DELIVERY_BACKEND).send_messages([message])
    except OSError as error:  # smtplib's errors are OSErrors too.
        if tries >= len(RETRY_AFTER):
            log.error("mail given up", error=type(error).__name__, tries=tries + 1)
            return
        wait = timedelta(minutes=RETRY_AFTER[tries])
        log.warning("mail not sent, will be tried again", error=type(error).__name__)
        deliver.using(run_after=timezone.now() + wait).enqueue({**packed, "html": html}, tries + 1)
