"""How long accounts and records about them are kept."""

from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from dateutil.relativedelta import relativedelta
from django.contrib.admin.models import LogEntry
from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.formats import date_format

from community.accounts.adapters import AccountAdapter
from community.member_data import ledger
from community.member_data.deletion import delete_member
from community.models import DataExport, Event, Member

# Nobody has proved that the address is theirs.
UNPROVED_IS_KEPT = timedelta(days=7)
# Since the last sign-in. A session lasts 14 days at most, so whoever comes here signs in.
FIRST_NOTICE = relativedelta(months=22)
SECOND_NOTICE = relativedelta(months=23, days=15)
IDLE_IS_KEPT = relativedelta(months=24)
# Between a notice and what comes after it, also where the portal itself stood still for long.
TIME_TO_ANSWER = timedelta(days=14)
# So many mails go out, and so many accounts go, in one run at most.
AT_ONCE = 200
# What staff did to accounts and at the desk.
RECORDS_ARE_KEPT = relativedelta(months=24)
# After so long, the desk asks whether a colleague still works here.
STAFF_IS_MISSED_AFTER = timedelta(days=180)


def unproved(now: datetime) -> QuerySet[Member]:
    """Return the accounts whose address nobody has proved in time, and nobody ever came into."""
    proved = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    return Member.objects.filter(
        ~Exists(proved),
        joined_at__lt=now - UNPROVED_IS_KEPT,
        last_login=None,
        emptied_on=None,
        is_staff=False,
        is_superuser=False,
    )


def forget_unproved(now: datetime) -> None:
    """Delete accounts that were begun and never finished.

    No mail tells of it, and no ledger: the address may be somebody else's, and an account that
    a backup brings back goes the same way again.
    """
    unproved(now).delete()


def idle(now: datetime, since: relativedelta) -> QuerySet[Member]:
    """Return members who have not signed in for `since`, the longest first.

    Nobody on the staff is among them: colleagues see to each other (see `missed_staff`).
    """
    seen = Coalesce("last_login", "joined_at", output_field=DateTimeField())
    return (
        Member.objects.annotate(seen_at=seen)
        .filter(seen_at__lte=now - since, emptied_on=None, is_staff=False, is_superuser=False)
        .order_by("seen_at", "pk")
    )


def see_to_idle(now: datetime) -> None:
    """Tell idle members twice that their account will go, and then let it go.

    Each step leaves time to answer, and signing in begins all anew (`forget_notices`). Accounts
    that staff have switched off go without a word: nobody could sign in to keep them.
    """
    today = timezone.localdate(now)
    # Only what was told long enough ago counts.
    told = Q(idle_noticed_on__lte=today - TIME_TO_ANSWER)
    gone = idle(now, IDLE_IS_KEPT).filter(told & Q(idle_notices=2) | Q(is_active=False))
    for member in gone[:AT_ONCE]:
        delete_member(member, farewell="idle" if member.is_active else "")
    for number, since, is_next in (
        (2, SECOND_NOTICE, told & Q(idle_notices=1)),
        (1, FIRST_NOTICE, Q(idle_notices=0)),
    ):
        for member in idle(now, since).filter(is_next, is_active=True)[:AT_ONCE]:
            _tell(member, number, today)


def _tell(member: Any, number: int, today: date) -> None:
    """Tell `member`, for the first or second time, on which day the account goes."""
    # One UPDATE decides, so that a second worker does not tell it too.
    untold = Member.objects.filter(pk=member.pk, idle_notices=number - 1)
    if not untold.update(idle_notices=number, idle_noticed_on=today):
        return
    steps_left = 3 - number
    day = max(
        timezone.localdate(member.seen_at + IDLE_IS_KEPT), today + steps_left * TIME_TO_ANSWER
    )
    with translation.override(member.language or translation.get_language()):
        context = {"day": date_format(day, "j F Y")}
        AccountAdapter().send_mail("account/email/idle_notice", member.email, context)


def forget_notices(member: Member) -> None:
    """Begin anew: `member` has signed in."""
    if member.idle_notices:
        member.idle_notices, member.idle_noticed_on = 0, None
        member.save(update_fields=["idle_notices", "idle_noticed_on"])


def missed_staff(now: datetime) -> QuerySet[Member]:
    """Return members of staff who have not signed in for half a year, the longest first."""
    seen = Coalesce("last_login", "joined_at", output_field=DateTimeField())
    staff = Member.objects.filter(Q(is_staff=True) | Q(is_superuser=True), is_active=True)
    return (
        staff.annotate(seen_at=seen)
        .filter(seen_at__lte=now - STAFF_IS_MISSED_AFTER)
        .order_by("seen_at", "pk")
    )


def forget_old_records(now: datetime) -> None:
    """Delete what is written down about members, and about staff, and is old enough."""
    Event.objects.forget(now - RECORDS_ARE_KEPT)
    LogEntry.objects.filter(action_time__lt=now - RECORDS_ARE_KEPT).delete()
    DataExport.objects.old(now).delete()
    ledger.forget_old_marks(timezone.localdate(now))
