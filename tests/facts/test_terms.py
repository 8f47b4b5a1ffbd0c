"""Medical words are marked where they stand, and a text's own words never change."""

import re
from html import unescape

import pytest
from django.utils.html import strip_tags
from hypothesis import given
from hypothesis import strategies as st

from facts.fields import sanitise
from facts.terms import Marker
from tests.factories import FactFactory, GlossaryTermFactory, TopicFactory, make_live

TERMS = (
    ("biopsy", "Biopsy", "tissue sample, taking a sample"),
    ("bone-scan", "Bone scan", "isotope bone scan"),
    ("brca", "BRCA1, BRCA2", "BRCA"),
    ("her2", "HER2", "HER2-positive"),
    ("her2-low", "HER2-low", ""),
    ("pet-ct", "PET-CT", "PET, PET scan"),
    ("hospice", "Hospice", "hospice care"),
    ("trial", "Clinical trial", "study"),
)


def mark(html, plain_words=""):
    return Marker(TERMS).mark(html, plain_words)


@pytest.mark.parametrize(
    ("html", "marked"),
    [
        ("<p>A biopsy helps.</p>", ["biopsy: biopsy"]),
        ("<p>BIOPSY, then a Biopsy.</p>", ["biopsy: BIOPSY"]),
        ("<p>(biopsy) and “bone\nscans”</p>", ["biopsy: biopsy", "bone-scan: bone\nscans"]),
        # The longest name wins, and what is a part of a longer word is none.
        ("<p>HER2-low is not HER2.</p>", ["her2-low: HER2-low", "her2: HER2"]),
        ("<p>HER2‑low</p>", ["her2-low: HER2‑low"]),
        ("<p>HER2-targeted, microbiopsy, biopsying, biopsy-like, and/biopsy</p>", []),
        # Abbreviations only as they are written; everyday words not at all.
        ("<p>Your pet may stay. A PET shows it.</p>", ["pet-ct: PET"]),
        ("<p>A PET-CT. A brca. BRCA1s.</p>", ["pet-ct: PET-CT", "brca: BRCA1s"]),
        ("<p>A study of 52 studies, a clinical trial.</p>", ["trial: clinical trial"]),
        # Not within links, headings and code, and not where a link stands already.
        ('<p><a href="https://x.example/">biopsy</a></p><h3>Biopsy</h3>', []),
        ('<p>A biopsy, a <a href="/glossary/#biopsy">biopsy</a>.</p>', []),
        (
            "<p>x &amp; biopsy&nbsp;<strong>bone scan</strong></p>",
            ["biopsy: biopsy", "bone-scan: bone scan"],
        ),
    ],
)
def test_terms_are_found_as_whole_words(html, marked):
    clean = sanitise(html)

    links = re.findall(r'<a href="/glossary/#([\w-]+)">([^<]*)</a>', mark(clean))

    there = len(re.findall("/glossary/#", clean))
    assert [f"{slug}: {written}" for slug, written in links[: len(links) - there]] == marked


def test_each_term_is_marked_once_on_a_page():
    marker = Marker(TERMS)

    texts = [marker.mark(f"<p>A biopsy number {n}.</p>") for n in range(3)]

    assert ["<a " in text for text in texts] == [True, False, False]


def test_words_that_need_no_glossary_are_left_alone():
    assert "<a " not in mark("<p>Hospice is for later.</p>", "Hospice, ASCO")
    assert "<a " in mark("<p>Hospice is for later.</p>", "ASCO")


def test_what_is_added_is_escaped():
    marked = Marker([('"><b>', "Biopsy", "")]).mark("<p>A biopsy.</p>")

    assert "<b>" not in marked


PIECES = st.sampled_from(
    [name for _slug, term, others in TERMS for name in (term, *others.split(", "))]
    + ["<p>", "</p>", "<em>", "</em>", '<a href="https://x.example/?a=>">', "</a>", "<h3>", "</h3>"]
    + ["&amp;", "&nbsp;", "&lt;p&gt;", "&#39;", "<", ">", '"', "-", "/", " ", "\n", "İ", "ß", "s"]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_words_of_a_text_never_change(html):
    clean = sanitise(html)

    marked = mark(clean)

    assert unescape(strip_tags(marked)) == unescape(strip_tags(clean))
    # What comes out is what a text may hold, with no link within a link.
    assert sanitise(marked) == marked
    assert not re.search(r"<a [^>]*>(?:(?!</a>).)*<a ", marked, re.DOTALL)
    # Without the marks it is what went in.
    if "/glossary/#" not in clean:
        assert re.sub(r'<a href="/glossary/#[\w-]+">([^<]*)</a>', r"\1", marked) == clean


def test_term_is_marked_on_the_page_and_explained_below(client, db):
    GlossaryTermFactory(slug="biopsy", term="Biopsy", explanation="A small sample.")
    GlossaryTermFactory(
        slug="hospice", term="Hospice", explanation="Canary", sensitivity="end-of-life"
    )
    topic = TopicFactory(slug="bones")
    for number in range(2):
        make_live(
            FactFactory(topic=topic, slug=f"fact-{number}"), body="<p>A biopsy, a hospice.</p>"
        )

    for address in ("/facts/bones/", "/facts/bones/fact-1/"):
        html = client.get(address).content.decode()

        assert html.count('<a href="/glossary/#biopsy">biopsy</a>') == 1
        assert html.count('<a href="/glossary/#hospice">hospice</a>') == 1
        assert "A small sample." in html
        assert "Canary" not in html


def test_covered_text_is_not_looked_at(client, db):
    GlossaryTermFactory(slug="biopsy", term="Biopsy", explanation="Canary")
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="one")
    make_live(fact, body="<p>A biopsy.</p>", sensitivity="prognosis")

    assert "Canary" not in client.get("/facts/bones/").content.decode()
    assert "Canary" not in client.get("/facts/bones/one/").content.decode()
    assert "Canary" in client.get("/facts/bones/?show=one").content.decode()
