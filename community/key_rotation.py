"""Encrypting anew, with the first of NOTES_KEYS, what is stored under an older key.

Nothing is ever decrypted into a log, and no row is written but under the condition that it still
holds what was read: whoever saves a note at the same moment wins. It can be broken off at any
time, since a row that has the new key is passed over the next time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from community.fields import EncryptedTextField, Sealed

BATCH = 200  # rows
TRIES = 5  # for a row that somebody else is writing


@dataclass
class Count:
    """What became of the rows of one column."""

    column: str
    seen: int = 0
    renewed: int = 0
    # Rows that no key opens, and rows that changed each time they were looked at.
    closed: int = 0
    left: int = 0


def encrypted_columns() -> Iterator[tuple[type[models.Model], str]]:
    """Yield every column of every table that is encrypted."""
    for model in apps.get_models(include_auto_created=True):
        for column in model._meta.concrete_fields:
            if isinstance(column, EncryptedTextField):
                yield model, column.attname


def rotate(
    *, is_dry: bool = False, batch: int = BATCH, tell: Callable[[Count], Any] = lambda count: None
) -> list[Count]:
    """Encrypt every column with the newest key; `tell` is called after each batch.

    With `is_dry` nothing is written, and `renewed` is what would be.
    """
    keys = [Fernet(key) for key in settings.NOTES_KEYS]
    counts = []
    for model, column in encrypted_columns():
        count = Count(f"{model._meta.label}.{column}")
        counts.append(count)
        for rows in _batches(model, column, batch):
            with transaction.atomic():
                for pk, token in rows:
                    _renew(model, column, pk, token, keys, count, is_dry=is_dry)
            tell(count)
    return counts


def _batches(
    model: type[models.Model], column: str, size: int
) -> Iterator[list[tuple[Any, str | None]]]:
    """Yield key and token of each row that has a text, in the order of the keys."""
    rows = _stored(model, column).exclude(stored="").order_by("pk")
    last: Any = None
    while True:
        some = rows if last is None else rows.filter(pk__gt=last)
        found = list(some.values_list("pk", "stored")[:size])
        if not found:
            return
        yield found
        last = found[-1][0]


def _stored(model: type[models.Model], column: str) -> models.QuerySet[Any]:
    # The column itself cannot be compared.
    rows = model._base_manager.filter(**{f"{column}__isnull": False})
    return rows.annotate(stored=Cast(column, TextField()))


def _renew(
    model: type[models.Model],
    column: str,
    pk: Any,
    token: str | None,
    keys: list[Fernet],
    count: Count,
    *,
    is_dry: bool,
) -> None:
    """Write the row with the newest key, unless it has it already."""
    count.seen += 1
    for _attempt in range(TRIES):
        if not token or _opens(keys[0], token):
            return
        try:
            new = MultiFernet(keys).rotate(token).decode()
        except InvalidToken:
            count.closed += 1
            return
        row = _stored(model, column).filter(pk=pk, stored=token)
        if is_dry or row.update(**{column: Sealed(new)}):
            count.renewed += 1
            return
        # Somebody saved it in between, perhaps with the old key, or deleted it.
        token = _stored(model, column).filter(pk=pk).values_list("stored", flat=True).first()
    count.left += 1


def _opens(key: Fernet, token: str) -> bool:
    try:
        key.decrypt(token)
    except InvalidToken:
        return False
    return True
