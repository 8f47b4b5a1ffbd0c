"""The database backend that settings.py names for SQLite: Django's own, but writers take turns.

SQLite lets whoever asks first after a commit write, and all others sleep for up to 0.1 s before
they ask again (sqlite.org/c3ref/busy_timeout.html). Under load the newest comer wins, and somebody
waits in vain for five seconds. Here a transaction, and a single statement that writes, waits in a
queue first. Other programs that write into the file are in no queue: for them SQLite's own wait
is left, of what the whole may take. Once somebody has waited for them in vain, the next ones hardly
wait: they would only keep every thread of the server from those who read.
"""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from portal.sqlite.turn import Turn, turn_of

_WRITES = re.compile(r"\s*(insert|update|delete|replace)\b", re.IGNORECASE)
_NO_WAIT = nullcontext()
LEAST = 0.1  # seconds that SQLite may wait for other programs, however long the queue was
HARDLY = 0.25  # seconds to wait in all, while another program is known to write

# The files that this process has opened.
_opened: set[str] = set()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that asks for its turn before it begins to write."""

    _has_turn = False
    _file: tuple[int, int] | None = None

    def get_new_connection(self, conn_params: Any) -> Any:
        """Open the file. One that was there before is not made anew where it is gone."""
        path = self._path
        if path in _opened and not os.path.exists(path):
            raise sqlite3.OperationalError("the file of the database is gone")
        connection = super().get_new_connection(conn_params)
        if path:
            _opened.add(path)
            self._file = _identity(path)
        return connection

    def close_if_unusable_or_obsolete(self) -> None:
        """Close what is open, too, if its file was moved away or is another one by now.

        Django asks at the begin and at the end of each request. What would be written into a file
        that was moved away is lost to whoever puts another in its place.
        """
        is_idle = self.connection is not None and not self.in_atomic_block
        if is_idle and self._path and _identity(self._path) != self._file:
            self.close()
        super().close_if_unusable_or_obsolete()

    @property
    def _path(self) -> str:
        """Where the file is, or "" if the database is none."""
        return "" if self.is_in_memory_db() else str(self.settings_dict["NAME"])

    def _start_transaction_under_autocommit(self) -> None:
        with self._wait_in_turn():
            super()._start_transaction_under_autocommit()  # type: ignore[misc]

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._give_turn_if_over()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._give_turn_if_over()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._give_turn()

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=lambda connection: Cursor(connection, self))

    @contextmanager
    def writing_alone(self) -> Iterator[None]:
        """Have the turn for one statement."""
        with self._wait_in_turn():
            try:
                yield
            finally:
                self._give_turn()

    @contextmanager
    def _wait_in_turn(self) -> Iterator[None]:
        """Take the turn, and let SQLite wait no longer than what is left of the time."""
        if self._has_turn or self.is_in_memory_db():
            yield
            return
        turn, began = self._turn, time.monotonic()
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        seconds = min(HARDLY, timeout) if turn.is_in_vain else timeout
        try:
            has_come = turn.take(seconds)
        except OSError as error:
            raise OperationalError("the files of the queue cannot be opened") from error
        if not has_come:
            turn.is_in_vain = True
            raise OperationalError("database is locked: others wait before this one")
        self._has_turn = True
        left = max(LEAST, seconds - (time.monotonic() - began))
        is_shorter = left < timeout - LEAST
        try:
            if is_shorter:
                self._let_wait(left)
            yield
            turn.is_in_vain = False
        except BaseException as error:
            if _is_busy(error):
                turn.is_in_vain = True
            self._give_turn_if_over()
            raise
        finally:
            if is_shorter:
                self._let_wait(timeout)

    def _let_wait(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    @property
    def _turn(self) -> Turn:
        return turn_of(str(self.settings_dict["NAME"]))

    def _give_turn_if_over(self) -> None:
        """Let the next one write, unless a transaction is still open."""
        if self.connection is None or not self.connection.in_transaction:
            self._give_turn()

    def _give_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn.give()


def _identity(path: str) -> tuple[int, int] | None:
    """Return what tells the file at `path` from any other, or None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_busy(error: BaseException) -> bool:
    """Whether SQLite waited in vain for another program that writes."""
    code = getattr(error.__cause__ or error, "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)


class Cursor(base.SQLiteCursorWrapper):
    """A cursor whose single statements wait in turn, too."""

    def __init__(self, connection: Any, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        with self._turn_for(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        with self._turn_for(query):
            return super().executemany(query, param_list)

    def _turn_for(self, query: str) -> AbstractContextManager[None]:
        """Wait in turn if `query` writes and is a transaction of its own."""
        if self.connection.in_transaction or not _WRITES.match(query):
            return _NO_WAIT
        return self._wrapper.writing_alone()
