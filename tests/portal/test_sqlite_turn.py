"""Those who write into SQLite wait in turn; whoever waits in vain is told so, and nobody else."""

import fcntl
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from django.db import OperationalError

from portal.sqlite import base
from portal.sqlite.turn import Turn

A_WHILE = 20  # seconds, after which a test gives up


@pytest.fixture
def turn(tmp_path):
    return Turn(str(tmp_path / "db"))


def begin(wrapper):
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def write(wrapper, word="a"):
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO word VALUES (%s)", [word])


def words(wrapper):
    with wrapper.cursor() as cursor:
        return [word for (word,) in cursor.execute("SELECT word FROM word").fetchall()]


def test_threads_come_in_the_order_in_which_they_asked(turn):
    came = []

    def ask(number):
        if turn.take(A_WHILE):
            came.append(number)
            turn.give()

    assert turn.take(0)
    threads = [threading.Thread(target=ask, args=[number]) for number in range(5)]
    until = time.monotonic() + A_WHILE
    for number, thread in enumerate(threads):
        thread.start()
        while len(turn._waiting) == number and time.monotonic() < until:
            time.sleep(0.001)
    turn.give()
    for thread in threads:
        thread.join(A_WHILE)

    assert came == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("file", ["db-turn", "db-next"])
def test_turn_is_waited_for_over_processes(turn, tmp_path, file):
    with (tmp_path / file).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert not turn.take(0.01)

    assert turn.take(0)
    turn.give()


def test_whoever_gave_up_is_not_waited_for(turn):
    assert turn.take(0)
    assert not turn.take(0.01)

    turn.give()

    assert turn.take(0)
    turn.give()


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_turn_lasts_as_long_as_the_transaction(connect, end):
    one, two = connect(), connect()
    begin(one)
    write(one, "one")
    with pytest.raises(OperationalError):
        write(two, "two")
    assert words(two) == []

    getattr(one, end)()
    write(two, "two")

    assert words(two) == (["one", "two"] if end == "commit" else ["two"])


def test_statement_that_fails_gives_the_turn_back(connect):
    one, two = connect(), connect()
    with pytest.raises(OperationalError), one.cursor() as cursor:
        cursor.execute("INSERT INTO nowhere VALUES (1)")

    write(two)

    assert words(one) == ["a"]


def test_reading_takes_no_turn(connect, tmp_path):
    with (tmp_path / "db-turn").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        assert words(connect()) == []


@pytest.mark.parametrize("is_transaction", [True, False])
def test_other_program_that_writes_is_waited_for_in_vain(connect, tmp_path, is_transaction):
    one, two = connect(), connect()
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):
            begin(one) if is_transaction else write(one)
        assert words(one) == []

    write(two)

    assert words(two) == ["a"]


def test_once_somebody_waited_in_vain_the_next_hardly_wait(connect, tmp_path, monkeypatch):
    waits = []
    take = Turn.take
    monkeypatch.setattr(Turn, "take", lambda self, s: waits.append(s) or take(self, s))
    monkeypatch.setattr(base, "HARDLY", 0.02)
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        for _time in range(2):
            with pytest.raises(OperationalError):
                write(connect())

    for _time in range(2):
        write(connect())

    assert waits == [0.1, 0.02, 0.02, 0.1]


def test_queue_whose_files_cannot_be_opened_is_a_failing_database(connect, tmp_path):
    one = connect()
    (tmp_path / "db-next").unlink(missing_ok=True)
    (tmp_path / "db-next").mkdir()

    with pytest.raises(OperationalError):
        write(one)
