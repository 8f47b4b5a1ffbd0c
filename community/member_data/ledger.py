"""Who was deleted, told in a way that tells nobody: so that a restored backup forgets again.

For each deleted account one line: the day, and a mark that only the ledger's own key can make
again out of the account itself. The ledger is a folder apart from the database, so that going
back to an older database does not take it along. It holds no address and nothing made from one.
"""

import fcntl
import hmac
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from django.conf import settings

from community.models import Member

# Longer than any backup is to be kept, and a year more for one that was forgotten in a drawer.
MARKS_ARE_KEPT = timedelta(days=400)
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2}) ([0-9a-f]{64})")


def mark_of(member: Member) -> str:
    """Return the mark of an account: the same in every copy of the database, for nobody else.

    Its number alone would not do: a copy that was restored gives the same number to somebody
    who comes later. Seconds are what every way of moving a database from one to another keeps.
    """
    told = f"{member.pk} {int(member.joined_at.timestamp())}"
    return hmac.new(_key(), told.encode(), sha256).hexdigest()


def write_down(mark: str, on: date) -> None:
    """Add a line, unless it is there; it is on the disk when this returns."""
    with _locked():
        if any(mark == known for _day, known in _lines()):
            return
        # A line that a power cut left unfinished must not swallow this one.
        is_whole = not _file().is_file() or _file().read_bytes()[-1:] in {b"", b"\n"}
        line = f"{'' if is_whole else chr(10)}{on.isoformat()} {mark}\n"
        _write(os.open(_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), line)


def deleted_again() -> Iterator[Member]:
    """Yield the members who are in the database although they were deleted."""
    marks = {mark for _day, mark in _lines()}
    if not marks:
        return
    there = Member.objects.filter(emptied_on__isnull=True).only("pk", "joined_at").order_by("pk")
    for member in there.iterator(chunk_size=2000):
        if mark_of(member) in marks:
            yield member


def forget_old_marks(on: date) -> None:
    """Drop the lines that no backup can need any more."""
    with _locked():
        lines = list(_lines())
        kept = [line for line in lines if line[0] >= on - MARKS_ARE_KEPT]
        if len(kept) == len(lines):
            return
        draft = _folder() / f".deleted.{token_hex(8)}"
        text = "".join(f"{day.isoformat()} {mark}\n" for day, mark in kept)
        _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), text)
        draft.replace(_file())


def _folder() -> Path:
    folder = Path(settings.FORGOTTEN_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _file() -> Path:
    return _folder() / "deleted"


def _lines() -> Iterator[tuple[date, str]]:
    if not _file().is_file():
        return
    for line in _file().read_text(encoding="ascii", errors="replace").splitlines():
        if found := _LINE.fullmatch(line):
            yield date.fromisoformat(found[1]), found[2]


def _write(opened: int, text: str) -> None:
    """Write `text` to the file that was `opened`; it is on the disk when this returns."""
    with open(opened, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked() -> Iterator[None]:
    """Let one process at a time write."""
    with open(_folder() / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key() -> bytes:
    """Return the ledger's own key; it is made once and lies beside the ledger."""
    file = _folder() / "key"
    if not file.is_file():
        draft = _folder() / f".key.{token_hex(8)}"
        _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), token_hex(32))
        try:
            os.link(draft, file)
        except FileExistsError:  # Another process was quicker; its key is as good.
            pass
        finally:
            draft.unlink()
    return file.read_bytes().strip()
