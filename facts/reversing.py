"""Addresses of what has a slug, made once: a list shows twenty, each as dear as its row."""

from functools import lru_cache

from django.urls import reverse
from django.utils.translation import get_language


def address(name: str, *slugs: str) -> str:
    """Return the address of the page `name` in the language of this moment."""
    return _made(name, slugs, get_language())


@lru_cache(maxsize=20_000)
def _made(name: str, slugs: tuple[str, ...], _language: str | None) -> str:
    return reverse(name, args=slugs)
