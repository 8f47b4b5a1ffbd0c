import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from community.models import ReadingList, SavedItem
from facts.models import FactVersion
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
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


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


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_was_withdrawn_meanwhile_cannot_be_saved_and_that_is_said(client, member, method):
    version = make_live(FactFactory(topic__slug="bones", slug="scans"))
    FactVersion.objects.filter(pk=version.pk).update(
        live_until=timezone.now(), withdrawn_reason="It was wrong."
    )
    client.force_login(member)

    response = getattr(client, method)("/lists/save/", {"fact": "bones/scans"})

    assert response.status_code == 404
    assert "This cannot be saved now" in response.text
    assert "Nothing was changed" in response.text


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
    assert TOKEN.sub(b"", response.content) == TOKEN.sub(b"", other.content)
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


# A script, which stays on its page


def save_by_script(client, **fields):
    return client.post("/lists/save/", fields, headers={"accept": "application/json"})


def test_script_is_told_where_it_is_and_what_can_be_done_now(client, member, topic):
    mine = ReadingList.objects.default_for(member)
    visit, put_aside = ReadingListFactory.create_batch(2, member=member)
    put_aside.archive(timezone.now())
    client.force_login(member)

    response = save_by_script(client, topic="bones")

    item = mine.saved_items.get()
    page, address = f"/lists/{mine.pk}/", f"/lists/{mine.pk}/items/{item.pk}"
    assert response["Cache-Control"] == "private, no-store"
    assert response.json() == {
        "words": "Saved to “My list”.",
        "url": f"{page}#item-{item.pk}",
        "undo": f"{address}/remove/",
        "move": f"{address}/to-list/",
        "lists": [{"id": str(visit.pk), "title": visit.title}],
    }
    again = save_by_script(client, topic="bones").json()
    assert (again["words"], again["undo"]) == ("It is on “My list” already.", "")
    assert mine.saved_items.count() == 1


def test_script_undoes_what_it_did(client, member, topic):
    mine = ReadingList.objects.default_for(member)
    client.force_login(member)
    as_script = {"headers": {"accept": "application/json"}}

    undone = client.post(save_by_script(client, topic="bones").json()["undo"], **as_script)
    assert undone.json() == {"words": "It is off your list again."}
    assert not mine.saved_items.exists()

    # What had been archived goes back there, with its note.
    item = mine.add(topic)[0]
    item.write_note("kept", 0)
    item.archive(timezone.now())
    undo = save_by_script(client, topic="bones").json()["undo"]
    undone = client.post(undo, {"is_archived": "1"}, **as_script)
    assert undone.json() == {"words": "It is in the archive of your list again."}
    item.refresh_from_db()
    assert (item.note, item.archived_at is None) == ("kept", False)

    # Another tab has written a note meanwhile: that is not thrown away.
    other = mine.add(TopicFactory())[0]
    other.write_note("words", 0)
    response = client.post(f"/lists/{mine.pk}/items/{other.pk}/remove/", **as_script)
    assert response.status_code == 409
    assert "a note of yours" in response.json()["words"]
    assert mine.saved_items.active().get() == other


def test_script_chooses_another_list(client, member, topic):
    ReadingList.objects.default_for(member)
    visit = ReadingListFactory(member=member, title="A visit")
    client.force_login(member)
    as_script = {"headers": {"accept": "application/json"}}
    move = save_by_script(client, topic="bones").json()["move"]

    moved = client.post(move, {"list": str(visit.pk), "move": "1"}, **as_script).json()

    item = visit.saved_items.get()
    assert moved["words"] == "Moved to “A visit”."
    assert moved["undo"] == f"/lists/{visit.pk}/items/{item.pk}/remove/"
    assert [each["title"] for each in moved["lists"]] == ["My list"]
    theirs = ReadingListFactory()
    for number in (theirs.pk, "nonsense", ""):
        response = client.post(moved["move"], {"list": str(number), "move": "1"}, **as_script)
        assert response.status_code == 409
        assert response.json()["words"]
    assert not theirs.saved_items.exists()


def test_script_of_a_visitor_saves_nothing(client, topic):
    response = save_by_script(client, topic="bones")

    assert response.status_code == 403
    assert not response.cookies
    assert not Session.objects.exists()


def test_what_is_archived_is_not_said_to_be_on_a_list(client, member, topic):
    item = ReadingList.objects.default_for(member).add(topic)[0]
    client.force_login(member)
    assert b"It is on your list already" in client.get("/lists/save/?topic=bones").content
    item.archive(timezone.now())

    assert b"It is on your list already" not in client.get("/lists/save/?topic=bones").content
    client.post("/lists/save/", {"topic": "bones"})
    assert SavedItem.objects.active().get() == item


def test_archived_list_cannot_be_saved_to(client, member, topic):
    put_aside = ReadingListFactory(member=member, archived_at=timezone.now())
    client.force_login(member)

    response = client.post("/lists/save/", {"topic": "bones", "list": str(put_aside.pk)})

    assert response.status_code == 404
    assert not SavedItem.objects.exists()
