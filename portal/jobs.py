"""What has to be done again and again, and when it was done last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from community.tasks import (
    ask_organizers,
    forget_ended_links,
    forget_ended_sessions,
    forget_old_imports,
    forget_old_records,
    forget_suggestions,
    forget_unproved_accounts,
    rebuild_occurrences,
    see_to_idle_accounts,
    tell_urgent_changes,
    tell_weekly_changes,
)
from facts.tasks import check_due_links, forget_old_words
from portal.health import BEAT
from portal.mail import prune_finished
from portal.models import ChangedAddress, EmptySearch, GivenUpMail, Job, PublicChange
from portal.pages.watch import COPIES_LAST
from portal.traces import COMPACT, COMPACT_EVERY, compact_database, forget_old_mail_files

log = structlog.get_logger("portal.jobs")

# A job that failed, or whose worker was killed, is tried again after this time.
TRY_AGAIN_AFTER = timedelta(minutes=30)
# A task that runs longer than this was left behind by a worker that is no more.
TASK_LIMIT = timedelta(minutes=30)
TASK_TRIES = 3
# Clocks of two machines may differ by this much; a later moment means that a clock was set back.
CLOCK_TOLERANCE = timedelta(minutes=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class RecurringJob:
    """A function that is called again when `every` has gone by since its last call."""

    name: str
    every: timedelta
    run: Callable[[datetime], Any]


def rescue_tasks(now: datetime) -> None:
    """Put tasks that a killed worker left behind back in the queue; the third time, give up."""
    for task in DBTaskResult.objects.running().filter(started_at__lt=now - TASK_LIMIT):
        is_given_up = len(task.worker_ids) >= TASK_TRIES
        same = DBTaskResult.objects.filter(
            pk=task.pk, status=TaskResultStatus.RUNNING, started_at=task.started_at
        )
        if is_given_up:
            same.update(status=TaskResultStatus.FAILED, finished_at=now)
        else:
            same.update(status=TaskResultStatus.READY)
        log.error("task left behind", task=task.task_path, is_given_up=is_given_up)


def forget_expired_cache(now: datetime) -> None:
    """Delete what the cache will never give back: old marks of the limits on guessing."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    moment = now.astimezone(UTC).replace(microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE expires < %s",  # noqa: S608 (our own table's name)
            [connection.ops.adapt_datetimefield_value(moment)],
        )


def forget_empty_searches(now: datetime) -> None:
    """Delete what readers looked for in vain too long ago."""
    EmptySearch.objects.old(timezone.localdate(now)).delete()


def forget_counts_of_mail(now: datetime) -> None:
    """Delete how many mails were given up on days that are long gone."""
    GivenUpMail.objects.old(timezone.localdate(now)).delete()


def forget_public_changes(now: datetime) -> None:
    """Delete the marks of changes that every process has seen long ago; SQLite has one alone."""
    if connection.vendor != "sqlite":
        PublicChange.objects.filter(made_at__lt=now - timedelta(hours=1)).delete()
    ChangedAddress.objects.filter(changed_at__lt=now - 2 * COPIES_LAST).delete()


JOBS = (
    RecurringJob(BEAT, timedelta(minutes=1), lambda now: None),
    RecurringJob("rescue-tasks", timedelta(minutes=5), rescue_tasks),
    # What was delivered holds addresses and codes: it goes at once.
    RecurringJob("prune-finished-tasks", timedelta(minutes=1), lambda now: prune_finished()),
    RecurringJob("tell-urgent-changes", timedelta(minutes=1), tell_urgent_changes),
    # Each member once a week; every day it is somebody else's turn.
    RecurringJob("tell-weekly-changes", timedelta(days=1), tell_weekly_changes),
    RecurringJob("forget-expired-cache", timedelta(hours=1), forget_expired_cache),
    RecurringJob("clear-sessions", timedelta(days=1), lambda now: call_command("clearsessions")),
    RecurringJob("forget-ended-sessions", timedelta(days=1), forget_ended_sessions),
    RecurringJob("forget-old-imports", timedelta(hours=1), forget_old_imports),
    RecurringJob("forget-ended-links", timedelta(days=1), forget_ended_links),
    RecurringJob("rebuild-occurrences", timedelta(days=1), lambda now: rebuild_occurrences()),
    RecurringJob("forget-old-words", timedelta(days=1), forget_old_words),
    RecurringJob("forget-suggestions", timedelta(days=1), forget_suggestions),
    RecurringJob("forget-public-changes", timedelta(hours=1), forget_public_changes),
    RecurringJob("forget-empty-searches", timedelta(days=1), forget_empty_searches),
    RecurringJob("ask-organizers", timedelta(days=1), ask_organizers),
    RecurringJob("forget-unproved-accounts", timedelta(days=1), forget_unproved_accounts),
    RecurringJob("see-to-idle-accounts", timedelta(days=1), see_to_idle_accounts),
    RecurringJob("forget-old-records", timedelta(days=1), forget_old_records),
    RecurringJob("forget-counts-of-mail", timedelta(days=1), forget_counts_of_mail),
    RecurringJob("forget-old-mail-files", timedelta(days=1), forget_old_mail_files),
    # Made due at once when a member was deleted.
    RecurringJob(COMPACT, COMPACT_EVERY, compact_database),
    # Last: it waits for strangers, a minute at most.
    RecurringJob("check-links", timedelta(hours=1), check_due_links),
)


def run_due_jobs(now: datetime, jobs: tuple[RecurringJob, ...] = JOBS) -> list[str]:
    """Run the jobs that are due at `now`, each in one worker only; return their names.

    One that fails is logged, marked and tried again later; the others run all the same.
    """
    known = set(Job.objects.values_list("name", flat=True))
    new = [Job(name=job.name, ran_at=LONG_AGO) for job in jobs if job.name not in known]
    if new:
        Job.objects.bulk_create(new, ignore_conflicts=True)
    due = _due(now, jobs)
    done = []
    for job in jobs:
        if job.name in due and _claim(job, now):
            done.append(job.name)
            try:
                job.run(now)
            except Exception:
                log.exception("job failed", job=job.name)
            else:
                Job.objects.filter(name=job.name, ran_at=now).update(is_failed=False)
    return done


def _is_due(job: RecurringJob, now: datetime) -> Q:
    return Q(name=job.name) & (
        Q(ran_at__lte=now - job.every)
        | Q(ran_at__lte=now - TRY_AGAIN_AFTER, is_failed=True)
        | Q(ran_at__gt=now + CLOCK_TOLERANCE)
    )


def _due(now: datetime, jobs: tuple[RecurringJob, ...]) -> set[str]:
    """Return the names of the jobs that are due; one read, so that idling writes nothing."""
    any_due = Q(pk__in=[])
    for job in jobs:
        any_due |= _is_due(job, now)
    return set(Job.objects.filter(any_due).values_list("name", flat=True))


def _claim(job: RecurringJob, now: datetime) -> bool:
    """Return whether this worker, and no other, is to run `job` now.

    A single UPDATE decides. Until the job is done it counts as failed, so that one whose
    worker is killed is tried again.
    """
    claimed = Job.objects.filter(_is_due(job, now)).update(ran_at=now, is_failed=True)
    return claimed == 1
