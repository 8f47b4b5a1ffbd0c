"""Whether the portal can do its work: asked by the machine in front, and by whoever watches it.

Own code, not a package's: three questions, each one query, and an answer that names nothing
but yes and no.
"""

import os
from datetime import datetime, timedelta
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from portal.models import Job

BEAT = "beat"  # The job whose last run shows that a worker is alive.
BEAT_LIMIT = timedelta(minutes=3)


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app, as the code that runs has them; read from disk once."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def database_answers() -> bool:
    """Return whether the database answers a question.

    SQLite's file is looked at too: an open connection does not notice that it is gone.
    """
    try:
        file = _database_file()
        if file and not os.access(file, os.R_OK | os.W_OK):
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error:
        return False
    return True


def _database_file() -> str:
    """Return the path of SQLite's file, or "" if the database is none."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return ""
    return str(connection.settings_dict["NAME"])


def migrations_applied() -> bool:
    """Return whether the database has every table and column that this code needs."""
    try:
        return _newest_migrations() <= set(MigrationRecorder(connection).applied_migrations())
    except Error:
        return False


def worker_beats(now: datetime) -> bool:
    """Return whether a worker has been seen within three minutes before `now`."""
    try:
        return Job.objects.filter(name=BEAT, ran_at__gt=now - BEAT_LIMIT).exists()
    except Error:
        return False


def readiness(now: datetime) -> dict[str, bool]:
    """Return what must be true before readers are sent here, by name."""
    answers = database_answers()
    return {
        "database": answers,
        "migrations": answers and migrations_applied(),
        "worker": answers and worker_beats(now),
    }
