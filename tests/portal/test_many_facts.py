"""However many facts there are, a page that shows a few looks at a bounded number of them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from facts import demo, related
from facts.models import Fact, version_queries
from portal.pages.watch import Watch
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    QuestionFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db
TERMS = '<p><a href="/glossary/#biopsy">a</a>, <a href="/glossary/#scan">b</a>.</p>'
ON_SQLITE = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL reads small tables as a whole"
)


def examples(first, last):
    for start in range(first, last + 1, demo.BATCH):
        demo.make(start, start + demo.BATCH - 1, timezone.now())


def steps(ask):
    """Return how many steps SQLite takes for what `ask` asks, in hundreds."""
    taken = []
    connection.connection.set_progress_handler(lambda: taken.append(1), 100)
    try:
        ask()
    finally:
        connection.connection.set_progress_handler(None, 100)
    return len(taken)


@ON_SQLITE
def test_work_of_a_page_does_not_grow_with_the_facts(client, monkeypatch):
    monkeypatch.setattr(version_queries, "LOOKED_AT", 60)
    monkeypatch.setattr(related, "LOOKED_AT", 60)
    topic = TopicFactory(slug="bones")
    make_live(FactFactory(topic=topic, slug="start"), body=TERMS)
    make_live(FactFactory(topic=topic, slug="urgent"), call_now="Call.")
    for slug in ("biopsy", "scan"):
        GlossaryTermFactory(slug=slug)
    pages = [
        "/", "/new/", "/feeds/facts.atom", "/help/", "/facts/?for=men", "/facts/bones/",
        "/facts/bones/start/",
    ]  # fmt: skip
    examples(1, 200)
    for page in pages:
        client.get(page)
    few = {page: steps(lambda page=page: client.get(page)) for page in pages}
    examples(201, 1_000)

    many = {page: steps(lambda page=page: client.get(page)) for page in pages}

    assert {
        page: (few[page], many[page]) for page in pages if many[page] > few[page] * 2 + 10
    } == {}


@ON_SQLITE
def test_look_at_the_clock_reads_no_text_that_has_begun():
    examples(1, 100)
    make_live(since=timezone.now() + timedelta(hours=1))
    watch, now = Watch(), timezone.now().timestamp()

    def look():
        with connection.cursor() as cursor:
            watch._read_the_clock(connection, cursor, now)

    few = steps(look)
    examples(101, 600)

    assert steps(look) <= few + 2


@ON_SQLITE
def test_looking_for_what_is_due_takes_each_fact_once():
    def due():
        list(Fact.objects.due_for_review(timezone.localdate(), timezone.now())[:10])

    examples(1, 100)
    few = steps(due)
    examples(101, 500)

    assert steps(due) <= few * 7


def test_what_changed_is_news_however_many_came_with_their_topics_since(client, monkeypatch):
    monkeypatch.setattr(version_queries, "LOOKED_AT", 3)
    now = timezone.now()
    fact = FactFactory(topic=TopicFactory(published_at=now - timedelta(days=90)))
    make_live(fact, since=now - timedelta(days=50), until=now - timedelta(days=9))
    make_live(
        fact,
        since=now - timedelta(days=9),
        number=2,
        change_kind="safety",
        change_note="Ask first.",
    )
    added = make_live(
        FactFactory(topic=fact.topic), since=now - timedelta(hours=1), title="Added later"
    )
    for _number in range(5):
        topic = TopicFactory(published_at=now - timedelta(days=1, hours=1))
        make_live(FactFactory(topic=topic), since=now - timedelta(days=1))

    html = client.get("/new/").content.decode()

    assert "Ask first." in html
    assert added.title in html
    assert html.count(added.title) + html.count("Ask first.") == 2


def test_texts_that_share_its_terms_are_looked_for_among_the_newest_and_in_its_topic(
    client, monkeypatch
):
    monkeypatch.setattr(related, "LOOKED_AT", 3)
    for slug in ("biopsy", "scan"):
        GlossaryTermFactory(slug=slug)
    topic, other = TopicFactory(slug="bones"), TopicFactory(slug="other")
    now = timezone.now()

    def live(topic, slug, days, body=TERMS):
        since = now - timedelta(days=days)
        return make_live(FactFactory(topic=topic, slug=slug), title=slug, since=since, body=body)

    start = live(topic, "start", 50, f'{TERMS}<p><a href="/facts/other/linked/">x</a></p>')
    live(topic, "beside", 45, "<p>Text.</p>")
    live(topic, "of-its-topic", 40)
    live(other, "linked", 39, "<p>Text.</p>")
    asked = live(other, "by-question", 38, "<p>Text.</p>")
    live(other, "too-old", 30)
    live(other, "newest", 2)
    for slug in ("without", "any"):
        live(other, slug, 1, "<p>Text.</p>")
    QuestionFactory().facts.add(start.fact, asked.fact)
    monkeypatch.setattr(related, "MOST", 9)

    html = client.get("/facts/bones/start/").content.decode()

    named = html.partition('aria-labelledby="related"')[2].partition("</section>")[0]
    found = re.findall(r">([a-z-]+)</a>", named)
    assert found == ["linked", "by-question", "of-its-topic", "newest"]
