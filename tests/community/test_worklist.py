"""Which listings wait for staff, and of which organizers are asked."""

from datetime import UTC, date, datetime, timedelta

import pytest

from community.models import SupportGroup
from community.models.worklist import Todo
from tests.factories import CorrectionFactory, SupportGroupFactory, VerificationFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def weeks_ago(weeks):
    return NOW - timedelta(weeks=weeks)


def make_group(**fields):
    defaults = {"published_at": LONG_AGO, "owner_email": "owner@group.example"}
    return SupportGroupFactory(**{**defaults, **fields})


def make_asking(group, weeks=1, **fields):
    return VerificationFactory(group=group, sent_at=weeks_ago(weeks), **fields)


def todo(group):
    return SupportGroup.objects.with_todo(NOW).get(pk=group.pk).todo


class TestTodo:
    @pytest.mark.parametrize(
        ("checked_on", "wanted"),
        [
            (None, Todo.NEVER_CHECKED),
            (TODAY, ""),
            (TODAY - timedelta(weeks=22, days=-1), ""),
            (TODAY - timedelta(weeks=22), Todo.DUE),
            (TODAY - timedelta(weeks=200), Todo.DUE),
        ],
    )
    def test_day_of_the_last_check_decides(self, checked_on, wanted):
        assert todo(make_group(checked_on=checked_on)) == wanted

    @pytest.mark.parametrize(
        ("fields", "wanted"),
        [
            ({}, Todo.WAITING),
            ({"weeks": 4}, Todo.SILENT),
            ({"bounced_at": NOW}, Todo.BOUNCED),
            ({"answer": "ended", "answered_at": NOW}, Todo.DISPUTED),
            ({"answer": "not-mine", "answered_at": NOW}, Todo.DISPUTED),
            ({"answer": "right", "answered_at": NOW}, ""),
            ({"answer": "paused", "answered_at": NOW}, ""),
            ({"withdrawn_at": NOW}, ""),
            ({"bounced_at": NOW, "settled_at": NOW}, ""),
            ({"weeks": 4, "settled_at": NOW}, ""),
            ({"answer": "ended", "answered_at": NOW, "settled_at": NOW}, ""),
        ],
    )
    def test_so_does_what_came_back(self, fields, wanted):
        group = make_group(checked_on=TODAY)
        make_asking(group, **fields)

        assert todo(group) == wanted

    def test_change_waits_until_its_suggestion_is_decided(self):
        group = make_group(checked_on=TODAY)
        suggestion = CorrectionFactory(group=group)
        make_asking(group, answer="change", answered_at=NOW, suggestion=suggestion)
        assert todo(group) == Todo.DISPUTED

        suggestion.outcome, suggestion.decided_at = "accepted", NOW
        suggestion.save()
        assert todo(group) == ""

        suggestion.delete()
        assert todo(group) == ""

    def test_most_pressing_comes_first(self):
        group = make_group()
        make_asking(group, weeks=30, withdrawn_at=NOW, answer="", settled_at=NOW)
        make_asking(group, weeks=20, bounced_at=NOW)
        make_asking(group, weeks=10, answer="ended", answered_at=NOW)
        make_asking(group)

        assert todo(group) == Todo.DISPUTED

    @pytest.mark.parametrize(
        "fields",
        [
            {"published_at": None},
            {"published_at": NOW + timedelta(days=1)},
            {"is_example": True},
            {"ended_on": TODAY},
        ],
    )
    def test_what_nobody_finds_waits_for_nobody(self, fields):
        group = make_group(**fields)
        make_asking(group, bounced_at=NOW)

        assert todo(group) == ""
        assert group not in SupportGroup.objects.to_ask(NOW)

    def test_counts_are_one_query(self, django_assert_num_queries):
        make_group()
        make_asking(make_group(), bounced_at=NOW)
        make_asking(make_group(), bounced_at=NOW)

        with django_assert_num_queries(1):
            counts = SupportGroup.objects.count_todo(NOW)

        assert counts == {
            "disputed": 0,
            "bounced": 2,
            "silent": 0,
            "waiting": 0,
            "never-checked": 1,
            "due": 0,
        }


class TestToAsk:
    @pytest.mark.parametrize(
        ("fields", "is_asked"),
        [
            ({}, True),
            ({"checked_on": TODAY - timedelta(weeks=26)}, True),
            ({"checked_on": TODAY - timedelta(weeks=26, days=-1)}, False),
            ({"checked_on": TODAY - timedelta(weeks=8), "check_every_weeks": 8}, True),
            ({"owner_email": ""}, False),
        ],
    )
    def test_its_day_has_come_and_the_address_is_known(self, fields, is_asked):
        group = make_group(**fields)

        assert (group in SupportGroup.objects.to_ask(NOW)) == is_asked

    @pytest.mark.parametrize(
        ("fields", "is_asked"),
        [
            ({"weeks": 25}, False),
            ({"weeks": 26}, True),
            # The interval is over, and nobody has looked at the first mail that came back.
            ({"weeks": 30, "bounced_at": NOW}, False),
            ({"weeks": 1, "bounced_at": NOW, "settled_at": NOW}, True),
            ({"weeks": 1, "withdrawn_at": NOW}, True),
            ({"weeks": 1, "answer": "change", "answered_at": NOW}, False),
            ({"weeks": 30, "answer": "ended", "answered_at": NOW}, False),
            ({"weeks": 1, "answer": "not-mine", "answered_at": NOW, "settled_at": NOW}, True),
        ],
    )
    def test_nobody_is_asked_twice_in_an_interval(self, fields, is_asked):
        group = make_group()
        make_asking(group, **fields)

        assert (group in SupportGroup.objects.to_ask(NOW)) == is_asked

    def test_oldest_check_comes_first(self):
        newer = make_group(checked_on=date(2026, 2, 1))
        older = make_group(checked_on=date(2025, 2, 1))
        never = make_group()

        assert list(SupportGroup.objects.to_ask(NOW)) == [never, older, newer]


class TestToRemind:
    @pytest.mark.parametrize(
        ("fields", "is_reminded"),
        [
            ({"weeks": 2}, True),
            ({"sent_at": weeks_ago(2) + timedelta(minutes=1)}, False),
            ({"weeks": 4}, False),
            ({"weeks": 3, "reminded_at": NOW, "reminder_hash": "a"}, False),
            ({"weeks": 3, "answer": "right", "answered_at": NOW}, False),
            ({"weeks": 3, "bounced_at": NOW}, False),
            ({"weeks": 3, "withdrawn_at": NOW}, False),
        ],
    )
    def test_two_weeks_later_once(self, fields, is_reminded):
        group = make_group()
        weeks = fields.pop("weeks", None)
        VerificationFactory(group=group, **{"sent_at": weeks_ago(weeks or 0), **fields})

        assert (group in SupportGroup.objects.to_remind(NOW)) == is_reminded
