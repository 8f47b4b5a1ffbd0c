"""Fixtures that many tests share."""

import gc
import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from django.core.cache import cache
from django.db import connection
from hypothesis import settings

from tests.factories import MemberFactory, make_staff
from tests.migrated import migrated_file

# A busy machine is slow, not wrong: no example has a time limit.
settings.register_profile("waymark", deadline=None)
settings.load_profile("waymark")
# Playwright runs an event loop in the tests' own thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(config, items):
    """On PostgreSQL, leave out what asks no database: it was judged on SQLite."""
    if connection.vendor != "postgresql":
        return
    pure = [item for item in items if not _may_ask_the_database(item)]
    config.hook.pytest_deselected(items=pure)
    items[:] = [item for item in items if _may_ask_the_database(item)]


def pytest_collection_finish(session):
    """Spare the garbage collector what stays to the end: it took a sixth of the whole time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_unconfigure(config):
    """Remove the data of this process: pytest-xdist ends its workers before Python tidies up."""
    shutil.rmtree(os.environ["WAYMARK_DATA_DIR"], ignore_errors=True)


def _may_ask_the_database(item):
    fixtures = {"db", "transactional_db", "live_server", "django_db_setup"}
    return bool(
        fixtures & set(getattr(item, "fixturenames", ()))
        or item.get_closest_marker("django_db")
        or item.get_closest_marker("own_database")
    )


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_keepdb):
    """On SQLite, put all tables where Django is about to make them, and hold them there."""
    if connection.vendor != "sqlite" or django_db_keepdb:
        yield
        return
    name = connection.creation._get_test_db_name()
    with (
        closing(sqlite3.connect(migrated_file())) as made,
        closing(sqlite3.connect(name, uri=True)) as memory,
    ):
        made.backup(memory)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let Django ask once for each run whether the database knows JSON.

    Where the tables are those of an earlier run, the first page would ask, and count it.
    """
    with django_db_blocker.unblock():
        assert connection.features.supports_json_field


@pytest.fixture(autouse=True)
def _fresh_limits(request):
    """Forget what earlier tests used up of the limits; what a browser did stays in the table."""
    if _may_ask_the_database(request.node) and not request.node.get_closest_marker("own_database"):
        request.getfixturevalue("db")
        cache.clear()


@pytest.fixture
def member(db):
    """Someone with an account."""
    return MemberFactory()


@pytest.fixture
def editor(db):
    """A staff member with the role Editor and a second factor."""
    return make_staff("Editor")


@pytest.fixture
def reviewer(db):
    """A staff member with the role Reviewer and a second factor."""
    return make_staff("Reviewer")


@pytest.fixture
def moderator(db):
    """A staff member with the role Moderator and a second factor."""
    return make_staff("Moderator")
