"""What the community app has to do again and again; the portal says when."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from community.care.suggestion_mails import send_late_answer
from community.care.verification_mails import ask_owners
from community.keeping import digests
from community.member_data import retention
from community.models import (
    ImportPreview,
    ListImport,
    Meeting,
    Occurrence,
    SharedList,
    Suggestion,
)
from community.models.suggestions import DECIDED_IS_KEPT, PRIVATE_FIELDS, PRIVATE_IS_KEPT

# Whoever stays signed in for longer is asked again: what is known of a device goes by then.
SESSION_LIMIT = timedelta(days=30)


def rebuild_occurrences() -> int:
    """Keep the dates of every group ready for 400 days; return the number of groups.

    Each group is a transaction of its own, so that readers never wait for all of them. A group
    that was removed in between is passed over.
    """
    groups = Meeting.objects.order_by("group").values_list("group", flat=True).distinct()
    return sum(Occurrence.objects.rebuild_group(pk, timezone.now()) for pk in list(groups))


@task()
def make_dates(groups: list[int]) -> None:
    """Make the dates of listings that came many at a time; each in a transaction of its own."""
    for pk in groups:
        Occurrence.objects.rebuild_group(pk, timezone.now())


def forget_old_imports(now: datetime) -> None:
    """Delete what was read out of files and can be applied no more, and tasks that are done."""
    ImportPreview.objects.expired(now).delete()
    ListImport.objects.expired(now).delete()
    done = DBTaskResult.objects.successful().filter(task_path=make_dates.module_path)
    done.filter(finished_at__lt=now - timedelta(days=1)).delete()


def forget_ended_links(now: datetime) -> None:
    """Delete links under which nobody reads a list any more."""
    SharedList.objects.expired(now).delete()


def forget_ended_sessions(now: datetime) -> None:
    """Delete the addresses and browsers of sessions that are over, and end those of 30 days.

    A session that lived on without its row could no longer be signed out from elsewhere.
    """
    for old in UserSession.objects.filter(created_at__lt=now - SESSION_LIMIT):
        old.end()
    running = Session.objects.filter(expire_date__gt=now).values("session_key")
    UserSession.objects.exclude(session_key__in=running).delete()


def ask_organizers(now: datetime) -> None:
    """Ask organizers whose listings are due, and remind some, unless it is switched off."""
    if settings.ASK_ORGANIZERS:
        ask_owners(now)


def forget_suggestions(now: datetime) -> None:
    """Let go of what people sent: addresses and encrypted words after 30 days, the rest after 180.

    Whoever has waited 90 days for an answer is told that there is none yet, and their address is
    deleted too. What they sent stays until somebody decides it.
    """
    for suggestion in Suggestion.objects.late(timezone.localdate(now)).with_address():
        with transaction.atomic():
            send_late_answer(suggestion)
    decided = Suggestion.objects.decided_before
    decided(now - DECIDED_IS_KEPT).delete()
    decided(now - PRIVATE_IS_KEPT).update(**dict.fromkeys(PRIVATE_FIELDS, ""))


def forget_unproved_accounts(now: datetime) -> None:
    """Delete accounts whose address nobody has proved within a week."""
    retention.forget_unproved(now)


def see_to_idle_accounts(now: datetime) -> None:
    """Tell members who have not come for long, and delete accounts that nobody uses."""
    retention.see_to_idle(now)


def forget_old_records(now: datetime) -> None:
    """Delete old records of what staff did, of copies that were taken, and of deleted accounts."""
    retention.forget_old_records(now)


def tell_urgent_changes(now: datetime) -> None:
    """Tell members who want to know it at once that something they saved changed for safety."""
    digests.tell_urgent(now)


def tell_weekly_changes(now: datetime) -> None:
    """Tell members who want to know it once a week that something they saved has changed."""
    digests.tell_weekly(now)
