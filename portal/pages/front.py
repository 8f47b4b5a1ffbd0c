"""What stands in front of Django: sends public pages out of the store, and asks for the others.

A proxy that keeps pages itself (`deploy/nginx.conf`) asks with `X-Fresh` for what holds at this
very moment, and is told until when it does.

A plain WSGI callable. It decides by the request alone whether a page may come from the store;
whether an answer may go into it is decided by `PagesMiddleware`.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from portal.pages.compression import best_encoding
from portal.pages.middleware import HAS_STORE, IS_STORED
from portal.pages.shared import Headers, Key, Made, SharedPages
from portal.pages.store import Page, Store, make_page, personal_cookies
from portal.pages.watch import Number

Environ = dict[str, Any]
Answer = Iterable[bytes]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Answer]

TRIES = 3  # to make a page while nobody changes what is on it
LOCKS = 64
PATIENCE = 10.0  # seconds to wait for somebody else who makes the same page


class Front:
    """Answers out of `store`, and passes on to `django` what is not there.

    The same page is made by one at a time; the others wait, and take what was made.
    """

    def __init__(
        self, django: Application, store: Store, shared: SharedPages | None = None
    ) -> None:
        self.django, self.store, self.watch = django, store, store.watch
        self.shared = shared or SharedPages()
        self.personal = personal_cookies()
        # granian gives every request the whole environment of the process, secrets and all.
        self.inherited = frozenset(os.environ)
        self.locks = [threading.Lock() for _number in range(LOCKS)]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Answer:
        method = environ["REQUEST_METHOD"]
        cookies = environ.get("HTTP_COOKIE")
        if method not in {"GET", "HEAD"} or (cookies and self._are_personal(cookies)):
            return self.django(self._own(environ), start_response)
        if "HTTP_X_FRESH" in environ:
            self.watch.look_now()
        else:
            self.watch.look()
        key = (
            environ.get("PATH_INFO"),
            environ.get("QUERY_STRING"),
            environ.get("HTTP_HOST"),
            environ.get("HTTP_X_FORWARDED_PROTO"),
            environ.get("SCRIPT_NAME"),
        )
        page = self.store.fresh(key)
        if page is not None:
            return _send(page, environ, start_response)
        if self.watch.number is None and (page := self.store.old(key)) is not None:
            return _send(page, environ, start_response, is_old=True)
        if method == "HEAD":
            return self.django(self._own(environ), start_response)
        return self._make(key, environ, start_response)

    def _own(self, environ: Environ) -> Environ:
        """Return what is of the request itself."""
        return {name: value for name, value in environ.items() if name not in self.inherited}

    def _are_personal(self, cookies: str) -> bool:
        return any(name in cookies for name in self.personal)

    def _make(self, key: Key, environ: Environ, start_response: StartResponse) -> Answer:
        lock = self.locks[hash(key) % LOCKS]
        is_ours = lock.acquire(timeout=PATIENCE)
        try:
            page = self.store.fresh(key)
            if page is not None:
                return _send(page, environ, start_response)
            for _try in range(TRIES):
                self.watch.look_now()
                number, until, now = self.watch.number, self.watch.until, time.time()
                if number is not None and (made := self.shared.get(key, number)):
                    return _send(self._keep(key, number, made), environ, start_response)
                answer = Answered(self.django, self._own(environ))
                if not answer.is_stored:
                    return self._pass_on(key, answer, environ, start_response)
                body = answer.body()
                self.watch.look_now()
                if number is not None and (number, until) == (self.watch.number, self.watch.until):
                    made = Made(answer.headers, body, now, until, self.watch.texts_until)
                    self.shared.put(key, number, made)
                    return _send(self._keep(key, number, made), environ, start_response)
            start_response(answer.status, answer.headers)
            return [body]
        finally:
            if is_ours:
                lock.release()

    def _keep(self, key: Key, number: Number, made: Made) -> Page:
        page = make_page(str(key[0]), number, made)
        self.store.put(key, page)
        return page

    def _pass_on(
        self, key: Key, answer: "Answered", environ: Environ, start_response: StartResponse
    ) -> Answer:
        """Send what Django answered; of a failing database, an old copy if there is one."""
        if answer.status.startswith("503"):
            page = self.store.old(key)
            if page is not None:
                answer.close()
                return _send(page, environ, start_response, is_old=True)
        else:
            self.store.forget(key)
        start_response(answer.status, answer.headers, *answer.error)
        return answer.parts


class Answered:
    """What Django answered to a request, before anything of it is sent."""

    def __init__(self, django: Application, environ: Environ) -> None:
        # A page for the store is wanted whole, whatever this reader has of it.
        self.environ = environ
        environ.pop("HTTP_IF_NONE_MATCH", None)
        environ[HAS_STORE] = True
        self.status = ""
        self.headers: Headers = []
        self.error: tuple[Any, ...] = ()
        self.parts = django(environ, self._start_response)

    def _start_response(self, status: str, headers: Headers, *error: Any) -> None:
        self.status, self.headers, self.error = status, list(headers), error

    @property
    def is_stored(self) -> bool:
        """Whether Django allows that others get the same answer."""
        return bool(self.environ.get(IS_STORED))

    def body(self) -> bytes:
        """Return the whole body, and close the answer."""
        try:
            return b"".join(self.parts)
        finally:
            self.close()

    def close(self) -> None:
        """End the request for Django."""
        close = getattr(self.parts, "close", None)
        if close is not None:
            close()


def _send(
    page: Page, environ: Environ, start_response: StartResponse, *, is_old: bool = False
) -> Answer:
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known and _matches(known, page.tag):
        start_response("304 Not Modified", page.not_modified())
        return []
    headers, body = page.forms[best_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))]
    if "HTTP_X_FRESH" in environ and not is_old:
        # nginx may keep it until the second is over.
        headers = [*headers, ("X-Accel-Expires", f"@{int(time.time())}")]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _matches(known: str, tag: str) -> bool:
    """Return whether a reader who has `known` has the page (RFC 9110, 13.1.2: weakly)."""
    opaque = tag.removeprefix("W/")
    return known == tag or any(
        part.strip().removeprefix("W/") in {opaque, "*"} for part in known.split(",")
    )
