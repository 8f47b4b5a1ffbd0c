import pytest
from django.utils import timezone

from community.cards import cards
from facts.preferences import Preferences
from tests.factories import SavedItemFactory, make_live

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
