"""Text that is encrypted in the database, with keys of its own."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.signals import setting_changed
from django.db import models
from django.db.models.query_utils import DeferredAttribute


class UndecipherableText(Exception):
    """A stored text opens with none of the keys; it is left alone, never shown as ciphertext."""


@cache
def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.NOTES_KEYS])


def _forget_keys(*, setting: str, **kwargs: Any) -> None:
    if setting == "NOTES_KEYS":
        _keys.cache_clear()


setting_changed.connect(_forget_keys, dispatch_uid="community_notes_keys")


class Sealed:
    """An encrypted text that nobody has opened yet."""

    __slots__ = ("token",)

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def of(cls, text: str) -> "Sealed":
        """Encrypt `text` with the first of the keys."""
        return cls(_keys().encrypt(text.encode()).decode())

    def open(self) -> str:
        """Return the text. Raises UndecipherableText if no key fits."""
        try:
            return _keys().decrypt(self.token.encode()).decode()
        except InvalidToken:
            raise UndecipherableText("No key in NOTES_KEYS opens this text.") from None


class SealedAttribute(DeferredAttribute):
    """Opens the text when it is asked for, so that one lost key does not close a whole list."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = value.open()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        # Without it, what is in the instance would be found before this attribute is.
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Plain text, encrypted at rest with the first of `settings.NOTES_KEYS`.

    Every key in the list opens it, so that a new key can be put in front of an old one.
    Fernet: AES-128-CBC and HMAC-SHA256 (https://github.com/fernet/spec). An empty text is
    kept as an empty text. It cannot be searched or compared in the database. Reading the
    attribute raises UndecipherableText if no key fits; saving the row then keeps what is
    stored. `values()` and `values_list()` give `Sealed`.
    """

    descriptor_class = SealedAttribute

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.token
        text = super().get_prep_value(value)
        return Sealed.of(text).token if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return Sealed(value) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        stored = model_instance.__dict__.get(self.attname)
        return stored if isinstance(stored, Sealed) else super().pre_save(model_instance, add)

    def get_lookup(self, lookup_name: str) -> Any:
        # Two encryptions of one text differ, so a comparison would silently find nothing.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> Any:
        return None
