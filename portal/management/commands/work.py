"""The one process beside the web server: it runs queued tasks, and what is due each minute."""

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from facts.tasks import stopping as stop_checking_links
from portal.jobs import run_due_jobs

log = structlog.get_logger("portal.work")

LOOK_FOR_TASKS = 1.0  # seconds
LOOK_FOR_JOBS = 10.0  # seconds; a job is due by the minute
# A queue that has not moved for this long is stuck, and the beat stops: somebody must look.
STUCK_AFTER = 600.0  # seconds


class Command(BaseCommand):
    help = (
        "Runs queued tasks (mail) and recurring jobs (dates of meetings, tidying) until it is "
        "told to stop. Run one on each machine, or one for all; none does twice what another did."
    )

    def handle(self, **options: Any) -> None:
        logging.captureWarnings(True)
        Work().run()


class Work:
    """Two loops: tasks in the main thread, jobs in one of their own, so neither waits long."""

    def __init__(self) -> None:
        self.is_told_to_stop = False
        self.is_over = threading.Event()
        self.worker_id = get_random_string(32)
        self.moved_at = time.monotonic()
        # A signal is told through a pipe: what waits on it wakes at once, and a handler may
        # write to one at any moment, which cannot be said of a lock.
        self.wake, self.waker = os.pipe()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; a task that is being run is finished first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        jobs = threading.Thread(target=self._run_jobs_until_over, name="jobs")
        jobs.start()
        try:
            attempt = Attempt(self.run_tasks)
            while not self.is_told_to_stop:
                attempt()
                select.select([self.wake], [], [], LOOK_FOR_TASKS)
        finally:
            self.is_over.set()
            stop_checking_links.set()  # It may wait for a stranger's website.
            jobs.join()
            stop_checking_links.clear()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """End soon; told a second time, end at once."""
        if self.is_told_to_stop:
            os._exit(1)
        self.is_told_to_stop = True
        os.write(self.waker, b"!")

    def run_tasks(self) -> None:
        """Run every task that is ready."""
        # A plain look first: the worker's own takes SQLite's write lock each time.
        while not self.is_told_to_stop and DBTaskResult.objects.ready().exists():
            Worker(
                queue_names=["*"],
                interval=0,
                batch=True,  # It returns when there is nothing to do; waiting is done here.
                backend_name="default",
                startup_delay=False,
                max_tasks=1,
                worker_id=self.worker_id,
                excluded_queue_names=[],
            ).run()
            self.moved_at = time.monotonic()
        self.moved_at = time.monotonic()

    def run_jobs(self) -> None:
        """Run every job that is due, unless the queue is stuck: then nothing beats."""
        if time.monotonic() - self.moved_at < STUCK_AFTER:
            run_due_jobs(timezone.now())

    def _run_jobs_until_over(self) -> None:
        attempt = Attempt(self.run_jobs)
        while not self.is_over.is_set():
            attempt()
            self.is_over.wait(LOOK_FOR_JOBS)
        connections.close_all()


class Attempt:
    """Calls `step` and outlives what goes wrong; a database that is away is told of once."""

    def __init__(self, step: Callable[[], None]) -> None:
        self.step = step
        self.is_database_away = False

    def __call__(self) -> None:
        try:
            close_old_connections()
            self.step()
        except Error as error:
            if not self.is_database_away:
                log.error("database unavailable", error=type(error).__name__)
            self.is_database_away = True
        except Exception:
            log.exception("work failed", step=self.step.__name__)
        else:
            self.is_database_away = False
