"""Mails from templates: a subject in one line, a text, and the same text with larger links.

The one place where a mail is made. The HTML is made from the text, so that the two cannot differ.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

_CODE = re.compile(r" {4}\S+")
# Of a longer address only the beginning is written out; the whole of it is in the text.
LINK_LENGTH = 44


@dataclass(frozen=True)
class Block:
    """A part of a mail: some lines of text, one link to our site, or a code."""

    text: str
    is_link: bool = False
    is_code: bool = False

    @property
    def label(self) -> str:
        """The address of a link as people read it."""
        bare = self.text.partition("://")[2].removesuffix("/")
        return bare if len(bare) <= LINK_LENGTH else f"{bare[:LINK_LENGTH]}…"


def send(
    template: str, address: str, context: Mapping[str, Any], headers: dict[str, str] | None = None
) -> None:
    """Send the mail of `template` to `address`, with further `headers` if there are any."""
    make(template, address, context, headers).send()


def make(
    template: str, address: str, context: Mapping[str, Any], headers: dict[str, str] | None = None
) -> EmailMultiAlternatives:
    """Return the mail of `template`, without sending it.

    Templates know the discreet name only: that of the site may name an illness.
    """
    context = {**context, "discreet_name": settings.DISCREET_NAME}
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    text = render_to_string(f"{template}_message.txt", context).strip()
    mail = EmailMultiAlternatives(
        subject,
        text + "\n",
        to=[address],
        # Says to other machines that no person wrote this, so that none answers.
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
    )
    html = render_to_string("email/message.html", {"subject": subject, "blocks": blocks(text)})
    mail.attach_alternative(html, "text/html")
    return mail


def blocks(text: str) -> Iterator[Block]:
    """Yield the parts of a mail's `text`, in order.

    A line that is nothing but an address of our site is a link. What somebody typed into a mail
    becomes none, wherever it would lead.
    """
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        lines: list[str] = []
        for line in paragraph.splitlines():
            is_link = line.startswith(f"{settings.SITE_URL}/") and not re.search(r"\s", line)
            is_code = _CODE.fullmatch(line) is not None
            if not is_link and not is_code:
                lines.append(line)
                continue
            if lines:
                yield Block("\n".join(lines))
                lines = []
            yield Block(line.strip(), is_link=is_link, is_code=is_code)
        if lines:
            yield Block("\n".join(lines))
