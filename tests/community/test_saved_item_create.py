import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from community.models import ReadingList, SavedItem
from tests.factories import (
    PASSWORD,
    FactFactory,
    ReadingListFactory,
    SavedItemFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic():
    return TopicFactory(slug="bones", title="Bones")


def test_page_shows_what_will_be_saved_and_keeps_nothing(client, topic):
    response = client.get("/lists/save/?topic=bones")

    assert response.status_code == 200
    assert b"Bones" in response.content
    assert response["Cache-Control"] == "private, no-store"
    assert b'name="robots" content="noindex' in response.content
    assert "session" not in response.cookies
    assert not Session.objects.exists()


def test_page_shows_the_neutral_heading(client, member):
    make_live(
        FactFactory(topic__slug="bones", slug="outlook"),
        title="One in three",
        neutral_heading="Figures over five years",
        sensitivity="prognosis",
    )

    for _attempt in range(2):
        response = client.get("/lists/save/?fact=bones/outlook")
        assert b"Figures over five years" in response.content
        assert b"One in three" not in response.content
        client.force_login(member)


@pytest.mark.parametrize(
    "query",
    ["", "?topic=none", "?fact=bones/none", "?fact=none", "?group=none", "?topic=bones&group=none",
     "?service=bones", "?topic="],
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post"])
def test_unknown_thing_is_not_found(client, member, topic, query, method):
    client.force_login(member)

    if method == "get":
        response = client.get(f"/lists/save/{query}")
    else:
        pairs = [pair.split("=") for pair in query[1:].split("&") if pair]
        response = client.post("/lists/save/", dict(pairs))

    assert response.status_code == 404
    assert not SavedItem.objects.exists()


def test_member_saves_to_the_default_list(client, member, topic):
    client.force_login(member)

    response = client.post("/lists/save/", {"topic": "bones"}, follow=True)

    item = SavedItem.objects.get()
    assert item.reading_list.member == member
    assert item.reading_list.is_default
    assert response.redirect_chain == [(f"/lists/{item.reading_list.pk}/#item-{item.pk}", 302)]
    assert b"Saved." in response.content


def test_saving_twice_says_so_and_saves_once(client, member, topic):
    client.force_login(member)
    client.post("/lists/save/", {"topic": "bones"})

    response = client.post("/lists/save/", {"topic": "bones"}, follow=True)

    assert SavedItem.objects.count() == 1
    assert b"It was on your list already." in response.content


def test_fact_is_saved_with_the_version_that_was_seen(client, member):
    version = make_live(FactFactory(topic__slug="bones", slug="scans"))
    client.force_login(member)

    client.post("/lists/save/", {"fact": "bones/scans"})

    assert SavedItem.objects.get().seen_version == version


def test_group_is_saved(client, member):
    group = SupportGroupFactory(slug="circle")
    client.force_login(member)

    client.post("/lists/save/", {"group": "circle"})

    assert SavedItem.objects.get().group == group


def test_member_with_several_lists_chooses_one(client, member, topic):
    ReadingList.objects.default_for(member)
    visit = ReadingListFactory(member=member, title="For my next visit")
    client.force_login(member)

    page = client.get("/lists/save/?topic=bones")
    client.post("/lists/save/", {"topic": "bones", "list": str(visit.pk)})

    assert b"For my next visit" in page.content
    assert [item.topic for item in visit.saved_items.all()] == [topic]
    assert b"It is on your list already" in client.get("/lists/save/?topic=bones").content


def test_member_with_one_list_is_not_asked(client, member, topic):
    ReadingList.objects.default_for(member)
    client.force_login(member)

    assert b"To which list" not in client.get("/lists/save/?topic=bones").content


@pytest.mark.parametrize("made_up", ["5f1c8ea0-0000-4000-8000-000000000000", "nonsense", ""])
def test_list_of_another_member_is_not_found(client, member, topic, made_up):
    theirs = ReadingListFactory(title="Private title")
    client.force_login(member)

    response = client.post("/lists/save/", {"topic": "bones", "list": str(theirs.pk)})
    other = client.post("/lists/save/", {"topic": "bones", "list": made_up})

    assert response.status_code == other.status_code == 404
    assert response.content == other.content
    assert not SavedItem.objects.exists()
    assert b"Private title" not in client.get("/lists/save/?topic=bones").content


def test_nothing_else_can_be_set(client, member, topic):
    theirs = SavedItemFactory()
    client.force_login(member)

    client.post(
        "/lists/save/",
        {"topic": "bones", "member": theirs.reading_list.member.pk, "id": theirs.pk,
         "reading_list": str(theirs.reading_list.pk), "position": 99, "note": "x",
         "is_default": "0", "read_at": "2020-01-01"},
    )  # fmt: skip

    item = SavedItem.objects.exclude(pk=theirs.pk).get()
    assert item.reading_list.member == member
    assert (item.position, item.note, item.read_at) == (1, "", None)


def test_visitor_is_sent_to_sign_in_with_kind_words(client, topic):
    response = client.post("/lists/save/", {"topic": "bones"})

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/lists/"
    page = client.get(response["Location"])
    assert b"We keep your choice while you sign in" in page.content
    assert b"/accounts/signup/?next=/lists/" in page.content.replace(b"%2F", b"/")
    assert not SavedItem.objects.exists()


def test_visitor_without_an_account_is_sent_to_make_one(client, topic):
    response = client.post("/lists/save/", {"topic": "bones", "then": "sign-up"})

    assert response["Location"] == "/accounts/signup/?next=/lists/"


def test_visitor_finds_it_saved_after_signing_in(client, member, topic):
    client.post("/lists/save/", {"topic": "bones"})

    response = client.post(
        "/accounts/login/?next=/lists/",
        {"login": member.email, "password": PASSWORD, "next": "/lists/"},
        follow=True,
    )

    assert response.redirect_chain[-1][0] == "/lists/"
    assert "What you chose is on your list" in response.content.decode()
    item = SavedItem.objects.get()
    assert item.topic == topic
    assert item.reading_list.member == member


def test_too_many_choices_are_told_so(client):
    slugs = [TopicFactory().slug for _number in range(21)]
    for slug in slugs:
        response = client.post("/lists/save/", {"topic": slug})

    assert "this one does not fit" in client.get(response["Location"]).content.decode()


def test_saving_needs_a_form_of_ours(topic, member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)

    assert client.post("/lists/save/", {"topic": "bones"}).status_code == 403


def test_page_asks_few_questions(client, member, topic, django_assert_max_num_queries):
    ReadingListFactory.create_batch(3, member=member)
    client.force_login(member)

    with django_assert_max_num_queries(10):
        client.get("/lists/save/?topic=bones")


# All that the device holds, at once


def save_all(client, *items, **options):
    """Send the form that save.js has filled with `items`, each a kind and a key."""
    kinds, keys = zip(*items, strict=True)
    return client.post("/lists/save/", {"kind": kinds, "key": keys}, **options)


def told_to_be_saved(response):
    """What save.js may take off the device."""
    pattern = r'<li data-kind="([^"]*)" data-key="([^"]*)"></li>'
    return re.findall(pattern, response.content.decode())


def test_all_are_saved_on_the_default_list_in_their_order(client, member, topic):
    version = make_live(FactFactory(topic=topic, slug="scans"))
    group = SupportGroupFactory(slug="circle")
    other = ReadingListFactory(member=member)
    client.force_login(member)

    items = [("group", "circle"), ("topic", "bones"), ("fact", "bones/scans")]
    response = save_all(client, *items, follow=True)

    mine = ReadingList.objects.get(member=member, is_default=True)
    assert [item.target for item in mine.saved_items.all()] == [group, topic, version.fact]
    assert not other.saved_items.exists()
    assert response.redirect_chain == [("/lists/", 302)]
    assert b"3 saved." in response.content
    assert told_to_be_saved(response) == items


def test_all_says_what_was_there_and_what_is_gone(client, member, topic):
    ReadingList.objects.default_for(member).add(topic)
    TopicFactory(slug="sleep")
    hidden = TopicFactory(published_at=None)
    client.force_login(member)

    response = save_all(
        client,
        ("topic", "bones"),
        ("topic", "sleep"),
        ("topic", "sleep"),
        ("topic", hidden.slug),
        ("service", "sleep"),
        ("fact", "sleep"),
        follow=True,
    )

    assert SavedItem.objects.count() == 2
    page = response.content.decode()
    assert "1 saved. 1 was on your list already." in page
    assert "3 are no longer here" in page
    # What is not on the list is not taken off the device.
    assert told_to_be_saved(response) == [("topic", "bones"), ("topic", "sleep")]


def test_nothing_is_lost_if_the_page_never_comes(client, member, topic):
    client.force_login(member)
    save_all(client, ("topic", "bones"))

    response = save_all(client, ("topic", "bones"), follow=True)

    assert b"1 was on your list already." in response.content
    assert told_to_be_saved(response) == [("topic", "bones")]
    # Told once: what is saved on the device later is another thing.
    assert told_to_be_saved(client.get("/lists/")) == []


def test_a_hundred_are_saved_at_once_and_no_more(client, member):
    topics = TopicFactory.create_batch(101)
    client.force_login(member)

    response = save_all(client, *[("topic", topic.slug) for topic in topics], follow=True)

    assert SavedItem.objects.count() == len(told_to_be_saved(response)) == 100
    assert b"100 saved." in response.content
    assert b"Press the button again" in response.content


def test_all_unknown_makes_no_list(client, member):
    client.force_login(member)

    response = save_all(client, ("topic", "none"), follow=True)

    assert b"1 is no longer here" in response.content
    assert not ReadingList.objects.exists()
    assert told_to_be_saved(response) == []


def test_visitor_who_sends_all_signs_in_first_and_keeps_all(client, topic):
    response = save_all(client, ("topic", "bones"))

    assert response["Location"] == "/accounts/login/?next=/lists/"
    assert told_to_be_saved(client.get("/lists/")) == []


def test_all_needs_a_form_of_ours(topic, member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)

    assert save_all(client, ("topic", "bones")).status_code == 403


def test_kinds_without_keys_save_nothing(client, member, topic):
    client.force_login(member)

    assert client.post("/lists/save/", {"kind": "topic", "key": []}).status_code == 404
    client.post("/lists/save/", {"kind": [], "key": "bones"})
    assert not SavedItem.objects.exists()
