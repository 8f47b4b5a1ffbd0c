from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import FactFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db
ADDRESS = "/facts/numbers/five-years/history/"


@pytest.fixture
def fact():
    return FactFactory(topic=TopicFactory(slug="numbers"), slug="five-years")


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def test_every_version_that_was_live_is_shown_newest_first(client, fact):
    make_live(fact, body="<p>Old words</p>", since=days_ago(9), until=days_ago(3))
    make_live(fact, number=2, body="<p>New words</p>", since=days_ago(3))
    make_live(fact, number=3, body="<p>Canary</p>", since=days_ago(-1), until=days_ago(-1))

    html = client.get(ADDRESS).content.decode()

    assert html.index("New words") < html.index("Old words")
    assert "The figure is newer." in html
    assert "Canary" not in html


def test_sensitive_versions_are_covered_until_asked(client, fact):
    make_live(
        fact,
        title="Canary heading",
        body="<p>Canary text</p>",
        sensitivity="prognosis",
        since=days_ago(9),
        until=days_ago(3),
    )
    make_live(fact, number=2, neutral_heading="Gentle", sensitivity="prognosis", since=days_ago(3))

    covered = client.get(ADDRESS).content.decode()
    asked = client.get(f"{ADDRESS}?show=five-years").content.decode()

    assert "Canary" not in covered
    assert "The figure is newer." not in covered
    assert "Canary text" in asked
    assert "The figure is newer." in asked


def test_withdrawn_fact_shows_no_text_of_any_version(client, fact, reviewer):
    make_live(fact, body="<p>Canary one</p>", since=days_ago(9), until=days_ago(3))
    version = make_live(fact, number=2, body="<p>Canary two</p>", since=days_ago(3))
    version.withdraw(reviewer, "It was wrong.")

    html = client.get(f"{ADDRESS}?show=all").content.decode()

    assert "Canary" not in html
    assert "It was wrong." in html


def test_withdrawn_version_stays_away_when_a_new_one_is_live(client, fact, reviewer):
    version = make_live(fact, title="Canary one", body="<p>Canary text</p>", since=days_ago(9))
    version.withdraw(reviewer, "It was wrong.")
    make_live(fact, number=2, body="<p>New words</p>", since=timezone.now())

    html = client.get(f"{ADDRESS}?show=all").content.decode()

    assert "New words" in html
    assert "It was wrong." in html
    assert "Canary" not in html


def test_words_that_were_withdrawn_stay_away_in_an_older_version_too(client, fact, reviewer):
    same = {"body": "<p>Canary text</p>"}
    make_live(fact, since=days_ago(9), until=days_ago(6), **same)
    version = make_live(fact, number=2, since=days_ago(6), **same)
    version.withdraw(reviewer, "It was wrong.")
    make_live(fact, number=3, body="<p>New words</p>", since=timezone.now())

    html = client.get(f"{ADDRESS}?show=all&from=1&to=3").content.decode()

    assert "New words" in html
    assert "Canary" not in html


def test_withdrawn_fact_tells_no_change_of_any_version(client, fact, reviewer):
    make_live(fact, number=2, since=days_ago(9), until=days_ago(6))
    version = make_live(fact, number=3, since=days_ago(6))
    version.withdraw(reviewer, "It was wrong.")

    assert "The figure is newer." not in client.get(f"{ADDRESS}?show=all").content.decode()


def test_reason_for_withdrawing_is_covered_like_the_text(client, fact, reviewer):
    version = make_live(fact, sensitivity="prognosis", since=days_ago(9))
    version.withdraw(reviewer, "The canary figure was wrong.")

    assert "canary" not in client.get(ADDRESS).content.decode()
    assert "canary" in client.get(f"{ADDRESS}?show=five-years").content.decode()


def test_history_of_a_fact_never_live_is_not_found(client, fact):
    assert client.get(ADDRESS).status_code == 404


def test_queries_do_not_grow_with_versions(client, fact, django_assert_num_queries):
    for number in range(1, 13):
        make_live(fact, number=number, since=days_ago(20 - number), until=days_ago(19 - number))
    make_live(fact, number=13, since=days_ago(6.5))

    with django_assert_num_queries(3):
        client.get(ADDRESS)
