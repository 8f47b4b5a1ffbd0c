"""Mails from templates: a subject in one line, a text, and nothing else."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string


def send(
    template: str, address: str, context: dict[str, Any], headers: dict[str, str] | None = None
) -> None:
    """Send the mail of `template` to `address`, with further `headers` if there are any."""
    context = {**context, "site_name": settings.SITE_NAME}
    subject = render_to_string(f"{template}_subject.txt", context)
    EmailMessage(
        " ".join(subject.split()),
        render_to_string(f"{template}_message.txt", context),
        to=[address],
        # Says to other machines that no person wrote this, so that none answers.
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
    ).send()
