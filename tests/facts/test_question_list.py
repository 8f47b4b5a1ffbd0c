import pytest

from tests.factories import FactFactory, QuestionFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db


def test_questions_stand_under_their_headings_with_the_facts(client):
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="new-scans")
    make_live(fact, title="New scans, HER2 and you")
    QuestionFactory(text="What next?", theme="about-treatment").facts.add(fact)
    QuestionFactory(text="Where is it?", theme="about-the-cancer")
    QuestionFactory(text="Hidden?", published_at=None)

    html = client.get("/questions/").content.decode()

    assert html.index("About the cancer") < html.index("Where is it?")
    treatment = html.index(">About treatment</h2>")
    assert html.index("Where is it?") < treatment < html.index("What next?")
    assert '<a href="/facts/bones/new-scans/">New scans, HER2 and you</a>' in html
    assert "Hidden?" not in html


def test_link_to_a_fact_that_is_not_live_is_left_out(client):
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="new-scans")
    QuestionFactory().facts.add(fact)

    assert "/facts/bones/new-scans/" not in client.get("/questions/").content.decode()


def test_sensitive_questions_are_left_out_until_asked(client):
    QuestionFactory(text="Canary?", sensitivity="prognosis", slug="canary-slug")

    covered = client.get("/questions/").content.decode()
    asked = client.get("/questions/?show=all").content.decode()

    assert "anary" not in covered
    assert "1 more question" in covered
    assert "Canary?" in asked


def test_queries_do_not_grow_with_questions(client, django_assert_num_queries):
    for _ in range(15):
        QuestionFactory().facts.add(make_live().fact)

    with django_assert_num_queries(3):
        client.get("/questions/")
