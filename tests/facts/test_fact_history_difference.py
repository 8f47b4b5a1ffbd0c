"""The difference of any two versions that readers have seen, on the page of a fact's history."""

import re
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


def make_versions(fact, *fields):
    """Make versions one after the other, a day each; the last one is live."""
    count = len(fields)
    return [
        make_live(
            fact,
            number=number,
            since=days_ago(count - number + 1),
            until=days_ago(count - number) if number < count else None,
            **each,
        )
        for number, each in enumerate(fields, 1)
    ]


def page(client, query=""):
    response = client.get(f"{ADDRESS}{query}")
    assert response.status_code == 200
    return response.content.decode()


def difference(html):
    """Return what stands under "difference", without tags and in single spaces."""
    found = re.search(r'<div class="difference">(.*?)</section>', html, re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1])) if found else ""


def test_any_two_versions_are_compared(client, fact):
    make_versions(
        fact,
        {"body": "<p>Most people live three years.</p>"},
        {"body": "<p>Most people live four years.</p>"},
        {"body": "<p>Many people live four years.</p>"},
    )

    html = page(client, "?from=1&to=3")

    assert "From version 1 to version 3" in html
    said = difference(html)
    assert "taken out: Most end." in said
    assert "added: Many end." in said
    assert "taken out: three end." in said
    assert "added: four end." in said
    assert "words added" in said


def test_older_comes_first_whichever_is_named_first(client, fact):
    make_versions(fact, {"title": "Old"}, {"title": "New"})

    assert (
        difference(page(client, "?from=2&to=1")) == difference(page(client, "?from=1&to=2")) != ""
    )


def test_page_offers_every_pair_without_script(client, fact):
    make_versions(fact, {}, {}, {})

    html = page(client)

    assert '<form class="filters" method="get" action="#difference">' in html
    assert html.count('<option value="2"') == 2
    assert '<option value="2" selected>' in html
    assert "?from=2&amp;to=3#difference" in html


def test_one_version_has_nothing_to_be_compared_with(client, fact):
    make_versions(fact, {})

    assert "<select" not in page(client)
    assert difference(page(client, "?from=1&to=1")) == ""


@pytest.mark.parametrize(
    "query",
    [
        "?from=1",
        "?to=2",
        "?from=1&to=1",
        "?from=0&to=2",
        "?from=-1&to=2",
        "?from=99&to=2",
        "?from=%D9%A1&to=2",
        "?from=1.0&to=2",
        "?from=9999999999999999999999&to=2",
        "?from=&to=",
        "?from=<script>&to='%22",
        "?from=1&to=one",
    ],
)
def test_wrong_values_are_told(client, fact, query):
    make_versions(fact, {"title": "Old"}, {"title": "New"})

    html = page(client, query)

    assert re.search(r"Choose two (from the lists|different ones)\.", html)
    assert difference(html) == ""
    assert "<script>&" not in html


def test_query_is_not_for_search_engines(client, fact):
    make_versions(fact, {}, {})

    html = page(client, "?from=1&to=2")

    assert '<meta name="robots" content="noindex">' in html
    assert re.search(rf'rel="canonical" href="[^"?]*{ADDRESS}"', html)


@pytest.mark.parametrize("sensitive", [1, 2, 3])
@pytest.mark.parametrize("query", ["?from=1&to=2", "?from=2&to=1", "?from=2&to=3", "?from=x&to=1"])
def test_difference_is_gentle_whichever_version_is_sensitive(client, fact, sensitive, query):
    make_versions(
        fact,
        *(
            {
                "title": f"Canary title {number}",
                "neutral_heading": "Neutral",
                "body": f"<p>Canary {number}</p>",
                "call_now": "Canary.",
                "sensitivity": "prognosis" if number == sensitive else "none",
            }
            for number in (1, 2, 3)
        ),
    )

    covered = page(client, query)

    assert "Canary" not in covered
    assert "Neutral" in covered


@pytest.mark.parametrize("show", ["five-years", "all"])
def test_what_is_asked_for_is_compared_and_stays_asked_for(client, fact, show):
    make_versions(
        fact,
        {"body": "<p>Canary one</p>", "sensitivity": "prognosis"},
        {"body": "<p>Canary two</p>", "sensitivity": "end-of-life"},
    )
    covered = page(client, "?from=1&to=2")
    assert 'href="?from=1&amp;to=2&amp;show=five-years"' in covered

    html = page(client, f"?from=1&to=2&show={show}")

    assert "added: two end." in difference(html)
    assert f'<input type="hidden" name="show" value="{show}">' in html


def test_cover_speaks_of_the_strictest(client, fact):
    make_versions(fact, {"sensitivity": "end-of-life"}, {"sensitivity": "prognosis"})

    assert "near the end of life" in page(client, "?from=1&to=2")


def test_withdrawn_version_is_not_compared(client, fact, reviewer):
    versions = make_versions(fact, {"title": "First"}, {"body": "<p>Canary</p>"})
    versions[1].withdraw(reviewer, "It was wrong.")
    make_live(fact, number=3, title="Third", since=timezone.now())

    html = page(client, "?from=1&to=2")

    assert "Canary" not in html
    assert '<option value="2"' not in html
    assert "One of these versions is not here." in html
    assert "added: Third end." in difference(page(client, "?from=1&to=3"))


def test_withdrawn_fact_compares_nothing(client, fact, reviewer):
    versions = make_versions(fact, {"body": "<p>Canary one</p>"}, {"body": "<p>Canary two</p>"})
    versions[1].withdraw(reviewer, "It was wrong.")

    for query in ("?from=1&to=2", "?from=1&to=2&show=all"):
        html = page(client, query)
        assert "Canary" not in html
        assert "<select" not in html


def test_scheduled_and_rejected_versions_are_not_compared(client, fact):
    make_versions(fact, {}, {})
    make_live(fact, number=3, body="<p>Canary</p>", since=days_ago(-1), until=days_ago(-2))

    html = page(client, "?from=1&to=3")

    assert "Canary" not in html
    assert "One of these versions is not here." in html


def test_hostile_words_are_words(client, fact):
    words = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    make_versions(fact, {"title": "Old"}, {"title": words, "call_now": words})

    html = page(client, "?from=1&to=2")

    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_thirty_versions_take_as_many_queries_as_two(client, fact, django_assert_max_num_queries):
    make_versions(fact, *({"title": f"Title {number}"} for number in range(30)))

    with django_assert_max_num_queries(6):
        html = page(client, "?from=1&to=30")

    assert "From version 1 to version 30" in html
