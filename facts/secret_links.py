"""Links with which somebody without an account opens one thing, once. Plain functions and a class.

A link's token is a row's number and a random secret, signed. The secret is in the mail alone: the
database holds its hash, which opens nothing, and a signature without it opens nothing either.
"""

import hashlib
import secrets

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

SECRET_BYTES = 24  # 192 bits, so that nobody guesses one
MAX_LENGTH = 300


def make_secret() -> str:
    """Return a new random secret, as text that an address may hold."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """Return the SHA-256 of `secret` in hexadecimal.

    A plain hash is enough for a secret that a machine drew: there is no list to try.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


class SecretLinks:
    """Links of one kind: signed with a salt of their own, to the page of one name."""

    def __init__(self, salt: str, url_name: str) -> None:
        self._salt = salt
        self._url_name = url_name

    def _signer(self) -> Signer:
        # A full stop as separator: no mail program breaks a link there, as some do at a colon.
        return Signer(salt=self._salt, sep=".")

    def make_token(self, pk: int, secret: str) -> str:
        """Return what stands in the address of the page."""
        return self._signer().sign_object([pk, secret])

    def read_token(self, token: str) -> tuple[int, str] | None:
        """Return number and secret of a token that `make_token` made, or None for all else."""
        if len(token) > MAX_LENGTH:
            return None
        try:
            pk, secret = self._signer().unsign_object(token)
        except (BadSignature, ValueError):  # ValueError: what is no text a browser could send.
            return None
        return pk, secret

    def make_url(self, pk: int, secret: str) -> str:
        """Return the whole link, which belongs into one mail and nowhere else."""
        return settings.SITE_URL + reverse(self._url_name, args=[self.make_token(pk, secret)])
