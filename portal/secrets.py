"""Secrets from the environment, or from the files that `bin/serve` makes in the data directory."""

import os
import sys
from pathlib import Path
from secrets import token_hex, token_urlsafe

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured


def read_secret(name: str, value: str, file: Path) -> str:
    """Return `value`, or what `file` holds, without surrounding white space.

    `name` is the environment variable, used in the message. Raises ImproperlyConfigured if
    both are empty.
    """
    secret = value.strip()
    if not secret and file.is_file():
        secret = file.read_text(encoding="utf-8").strip()
    if not secret:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it in the environment, or run bin/serve once: "
            f"it makes {file.name} in the data directory."
        )
    return secret


def require_strong(secret_key: str) -> str:
    """Return `secret_key`, or raise ImproperlyConfigured if it could be guessed.

    The measure is that of Django's check security.W009, here at every start.
    """
    if len(secret_key) < 50 or len(set(secret_key)) < 5 or "insecure" in secret_key:
        raise ImproperlyConfigured(
            "SECRET_KEY is weak: it needs at least 50 characters, 5 different ones, chosen by "
            "chance. Make one with: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )
    return secret_key


def require_fernet_keys(text: str, secret_key: str) -> list[str]:
    """Return the keys that encrypt notes, the newest first.

    `text` holds one key or more, separated by commas or white space. Raises
    ImproperlyConfigured if there is none, if one is not a Fernet key, or is the secret key.
    """
    keys = text.replace(",", " ").split()
    if not keys:
        raise ImproperlyConfigured("NOTES_KEYS holds no key.")
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                "NOTES_KEYS holds something that is not a key. Make one with: python -c "
                "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
            ) from None
        if key == secret_key:
            raise ImproperlyConfigured("NOTES_KEYS must not hold the SECRET_KEY.")
    return keys


def make_secrets(folder: Path) -> None:
    """Put `secret_key` and `notes_key` into `folder`, for its owner's eyes alone.

    A file that is there is never touched. Each appears with its whole text or not at all, also
    when two processes make it at once.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, secret in (
        ("secret_key", token_urlsafe(64)),
        ("notes_key", Fernet.generate_key().decode()),
    ):
        if (folder / name).exists():
            continue
        draft = folder / f".{name}.{token_hex(8)}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, folder / name)
        except FileExistsError:  # Another process was quicker; its secret is as good.
            pass
        finally:
            draft.unlink()


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]))
