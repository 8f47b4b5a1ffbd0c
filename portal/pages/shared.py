"""Stored pages that several servers share, on a Valkey or Redis that CACHE_URL names.

A comfort, and nothing depends on it: where the cache is away or slow, each server makes its own.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import caches

from portal.pages.watch import Number

log = structlog.get_logger("portal.pages")

ALIAS = "pages"
LASTS = 90  # seconds; a page holds for a minute at most
REST = 10.0  # seconds in which a cache that failed is not asked
_LARGEST_HEAD = 20_000  # bytes

Headers = list[tuple[str, str]]
Key = tuple[Any, ...]


class Plain:
    """Keeps bytes as they are. Django's own way of reading would run what somebody put there."""

    def dumps(self, value: bytes) -> bytes:
        return value

    def loads(self, value: bytes) -> bytes:
        return value


@dataclass(frozen=True)
class Made:
    """What Django answered, with the moments of `Page`."""

    headers: Headers
    body: bytes
    made_at: float
    until: float
    texts_until: float


class SharedPages:
    """The pages of all servers of one release, found by address and state of the database."""

    def __init__(self) -> None:
        self.is_there = ALIAS in settings.CACHES
        self._rests_until = 0.0
        # A page names the static files of its release.
        self._release = str(getattr(staticfiles_storage, "manifest_hash", ""))

    def get(self, key: Key, number: Number) -> Made | None:
        """Return the page, if one of the servers has made it in this state and it still holds."""
        packed = self._try(lambda cache: cache.get(self._name(key, number)))
        made = _unpack(packed) if isinstance(packed, bytes) else None
        return made if made is not None and time.time() < made.until else None

    def put(self, key: Key, number: Number, made: Made) -> None:
        """Keep a page for the other servers."""
        packed = _pack(made)
        self._try(lambda cache: cache.set(self._name(key, number), packed, LASTS))

    def _name(self, key: Key, number: Number) -> str:
        named = repr((key, number, self._release)).encode(errors="surrogatepass")
        return hashlib.sha256(named).hexdigest()

    def _try(self, ask: Callable[[Any], Any]) -> Any:
        if not self.is_there or time.monotonic() < self._rests_until:
            return None
        try:
            return ask(caches[ALIAS])
        except Exception as error:  # Each cache has errors of its own, and none is of interest.
            self._rests_until = time.monotonic() + REST
            log.warning("shared pages: no cache", cause=type(error).__name__)
            return None


def _pack(made: Made) -> bytes:
    head = [made.headers, made.made_at, made.until, made.texts_until]
    return json.dumps(head).encode() + b"\n" + made.body


def _unpack(packed: bytes) -> Made | None:
    end = packed.find(b"\n", 0, _LARGEST_HEAD)
    try:
        headers, made_at, until, texts_until = json.loads(packed[: max(end, 0)])
        named = [(str(name), str(value)) for name, value in headers]
        return Made(named, packed[end + 1 :], float(made_at), float(until), float(texts_until))
    except (ValueError, TypeError):
        return None
