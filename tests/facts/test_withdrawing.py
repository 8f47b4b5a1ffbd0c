"""Withdrawing a fact, and saying in the same step which one answers the question now."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from tests.factories import FactFactory, make_live

pytestmark = pytest.mark.django_db


def step(version):
    return reverse("admin:facts_factversion_withdraw", args=[version.pk])


@pytest.fixture
def desk(client, reviewer):
    client.force_login(reviewer)
    return client


def test_replacement_is_chosen_in_the_same_step(desk, client):
    live, better = make_live(), make_live(title="Canary", sensitivity="prognosis")

    page = desk.get(step(live)).content.decode()
    desk.post(step(live), {"reason": "It was wrong.", "replaced_by": better.fact_id})

    assert better.neutral_heading in page
    assert "Canary" not in page
    client.logout()
    response = client.get(live.get_absolute_url())
    words = response.content.decode()
    assert response.status_code == 410
    assert "It was wrong." in words
    assert f'<a href="{better.get_absolute_url()}">{better.neutral_heading}</a>' in words
    assert "Canary" not in words


def test_replacement_is_not_required_and_can_be_taken_away(desk):
    live = make_live(fact=FactFactory(replaced_by=make_live().fact))
    assert " selected>" in desk.get(step(live)).content.decode()

    desk.post(step(live), {"reason": "It was wrong.", "replaced_by": ""})

    live.fact.refresh_from_db()
    assert live.fact.replaced_by is None


@pytest.mark.parametrize("which", ["itself", "withdrawn", "unpublished", "unknown", "text", "huge"])
def test_replacement_is_what_readers_see(desk, reviewer, which):
    live = make_live()
    gone = make_live()
    gone.withdraw(reviewer, "Wrong.")
    choice = {
        "itself": live.fact_id,
        "withdrawn": gone.fact_id,
        "unpublished": make_live(fact__topic__published_at=None).fact_id,
        "unknown": 10**6,
        "text": "x",
        "huge": "9" * 40,
    }[which]

    response = desk.post(step(live), {"reason": "My long reason.", "replaced_by": choice})

    assert response.status_code in {200, 400}
    live.refresh_from_db()
    assert not live.is_withdrawn
    if response.status_code == 200:
        assert "My long reason." in response.content.decode()


def test_model_refuses_a_replacement_that_readers_do_not_see(reviewer):
    live, hidden = make_live(), FactFactory()

    with pytest.raises(ValidationError, match="Readers do not see the fact"):
        live.withdraw(reviewer, "Wrong.", replaced_by=hidden)

    live.refresh_from_db()
    assert not live.is_withdrawn


def test_without_a_word_about_it_what_was_said_stays(reviewer):
    better = make_live()
    live = make_live(fact=FactFactory(replaced_by=better.fact))

    live.withdraw(reviewer, "Wrong.")

    live.fact.refresh_from_db()
    assert live.fact.replaced_by == better.fact


def test_one_that_is_taken_back_before_it_appears_replaces_nothing(desk):
    later = make_live(since=timezone.now() + timedelta(days=1))

    assert "replaced_by" not in desk.get(step(later)).content.decode()


def test_hundred_facts_take_as_many_queries_as_two(desk, django_assert_max_num_queries):
    live = make_live()
    for _number in range(20):
        make_live()

    with django_assert_max_num_queries(20):
        desk.get(step(live))
