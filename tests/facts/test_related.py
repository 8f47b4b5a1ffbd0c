"""What a fact's page leads on to: the facts beside it, and those that are related."""

import re

import pytest

from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    QuestionFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db
TERMS = '<p><a href="/glossary/#biopsy">a</a>, <a href="/glossary/#scan">b</a>.</p>'


def live(topic, slug, position=1, **fields):
    return make_live(FactFactory(topic=topic, slug=slug, position=position), title=slug, **fields)


def headings(client, address, part):
    html = client.get(address).content.decode()
    sections = re.split(r"<(?:section|nav) ", html)
    inside = next((section for section in sections if part in section[:120]), "")
    return re.findall(r"[>\s]([a-z-]+)</a></li>", inside)


def test_facts_beside_it_are_those_of_its_topic_in_order(client):
    topic = TopicFactory(slug="bones")
    live(topic, "three", 3)
    live(topic, "one", 1)
    live(topic, "two", 2)
    FactFactory(topic=topic, slug="draft", position=2)
    live(TopicFactory(slug="other"), "elsewhere", 2)

    assert headings(client, "/facts/bones/one/", "way-on") == ["two"]
    assert headings(client, "/facts/bones/two/", "way-on") == ["one", "three"]
    assert headings(client, "/facts/bones/three/", "way-on") == ["two"]


def test_other_facts_of_its_topic_are_named_around_it(client):
    topic = TopicFactory(slug="bones")
    for number, name in enumerate(["one", "two", "three", "four"]):
        live(topic, name, number)

    assert headings(client, "/facts/bones/two/", "beside") == ["one", "two", "three", "four"]
    html = client.get("/facts/bones/two/").content.decode()
    assert '<a href="#two" aria-current="true">two</a>' in html


def test_fact_alone_in_its_topic_has_no_list_of_others(client):
    live(TopicFactory(slug="bones"), "one")

    assert "beside" not in client.get("/facts/bones/one/").content.decode()


def test_of_a_long_topic_the_nearest_are_named(client):
    topic = TopicFactory(slug="bones")
    for number in range(30):
        live(topic, f"fact-{chr(97 + number // 26)}{chr(97 + number % 26)}", number)

    named = headings(client, "/facts/bones/fact-ap/", "beside")

    assert len(named) == 8 + 1 + 8
    assert named == sorted(named)
    assert named[8] == "fact-ap"


def test_sensitive_neighbour_stands_under_its_neutral_heading(client):
    topic = TopicFactory(slug="bones")
    live(topic, "one", 1)
    make_live(
        FactFactory(topic=topic, slug="two", position=2),
        title="Canary",
        neutral_heading="neutral",
        sensitivity="prognosis",
    )

    assert headings(client, "/facts/bones/one/", "way-on") == ["neutral"]
    assert "Canary" not in client.get("/facts/bones/one/").content.decode()


def test_related_are_those_it_links_to_then_shared_questions_then_shared_terms(client):
    for slug in ("biopsy", "scan"):
        GlossaryTermFactory(slug=slug)
    topic, other = TopicFactory(slug="bones"), TopicFactory(slug="other")
    start = live(topic, "start", body=f'{TERMS}<p><a href="/facts/other/linked/">x</a></p>')
    live(other, "by-terms", body=TERMS)
    asked = live(other, "by-question")
    live(other, "linked")
    live(other, "one-term", body='<p><a href="/glossary/#scan">b</a></p>')
    live(other, "nothing")
    question = QuestionFactory()
    question.facts.add(start.fact, asked.fact)

    assert headings(client, "/facts/bones/start/", "related") == [
        "linked",
        "by-question",
        "by-terms",
    ]


@pytest.mark.parametrize("sensitivity", ["prognosis", "end-of-life"])
def test_nothing_sensitive_is_related_and_no_covered_text_tells_what_is(client, sensitivity):
    for slug in ("biopsy", "scan"):
        GlossaryTermFactory(slug=slug)
    live(TopicFactory(slug="a"), "harmless", body=TERMS)
    live(TopicFactory(slug="b"), "sensitive", body=TERMS, sensitivity=sensitivity)

    assert headings(client, "/facts/a/harmless/", "related") == []
    assert headings(client, "/facts/b/sensitive/", "related") == []
    assert headings(client, "/facts/b/sensitive/?show=sensitive", "related") == ["harmless"]


def test_reader_who_leaves_figures_out_is_led_to_none(client):
    for slug in ("biopsy", "scan"):
        GlossaryTermFactory(slug=slug)
    live(TopicFactory(slug="a"), "harmless", body=TERMS)
    live(TopicFactory(slug="b"), "figures", body=TERMS, sensitivity="statistics")

    # By its neutral heading, as everywhere.
    assert "Facts that go with this one" in client.get("/facts/a/harmless/").content.decode()
    client.cookies["preferences"] = "hide=statistics.prognosis"
    assert "Facts that go with this one" not in client.get("/facts/a/harmless/").content.decode()


def test_queries_do_not_grow_with_facts(client, django_assert_num_queries):
    for slug in ("biopsy", "scan"):
        GlossaryTermFactory(slug=slug)
    topic = TopicFactory(slug="bones")
    question = QuestionFactory()
    for number in range(2):
        question.facts.add(live(topic, f"fact-{number}", body=TERMS).fact)
    with django_assert_num_queries(6):
        client.get("/facts/bones/fact-0/")
    for number in range(2, 12):
        question.facts.add(live(topic, f"fact-{number}", body=TERMS).fact)

    with django_assert_num_queries(6):
        client.get("/facts/bones/fact-0/")


def test_topic_leads_to_the_published_topics_beside_it(client):
    for position, slug in enumerate(("one", "two", "three")):
        live(TopicFactory(slug=slug, title=slug, position=position), f"of-{slug}")
    TopicFactory(slug="later", title="later", position=1, published_at=None)
    TopicFactory(slug="empty", title="empty", position=9)

    assert headings(client, "/facts/one/", "way-on") == ["two"]
    assert headings(client, "/facts/two/", "way-on") == ["one", "three"]
    assert headings(client, "/facts/three/", "way-on") == ["two", "empty"]
    assert headings(client, "/facts/empty/", "way-on") == []
