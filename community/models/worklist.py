"""Which listings somebody has to look after, and which of them a mail can be sent about."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Length, TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.care.freshness import WeeksAfter

# So long before its day a listing is said to be due soon.
DUE_SOON = timedelta(weeks=4)
# How long an organizer who was asked is left in peace.
REMIND_AFTER = timedelta(weeks=2)


class Todo(models.TextChoices):
    """What is left to do for a listing, the most pressing first; computed, never stored.

    While an answer is waited for, there is nothing to do.
    """

    DISPUTED = "disputed", _("Answer to decide")
    BOUNCED = "bounced", _("Mail came back")
    SILENT = "silent", _("No answer")
    WAITING = "waiting", _("Asked, not answered yet")
    NEVER_CHECKED = "never-checked", _("Never checked")
    DUE = "due", _("Due soon")


class WorklistQuerySet(models.QuerySet):
    def to_be_kept(self, at: datetime) -> Self:
        """Listings that have to stay true at `at`: on the site, real, and not ended."""
        return self.filter(published_at__lte=at, is_example=False).exclude(
            ended_on__lte=timezone.localdate(at)
        )

    def with_todo(self, at: datetime) -> Self:
        """Listings with `todo`, a value of `Todo` or "", and `due_on`, the day of the next check.

        Each has one: a listing stands in one place of the worklist. `due_on` is None if it was
        never checked.
        """
        asked = _askings()
        today = timezone.localdate(at)
        is_not_kept = (
            Q(published_at__isnull=True)
            | Q(published_at__gt=at)
            | Q(is_example=True)
            | Q(ended_on__lte=today)
        )
        todo = Case(
            When(is_not_kept, then=Value("")),
            When(Exists(asked.disputed()), then=Value(Todo.DISPUTED)),
            When(Exists(asked.bounced()), then=Value(Todo.BOUNCED)),
            When(Exists(asked.silent(at)), then=Value(Todo.SILENT)),
            When(Exists(asked.waiting(at)), then=Value(Todo.WAITING)),
            When(checked_on__isnull=True, then=Value(Todo.NEVER_CHECKED)),
            When(due_on__lte=today + DUE_SOON, then=Value(Todo.DUE)),
            default=Value(""),
        )
        return self.annotate(due_on=_due_on()).annotate(todo=todo)

    def with_disputed_answer(self) -> Self:
        """Listings with `disputed_answer`, what the organizer said that has to be decided."""
        disputed = _askings().disputed().order_by("-answered_at").values("answer")[:1]
        return self.annotate(disputed_answer=Subquery(disputed))

    def count_todo(self, at: datetime) -> dict[str, int]:
        """Return how many listings there are for each `Todo`, in one query."""
        found = self.order_by().with_todo(at).values_list("todo").annotate(n=Count("pk"))
        numbers = dict(found)
        return {todo.value: numbers.get(todo.value, 0) for todo in Todo}

    def with_owner(self) -> Self:
        """Listings of which the organizer's address is known."""
        # An encrypted column compares with nothing; how long it is tells all the same.
        return self.alias(owner_length=Length("owner_email")).filter(owner_length__gt=0)

    def to_ask(self, at: datetime) -> Self:
        """Listings whose organizer is to be asked by mail at `at`, the oldest check first.

        Their day has come, nobody was asked within their interval, and nothing waits for staff.
        Mails that did not arrive, and those that were taken back, do not count as asked.
        """
        today = timezone.localdate(at)
        asked = _askings()
        # Whoever said that it is not theirs is not asked again: that address is gone.
        recent = (
            asked.exclude(answer="not-mine")
            .filter(bounced_at__isnull=True, withdrawn_at__isnull=True)
            .alias(again_on=WeeksAfter(TruncDate("sent_at"), OuterRef("check_every_weeks")))
            .filter(again_on__gt=today)
        )
        return (
            self.to_be_kept(at)
            .with_owner()
            .alias(day=_due_on())
            .filter(Q(day__isnull=True) | Q(day__lte=today))
            .exclude(Exists(recent))
            .exclude(Exists(asked.disputed()))
            .exclude(Exists(asked.bounced()))
            .order_by(F("checked_on").asc(nulls_first=True), "pk")
        )

    def to_remind(self, at: datetime) -> Self:
        """Listings whose organizer has left a mail of two weeks ago without an answer at `at`."""
        waiting = (
            _askings().waiting(at).filter(reminded_at__isnull=True, sent_at__lte=at - REMIND_AFTER)
        )
        return self.to_be_kept(at).with_owner().filter(Exists(waiting)).order_by("pk")


def _due_on() -> WeeksAfter:
    return WeeksAfter(F("checked_on"), F("check_every_weeks"))


def _askings() -> Any:
    """Return the askings of the listing that the query is about."""
    from community.models.verifications import Verification

    return Verification.objects.filter(group=OuterRef("pk"))
