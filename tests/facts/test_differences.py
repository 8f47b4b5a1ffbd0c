"""The difference of two texts: true to both, safe with any words in it, quick at any length."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.differences import (
    ADDED,
    LONGEST_TEXT,
    SAME,
    TAKEN_OUT,
    Cited,
    Marks,
    Wording,
    compare,
    compare_html,
    compare_text,
    compare_versions,
    operations,
    words_of,
)
from facts.fields import sanitise
from tests.factories import CitationFactory, DraftFactory, SourceFactory
from tests.yardstick import yardsticks

MARKS = Marks("added:", "taken out:", "end.")
ALLOWED = {"p", "br", "strong", "em", "h3", "ul", "ol", "li", "blockquote", "a"}


class Reading(HTMLParser):
    """Reads a difference, without what only a screen reader says: both texts, and its elements."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.attributes, self.problems = [], set(), [], []
        self.old, self.new = "", ""
        self.feed(html)
        self.close()
        if self.open:
            self.problems.append(f"left open: {self.open}")

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        self.attributes += [(tag, *attribute) for attribute in attributes]
        if tag in {"p", "li", "h3", "br", "ul", "ol", "blockquote"}:
            self.old, self.new = self.old + " ", self.new + " "
        if tag != "br":
            around = self.open[-1] if self.open else ""
            if tag in {"p", "h3", "li", "ul", "ol"} and around in {"ins", "del", "p", "h3", "a"}:
                self.problems.append(f"{tag} in {around}")
            if tag == "li" and around not in {"ul", "ol"}:
                self.problems.append(f"li in {around}")
            if around in {"ul", "ol"} and tag != "li":
                self.problems.append(f"{tag} in {around}")
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"closed {tag}")

    def handle_data(self, data):
        if "span" in self.open:
            return
        if "ins" not in self.open:
            self.old += data
        if "del" not in self.open:
            self.new += data


def letters(text):
    """Return `text` without spaces, which stand elsewhere in a difference."""
    return re.sub(r"\s+", "", text)


def text_of(html):
    return letters(Reading(sanitise(html)).new)


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '"><svg onload=alert(1)>',
    "<a href='javascript:alert(1)'>x</a>",
    "<ins>a</ins><del>b</del>",
    "</ins></del></p><style>*{}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<p style='color:red' onclick=x>t</p>",
    "<!-- c --><![CDATA[x]]>",
    "{{ 7 }}{% x %}",
    "\u202e\ufeff\u0007 Ω 癌 👩🏽‍⚕️ e\u0301",
    "<ul><li>a<ul><li>b</li></ul></li></ul>",
    "<li>stray</li></ul><ol><p>p in ol</p></ol>",
    "<p>" * 50 + "deep" + "<ul><li>" * 60,
]
words = st.lists(
    st.sampled_from("a b c 3.5 34% most people's , . ( ) \u00a0".split(" ")), max_size=25
)
plain = st.one_of(st.text(max_size=60), words.map(" ".join))
inline = st.one_of(
    words.map(" ".join),
    words.map(lambda w: f"<strong>{' '.join(w)}</strong> x"),
    words.map(lambda w: f"<em>y</em> <a href='/glossary/#b'>{' '.join(w)}</a>"),
    st.sampled_from(HOSTILE),
)
block = st.one_of(
    inline.map(lambda t: f"<p>{t}</p>"),
    inline.map(lambda t: f"<h3>{t}</h3>"),
    st.lists(inline, max_size=3).map(
        lambda t: f"<ul>{''.join(f'<li><p>{i}</p></li>' for i in t)}</ul>"
    ),
    st.lists(inline, max_size=3).map(lambda t: f"<ol>{''.join(f'<li>{i}</li>' for i in t)}</ol>"),
    inline.map(lambda t: f"<blockquote><p>{t}</p><p>more</p></blockquote>"),
    inline.map(lambda t: f"<ul><li>{t}<ol><li>{t}</li></ol></li></ul>"),
    st.text(max_size=30),
)
rich = st.lists(block, max_size=5).map("".join)


@given(plain)
def test_pieces_make_up_the_text(text):
    assert "".join(words_of(text)) == text


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_operations_keep_both(old, new):
    found = operations(old, new)

    assert sum(count for kind, count in found if kind in {SAME, TAKEN_OUT}) == len(old)
    assert sum(count for kind, count in found if kind in {SAME, ADDED}) == len(new)
    left = right = 0
    for kind, count in found:
        if kind == SAME:
            assert old[left : left + count] == new[right : right + count]
        left += count if kind != ADDED else 0
        right += count if kind != TAKEN_OUT else 0


@given(plain, plain)
def test_plain_difference_holds_both_texts(old, new):
    marked = compare_text(old, new, MARKS)

    reading = Reading(str(marked.html))
    assert letters(reading.old) == letters(old)
    assert letters(reading.new) == letters(new)
    assert marked.is_changed == (old != new)


@given(rich, rich)
def test_rich_difference_holds_both_texts_in_sound_structure(old, new):
    marked = compare_html(old, new, MARKS)

    reading = Reading(str(marked.html))
    assert reading.problems == []
    assert letters(reading.old) == text_of(old)
    assert letters(reading.new) == text_of(new)
    assert reading.elements <= ALLOWED | {"ins", "del", "span"}
    for tag, name, value in reading.attributes:
        assert (tag, name) in {("a", "href"), ("span", "class")}
        assert not re.match(r"\s*(javascript|data|vbscript):", value or "", re.I)


