"""F6: a file of SQLite that is moved away is neither written to nor made anew."""

import shutil

import pytest
from django.db import OperationalError

from tests.portal.test_sqlite_turn import words, write


def test_what_was_moved_away_is_left_alone(connect, tmp_path):
    here, aside = tmp_path / "db", tmp_path / "aside"
    wrapper = connect()
    write(wrapper, "before")
    here.rename(aside)

    wrapper.close_if_unusable_or_obsolete()

    with pytest.raises(OperationalError, match="gone"):
        write(wrapper, "meanwhile")
    assert not here.exists()

    aside.rename(here)
    write(wrapper, "after")
    assert words(wrapper) == ["before", "after"]


def test_other_file_in_its_place_is_the_one_that_is_read(connect, tmp_path):
    wrapper = connect()
    write(wrapper, "kept")
    with connect().cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "db", tmp_path / "older")
    write(wrapper, "lost with the file")
    for name in ("db", "db-wal", "db-shm"):
        (tmp_path / name).unlink()
    (tmp_path / "older").rename(tmp_path / "db")

    wrapper.close_if_unusable_or_obsolete()

    assert words(wrapper) == ["kept"]


def test_transaction_ends_before_the_file_is_looked_at(connect, tmp_path):
    wrapper = connect()
    wrapper.ensure_connection()
    wrapper.in_atomic_block = True
    (tmp_path / "db").rename(tmp_path / "aside")

    wrapper.close_if_unusable_or_obsolete()

    assert wrapper.connection is not None
    wrapper.in_atomic_block = False
