"""What search engines and link previews are told: our own dates, and nothing sensitive."""

import json
import re
from datetime import date

import pytest

from facts.models import Review
from tests.factories import FactFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db


def data(client, address):
    (found,) = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', client.get(address).text, re.S
    )
    return json.loads(found)


def review(version):
    return Review.objects.create(
        version=version,
        reviewed_on=date(2026, 6, 1),
        reviewer_name="Dr. A",
        reviewer_role="Nurse",
        review_due=date(2027, 6, 1),
    )


@pytest.fixture
def version():
    return make_live(
        FactFactory(topic=TopicFactory(slug="bones", title="Bones"), slug="scans"),
        title="</script><b>Scans & rest",
    )


def test_page_of_a_fact_tells_its_own_dates(client, version):
    found = data(client, "/facts/bones/scans/")

    assert found["@type"] == "MedicalWebPage"
    assert found["name"] == version.title
    assert found["url"] == "http://localhost:8000/facts/bones/scans/"
    assert found["dateModified"] == version.live_from.isoformat()


def test_nobody_who_is_not_there_is_named(client, version):
    for address in ("/facts/bones/", "/facts/bones/scans/"):
        found = data(client, address)

        assert "reviewedBy" not in found
        assert "lastReviewed" not in found


def test_review_is_told_once_it_is_there(client, version):
    review(version)

    found = data(client, "/facts/bones/scans/")

    assert found["lastReviewed"] == "2026-06-01"
    assert found["reviewedBy"]["name"] == "Dr. A"


def test_topic_counts_as_reviewed_only_if_all_of_it_is(client, version):
    review(version)
    assert data(client, "/facts/bones/")["lastReviewed"] == "2026-06-01"

    make_live(FactFactory(topic=version.fact.topic))

    assert "lastReviewed" not in data(client, "/facts/bones/")


@pytest.mark.parametrize("address", ["/facts/bones/outlook/", "/facts/bones/outlook/?show=all"])
def test_of_a_sensitive_fact_it_holds_the_neutral_heading(client, version, address):
    make_live(
        FactFactory(topic=version.fact.topic, slug="outlook"),
        title="Canary", neutral_heading="Gentle", sensitivity="prognosis",
    )  # fmt: skip
    text = client.get(address).text

    assert data(client, address)["name"] == "Gentle"
    head = text[: text.index("</head>")]
    assert "Canary" not in head
    assert '<meta property="og:title" content="Gentle">' in head


def test_preview_image_is_our_own(client, version):
    text = client.get("/facts/bones/scans/").text

    image = re.search(r'property="og:image" content="([^"]+)"', text)[1]
    assert image.startswith("http://localhost:8000/static/portal/preview")
