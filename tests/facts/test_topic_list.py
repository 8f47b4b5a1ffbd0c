from datetime import timedelta

import pytest
from django.utils import timezone

from facts.models import Topic
from tests.factories import FactFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db


def test_topics_stand_in_order_with_the_number_of_their_facts(client):
    first = TopicFactory(title="First topic", position=1)
    TopicFactory(title="Second topic", position=2)
    make_live(FactFactory(topic=first))
    make_live(FactFactory(topic=first))
    make_live(FactFactory(topic=first), until=timezone.now())

    html = client.get("/facts/").content.decode()

    assert html.index("First topic") < html.index("Second topic")
    assert "2 facts" in html
    assert "0 facts" in html


def test_order_is_that_of_the_editors_on_every_database(client):
    """Where rows are grouped, an order that is only the model's own is none."""
    for position, name in enumerate(["zebra", "yak", "ant"]):
        make_live(fact__topic__slug=name, fact__topic__title=name, fact__topic__position=position)

    found = Topic.objects.published(timezone.now()).counting_live_facts(timezone.now(), "en")

    assert found.ordered
    assert [topic.slug for topic in found] == ["zebra", "yak", "ant"]


def test_topic_that_is_not_published_yet_is_left_out(client):
    TopicFactory(title="Hidden", published_at=None)
    TopicFactory(title="Hidden too", published_at=timezone.now() + timedelta(days=1))

    html = client.get("/facts/").content.decode()

    assert "Hidden" not in html
    assert "Nothing is published yet" in html


def test_queries_do_not_grow_with_topics(client, django_assert_num_queries):
    for _ in range(12):
        make_live()

    with django_assert_num_queries(1):
        client.get("/facts/")


class TestForSomebody:
    def test_facts_for_somebody_are_listed_by_topic(self, client):
        make_live(title="For men", audiences=["men", "family-carer"], fact__topic__title="Men")
        make_live(title="For the young", audiences=["young-adults"])
        make_live(title="For everybody")

        html = client.get("/facts/?for=men").content.decode()

        assert "For men" in html
        assert "For the young" not in html
        assert "For everybody" not in html
        assert '<link rel="canonical" href="http://localhost:8000/facts/?for=men">' in html

    def test_sensitive_heading_stays_neutral(self, client):
        make_live(
            title="Canary", neutral_heading="Gentle", audiences=["men"], sensitivity="prognosis"
        )

        html = client.get("/facts/?for=men").content.decode()

        assert "Canary" not in html
        assert "Gentle" in html

    def test_what_is_folded_away_comes_after_what_can_be_read(self, client):
        topic = TopicFactory()
        for position, (name, kind) in enumerate([("Folded", "prognosis"), ("Open", "none")]):
            make_live(
                FactFactory(topic=topic, position=position),
                title=name, neutral_heading=name, audiences=["men"], sensitivity=kind,
            )  # fmt: skip
        folded = "Folded away until you ask for it"

        gentle = client.get("/facts/?for=men").content.decode()
        client.cookies["preferences"] = "hide=nothing"
        chosen = client.get("/facts/?for=men").content.decode()

        assert gentle.index(">Open</a>") < gentle.index(">Folded</a>") < gentle.index(folded)
        assert chosen.index(">Folded</a>") < chosen.index(">Open</a>")
        assert folded not in chosen

    @pytest.mark.parametrize("value", ["", "nobody", "men,", "%", "'", "😀", "a" * 500, "١"])
    def test_unknown_audience_is_passed_over(self, client, value):
        make_live(fact__topic__title="Bones")

        assert "Bones" in client.get("/facts/", {"for": value}).content.decode()

    def test_queries_do_not_grow(self, client, django_assert_num_queries):
        for _ in range(12):
            make_live(audiences=["men"])

        with django_assert_num_queries(1):
            client.get("/facts/?for=men")
