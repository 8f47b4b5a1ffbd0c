import re

import pytest

from tests.factories import GlossaryTermFactory

pytestmark = pytest.mark.django_db


def test_words_stand_in_the_order_of_the_alphabet(client):
    GlossaryTermFactory(term="scan", slug="scan")
    GlossaryTermFactory(term="Biopsy", slug="biopsy")
    GlossaryTermFactory(term="Hidden", published_at=None)

    html = client.get("/glossary/").content.decode()

    assert html.index("Biopsy") < html.index("scan")
    assert 'id="biopsy"' in html
    assert "Hidden" not in html


def test_sensitive_explanation_is_covered_until_asked(client):
    GlossaryTermFactory(
        term="Hospice", slug="hospice", explanation="Canary", sensitivity="end-of-life"
    )

    covered = client.get("/glossary/").content.decode()
    asked = client.get("/glossary/?show=hospice").content.decode()

    assert "Canary" not in covered
    assert "Hospice" in covered
    assert "Canary" in asked
    assert "noindex" in asked


def test_queries_do_not_grow_with_words(client, django_assert_num_queries):
    GlossaryTermFactory.create_batch(40)

    with django_assert_num_queries(1):
        client.get("/glossary/")


def test_letters_lead_to_the_first_word_of_each(client):
    for slug, term in (("scan", "Scan"), ("biopsy", "biopsy"), ("bone", "Bone scan"), ("ct", "CT")):
        GlossaryTermFactory(slug=slug, term=term)

    html = client.get("/glossary/").content.decode()

    letters = re.findall(r'<a href="#([\w-]+)"><span[^>]*>[^<]*</span>(\w)</a>', html)
    assert letters == [("biopsy", "B"), ("ct", "C"), ("scan", "S")]
