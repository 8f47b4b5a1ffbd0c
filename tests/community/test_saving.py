"""What can be saved, the tags for public pages, and what a session keeps."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import timezone

from community.keeping.saving import (
    MAX_CHOICES,
    MAX_UNSAVED,
    MAX_UNSAVED_SIZE,
    find,
    forget_unsaved_note,
    keep_unsaved_note,
    remember_choice,
    save_chosen,
    saveable,
    unsaved_notes,
)
from community.models import ReadingList, SavedItem
from facts.models import FactVersion
from tests.factories import (
    FactFactory,
    MemberFactory,
    ReadingListFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(db):
    """A request of somebody with a session and no account."""
    request = RequestFactory().get("/lists/")
    request.session = SessionStore()
    return request


def withdraw(version):
    FactVersion.objects.filter(pk=version.pk).update(
        live_until=timezone.now(), withdrawn_reason="It was wrong."
    )


def rendered(source, **context):
    return engines["django"].from_string("{% load saving %}" + source).render(context)


# Names and addresses


def test_topic_fact_and_group_have_addresses_to_save_them():
    topic = TopicFactory(slug="bones", title="Bones")
    fact = make_live(FactFactory(topic=topic, slug="scans"), title="A scan shows more").fact
    group = SupportGroupFactory(slug="circle", name="The circle")

    assert saveable(topic).save_url == "/lists/save/?topic=bones"
    assert saveable(fact).save_url == "/lists/save/?fact=bones/scans"
    assert saveable(group).save_url == "/lists/save/?group=circle"
    assert saveable(fact).title == "A scan shows more"
    assert saveable(fact).url == "/facts/bones/scans/"


@pytest.mark.parametrize("sensitivity", ["statistics", "prognosis", "end-of-life"])
def test_sensitive_fact_is_named_neutrally(sensitivity):
    version = make_live(title="One in three", neutral_heading="Figures", sensitivity=sensitivity)

    assert saveable(version.fact).title == "Figures"
    html = rendered("{% save_link fact %}", fact=version.fact)
    assert "Figures" in html
    assert "One in three" not in html


def test_only_what_readers_find_can_be_saved():
    now = timezone.now()
    later = now + timedelta(days=1)
    fact = make_live(FactFactory(topic=TopicFactory(slug="bones"), slug="scans")).fact

    assert find("fact", "bones/scans", now) == fact
    assert find("fact", "bones/none", now) is None
    assert find("fact", "bones", now) is None
    assert find("topic", TopicFactory(published_at=None).slug, now) is None
    assert find("topic", TopicFactory(published_at=later).slug, now) is None
    assert find("group", SupportGroupFactory(published_at=None).slug, now) is None
    draft = FactFactory()
    assert find("fact", f"{draft.topic.slug}/{draft.slug}", now) is None


def test_withdrawn_fact_and_fact_of_a_hidden_topic_cannot_be_saved():
    version, hidden = make_live(), make_live(FactFactory(topic__published_at=None))
    withdraw(version)
    now = timezone.now()

    for fact in (version.fact, hidden.fact):
        assert find("fact", f"{fact.topic.slug}/{fact.slug}", now) is None


# Tags


def test_save_link_is_a_plain_link():
    topic = TopicFactory(slug="bones", title='Bones & "joints"')

    html = rendered("{% save_link topic %}", topic=topic)

    assert 'href="/lists/save/?topic=bones"' in html
    assert 'data-kind="topic"' in html
    assert 'data-key="bones"' in html
    assert 'data-title="Bones &amp; &quot;joints&quot;"' in html
    assert 'data-url="/facts/bones/"' in html
    assert "form" not in html
    assert "csrf" not in html


def test_save_link_says_what_it_saves_in_one_piece():
    html = rendered('{% save_link "fact" "bones/scans" "Scans" "/facts/bones/scans/" %}')

    heard = re.sub(r'<span[^>]* aria-hidden="true">.*?</span>', "", html)
    assert re.sub(r"<[^>]+>", "", heard).strip() == "Save to my list: Scans"


def test_save_link_of_given_words_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        html = rendered('{% save_link "fact" "bones/scans" "Scans" "/facts/bones/scans/" %}')

    assert 'href="/lists/save/?fact=bones/scans"' in html
    assert 'data-title="Scans"' in html


def test_save_script_has_no_inline_code():
    html = rendered("{% save_script %}")

    assert re.search(r'<script type="module" src="[^"]*portal/save[^"]*\.js"[^>]*></script>', html)
    assert 'data-state-url="/lists/state/"' in html


# What waits in the session


def test_choice_is_on_the_default_list_after_signing_in(visit, member):
    topic = TopicFactory()

    assert remember_choice(visit, topic)
    save_chosen(visit, member)

    item = SavedItem.objects.get()
    assert item.topic == topic
    assert item.reading_list == ReadingList.objects.get(member=member, is_default=True)
    assert "chosen_to_save" not in visit.session


def test_choices_keep_their_order_and_come_once(visit, member):
    topic, fact, group = TopicFactory(), make_live().fact, SupportGroupFactory()

    for target in (topic, fact, topic, group):
        remember_choice(visit, target)
    save_chosen(visit, member)

    assert [item.target for item in SavedItem.objects.all()] == [topic, fact, group]


def test_session_keeps_a_limited_number_and_loses_none(visit, member):
    topics = TopicFactory.create_batch(MAX_CHOICES + 1)

    kept = [remember_choice(visit, topic) for topic in topics]
    save_chosen(visit, member)

    assert kept == [True] * MAX_CHOICES + [False]
    assert [item.topic for item in SavedItem.objects.all()] == topics[:-1]


def test_what_was_unpublished_meanwhile_is_left_out(visit, member):
    topic, version = TopicFactory(), make_live()
    remember_choice(visit, topic)
    remember_choice(visit, version.fact)
    withdraw(version)

    save_chosen(visit, member)

    assert [item.topic for item in SavedItem.objects.all()] == [topic]


def test_signing_in_without_a_choice_makes_no_list(visit, member):
    save_chosen(visit, member)
    save_chosen(None, member)

    assert not ReadingList.objects.exists()


def texts(visit, reading_list):
    return [(note.item, note.text) for note in unsaved_notes(visit, reading_list)]


def test_unsaved_note_is_encrypted_and_belongs_to_its_list(visit):
    reading_list, other = ReadingListFactory(), ReadingListFactory()

    assert keep_unsaved_note(visit, reading_list.pk, 5, "a private thought", "3")

    assert "private" not in str(dict(visit.session.items()))
    (note,) = unsaved_notes(visit, reading_list)
    assert (note.item, note.text, note.based_on) == (5, "a private thought", "3")
    assert unsaved_notes(visit, other) == []


def test_unsaved_notes_of_several_items_are_all_kept(visit):
    reading_list, other = ReadingListFactory(), ReadingListFactory()

    keep_unsaved_note(visit, reading_list.pk, 5, "the first", "0")
    keep_unsaved_note(visit, reading_list.pk, 6, "the second", "0")
    keep_unsaved_note(visit, other.pk, 5, "elsewhere", "0")
    keep_unsaved_note(visit, reading_list.pk, 5, "the first, again", "0")

    assert sorted(texts(visit, reading_list)) == [(5, "the first, again"), (6, "the second")]
    assert texts(visit, other) == [(5, "elsewhere")]


def test_only_the_note_that_is_saved_is_forgotten(visit):
    reading_list, other = ReadingListFactory(), ReadingListFactory()
    for pk, item in ((reading_list.pk, 5), (reading_list.pk, 6), (other.pk, 5)):
        keep_unsaved_note(visit, pk, item, "words", "0")

    forget_unsaved_note(visit, reading_list.pk, 5)

    assert texts(visit, reading_list) == [(6, "words")]
    assert texts(visit, other) == [(5, "words")]


def test_session_keeps_a_limited_number_of_notes_and_loses_none(visit):
    reading_list = ReadingListFactory()

    kept = [
        keep_unsaved_note(visit, reading_list.pk, item, "words", "0")
        for item in range(MAX_UNSAVED + 1)
    ]

    assert kept == [True] * MAX_UNSAVED + [False]
    assert texts(visit, reading_list) == [(item, "words") for item in range(MAX_UNSAVED)]
    # A newer text of one that is kept takes the place of the older.
    assert keep_unsaved_note(visit, reading_list.pk, 0, "newer", "0")
    assert (0, "newer") in texts(visit, reading_list)


@pytest.mark.parametrize("letter", ["x", "é", "語"])
def test_session_stays_small_and_what_was_promised_stays(visit, letter):
    reading_list = ReadingListFactory()
    longest = letter * 10_000

    kept = [keep_unsaved_note(visit, reading_list.pk, item, longest, "0") for item in range(9)]
    is_replaced = keep_unsaved_note(visit, reading_list.pk, 0, letter * 40_000, "0")

    assert kept[0]
    assert not kept[-1]
    assert not is_replaced
    assert texts(visit, reading_list) == [(item, longest) for item in range(sum(kept))]
    assert len(json.dumps(dict(visit.session.items()))) < MAX_UNSAVED_SIZE + 100


def test_unsaved_note_is_forgotten_when_somebody_else_signs_in(visit):
    reading_list = ReadingListFactory()
    other = ReadingListFactory()
    keep_unsaved_note(visit, reading_list.pk, 5, "a private thought", "3")
    keep_unsaved_note(visit, other.pk, 6, "of another", "3")

    save_chosen(visit, reading_list.member)
    assert texts(visit, reading_list) == [(5, "a private thought")]
    assert unsaved_notes(visit, other) == []

    save_chosen(visit, MemberFactory())
    assert unsaved_notes(visit, reading_list) == []


# The default list


def test_default_list_is_made_once(member):
    first = ReadingList.objects.default_for(member)

    assert ReadingList.objects.default_for(member) == first
    assert first.title == "My list"


def test_default_list_finds_a_free_title(member):
    ReadingListFactory(member=member, title="My list")
    ReadingListFactory(member=member, title="My list 2")

    assert ReadingList.objects.default_for(member).title == "My list 3"


# Whether a member asks


def test_state_says_only_whether_a_member_asks(client, member):
    anonymous = client.get("/lists/state/")
    client.force_login(member)
    signed_in = client.get("/lists/state/")

    assert anonymous.json() == {"member": False}
    assert not anonymous.cookies
    # And what makes a form of a script one of ours.
    assert set(signed_in.json()) == {"member", "token"}
    assert set(signed_in.cookies) == {"csrf"}
    for response in (anonymous, signed_in):
        assert response["Cache-Control"] == "private, no-store"
    assert client.post("/lists/state/").status_code == 405


def test_token_of_the_state_is_that_of_a_form(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    TopicFactory(slug="bones")
    token = client.get("/lists/state/").json()["token"]

    saved = client.post("/lists/save/", {"topic": "bones", "csrfmiddlewaretoken": token})

    assert saved.status_code == 302
    assert SavedItem.objects.count() == 1
