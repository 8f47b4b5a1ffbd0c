"""Fixtures of the sweeps, of the starter library, and of files of SQLite."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import transaction

from portal.sqlite.base import DatabaseWrapper
from portal.starter import read
from tests.portal.starter_steps import TOPIC, load_from
from tests.portal.world import build


@contextmanager
def _made_for_many() -> Iterator[None]:
    """Keep what is written inside for all tests of a module, and take it back after the last."""
    whole = transaction.atomic()
    # As in Django's own TestCase: nothing inside is the outermost transaction.
    whole._from_testcase = True
    with whole:
        cache.clear()
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A row of everything and somebody in every role."""
    with django_db_blocker.unblock(), _made_for_many():
        yield build()


@pytest.fixture(scope="module")
def starter_library(django_db_setup, django_db_blocker):
    """The starter library as it is first loaded."""
    with django_db_blocker.unblock(), _made_for_many():
        load_from()
        yield


@pytest.fixture
def files(tmp_path):
    """A copy of the starter library's files, to be changed."""
    copy = tmp_path / "starter"
    shutil.copytree(read.FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    # As if each fact had its first wording, which has nothing to say of a change.
    topic = copy / TOPIC
    topic.write_text(re.sub(r"^change_(kind|note) = .*\n", "", topic.read_text(), flags=re.M))
    return copy


@pytest.fixture
def connect(tmp_path, django_db_blocker):
    """Opens connections to one file, which wait for a tenth of a second."""
    opened = []

    def connect():
        options = {"timeout": 0.1, "transaction_mode": "IMMEDIATE"}
        options["init_command"] = "PRAGMA journal_mode=WAL"
        wrapper = DatabaseWrapper(
            {
                "NAME": str(tmp_path / "db"),
                "OPTIONS": options,
                "AUTOCOMMIT": True,
                "CONN_MAX_AGE": None,
                "CONN_HEALTH_CHECKS": False,
                "TIME_ZONE": None,
            },
            "other",
        )
        opened.append(wrapper)
        return wrapper

    with django_db_blocker.unblock():
        with connect().cursor() as cursor:
            cursor.execute("CREATE TABLE word (word text)")
        yield connect
        for wrapper in opened:
            wrapper.close()
