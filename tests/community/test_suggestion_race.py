"""Z9: two moderators at once. One decision is recorded, the other is told what it was.

Each moderator is a client of their own with a connection of their own, to PostgreSQL or to an
SQLite database on disk. A delay is planted between looking and writing. The control takes the
lock away and shows that then both would have decided.
"""

import sqlite3
import time
from contextlib import nullcontext
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from community.care import suggestion_decisions as decisions
from community.care.suggested import fingerprint
from community.models import Event, Suggestion, SupportGroup, suggestions
from tests.factories import CorrectionFactory, NewGroupFactory, make_staff

ROUNDS = 100
DELAY = 0.003  # seconds, while the row is locked
DISK = "default"


@pytest.fixture
def at_once(tmp_path, db):
    """Return a function that does several things at once, each with its own connection.

    The first call copies SQLite's database from memory to the disk, where writers wait for each
    other as they do in life.
    """
    path = tmp_path / "race.sqlite3"

    def run(*steps):
        if connection.vendor == "sqlite" and not path.exists():
            with sqlite3.connect(path) as disk:
                connection.connection.backup(disk)
            disk.close()
        results = [None] * len(steps)
        barrier = Barrier(len(steps))

        def do(number, step):
            if connection.vendor == "sqlite":
                own = connections[DISK]
                own.settings_dict = {**own.settings_dict, "NAME": str(path)}
                # Not the one in memory.
                own.is_in_memory_db = lambda: False
            try:
                barrier.wait()
                results[number] = step()
            except Exception as error:
                results[number] = error
            finally:
                connections.close_all()

        threads = [Thread(target=do, args=pair) for pair in enumerate(steps)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            if isinstance(result, Exception):
                raise result
        return results

    return run


def signed_in(staff):
    client = Client()
    client.force_login(staff)
    return client


def answer_of(client, suggestion, sent):
    def post():
        response = client.post(
            reverse("admin:community_suggestion_change", args=[suggestion.pk]), sent
        )
        return response.status_code, response.text

    return post


@pytest.mark.django_db(transaction=True)
def test_one_decides_and_the_other_is_told(at_once, monkeypatch):
    staff = [make_staff("Moderator"), make_staff("Moderator")]
    clients = [signed_in(person) for person in staff]
    waiting = []
    for number in range(ROUNDS):
        if number % 2:
            suggestion = CorrectionFactory(reply_address="a@example.org")
            basis = fingerprint(suggestion.group, suggestion.changes)
            accept = {"take_cost": "on", "cost": "£3", "basis": basis, "accept": "1"}
        else:
            suggestion = NewGroupFactory(reply_address="a@example.org")
            accept = {"name": f"Tea {number}", "description": "d", "run_by": "peer"}
            accept |= {"is_online": "True", "is_in_person": "False", "is_by_phone": "False"}
            accept |= {"accept": "1"}
        other = accept if number % 3 else {"reason": "right", "reject": "1", "note": "Mine"}
        waiting.append((suggestion, accept, other))
    groups = SupportGroup.objects.count()
    lock = suggestions._lock

    def slow_lock(pk):
        row = lock(pk)
        time.sleep(DELAY)
        return row

    monkeypatch.setattr(suggestions, "_lock", slow_lock)

    for number, (suggestion, accept, other) in enumerate(waiting):
        sent = [accept, other] if number % 2 else [other, accept]
        pairs = zip(clients, sent, strict=True)
        results = at_once(*(answer_of(client, suggestion, form) for client, form in pairs))

        assert sorted(status for status, _page in results) == [302, 409], number
        [late] = [index for index, (status, _page) in enumerate(results) if status == 409]
        winner = staff[1 - late]
        assert f"by a colleague (M{winner.pk}) on" in results[late][1]

    def count():
        return (
            Suggestion.objects.open().count(),
            Event.objects.filter(action__startswith="suggestion-").count(),
            SupportGroup.objects.count() - groups,
            Suggestion.objects.filter(draft__isnull=False).count(),
        )

    [(still_open, events, made, drafts)] = at_once(count)
    assert (still_open, events) == (0, ROUNDS)
    assert made == drafts
    assert len(mail.outbox) == ROUNDS


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would_have_decided(at_once, monkeypatch):
    staff = [make_staff("Moderator"), make_staff("Moderator")]
    rows = [NewGroupFactory(reply_address="a@example.org") for _ in range(5)]
    both = Barrier(2)

    def look(pk):
        row = Suggestion.objects.get(pk=pk)
        both.wait()  # Both have looked before either writes.
        return row

    monkeypatch.setattr(suggestions, "_lock", look)
    for module in (suggestions, decisions):
        monkeypatch.setattr(module, "transaction", SimpleNamespace(atomic=nullcontext))

    for row in rows:
        at_once(
            lambda row=row: decisions.reject(row, staff[0], reason="right"),
            lambda row=row: decisions.reject(row, staff[1], reason="unclear"),
        )

    [events] = at_once(lambda: Event.objects.count())
    assert events == 2 * len(rows)
