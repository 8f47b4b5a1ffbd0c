"""Text that is encrypted in the database, with keys of its own."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.signals import setting_changed
from django.db import models


class UndecipherableText(Exception):
    """A stored text opens with none of the keys; it is left alone, never shown as ciphertext."""


@cache
def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.NOTES_KEYS])


def _forget_keys(*, setting: str, **kwargs: Any) -> None:
    if setting == "NOTES_KEYS":
        _keys.cache_clear()


setting_changed.connect(_forget_keys, dispatch_uid="community_notes_keys")


class EncryptedTextField(models.TextField):
    """Plain text, encrypted at rest with the first of `settings.NOTES_KEYS`.

    Every key in the list opens it, so that a new key can be put in front of an old one.
    Fernet: AES-128-CBC and HMAC-SHA256 (https://github.com/fernet/spec). An empty text is
    kept as an empty text. It cannot be searched or compared in the database. Raises
    UndecipherableText on reading if no key fits.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return _keys().encrypt(text.encode()).decode() if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if not value:
            return value
        try:
            return _keys().decrypt(value.encode()).decode()
        except InvalidToken:
            raise UndecipherableText(f"No key in NOTES_KEYS opens {self}.") from None

    def get_lookup(self, lookup_name: str) -> Any:
        # Two encryptions of one text differ, so a comparison would silently find nothing.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
