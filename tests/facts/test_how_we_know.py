"""“How do we know this?” under each fact: evidence, sources, approval; and nothing when covered."""

import re
from datetime import date

import pytest

from facts.choices import Evidence
from facts.evidence import MEANINGS, meaning_of
from facts.models import FactVersion, Review
from tests.factories import (
    CitationFactory,
    DraftFactory,
    FactFactory,
    MemberFactory,
    SourceFactory,
    TopicFactory,
    hour_ago,
    make_live,
)

pytestmark = pytest.mark.django_db
ADDRESSES = ("/facts/numbers/", "/facts/numbers/five-years/")


@pytest.fixture
def fact():
    return FactFactory(topic=TopicFactory(slug="numbers"), slug="five-years")


def words_of(client, address):
    html = client.get(address).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def live_citing(fact, supports="the whole text", source=None, **fields):
    """Return a live version of `fact` that cites `source` alone."""
    version = DraftFactory(fact=fact, cited=False, **fields)
    CitationFactory(version=version, source=source or SourceFactory(), supports=supports)
    return approve(version)


def approve(version):
    """Let `version` be what it would be after its approval."""
    FactVersion.objects.filter(pk=version.pk).update(
        status="approved",
        approver=None if version.author_id is None else MemberFactory(is_staff=True),
        approved_at=hour_ago(),
        live_from=hour_ago(),
    )
    version.refresh_from_db()
    version.fact.save()
    return version


def test_every_kind_of_evidence_is_put_into_plain_words():
    assert set(MEANINGS) == set(Evidence.values)
    assert all(str(words).endswith(".") for words in MEANINGS.values())
    assert meaning_of("") == ""


@pytest.mark.parametrize("address", ADDRESSES)
def test_evidence_sources_and_approval_are_told(client, fact, address):
    source = SourceFactory(
        title="Does rest help?",
        publisher="Journal of Rest",
        year="2024",
        doi="10.1000/rest.1",
        is_read_on_copy=True,
        accessed_on=date(2026, 11, 2),
    )
    live_citing(fact, "that rest helps", source, evidence="randomised-trial")

    words = words_of(client, address)

    assert "How do we know this?" in words
    assert "Randomized trial. In a randomized trial, chance decides" in words
    assert "Does rest help? Journal of Rest, 2024." in words
    assert "Supports: that rest helps. Read on a copy. Last checked 2 November 2026." in words
    assert "doi 10.1000/rest.1" in words
    assert "another approved them on" in words
    assert words.count("Not yet clinically reviewed.") == (2 if address == ADDRESSES[0] else 1)
    assert "Please note:" not in words
    assert "starter library" not in words


@pytest.mark.parametrize("address", ADDRESSES)
def test_text_of_the_starter_library_says_so(client, fact, address):
    live_citing(fact, author=None, origin="starter library")

    words = words_of(client, address)

    assert "These words come from the starter library" in words
    assert "approved them" not in words
    assert "Not yet clinically reviewed." in words


@pytest.mark.parametrize("address", ADDRESSES)
def test_review_is_said_once_with_who_when_and_until_when(client, fact, address):
    Review.objects.create(
        version=live_citing(fact),
        reviewed_on=date(2026, 6, 1),
        reviewer_name="A. Nurse",
        reviewer_role="Breast care nurse",
        review_due=date(2027, 6, 1),
    )
    fact.save()

    words = words_of(client, address)

    said = "Reviewed 1 June 2026 by A. Nurse, Breast care nurse. Next review June 2027."
    assert words.count(said) == 1
    assert "Not yet clinically reviewed" not in words


@pytest.mark.parametrize("address", ADDRESSES)
def test_note_of_staff_stands_beside_the_source_and_opens_the_sources(client, fact, address):
    source = SourceFactory()
    live_citing(fact, source=source)
    assert '<details class="sources">' in client.get(address).content.decode()

    source.flag, source.flag_note = "retracted", "Canary for staff"
    source.save()
    html = client.get(address).content.decode()
    assert "Please note:" not in html
    assert "Retracted" not in html

    source.public_note = "This study was <retracted>; we are checking."
    source.save()
    html = client.get(address).content.decode()
    assert "This study was &lt;retracted&gt;; we are checking." in html
    assert '<details class="sources" open>' in html
    assert "Canary for staff" not in html


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("sensitivity", ["prognosis", "end-of-life"])
def test_covered_fact_tells_nothing_but_its_review_state(client, fact, address, sensitivity):
    source = SourceFactory(title="Canary", public_note="Canary", publisher="Canary", doi="10.1/c")
    live_citing(fact, "Canary", source, sensitivity=sensitivity, evidence="registry-statistic")

    html = client.get(address).content.decode()

    assert "Canary" not in html
    assert "10.1/c" not in html
    assert "Not yet clinically reviewed." in html
    assert "How do we know this?" not in html
    assert "cancer registry" not in html
    asked = client.get(f"{address}?show=five-years").content.decode()
    assert "A cancer registry counts" in asked
    assert asked.count("Canary") >= 4


def test_many_facts_take_no_more_queries(client, django_assert_max_num_queries):
    topic = TopicFactory(slug="numbers")
    for _number in range(8):
        make_live(FactFactory(topic=topic))
    client.get("/facts/")

    with django_assert_max_num_queries(6):
        client.get("/facts/numbers/?show=nothing")
