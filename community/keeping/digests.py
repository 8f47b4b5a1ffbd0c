"""Mail that says that something has changed in what a member saved, and nothing else.

At once for what is a matter of safety, but once a day at most; else once a week at most; and never
twice about the same. Until when a member was told stands in a row of its own, which is written in
the transaction that queues the mail: both happen, or neither.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import translation

from community.fields import UndecipherableText
from community.keeping.changes import LONG_AGO, URGENT, waiting_items, with_changes
from community.models import ChangeNotice, Member, SavedItem
from facts import mails
from facts.choices import ChangeKind
from facts.models import Fact, FactVersion

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
# Whoever wants to know at once is told of what is not older; the worker may have been away.
URGENT_FOR = timedelta(days=7)
Wish = Member.MailAboutChanges


def tell_urgent(at: datetime) -> int:
    """Tell members of what changed for safety, or was withdrawn; return how many.

    Most of the time nothing has, and then it asks one query.
    """
    since = at - URGENT_FOR
    urgent = FactVersion.objects.filter(
        Q(change_kind=ChangeKind.SAFETY, live_from__gt=since, live_from__lte=at)
        | Q(live_until__gt=since, live_until__lte=at) & ~Q(withdrawn_reason="")
    )
    facts = set(urgent.values_list("fact", flat=True))
    if not facts:
        return 0
    told_at = Coalesce("reading_list__member__change_notice__told_at", Value(LONG_AGO))
    topics = Fact.objects.filter(pk__in=facts).values("topic")
    saved = SavedItem.objects.active().filter(
        Q(fact__in=facts) | Q(topic__in=topics),
        reading_list__archived_at=None,
        reading_list__member__in=_to_tell(at - A_DAY),
    )
    news = with_changes(saved, at, None, told_at).filter(change__in=URGENT)
    members = set(news.order_by().values_list("reading_list__member", flat=True))
    return sum(_tell(pk, at, A_DAY, is_urgent=True) for pk in sorted(members))


def tell_weekly(at: datetime) -> int:
    """Tell members who want to know once a week of anything that changed; return how many."""
    members = _to_tell(at - A_WEEK).filter(mail_about_changes=Wish.WEEKLY)
    keys = list(members.order_by("pk").values_list("pk", flat=True))
    return sum(_tell(pk, at, A_WEEK, is_urgent=False) for pk in keys)


def _to_tell(before: datetime) -> QuerySet[Member]:
    """Return members who want such mail, can get it, and were not told since `before`."""
    untold = Q(change_notice=None) | Q(change_notice__told_at=None)
    return Member.objects.filter(
        untold | Q(change_notice__told_at__lte=before), is_active=True, mail_bounced_on=None
    ).exclude(mail_about_changes=Wish.OFF)


@transaction.atomic
def _tell(pk: int, at: datetime, pause: timedelta, *, is_urgent: bool) -> bool:
    """Send the mail, unless there is nothing new, or another worker was faster."""
    member = Member.objects.select_for_update().filter(pk=pk).first()
    if member is None or not _to_tell(at - pause).filter(pk=pk).exists():
        return False
    notice = ChangeNotice.objects.filter(member=member).first() or ChangeNotice(member=member)
    language = member.language or settings.LANGUAGE_CODE
    news = waiting_items(member, at, language, since=notice.told_at or LONG_AGO)
    if not (news.filter(change__in=URGENT) if is_urgent else news).exists():
        return False
    notice.told_at = at
    notice.save()
    with translation.override(language):
        _send(member, notice)
    return True


def _send(member: Member, notice: ChangeNotice) -> None:
    stop = f"{settings.SITE_URL}{reverse('mail-stop', args=[_secret(notice)])}"
    context = {
        "lists_url": settings.SITE_URL + reverse("community:reading-list-list"),
        "choose_url": settings.SITE_URL + reverse("community:account-mail"),
        "stop_url": stop,
    }
    # One press in a mail program, without opening anything: RFC 8058.
    headers = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    mails.send("community/email/something_waiting", member.email, context, headers)


def _secret(notice: ChangeNotice) -> str:
    """Return the secret of the link that stops the mails; a new one if no key opens it."""
    try:
        return notice.secret
    except UndecipherableText:
        notice.secret_hash = ""
        notice.save()
        return notice.secret


def stop(secret: str) -> None:
    """Send no such mail any more to whoever has the link with `secret`; if nobody has, nothing."""
    told = ChangeNotice.objects.opened_by(secret).values("member")
    Member.objects.filter(pk__in=told).update(mail_about_changes=Wish.OFF)
