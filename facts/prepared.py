"""Queries whose SQL is written once: to write it takes Django ten times as long as to ask it.

The function that makes the query is called with stand-ins; from then on, the values are put where
these come out in the SQL. So the query may depend on nothing but its values and the time zone: not
on the clock or the language of the moment, and the function may not look at what the values are.
"""

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from types import NoneType, SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import QuerySet
from django.utils import timezone


class ValueForgotten(Exception):
    """A query was made that does not ask for each of its values."""


class _Kind(NamedTuple):
    """Values of a type: how a database takes them, and what stands in for those of a query."""

    field: Any
    stand_in: Callable[[int], Any]


# Nothing that is asked for is like these.
_KINDS = {
    int: _Kind(models.BigIntegerField(), lambda number: 7_316_482_950_173 + number),
    str: _Kind(models.CharField(), lambda number: f"\ue000{number}"),
    datetime: _Kind(
        models.DateTimeField(),
        lambda number: datetime(2222, 2, 2, 2, 2, tzinfo=UTC) + timedelta(seconds=number),
    ),
    date: _Kind(models.DateField(), lambda number: date(2222, 2, 2) + timedelta(days=number)),
    UUID: _Kind(models.UUIDField(), lambda number: UUID(int=(0x7F3C1D52 << 96) + number)),
}


MOST = 100  # ways of writing one query that are kept: for lists of other lengths, or time zones
_ZONES = ("UTC", "Pacific/Apia")


class _Written(NamedTuple):
    """A query as it was written, and which of its parameters are the values with which number."""

    queryset: QuerySet[Any]
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    numbers: dict[int, int]


def prepared(make: Callable[..., QuerySet[Any]]) -> Callable[..., list[Any]]:
    """Let `make`, which returns a query of models or of `values_list`, return what it finds.

    Each value is a number, a text, a moment, a day, a UUID, None, or a list of these. What `make`
    returns raises ValueForgotten when it is asked first, if a value makes no difference to it.
    """
    kept: dict[Any, _Written] = {}

    @wraps(make)
    def find(*values: Any) -> list[Any]:
        if [] in values:
            return list(make(*values))
        lists = [_rounded(value) if isinstance(value, list) else [value] for value in values]
        shape = tuple(
            (isinstance(value, list), *map(type, those))
            for value, those in zip(values, lists, strict=True)
        )
        zone = timezone.get_current_timezone_name()
        written = kept.get((None, shape)) or kept.get((zone, shape))
        if written is None:
            written, is_of_zone = _write(make, shape)
            if len(kept) >= MOST:
                kept.clear()
            kept[zone if is_of_zone else None, shape] = written
        return _ask(written, [value for those in lists for value in those])

    return find


def _rounded(values: list[Any]) -> list[Any]:
    """Return `values` with the last one repeated, so that lists are of few lengths."""
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values))


def _write(
    make: Callable[..., QuerySet[Any]], shape: tuple[tuple[Any, ...], ...]
) -> tuple[_Written, bool]:
    """Return the query for values of this shape, and whether it is another in another time zone."""
    stand_ins: list[Any] = []
    values: list[Any] = []
    for is_list, *types in shape:
        those = [
            None if type_ is NoneType else _KINDS[type_].stand_in(len(stand_ins) + number)
            for number, type_ in enumerate(types)
        ]
        stand_ins += those
        values.append(those if is_list else those[0])
    queryset = make(*values)
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    told = {
        _told(value, compiler.connection): number
        for number, value in enumerate(stand_ins)
        if value is not None
    }
    # Of the thread that writes it; that would keep its connection open.
    compiler.connection = None
    params = list(params)
    for value in stand_ins:
        # Django writes the bounds of a slice into the SQL itself.
        before, literal, after = sql.partition(str(value) if type(value) is int else "\0")
        if literal:
            params.insert(before.count("%s"), value)
            sql = f"{before}%s{after}"
    numbers = {place: told[param] for place, param in enumerate(params) if param in told}
    # Without a value in the SQL, what is found for one would be found for all.
    if set(numbers.values()) != set(told.values()):
        raise ValueForgotten(make)
    is_of_zone = len({_in_zone(make, values, zone) for zone in _ZONES}) > 1
    return _Written(queryset, compiler, sql, tuple(params), numbers), is_of_zone


def _in_zone(make: Callable[..., QuerySet[Any]], values: list[Any], zone: str) -> str:
    with timezone.override(zone):
        return str(make(*values).query.sql_with_params())


def _told(value: Any, connection: Any) -> Any:
    """Return `value` as the database is told it."""
    return None if value is None else _KINDS[type(value)].field.get_db_prep_value(value, connection)


def _ask(written: _Written, values: list[Any]) -> list[Any]:
    connection = connections[DEFAULT_DB_ALIAS]
    params = list(written.params)
    for place, number in written.numbers.items():
        params[place] = _told(values[number], connection)
    # Each thread has a connection of its own.
    compiler = copy.copy(written.compiler)
    compiler.connection = connection
    compiler.as_sql = lambda *_args, **_kwargs: (written.sql, params)
    queryset: Any = written.queryset
    asked = SimpleNamespace(
        db=DEFAULT_DB_ALIAS,
        model=queryset.model,
        query=SimpleNamespace(get_compiler=lambda *_args, **_kwargs: compiler),
        _known_related_objects={},
    )
    return list(queryset._iterable_class(asked))