@given(rich)
def test_text_does_not_differ_from_itself(text):
    marked = compare_html(text, text, MARKS)

    assert (marked.is_changed, marked.added, marked.removed) == (False, 0, 0)
    assert "<ins>" not in marked.html
    assert "<del>" not in marked.html


@pytest.mark.parametrize("words", HOSTILE)
def test_markup_in_words_stays_words(words):
    for one, other in ((words, ""), ("", words), (words, f"x {words} y")):
        html = str(compare_text(one, other, MARKS).html)
        reading = Reading(html)
        assert reading.elements <= {"ins", "del", "span", "br"}


def test_marks_for_eyes_and_for_screen_readers():
    html = compare_text("Most live 3.5 years.", "Most live 3.6 years.", MARKS).html

    assert html == (
        'Most live <del><span class="visually-hidden"> taken out: </span>3.5'
        '<span class="visually-hidden"> end. </span></del>'
        '<ins><span class="visually-hidden"> added: </span>3.6'
        '<span class="visually-hidden"> end. </span></ins> years.'
    )


def test_figure_changes_as_a_whole():
    marked = compare_text("In 34% of 1,200 people", "In 36% of 1,300 people", MARKS)

    assert "34%" in marked.html
    assert "1,300" in marked.html
    assert (marked.added, marked.removed) == (2, 2)


def test_paragraph_that_moved_up_a_word_is_still_compared_word_by_word():
    old = "<p>Rest helps most people a lot.</p><p>Ask your team.</p>"
    new = "<p>Ask your team.</p><h3>More</h3><p>Ask again.</p>"

    html = str(compare_html(old, new, MARKS).html)

    assert "<p>Ask your team.</p>" in html
    assert "<h3><ins>" in html
    assert "<p><del>" in html


def test_link_that_leads_elsewhere_is_another_word():
    old, new = ('<p>See <a href="/glossary/#%s">biopsy</a>.</p>' % slug for slug in "ab")  # noqa: UP031

    marked = compare_html(old, new, MARKS)

    assert (marked.added, marked.removed) == (1, 1)


def test_bold_alone_is_no_word_and_is_said():
    old, new = Wording(body="<p>It helps.</p>"), Wording(body="<p>It <strong>helps</strong>.</p>")

    comparison = compare(old, new)

    assert (comparison.added, comparison.removed) == (0, 0)
    assert comparison.is_changed
    assert comparison.summary == "No word differs; how it looks, or what kind of fact it is, does."


def test_every_part_is_compared():
    old = Wording(
        title="It spreads",
        neutral_heading="Spreading",
        body="<p>It may spread.</p>",
        call_now="",
        sensitivity="none",
        evidence="guideline",
        audiences=("men",),
        grade_reason="",
        plain_words="liver",
        citations=(Cited(1, "One", "all of it"), Cited(2, "Two", "the end")),
    )
    new = Wording(
        title="It often spreads",
        neutral_heading="How it spreads",
        body="<p>It may spread far.</p>",
        call_now="Call today.",
        sensitivity="prognosis",
        evidence="cohort",
        audiences=("men", "de-novo"),
        grade_reason="Six names.",
        plain_words="",
        citations=(Cited(1, "One", "half of it"), Cited(3, "Three", "the end")),
    )

    parts = {part.name: str(part.html) for part in compare(old, new, for_staff=True).changed}

    assert list(parts) == [
        "title",
        "neutral_heading",
        "call_now",
        "body",
        "sensitivity",
        "evidence",
        "audiences",
        "citations",
        "grade_reason",
        "plain_words",
    ]
    assert "Nothing sensitive" in parts["sensitivity"]
    assert "Metastatic from the start" in parts["audiences"]
    assert "half" in parts["citations"]
    assert "Three" in parts["citations"]
    assert "Two" in parts["citations"]
    readers = {part.name for part in compare(old, new).changed}
    assert not readers & {"grade_reason", "plain_words"}


def test_summary_counts_words():
    comparison = compare(Wording(title="One two three"), Wording(title="One two four five"))

    assert comparison.summary == "2 words added, 1 taken out."
    assert compare(Wording(title="One"), Wording(title="One two")).summary == (
        "1 word added, 0 taken out."
    )
    assert compare(Wording(title="One"), Wording(title="One")).summary == "Nothing differs."


@pytest.mark.django_db
def test_versions_are_compared_with_their_sources():
    old = DraftFactory(title="Old", cited=False)
    CitationFactory(version=old, source=SourceFactory(title="First study"))
    new = DraftFactory(title="New", cited=False)
    CitationFactory(version=new, source=SourceFactory(title="Second study"), passages="Secret")

    readers = compare_versions(old, new)
    staff = compare_versions(old, new, for_staff=True)

    html = "".join(part.html for part in readers.changed)
    assert "First study" in html
    assert "Second study" in html
    assert "Secret" not in html
    assert "Secret" in "".join(part.html for part in staff.changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 45_000, "b " * 45_000),
        ("x " + "a " * 45_000 + "y", "z " + "a " * 44_000 + "w"),
        (" ".join(map(str, range(17_000))), " ".join(map(str, range(17_000, 0, -1)))),
        ("a" * (LONGEST_TEXT + 1), "b"),
    ],
)
def test_huge_texts_stay_quick(old, new):
    # Each has a second for the comparison, and some for the rest.
    assert yardsticks(lambda: compare_text(old, new, MARKS)) < 100
    assert yardsticks(lambda: compare_html(f"<p>{old}</p>", f"<p>{new}</p>", MARKS)) < 100
    paragraphs = old.replace(" ", "<p>"), new.replace(" ", "<p>")
    assert yardsticks(lambda: compare_html(*paragraphs, MARKS)) < 100
