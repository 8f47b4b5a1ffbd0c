import pytest

from tests.factories import MeetingFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db


def test_home_leads_to_topics_people_and_what_is_new(client):
    make_live(title="Moving helps", number=2, fact__topic__title="Living day to day")
    MeetingFactory(group__name="Tuesday circle")

    html = client.get("/").content.decode()

    assert "Living day to day" in html
    assert "Tuesday circle" in html
    assert "Moving helps" in html


def test_what_is_new_stays_gentle(client):
    make_live(title="Canary", number=2, neutral_heading="Gentle", sensitivity="prognosis")

    html = client.get("/").content.decode()

    assert "Canary" not in html
    assert "Gentle" in html


def test_what_came_with_its_topic_is_no_news(client):
    make_live(title="Moving helps")

    assert "New or changed" not in client.get("/").content.decode()


def test_home_of_an_empty_portal_is_a_whole_page(client):
    response = client.get("/")

    assert response.status_code == 200
    assert "No meeting is listed at the moment." in response.content.decode()


def test_home_needs_few_queries_however_much_there_is(client, django_assert_num_queries):
    for _ in range(8):
        make_live()
        MeetingFactory()
    TopicFactory.create_batch(8)

    with django_assert_num_queries(3):
        client.get("/")
