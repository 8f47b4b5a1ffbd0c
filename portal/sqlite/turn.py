"""Whose turn it is to write: one after the other, over all threads and processes of a machine."""

import fcntl
import os
import threading
import time
from collections import deque

LOOK = 0.001  # seconds between two looks whether the others have finished


class Turn:
    """The turn to write into one database; whoever has it is the only one that asks SQLite.

    Threads of a process stand in a queue. The one at its head waits for those of other processes:
    for `next`, a file that is locked by whoever comes next, then for the one that is locked by
    whoever writes. So somebody who has just written cannot pass those who wait. A lock goes with
    its process, however that ends.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # Whether the last one who wanted to write waited in vain.
        self.is_in_vain = False
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False
        self._file: int | None = None

    def take(self, seconds: float) -> bool:
        """Wait for the turn for so many seconds at most; return whether it has come."""
        until = time.monotonic() + seconds
        if not self._take_here(until):
            return False
        first = None
        try:
            first = _lock(f"{self.path}-next", until)
            self._file = _lock(f"{self.path}-turn", until) if first is not None else None
        finally:
            if first is not None:
                os.close(first)
            if self._file is None:
                self._give_here()
        return self._file is not None

    def give(self) -> None:
        """Let the next one write."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
        self._give_here()

    def _take_here(self, until: float) -> bool:
        """Wait until no other thread of this process writes or waits before this one."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(max(0.0, until - time.monotonic())):
            return True
        with self._guard:
            if called in self._waiting:
                self._waiting.remove(called)
                return False
        # Called in the very moment in which it gave up.
        return True

    def _give_here(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False


def _lock(path: str, until: float) -> int | None:
    """Return a file that is locked for this caller alone, or None if that took too long."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    break
                time.sleep(LOOK)
            else:
                return file
    except BaseException:
        os.close(file)
        raise
    os.close(file)
    return None


_turns: dict[str, Turn] = {}


def turn_of(path: str) -> Turn:
    """Return the turn of the database in the file `path`, one for all threads of this process."""
    return _turns.get(path) or _turns.setdefault(path, Turn(path))
