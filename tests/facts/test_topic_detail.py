from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    QuestionFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


def test_facts_stand_in_order_with_their_sources(client):
    topic = TopicFactory(slug="bones")
    make_live(FactFactory(topic=topic, position=2), title="Second thing", body="<p>Two.</p>")
    make_live(FactFactory(topic=topic, position=1), title="First thing", body="<p>One.</p>")

    html = client.get("/facts/bones/").content.decode()

    assert html.index("First thing</a></h2>") < html.index("Second thing</a></h2>")
    assert "Last checked 22 November 2026." in html
    assert "Supports:" in html


def test_what_cannot_wait_stands_in_a_box_of_its_fact(client):
    fact = FactFactory(topic=TopicFactory(slug="bones"))
    make_live(fact, title="Spine", call_now="Call today.", body="<p>Text</p>")

    html = client.get("/facts/bones/").content.decode()

    assert '<h3>Call now<span class="visually-hidden">: Spine</span></h3>' in html
    assert html.index("Call today.") < html.index("<p>Text</p>")


def test_page_says_that_nobody_has_reviewed_it(client):
    make_live(FactFactory(topic=TopicFactory(slug="bones")))

    html = client.get("/facts/bones/").content.decode()

    assert "Not yet clinically reviewed." in html
    assert "Sources checked 22 November 2026." in html


def test_sensitive_text_is_not_in_the_page(client):
    fact = FactFactory(topic=TopicFactory(slug="numbers"), slug="over-five-years")
    make_live(
        fact,
        title="Canary heading",
        neutral_heading="Figures over five years",
        body="<p>Canary text</p>",
        sensitivity="prognosis",
    )

    html = client.get("/facts/numbers/").content.decode()

    assert "Canary" not in html
    assert "Figures over five years" in html
    assert 'href="?show=over-five-years#over-five-years"' in html


@pytest.mark.parametrize("address", ["?show=over-five-years", "?show=all"])
def test_sensitive_text_is_shown_when_asked_for(client, address):
    fact = FactFactory(topic=TopicFactory(slug="numbers"), slug="over-five-years")
    make_live(fact, title="Canary heading", body="<p>Canary text</p>", sensitivity="prognosis")

    html = client.get(f"/facts/numbers/{address}").content.decode()

    assert "Canary heading" in html
    assert "Canary text" in html
    assert '<meta name="robots" content="noindex">' in html
    assert '<link rel="canonical" href="http://localhost:8000/facts/numbers/">' in html


def test_asking_for_one_fact_shows_no_other(client):
    topic = TopicFactory(slug="numbers")
    make_live(FactFactory(topic=topic, slug="one"), body="<p>Wanted</p>", sensitivity="prognosis")
    make_live(FactFactory(topic=topic, slug="two"), body="<p>Canary</p>", sensitivity="prognosis")

    html = client.get("/facts/numbers/?show=one").content.decode()

    assert "Wanted" in html
    assert "Canary" not in html


def test_link_preview_stays_gentle_when_asked(client):
    fact = FactFactory(topic=TopicFactory(slug="numbers"), slug="one")
    make_live(fact, title="Canary heading", body="<p>x</p>", sensitivity="prognosis")

    head = client.get("/facts/numbers/?show=all").content.decode().split("</head>")[0]

    assert "Canary" not in head


def test_statistics_are_open_unless_the_reader_chose_otherwise(client):
    fact = FactFactory(topic=TopicFactory(slug="numbers"), slug="one")
    make_live(fact, body="<p>One in five.</p>", sensitivity="statistics")

    opened = client.get("/facts/numbers/").content.decode()
    client.cookies["preferences"] = "hide=statistics.prognosis"
    closed = client.get("/facts/numbers/").content.decode()

    assert "One in five." in opened
    assert "One in five." not in closed


def test_scheduled_version_is_not_shown_before_its_time(client, time_machine):
    fact = FactFactory(topic=TopicFactory(slug="bones"))
    tomorrow = timezone.now() + timedelta(days=1)
    make_live(fact, title="Today", until=tomorrow)
    make_live(fact, title="Tomorrow", number=2, since=tomorrow)

    before = client.get("/facts/bones/").content.decode()
    time_machine.move_to(tomorrow)
    after = client.get("/facts/bones/").content.decode()

    assert "Today" in before
    assert "Tomorrow" not in before
    assert "Tomorrow" in after
    assert "Today" not in after


def test_unpublished_topic_is_not_found(client):
    make_live(FactFactory(topic=TopicFactory(slug="later", published_at=None)))

    response = client.get("/facts/later/")

    assert response.status_code == 404


def test_topic_without_facts_says_so(client):
    TopicFactory(slug="empty")

    response = client.get("/facts/empty/")

    assert response.status_code == 200
    assert "No facts yet" in response.content.decode()


def test_words_and_questions_of_its_facts_are_offered(client):
    GlossaryTermFactory(slug="biopsy", term="Biopsy", explanation="A small sample.")
    GlossaryTermFactory(slug="unused", explanation="Canary")
    fact = FactFactory(topic=TopicFactory(slug="bones"))
    make_live(fact, body='<p>A <a href="/glossary/#biopsy">biopsy</a>.</p>')
    QuestionFactory(text="Do I need one?").facts.add(fact)
    QuestionFactory(text="Canary?", sensitivity="prognosis").facts.add(fact)

    html = client.get("/facts/bones/").content.decode()

    assert "A small sample." in html
    assert "Do I need one?" in html
    assert "Canary" not in html


def test_queries_do_not_grow_with_facts(client, django_assert_num_queries):
    few, many = TopicFactory(slug="few"), TopicFactory(slug="many")
    GlossaryTermFactory(slug="biopsy")
    body = '<p>A <a href="/glossary/#biopsy">biopsy</a>.</p>'
    for topic, count in ((few, 2), (many, 30)):
        for _ in range(count):
            make_live(FactFactory(topic=topic), body=body)

    with django_assert_num_queries(5):
        client.get("/facts/few/")
    with django_assert_num_queries(5):
        client.get("/facts/many/")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(client, method):
    TopicFactory(slug="bones")

    response = getattr(client, method)("/facts/bones/")

    assert response.status_code == 405


def test_page_without_sensitive_parts_offers_no_folding(client):
    harmless, sensitive = make_live(), make_live(sensitivity="prognosis")
    words = "Fold the sensitive parts away again"

    assert words not in client.get(f"{harmless.fact.topic.get_absolute_url()}?show=all").text
    assert words in client.get(f"{sensitive.fact.topic.get_absolute_url()}?show=all").text
