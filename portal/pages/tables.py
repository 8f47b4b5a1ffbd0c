"""Which tables readers see something of, and the triggers by which the database tells of a change.

A trigger forgets nothing: neither a row written by the hundred, nor one changed by hand. SQLite
drops them when a migration makes a table anew, so they are looked after when migrations are done.
"""

from typing import Any

from django.apps import apps
from django.db import connections

PUBLIC_MODELS = (
    "facts.Citation",
    "facts.Fact",
    "facts.FactVersion",
    "facts.FormerAddress",
    "facts.FormerTopicAddress",
    "facts.GlossaryTerm",
    "facts.Page",
    "facts.Question",
    "facts.Review",
    "facts.Source",
    "facts.Topic",
    "community.JoiningDetails",
    "community.Meeting",
    "community.MeetingException",
    "community.Occurrence",
    "community.Pause",
    "community.Place",
    "community.PlaceName",
    "community.PlaceSource",
    "community.Service",
    "community.SupportGroup",
)
_MARKS = "portal_publicchange"
_NAME = "portal_public_change"


def public_tables() -> list[str]:
    """Return the names of the tables, those that join two of them included."""
    tables = []
    for name in PUBLIC_MODELS:
        options = apps.get_model(name)._meta
        tables.append(options.db_table)
        joined = (field.remote_field.through._meta for field in options.local_many_to_many)
        tables.extend(through.db_table for through in joined if through.auto_created)
    return tables


def make_triggers(using: str) -> None:
    """Make the triggers that are missing; nothing happens before the table of marks is there."""
    connection = connections[using]
    there = set(connection.introspection.table_names())
    if _MARKS not in there:
        return
    tables = [table for table in public_tables() if table in there]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _make_for_sqlite(cursor, tables)
        else:
            _make_for_postgresql(cursor, tables)


def _make_for_sqlite(cursor: Any, tables: list[str]) -> None:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    there = {name for (name,) in cursor.fetchall()}
    cursor.execute(
        f"INSERT OR IGNORE INTO {_MARKS} (id, number, made_at)"  # noqa: S608 (our own names)
        " VALUES (1, 0, CURRENT_TIMESTAMP)"
    )
    for table in tables:
        for step in ("insert", "update", "delete"):
            name = f"{_NAME}_{table}_{step}"
            if name not in there:
                cursor.execute(
                    f'CREATE TRIGGER "{name}" AFTER {step.upper()} ON "{table}" BEGIN'  # noqa: S608
                    f" UPDATE {_MARKS} SET number = number + 1 WHERE id = 1; END"
                )


def _make_for_postgresql(cursor: Any, tables: list[str]) -> None:
    cursor.execute("SELECT 1 FROM pg_proc WHERE proname = %s", [_NAME])
    if cursor.fetchone() is None:
        cursor.execute(
            f"CREATE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608
            f" INSERT INTO {_MARKS} (number, made_at)"
            " VALUES (floor(random() * 1e12)::bigint, now()); RETURN NULL; END $$"
        )
    cursor.execute(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s AND NOT tgisinternal",
        [_NAME],
    )
    there = {name for (name,) in cursor.fetchall()}
    for table in tables:
        if table not in there:
            cursor.execute(
                f'CREATE TRIGGER {_NAME} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}"'
                f" FOR EACH STATEMENT EXECUTE FUNCTION {_NAME}()"
            )
