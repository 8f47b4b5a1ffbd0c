import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from portal import health
from portal.models import Job


def beat(age):
    Job.objects.create(name="beat", ran_at=timezone.now() - age)


def test_live_needs_no_database(client):
    # No database is allowed in this test, so a query would raise.
    response = client.get("/health/live")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_ready_says_what_is_there(client, db):
    beat(timedelta(minutes=2))

    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"database": True, "migrations": True, "worker": True}
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.parametrize("age", [None, timedelta(minutes=3, seconds=1), timedelta(days=1)])
def test_ready_is_red_without_a_fresh_beat(client, db, age):
    if age:
        beat(age)

    response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {"database": True, "migrations": True, "worker": False}


def test_ready_is_red_while_a_migration_is_missing(client, db):
    beat(timedelta(0))
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied(
        "portal", MigrationLoader(connection).graph.leaf_nodes("portal")[0][1]
    )

    response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {"database": True, "migrations": False, "worker": True}


def test_f6_ready_is_red_without_a_database(client, db, monkeypatch):
    def fail():
        raise OperationalError("canary: connection to 10.0.0.7 refused")

    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", fail)
        response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {"database": False, "migrations": False, "worker": False}
    assert "canary" not in response.content.decode()


def test_f6_missing_database_file_is_seen(db, monkeypatch, tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("a file is SQLite's alone")
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: False)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "gone.sqlite3"))

    assert not health.database_answers()


def test_ready_asks_little_of_the_database(client, db, django_assert_max_num_queries):
    client.get("/health/ready")

    with django_assert_max_num_queries(4):
        client.get("/health/ready")


def test_health_is_not_sent_to_https(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    assert json.loads(client.get("/health/ready").content)["worker"] is False


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_only_read(client, db, path):
    assert client.post(path).status_code == 405
