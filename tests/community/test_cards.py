from datetime import timedelta

import pytest
from django.utils import timezone

from community.keeping.cards import cards
from facts.preferences import Preferences
from tests.factories import SavedItemFactory, SupportGroupFactory, make_live

pytestmark = pytest.mark.django_db


def test_reason_for_withdrawing_a_sensitive_fact_is_not_on_the_card(reviewer):
    version = make_live(sensitivity="prognosis", title="Canary", neutral_heading="Gentle")
    item = SavedItemFactory(topic=None, fact=version.fact)
    version.withdraw(reviewer, "The canary figure was wrong.")

    (gentle,) = cards([item], Preferences(), timezone.now())
    (open_,) = cards([item], Preferences(hidden=frozenset()), timezone.now())

    assert gentle.heading == open_.heading == "Gentle"
    assert gentle.reason == ""
    assert gentle.reason_url == version.fact.get_absolute_url()
    assert open_.reason == "The canary figure was wrong."


def test_group_that_has_ended_says_so_and_can_still_be_read():
    now = timezone.now()
    ended = SavedItemFactory(topic=None, group=SupportGroupFactory(ended_on=now.date()))
    goes_on = SavedItemFactory(
        topic=None, group=SupportGroupFactory(ended_on=now.date() + timedelta(days=1))
    )

    over, still = cards([ended, goes_on], Preferences(), now)

    assert over.gone.startswith("This group has ended. Nobody has met since ")
    assert over.url == ended.group.get_absolute_url()
    assert still.gone == ""
