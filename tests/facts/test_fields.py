"""Rich text is clean whichever door it comes through; a list of choices is one column."""

import pytest
from django.core.exceptions import ValidationError
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from facts.fields import sanitise
from facts.models import FactVersion, Page, Topic
from tests.factories import DraftFactory, PageFactory, TopicFactory

HOSTILE = {
    "<p>a</p><script>alert(1)</script>": "<p>a</p>",
    '<p onclick="alert(1)">a</p>': "<p>a</p>",
    '<a href="javascript:alert(1)">a</a>': "<a>a</a>",
    '<a href=" jav\tascript:alert(1)">a</a>': "<a>a</a>",
    '<a href="data:text/html,<script>1</script>">a</a>': "<a>a</a>",
    '<a href="https://example.org/" onmouseover="x()" target="_blank">a</a>': (
        '<a href="https://example.org/">a</a>'
    ),
    '<img src="x" onerror="alert(1)">a': "a",
    '<p style="position:fixed">a</p>': "<p>a</p>",
    "<style>p{}</style><p>a</p>": "<p>a</p>",
    "<iframe src='https://example.org/'></iframe><p>a</p>": "<p>a</p>",
    "<svg><script>alert(1)</script></svg><p>a</p>": "<p>a</p>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math><p>a</p>": "<p>a</p>",
    "<p>a<!-- note --></p>": "<p>a</p>",
    "<h1>a</h1>": "a",
    "<p>a\x00b</p>": "<p>ab</p>",
}
SCRIPT, CLEAN = next(iter(HOSTILE.items()))


@pytest.mark.parametrize(("text", "clean"), HOSTILE.items())
def test_nothing_hostile_is_left(text, clean):
    assert sanitise(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "<p>a <strong>b</strong> <em>c</em><br>d</p>",
        "<h3>a</h3><ul><li>b</li></ul><ol><li>c</li></ol>",
        "<blockquote><p>a</p></blockquote>",
        '<p><a href="/glossary/#biopsy">biopsy</a></p>',
        "<p>1 &lt; 2 &amp; 3</p>",
    ],
)
def test_what_a_text_may_hold_is_kept(text):
    assert sanitise(text) == text


@pytest.mark.parametrize(
    "text", ["", "<p></p>", "<p><br></p>", "<p>&nbsp;</p>", "<ul><li></li></ul>", " \n "]
)
def test_tags_around_no_words_are_no_text(text):
    assert sanitise(text) == ""


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_cleaning_twice_is_cleaning_once(text):
    once = sanitise(text)

    assert sanitise(once) == once


@pytest.mark.django_db
class TestDoors:
    def test_save(self):
        topic = TopicFactory(introduction=SCRIPT)

        topic.refresh_from_db()

        assert topic.introduction == CLEAN

    def test_save_cleans_the_object_too(self):
        assert TopicFactory(introduction=SCRIPT).introduction == CLEAN

    def test_update(self):
        topic = TopicFactory()

        Topic.objects.filter(pk=topic.pk).update(introduction=SCRIPT)

        topic.refresh_from_db()
        assert topic.introduction == CLEAN

    def test_bulk_create(self):
        Topic.objects.bulk_create([TopicFactory.build(slug="new", introduction=SCRIPT)])

        assert Topic.objects.get(slug="new").introduction == CLEAN

    def test_bulk_update(self):
        topic = TopicFactory()
        topic.introduction = SCRIPT

        Topic.objects.bulk_update([topic], ["introduction"])

        topic.refresh_from_db()
        assert topic.introduction == CLEAN

    def test_update_or_create(self):
        PageFactory()

        Page.objects.update_or_create(slug="about", defaults={"body": SCRIPT})

        assert Page.objects.get(slug="about").body == CLEAN

    def test_full_clean(self):
        topic = TopicFactory.build(introduction=SCRIPT)

        topic.full_clean()

        assert topic.introduction == CLEAN

    def test_expressions_pass(self):
        draft = DraftFactory()

        FactVersion.objects.filter(pk=draft.pk).update(body=F("title"))

        draft.refresh_from_db()
        assert draft.body == draft.title


@pytest.mark.django_db
class TestChoices:
    def test_are_kept_in_the_order_of_the_list(self):
        draft = DraftFactory(audiences=["men", "newly-diagnosed"])

        draft.refresh_from_db()

        assert draft.audiences == ["newly-diagnosed", "men"]

    def test_are_of_the_list(self):
        draft = DraftFactory()
        draft.audiences = ["everyone"]

        with pytest.raises(ValidationError) as refused:
            draft.full_clean()

        assert set(refused.value.message_dict) == {"audiences"}
