from datetime import timedelta

import pytest
from django.utils import timezone

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
