"""However many texts hold a word, a bounded number of them is looked at (docs/search.md)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from portal.models import SearchEntry, SearchWord
from portal.search import query as query_module
from portal.search.query import search
from portal.search.rows import BOUNDS
from portal.search.suggest import suggest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch):
    monkeypatch.setitem(BOUNDS, "ranked", 30)
    monkeypatch.setitem(BOUNDS, "most_named", 10)
    monkeypatch.setattr(query_module, "RANKED", 30)


def add(number, title="Entry {n}", body="A garden with a bench.", **fields):
    return SearchEntry.objects.bulk_create(
        SearchEntry(
            kind="fact",
            key=f"{title}{n}",
            url=f"/{title.format(n=n)}/",
            title=title.format(n=n),
            body=body,
            live_from=timezone.now() - timedelta(days=1),
            **fields,
        )
        for n in range(number)
    )


def titles(text):
    return [result.title for result in search(text, timezone.now(), "en", []).results]


def test_named_texts_come_first_and_then_the_newest():
    add(1, title="Our garden and what grows there")
    add(1, title="Garden")
    add(60)
    add(5, live_until=timezone.now())

    found = titles("garden")

    assert found[:3] == ["Garden", "Our garden and what grows there", "Entry 59"]
    assert found[3:] == [f"Entry {n}" for n in range(58, 41, -1)]


def test_rare_word_beside_a_common_one_is_what_counts():
    add(1, title="Quince", body="It grows.")
    add(60)

    assert titles("garden quince") == ["Quince"]


def test_texts_that_hold_all_of_many_common_words_are_found():
    add(60, title="Other {n}", body="A bench.")
    add(60)

    found = titles("garden bench")

    assert len(found) == 20
    assert all(title.startswith("Entry ") for title in found)


def work():
    """Return how many rows, or steps, the search for a common word takes the database."""
    sent = []

    def note(execute, sql, params, many, context):
        sent.append((sql, params))
        return execute(sql, params, many, context)

    steps = [0]
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.set_progress_handler(lambda: steps.append(1), 10)
    try:
        with connection.execute_wrapper(note):
            search("garden", timezone.now(), "en", [])
            suggest("gard", timezone.now(), "en", [])
    finally:
        if connection.vendor == "sqlite":
            connection.connection.set_progress_handler(None, 10)
    if connection.vendor == "sqlite":
        return len(steps)
    ranked = [each for each in sent if "ts_rank" in each[0]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {ranked[0][0]}", ranked[0][1])
        lines = [row[0] for row in cursor.fetchall()]
    # What ranks text by text is planned, and not done.
    return sum("never executed" not in line for line in lines if "rows=" in line)


def test_work_does_not_grow_with_the_texts():
    add(100, title="Garden {n}")
    SearchWord.objects.learn(["garden"])
    few = work()
    add(400, title="Garden again {n}")

    many = work()

    # The index itself is in more pieces; five times as many texts were not looked at.
    assert many <= few * 2


@pytest.mark.parametrize("typed", ["garden", "gard", "garden bench", "gardne bench", "xyzzy plugh"])
def test_statements_are_as_many_for_many_texts(typed, django_assert_max_num_queries):
    add(100)
    SearchWord.objects.learn(["garden", "bench"])

    with django_assert_max_num_queries(5):
        titles(typed)
    with django_assert_max_num_queries(2):
        suggest(typed, timezone.now(), "en", [])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="FTS5 has no such list")
def test_a_search_reads_no_list_of_what_is_still_to_be_indexed():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE 'fastupdate=off' = ANY(reloptions) ORDER BY relname"
        )
        indexes = [name for (name,) in cursor.fetchall()]

    assert indexes == ["portal_searchentry_title_words", "portal_searchentry_words"]
