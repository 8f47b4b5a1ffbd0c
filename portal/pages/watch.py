"""Looks at the database, now and then, for whether anything that readers see has changed."""

import os
import threading
import time
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

log = structlog.get_logger("portal.pages")

EVERY = 0.2  # seconds between two looks while somebody reads; nothing is older than that
AFTER_A_FAILURE = 1.0  # seconds
OLDEST = 0.8  # seconds; what was seen longer ago is not known any more
COPIES_LAST = timedelta(hours=24)
# So long may the clocks of two machines differ, and a transaction take to be seen.
SLACK = timedelta(seconds=10)

Number = tuple[Any, ...]


class Watch:
    """What is known of the database: the number of its state, and until when the clock lets it be.

    `number` is different after every change of what readers see; None while the database cannot
    be reached. `until` is the moment (seconds since 1970) from which pages made now may be
    different by the clock alone: the next full minute, or a text that begins or ends before.
    `texts_until` is when the next text ends.
    """

    def __init__(self) -> None:
        self.number: Number | None = None
        self.until = 0.0
        self.texts_until = 0.0
        self.touched: list[tuple[str, float]] = []
        self._seen_at = float("-inf")
        self._next_look = 0.0
        self._lock = threading.Lock()
        self._connection: BaseDatabaseWrapper | None = None
        self._process = self._file = self._opened = 0

    def look(self) -> None:
        """Look, if that is due. It costs one comparison where it is not.

        While somebody else is looking, what was seen within the last second holds; who waits
        longer than that for an answer of the database has none.
        """
        now = time.monotonic()
        if now < self._next_look:
            return
        is_fresh = now < self._seen_at + OLDEST
        if self._lock.acquire(timeout=0 if is_fresh else OLDEST):
            try:
                if time.monotonic() >= self._next_look:
                    self._look()
            finally:
                self._lock.release()
        elif not is_fresh:
            self.number = None

    def look_now(self) -> None:
        """Look in any case, after whoever is looking."""
        with self._lock:
            self._look()

    def look_soon(self) -> None:
        """Let the next call of `look` look."""
        self._next_look = 0.0

    def state(self) -> Hashable | None:
        """Return what differs after every change of what readers see, also one by the clock.

        None if it is not known at this moment, or if nobody has looked in this process yet.
        """
        if self._connection is None:
            return None
        self.look()
        is_known = self.number is not None and time.time() < self.until
        # Another database, opened later, may count as far.
        return (self._opened, self.number, self.until) if is_known else None

    def _look(self) -> None:
        try:
            self.number = self._ask()
        except (Error, OSError) as error:
            if self.number is not None:
                log.error("stored pages: no database", cause=type(error).__name__)
            self._close()
            self.number = None
            self._next_look = time.monotonic() + AFTER_A_FAILURE
        else:
            self._seen_at = time.monotonic()
            self._next_look = self._seen_at + EVERY

    def _ask(self) -> Number:
        connection = self._open()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), coalesce(sum(number), 0) FROM portal_publicchange")
            number = (self._file, *cursor.fetchone())
            now = time.time()
            if number != self.number or now >= self.until:
                self._read_the_clock(connection, cursor, now)
        return number

    def _read_the_clock(self, connection: BaseDatabaseWrapper, cursor: Any, now: float) -> None:
        at = datetime.fromtimestamp(now, UTC)
        moment = connection.ops.adapt_datetimefield_value(at)
        steps = []
        for table, column in (
            ("facts_factversion", "live_from"),
            ("facts_factversion", "live_until"),
            ("facts_topic", "published_at"),
            ("facts_glossaryterm", "published_at"),
            ("facts_question", "published_at"),
            ("community_service", "published_at"),
            ("community_supportgroup", "published_at"),
        ):
            cursor.execute(
                f"SELECT min({column}) FROM {table} WHERE {column} > %s",  # noqa: S608 (our names)
                [moment],
            )
            steps.append(_seconds(cursor.fetchone()[0]))
        self.until = min([(now // 60 + 1) * 60, *steps])
        self.texts_until = steps[1]
        since = connection.ops.adapt_datetimefield_value(at - COPIES_LAST - SLACK)
        cursor.execute(
            "SELECT address, changed_at FROM portal_changedaddress WHERE changed_at > %s", [since]
        )
        self.touched = [
            (address, _seconds(when) + SLACK.total_seconds()) for address, when in cursor.fetchall()
        ]

    def _open(self) -> BaseDatabaseWrapper:
        if self._process != os.getpid():
            # What was opened before a fork is the parent's.
            self._connection, self._process = None, os.getpid()
        if self._connection is not None and _file_of(self._connection) != self._file:
            self._close()
        if self._connection is None:
            connection = connections.create_connection(DEFAULT_DB_ALIAS)
            # One at a time uses it, under the lock, whichever thread that is.
            connection.inc_thread_sharing()
            self._opened += 1
            self._connection, self._file = connection, _file_of(connection)
        self._connection.ensure_connection()
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _seconds(moment: Any) -> float:
    """Return a moment out of the database in seconds since 1970; infinity for none."""
    if moment is None:
        return float("inf")
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _file_of(connection: BaseDatabaseWrapper) -> int:
    """Return which file the database is, 0 if it is none; an open one does not notice another.

    Raises OSError if there is none any more.
    """
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return 0
    return os.stat(connection.settings_dict["NAME"]).st_ino
