"""What is new: a page and a feed that are gentle, and silent on what was withdrawn."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone

from tests.factories import FactFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db
ATOM = {"a": "http://www.w3.org/2005/Atom"}
PLACES = ["/new/", "/feeds/facts.atom"]


def change(fact=None, **fields):
    """Make a second wording of a fact live, as an editor's change."""
    fact = fact or FactFactory(topic=TopicFactory(published_at=timezone.now() - timedelta(days=9)))
    fields = {"change_kind": "meaning", "change_note": "A newer study.", "number": 2, **fields}
    return make_live(fact, **fields)


def entries(client):
    return ET.fromstring(client.get("/feeds/facts.atom").content).findall("a:entry", ATOM)


@pytest.mark.parametrize("place", PLACES)
def test_change_is_told_with_its_kind_and_why(client, place):
    version = change(title="Moving helps")

    text = client.get(place).text

    assert "Moving helps" in text
    assert "It says something else than before" in text
    assert "A newer study." in text
    assert version.get_absolute_url() in text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sensitivity", ["statistics", "prognosis", "end-of-life"])
def test_of_a_sensitive_fact_no_word_is_told(client, place, sensitivity):
    change(
        title="Canary", neutral_heading="Gentle words", body="<p>Canary</p>",
        sensitivity=sensitivity, change_note="Canary note",
    )  # fmt: skip

    text = client.get(place).text

    assert "Gentle words" in text
    assert "Canary" not in text


@pytest.mark.parametrize("place", PLACES)
def test_of_what_was_withdrawn_only_that_is_told(client, place, reviewer):
    version = change(title="Canary", neutral_heading="About moving", change_note="Canary note")
    version.withdraw(reviewer, "Canary reason")

    text = client.get(place).text

    assert "About moving" in text
    assert "Withdrawn" in text
    assert "Canary" not in text


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_public_is_not_told(client, place):
    tomorrow = timezone.now() + timedelta(days=1)
    change(title="Canary one", since=tomorrow)
    change(FactFactory(topic=TopicFactory(published_at=tomorrow)), title="Canary two")
    change(FactFactory(topic=TopicFactory(published_at=None)), title="Canary three")

    assert "Canary" not in client.get(place).text


def test_newest_comes_first_and_scheduled_ones_on_time(client, time_machine):
    now = timezone.now()
    change(title="Later", since=now + timedelta(days=2))
    change(title="Earlier")
    time_machine.move_to(now + timedelta(days=3))

    text = client.get("/new/").text

    assert text.index("Later") < text.index("Earlier")


@pytest.mark.parametrize("place", PLACES)
def test_three_queries_are_enough(client, place, django_assert_max_num_queries):
    for _ in range(12):
        change()

    with django_assert_max_num_queries(3):
        client.get(place)


def test_feed_is_atom_with_addresses_of_this_site(client):
    change(title="Moving helps")

    response = client.get("/feeds/facts.atom", headers={"host": "localhost"})
    feed = ET.fromstring(response.content)

    assert response["Content-Type"].startswith("application/atom+xml")
    links = [link.get("href") for link in feed.iter("{http://www.w3.org/2005/Atom}link")]
    assert links
    assert all(link.startswith("http://localhost:8000/") for link in links)
    ids = [entry.find("a:id", ATOM).text for entry in entries(client)]
    assert len(ids) == len(set(ids)) == 1
    assert response["Cache-Control"] == "no-cache"
    assert not response.cookies


def test_words_with_markup_stay_words(client):
    change(title="A < B & C", change_note="<b>bold</b>")

    assert "A &lt; B &amp; C" in client.get("/new/").text
    assert entries(client)[0].find("a:title", ATOM).text == "A < B & C"


def test_empty_portal_says_so_kindly(client):
    assert "Nothing has changed yet" in client.get("/new/").text
    assert entries(client) == []
