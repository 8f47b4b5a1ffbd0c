"""Email addresses, each written in one way only."""

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator


def as_one(address: str) -> str:
    """Return `address` in the one way in which this portal writes it.

    A domain can be written in many: in wide letters, as `xn--…`, with characters that nobody
    sees. All of them are one mailbox, so they are one account, with one count of its mails.

    Raises ValidationError if mail cannot be sent there as it is typed.
    """
    local, _at, domain = address.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("idna")
    except UnicodeError:
        domain = ""
    # Quotation marks are no part of a mailbox's name, but would make another one of it here.
    if not domain or not local.isascii() or '"' in local:
        raise ValidationError(EmailValidator.message, "invalid")
    return f"{local}@{domain}".lower()
