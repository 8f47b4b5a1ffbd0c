"""Public pages as they were last made, ready to be sent: compressed, with all their headers.

One store for each process. A page is sent for as long as the database and the clock are what
they were when it was made. Afterwards it is kept a while for one case alone: that the database
cannot be reached.
"""

import hashlib
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings

from portal.pages.compression import PACK, SMALLEST
from portal.pages.shared import Headers, Key, Made
from portal.pages.watch import COPIES_LAST, Number, Watch

# Readers may ask for any number of addresses: with a page of 60 kB in three forms, some 1,000.
ROOM = 64 * 1024 * 1024  # bytes
# Made anew for each page: what is of one request, or of one form of the body.
_OWN_HEADERS = {"content-length", "etag", "vary", "x-request-id"}
# Pages about one topic or one group. Any other may show a piece of any text.
_ONE_SUBJECT = ("/facts/", "/groups/")


@dataclass
class Page:
    """One page in its forms: plain and in each way of packing, its headers and its body."""

    path: str
    number: Number
    until: float  # seconds since 1970, like the others
    texts_until: float
    made_at: float
    tag: str
    forms: dict[str, tuple[Headers, bytes]]
    used_at: float = field(default=0.0)

    @property
    def size(self) -> int:
        """Bytes of all its forms."""
        return sum(len(body) for _headers, body in self.forms.values())

    def not_modified(self) -> Headers:
        """The headers of a 304."""
        kept = {"content-type", "content-length", "content-encoding"}
        return [(name, value) for name, value in self.forms[""][0] if name.lower() not in kept]


def make_page(path: str, number: Number, made: Made) -> Page:
    """Return what Django answered in all forms, ready to be sent."""
    shared = [(n, v) for n, v in made.headers if n.lower() not in _OWN_HEADERS]
    tag = f'W/"{hashlib.sha256(made.body).hexdigest()[:32]}"'
    shared += [("ETag", tag), ("Vary", "Cookie, Accept-Encoding")]
    bodies = {"": made.body}
    if len(made.body) >= SMALLEST:
        bodies |= {encoding: pack(made.body) for encoding, pack in PACK.items()}
    forms = {}
    for encoding in ("", *PACK):
        name = encoding if encoding in bodies else ""
        said = [("Content-Encoding", name)] if name else []
        length = ("Content-Length", str(len(bodies[name])))
        forms[encoding] = ([*shared, *said, length], bodies[name])
    return Page(path, number, made.until, made.texts_until, made.made_at, tag, forms)


class Store:
    """The pages of one process."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.pages: dict[Key, Page] = {}
        self._size = 0
        self._lock = threading.Lock()

    def fresh(self, key: Key) -> Page | None:
        """Return the page, if database and clock are what they were when it was made."""
        page = self.pages.get(key)
        if page is None or page.number != self.watch.number:
            return None
        now = time.time()
        if now >= page.until:
            return None
        page.used_at = now
        return page

    def old(self, key: Key) -> Page | None:
        """Return a copy to show while the database cannot be reached.

        None if it is older than a day, or if what it shows may have been withdrawn since.
        """
        page, now = self.pages.get(key), time.time()
        if (
            page is None
            or now >= page.texts_until
            or now - page.made_at > COPIES_LAST.total_seconds()
        ):
            return None
        touched = (address for address, at in self.watch.touched if page.made_at <= at)
        return None if any(_shows(page.path, address) for address in touched) else page

    def put(self, key: Key, page: Page) -> None:
        """Keep `page`; where there is no room, those that nobody has read for longest go."""
        page.used_at = page.made_at
        with self._lock:
            self._drop(key)
            self.pages[key] = page
            self._size += page.size
            if self._size > ROOM:
                for other in sorted(self.pages, key=lambda k: self.pages[k].used_at):
                    if self._size <= ROOM * 3 // 4:
                        break
                    self._drop(other)

    def forget(self, key: Key) -> None:
        """Forget a page that is none any more."""
        with self._lock:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        page = self.pages.pop(key, None)
        if page is not None:
            self._size -= page.size


def _shows(path: str, address: str) -> bool:
    """Return whether the page at `path` may show something of what is below `address`."""
    if not address or address in path:
        return True
    return not any(part in path and not path.endswith(part) for part in _ONE_SUBJECT)


watch = Watch()
store = Store(watch)


def forget_all() -> None:
    """Look at the database before the next page is sent; called after a change is committed."""
    watch.look_soon()


def personal_cookies() -> tuple[str, ...]:
    """The names of the cookies with which a page is somebody's own."""
    return (settings.SESSION_COOKIE_NAME, settings.PREFERENCES_COOKIE_NAME)
