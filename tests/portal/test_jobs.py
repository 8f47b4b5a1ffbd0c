from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, connections
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from portal.jobs import (
    JOBS,
    TASK_TRIES,
    RecurringJob,
    forget_expired_cache,
    rescue_tasks,
    run_due_jobs,
)
from portal.models import Job

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def hourly(run, name="tidy"):
    return RecurringJob(name, timedelta(hours=1), run)


def test_job_runs_when_due_and_not_before(db):
    ran = []
    jobs = (hourly(ran.append),)

    for minutes in (0, 59, 60, 61, 119, 120):
        run_due_jobs(NOW + minutes * MINUTE, jobs)

    assert ran == [NOW, NOW + 60 * MINUTE, NOW + 120 * MINUTE]
    assert not Job.objects.get().is_failed


def test_failing_job_is_marked_and_stops_no_other(db):
    ran = []

    def fail(now):
        raise RuntimeError

    done = run_due_jobs(NOW, (hourly(fail, "broken"), hourly(ran.append, "sound")))

    assert done == ["broken", "sound"]
    assert ran == [NOW]
    assert dict(Job.objects.values_list("name", "is_failed")) == {"broken": True, "sound": False}


def test_failed_job_is_tried_again_after_half_an_hour(db):
    tries = []

    def fail_once(now):
        tries.append(now)
        if len(tries) == 1:
            raise RuntimeError

    daily = (RecurringJob("daily", timedelta(days=1), fail_once),)
    for minutes in (0, 29, 30, 61):
        run_due_jobs(NOW + minutes * MINUTE, daily)

    assert tries == [NOW, NOW + 30 * MINUTE]
    assert not Job.objects.get().is_failed


def test_job_of_a_killed_worker_is_tried_again(db):
    ran = []

    def die(now):
        raise SystemExit

    with pytest.raises(SystemExit):
        run_due_jobs(NOW, (RecurringJob("daily", timedelta(days=1), die),))
    run_due_jobs(NOW + 30 * MINUTE, (RecurringJob("daily", timedelta(days=1), ran.append),))

    assert ran == [NOW + 30 * MINUTE]


def test_clock_that_was_set_back_stops_no_job(db):
    ran = []
    run_due_jobs(NOW + timedelta(days=300), (hourly(ran.append),))

    run_due_jobs(NOW, (hourly(ran.append),))

    assert ran[-1] == NOW


def test_idle_minute_only_reads(db, django_assert_num_queries):
    jobs = (hourly(lambda now: None),)
    run_due_jobs(NOW, jobs)

    with django_assert_num_queries(2) as queries:
        run_due_jobs(NOW + MINUTE, jobs)

    assert all(q["sql"].startswith("SELECT") for q in queries.captured_queries)


@pytest.mark.django_db(transaction=True)
def test_two_workers_run_a_job_once():
    ran, both = [], Barrier(4)
    jobs = (hourly(ran.append),)
    run_due_jobs(NOW, jobs)

    def work():
        both.wait()
        run_due_jobs(NOW + 60 * MINUTE, jobs)
        connections.close_all()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert ran == [NOW, NOW + 60 * MINUTE]


def test_every_job_runs_on_an_empty_portal(db):
    done = run_due_jobs(NOW, JOBS)

    assert done == [job.name for job in JOBS]
    assert not Job.objects.filter(is_failed=True).exists()


def task(**fields):
    fields = {"status": TaskResultStatus.RUNNING, "worker_ids": ["one"], **fields}
    return DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        task_path="portal.mail.deliver",
        backend_name="default",
        run_after=NOW,
        exception_class_path="",
        traceback="",
        **fields,
    )


def test_task_that_was_left_behind_is_queued_again(db):
    left = task(started_at=NOW - timedelta(minutes=31))
    running = task(started_at=NOW - timedelta(minutes=29))
    done = task(started_at=NOW - timedelta(days=1), status=TaskResultStatus.SUCCESSFUL)

    rescue_tasks(NOW)

    statuses = dict(DBTaskResult.objects.values_list("pk", "status"))
    assert statuses == {
        left.pk: TaskResultStatus.READY,
        running.pk: TaskResultStatus.RUNNING,
        done.pk: TaskResultStatus.SUCCESSFUL,
    }


def test_task_that_is_left_behind_again_and_again_is_given_up(db):
    left = task(started_at=NOW - timedelta(hours=1), worker_ids=["w"] * TASK_TRIES)

    rescue_tasks(NOW)

    left.refresh_from_db()
    assert left.status == TaskResultStatus.FAILED
    assert left.finished_at == NOW


def session_of(member, **fields):
    store = SessionStore()
    store.create()
    return UserSession.objects.create(
        user=member, session_key=store.session_key, ip="192.0.2.7", **{"created_at": NOW, **fields}
    )


@pytest.fixture
def tidy_sessions():
    (job,) = [job for job in JOBS if job.name == "forget-ended-sessions"]
    assert job.every == timedelta(days=1)
    return job.run


def test_addresses_of_sessions_that_are_over_are_forgotten(member, tidy_sessions, time_machine):
    time_machine.move_to(NOW)
    live, gone, expired = (session_of(member) for _ in range(3))
    Session.objects.filter(session_key=gone.session_key).delete()
    Session.objects.filter(session_key=expired.session_key).update(expire_date=NOW)

    tidy_sessions(NOW)

    assert list(UserSession.objects.all()) == [live]


def test_session_ends_after_thirty_days_however_often_it_was_renewed(
    member, tidy_sessions, time_machine
):
    time_machine.move_to(NOW)
    old = session_of(member, created_at=NOW - timedelta(days=30, seconds=1))
    young = session_of(member, created_at=NOW - timedelta(days=30))

    tidy_sessions(NOW)

    assert list(UserSession.objects.all()) == [young]
    assert not Session.objects.filter(session_key=old.session_key).exists()
    assert Session.objects.filter(session_key=young.session_key).exists()


def test_expired_cache_rows_are_deleted_and_others_kept(db):
    cache.set("long", "kept", timeout=3600)
    cache.set("short", "gone", timeout=60)

    forget_expired_cache(datetime.now(UTC) + timedelta(minutes=10))

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM portal_cache")
        assert cursor.fetchone() == (1,)
    assert cache.get("long") == "kept"
