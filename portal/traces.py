"""What is left of a deleted member outside of the tables of members, and how it goes.

Sessions, queued mails, limits on guessing and mail that is kept in a folder hold an address.
SQLite leaves pieces of deleted rows in its file. All of it is gone within a minute.
"""

import hashlib
import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.utils import timezone, translation
from django_tasks import TaskResultStatus, default_task_backend, task
from django_tasks_db.models import DBTaskResult

from community.accounts.adapters import AccountAdapter, counted_after_reset
from community.fields import Sealed
from community.member_data import ledger
from portal.mail import deliver, pack, prune_finished
from portal.models import Job

log = structlog.get_logger("portal.traces")

COMPACT = "compact-database"
COMPACT_EVERY = timedelta(days=1)
# A mail that is being sent cannot be taken back; after so long it is looked for again.
BEING_SENT = timedelta(seconds=15)
TRY_AGAIN_AFTER = timedelta(minutes=1)
# In the queue it goes before any mail: a mail server that is away holds each of them up for long.
FIRST = 50
MAIL_FILES_ARE_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Trace:
    """An account that was deleted: the address that it had, in lower case, and its number."""

    address: str
    number: int


@task()
def erase(*, sealed: str, number: int, mark: str, on: str, farewell: str, language: str) -> None:
    """Forget what is left of a deleted member, and then take leave by mail, if that is wanted.

    The address comes sealed, so that the queue does not hold what it is to forget. The mail is
    sent from here, so that its address stands in no row of the queue, unless it has to be tried
    again.
    """
    again: dict[str, Any] = {"sealed": sealed, "number": number, "mark": mark, "on": on}
    again |= {"farewell": farewell, "language": language}
    try:
        ledger.write_down(mark, date.fromisoformat(on))
    except OSError as error:
        log.error("ledger not written", error=type(error).__name__)
        _first(run_after=timezone.now() + TRY_AGAIN_AFTER).enqueue(**again)
        return
    address = Sealed(sealed).open()
    forget([Trace(address.lower(), number)])
    if _is_being_sent(address.lower()):
        _first(run_after=timezone.now() + BEING_SENT).enqueue(**again)
        return
    if farewell:
        with translation.override(language):
            message = AccountAdapter().make_mail(FAREWELLS[farewell], address, {})
        deliver.call(pack(message), 0)
    compact_soon()


def _first(run_after: datetime | None = None) -> Any:
    """Return `erase`, to be queued before all else where the queue knows of an order."""
    has_order = default_task_backend.supports_priority
    return erase.using(priority=FIRST if has_order else None, run_after=run_after)


FAREWELLS = {
    "asked": "account/email/account_deleted",
    "idle": "account/email/account_deleted_idle",
}


def member_deleted(
    *,
    address: str,
    number: int,
    mark: str,
    on: date,
    farewell: str,
    language: str,
    **kwargs: Any,
) -> None:
    """Queue, in the transaction of the deletion, what comes after it."""
    _first().enqueue(
        sealed=Sealed.of(address).token,
        number=number,
        mark=mark,
        on=on.isoformat(),
        farewell=farewell,
        language=language or translation.get_language() or settings.LANGUAGE_CODE,
    )


def forget(traces: Collection[Trace]) -> None:
    """Delete the sessions, queued mails, limits and kept mail that hold something of `traces`."""
    addresses = [trace.address for trace in traces]
    _forget_sessions(addresses, {str(trace.number) for trace in traces})
    _forget_queued_mail(addresses)
    _forget_limits(traces)
    _forget_mail_files(addresses)


def _holds(value: Any, addresses: Collection[str]) -> bool:
    text = json.dumps(value, ensure_ascii=False, default=str).lower()
    return any(address in text for address in addresses)


def _forget_sessions(addresses: Collection[str], numbers: Collection[str]) -> None:
    """Somebody who is typing such an address right now begins anew."""
    keys = []
    for session in Session.objects.iterator(chunk_size=1000):
        content = session.get_decoded()
        if content.get(SESSION_KEY) in numbers or _holds(content, addresses):
            keys.append(session.pk)
    for first in range(0, len(keys), 500):
        Session.objects.filter(pk__in=keys[first : first + 500]).delete()


def _mails() -> Any:
    return DBTaskResult.objects.filter(task_path=deliver.module_path)


def _forget_queued_mail(addresses: Collection[str]) -> None:
    waiting = _mails().exclude(status=TaskResultStatus.RUNNING)
    keys = [row.pk for row in waiting.iterator() if _holds(row.args_kwargs, addresses)]
    waiting.filter(pk__in=keys).delete()


def _is_being_sent(address: str) -> bool:
    running = _mails().filter(status=TaskResultStatus.RUNNING)
    return any(_holds(row.args_kwargs, [address]) for row in running)


def _forget_limits(traces: Collection[Trace]) -> None:
    """Limits on guessing are kept under an address that is scrambled, but could be guessed."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        for trace in traces:
            counted = [trace.address, counted_after_reset(trace.address)]
            marks = [hashlib.sha256(text.encode()).hexdigest() for text in counted]
            marks += [f":user:{trace.number}", f"?user={trace.number}&"]
            for mark in marks:
                # Whole numbers only: a longer one has a digit after it, and a lock a word.
                likes = [f"%{mark}", f"%{mark}:lock"] if mark[0] == ":" else [f"%{mark}%"]
                for like in likes:
                    cursor.execute(
                        f"DELETE FROM {table} WHERE cache_key LIKE %s",  # noqa: S608
                        [like],
                    )


def _forget_mail_files(addresses: Collection[str]) -> None:
    """Mail is kept in files where no server sends it: on somebody's own machine, for a try."""
    for path in _mail_files():
        text = path.read_text(encoding="utf-8", errors="replace").lower()
        if any(address in text for address in addresses):
            path.unlink(missing_ok=True)


def forget_old_mail_files(now: datetime) -> None:
    """Delete mail that was kept in files and is older than a month."""
    for path in _mail_files():
        if path.stat().st_mtime < (now - MAIL_FILES_ARE_KEPT).timestamp():
            path.unlink(missing_ok=True)


def _mail_files() -> list[Path]:
    return sorted(settings.EMAIL_DIR.glob("*.log")) if settings.EMAIL_DIR.is_dir() else []


def compact_soon() -> None:
    """Make the job due that writes the database's file anew."""
    Job.objects.filter(name=COMPACT).update(ran_at=timezone.now() - 2 * COMPACT_EVERY)


def compact_database(now: datetime) -> None:
    """Write SQLite's file anew, without what is left of deleted rows.

    `secure_delete` overwrites what is deleted, but pieces of rows stay in pages whose rows were
    moved to others, and in the write-ahead log until it is cut (`VACUUM` and the checkpoint do
    both). PostgreSQL does the like by itself, in its own time.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    prune_finished()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        for _try in range(5):
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if not cursor.fetchone()[0]:
                return
            time.sleep(1)
    raise OperationalError("The write-ahead log is in use and could not be cut.")
