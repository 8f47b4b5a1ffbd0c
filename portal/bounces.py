"""What mail servers say of mail that did not arrive (RFC 3464), read without a list of addresses.

A mail's Message-ID holds a mark of the address that it went to. So a notice that comes back is
known to be about a mail of ours, and about which address, though neither was written down.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses
from secrets import token_hex

from django.utils.crypto import constant_time_compare, salted_hmac

# A notice holds the mail that it is about; ours are small.
LONGEST = 1_000_000  # bytes
_ENHANCED = re.compile(r"\b5\.(\d{1,3})\.\d{1,3}\b")
# Whose box or way it is: other, address, mailbox, routing. The rest is about the mail, or about
# us. Source: RFC 3463, section 2.
_ABOUT_ADDRESS = {"0", "1", "2", "4"}
_MARK = 24  # letters


@dataclass(frozen=True)
class Bounce:
    """A mail that is known not to have arrived; `addresses` are those that it was sent to."""

    message_id: str
    addresses: tuple[str, ...]


def make_message_id(address: str, domain: str) -> str:
    """Return a name for a mail to `address`, from which only this portal can tell that it is."""
    number = token_hex(8)
    return f"<{number}.{_mark(number, address)}@{domain}>"


def is_of(message_id: str, address: str) -> bool:
    """Return whether `message_id` was made for a mail to `address`."""
    number, _dot, mark = message_id.strip("<> \t").partition("@")[0].partition(".")
    return constant_time_compare(mark.encode(), _mark(number, address).encode())


def is_about_address(words: str | bytes) -> bool:
    """Return whether a lasting refusal means the address, not the mail or whoever sent it."""
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    found = _ENHANCED.search(text)
    return found is None or found[1] in _ABOUT_ADDRESS


def read(raw: bytes) -> Bounce | None:
    """Return what the notice `raw` tells, or None if it tells nothing that lasts.

    It comes from anywhere: whatever cannot be read is no notice.
    """
    try:
        parts = list(message_from_bytes(raw[:LONGEST]).walk())
    except RecursionError:  # Mails within mails, as no mail server makes them.
        return None
    failed = [block for block in _recipients(parts) if _has_failed(block)]
    returned = next(filter(None, map(_returned, parts)), None)
    if not failed or returned is None:
        return None
    message_id = str(returned.get("Message-ID", "")).strip()
    named = [
        str(block.get(name, "")).partition(";")[2].strip(" \t<>")
        for block in failed
        for name in ("Original-Recipient", "Final-Recipient")
    ]
    # Of a mail that was passed on, only its own head still names where we sent it.
    named += [address for _name, address in getaddresses([str(returned.get("To", ""))])]
    ours = {address.lower() for address in named if address and is_of(message_id, address)}
    return Bounce(message_id, tuple(sorted(ours)))


def _mark(number: str, address: str) -> str:
    text = f"{number}:{address.lower()}"
    return salted_hmac("portal.bounces", text, algorithm="sha256").hexdigest()[:_MARK]


def _recipients(parts: list[Message]) -> Iterator[Message]:
    """Yield what a notice says of each recipient."""
    for part in parts:
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            # The first block is about the notice itself.
            yield from (block for block in part.get_payload() if isinstance(block, Message))
            return


def _has_failed(block: Message) -> bool:
    status = str(block.get("Status", "")).strip()
    is_failed = str(block.get("Action", "")).strip().lower() == "failed"
    return is_failed and status.startswith("5") and is_about_address(status)


def _returned(part: Message) -> Message | None:
    """Return the head of the mail that came back, if `part` holds it."""
    kind, content = part.get_content_type(), part.get_payload()
    if kind == "message/rfc822" and isinstance(content, list) and content:
        inner = content[0]
        return inner if isinstance(inner, Message) else None
    if kind == "text/rfc822-headers" and isinstance(content, str):
        return message_from_string(content)
    return None
