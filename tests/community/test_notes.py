"""A note on a list, a note that a script saves, and a note that was emptied by mistake."""

import html
import json
from functools import partial

import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session

from tests.factories import PASSWORD, ReadingListFactory, SavedItemFactory

pytestmark = pytest.mark.django_db

MADE_UP = "5f1c8ea0-0000-4000-8000-000000000000"


@pytest.fixture
def item(member):
    return SavedItemFactory(reading_list=ReadingListFactory(member=member))


@pytest.fixture
def mine(item):
    return item.reading_list


@pytest.fixture(params=["item", "list"])
def noted(request, item):
    """What a note is written on: either must behave alike."""
    return item if request.param == "item" else item.reading_list


@pytest.fixture
def signed_in(client, member):
    client.force_login(member)
    return client


def page_of(noted):
    return getattr(noted, "reading_list", noted).get_absolute_url()


def address(noted):
    is_item = hasattr(noted, "reading_list")
    return f"{page_of(noted)}{f'items/{noted.pk}/' if is_item else ''}note/"


def text_of(response):
    return html.unescape(response.content.decode())


def send(client, noted, note, based_on=0, **more):
    """Save as note.js does; return the status and the answer."""
    fields = {"note": note, "based_on": str(based_on), **more}
    response = client.post(address(noted), fields, headers={"Accept": "application/json"})
    return response.status_code, json.loads(response.content)


# On a list


def test_list_has_a_note_of_its_own(signed_in, mine):
    response = signed_in.post(
        address(mine), {"note": "For <Tuesday>", "based_on": "0"}, follow=True
    )

    mine.refresh_from_db()
    assert (mine.note, mine.note_number) == ("For <Tuesday>", 1)
    assert "Your note is saved." in text_of(response)
    assert b"For &lt;Tuesday&gt;</textarea>" in response.content


def test_note_on_a_list_is_encrypted(mine):
    mine.write_note("For Tuesday", 0)

    (stored,) = type(mine).objects.values_list("note", flat=True)

    assert "Tuesday" not in stored.token


def test_note_on_a_list_that_changed_elsewhere_shows_both(signed_in, mine):
    mine.write_note("first", 0)

    response = signed_in.post(address(mine), {"note": "second", "based_on": "0"})

    assert response.status_code == 409
    assert "first</textarea>" in text_of(response)
    assert "second</textarea>" in text_of(response)
    assert f'href="{mine.get_absolute_url()}"' in text_of(response)
    signed_in.post(address(mine), {"note": "second", "based_on": "1", "both": "1"})
    mine.refresh_from_db()
    assert mine.note == "first\n\nsecond"


def test_note_on_a_list_that_is_too_long_loses_nothing(signed_in, mine):
    response = signed_in.post(address(mine), {"note": "x" * 10_001, "based_on": "0"})

    assert "10,001 characters, and 10,000 fit" in text_of(response)
    assert "x" * 10_001 in text_of(response)


def test_note_on_a_list_that_cannot_be_opened_stays(signed_in, mine, settings):
    mine.write_note("old", 0)
    keys, settings.NOTES_KEYS = settings.NOTES_KEYS, [Fernet.generate_key().decode()]

    page = signed_in.get(mine.get_absolute_url())
    response = signed_in.post(address(mine), {"note": "new", "based_on": "1"})

    assert "Your note cannot be opened now" in text_of(page)
    assert response.status_code == 409
    settings.NOTES_KEYS = keys
    mine.refresh_from_db()
    assert mine.note == "old"


def test_note_on_a_list_goes_with_it_only_after_asking(signed_in, mine):
    mine.write_note("For Tuesday", 0)
    mine.saved_items.all().delete()

    response = signed_in.post(mine.get_absolute_url(), {"delete": "0-0"})

    assert type(mine).objects.filter(pk=mine.pk).exists()
    assert "note" in text_of(response)


@pytest.mark.parametrize("role", ["member", "staff", "superuser"])
def test_list_of_another_member_is_not_found(client, editor, noted, role):
    stranger = ReadingListFactory().member if role == "member" else editor
    stranger.is_superuser = role == "superuser"
    stranger.save()
    client.force_login(stranger)
    post = partial(client.post, data={"note": "x", "based_on": "0"})

    theirs = post(address(noted))
    made_up = post(address(noted).replace(page_of(noted), f"/lists/{MADE_UP}/"))

    assert theirs.status_code == made_up.status_code == 404
    pk = str(getattr(noted, "reading_list", noted).pk)
    assert text_of(theirs).replace(pk, MADE_UP) == text_of(made_up)
    noted.refresh_from_db()
    assert noted.note == ""


def test_note_of_a_list_typed_over_a_dead_session_is_there_after_signing_in(client, member, mine):
    client.post(address(mine), {"note": "my words", "based_on": "0"})
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})

    page = text_of(client.get(mine.get_absolute_url()))

    assert page.count("my words</textarea>") == 1
    assert "It is not saved yet." in page
    assert "could not put back" not in page
    client.post(address(mine), {"note": "my words", "based_on": "0"})
    assert "It is not saved yet." not in text_of(client.get(mine.get_absolute_url()))


# For the script


def test_script_is_told_that_it_is_saved(signed_in, noted):
    assert send(signed_in, noted, "words") == (
        200,
        {"saved": True, "number": 1, "is_empty": False},
    )
    assert send(signed_in, noted, "more words", 1)[1]["number"] == 2
    # A save whose answer was lost on the way is sent again, and is no conflict.
    assert send(signed_in, noted, "more words", 1)[1]["number"] == 2
    noted.refresh_from_db()
    assert noted.note == "more words"


def test_script_is_given_the_other_text(signed_in, noted):
    noted.write_note("first", 0)

    assert send(signed_in, noted, "second") == (409, {"note": "first", "number": 1})


def test_script_is_told_what_is_wrong(signed_in, noted, settings):
    assert send(signed_in, noted, "x" * 10_001) == (400, {"reason": "too_long"})
    noted.write_note("old", 0)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    assert send(signed_in, noted, "new", 1) == (409, {"reason": "sealed"})


def test_script_is_told_that_the_item_is_gone(signed_in, item):
    path = address(item)
    item.delete()

    response = signed_in.post(path, {"note": "words"}, headers={"Accept": "application/json"})

    assert (response.status_code, json.loads(response.content)) == (404, {"reason": "gone"})


def test_script_is_told_where_to_sign_in_and_the_words_are_kept(client, member, noted):
    status, answer = send(client, noted, "my words")

    assert (status, answer["reason"]) == (403, "signed_out")
    response = client.post(answer["url"], {"login": member.email, "password": PASSWORD})
    assert response.headers["Location"].startswith(page_of(noted))
    assert "my words</textarea>" in text_of(client.get(page_of(noted)))
    assert send(client, noted, "my words")[0] == 200
    assert "It is not saved yet." not in text_of(client.get(page_of(noted)))


def test_nothing_of_an_answer_is_kept_anywhere(signed_in, noted):
    fields = {"note": "words", "based_on": "0"}
    response = signed_in.post(address(noted), fields, headers={"Accept": "application/json"})

    assert response.headers["Cache-Control"] == "private, no-store"
    assert "words" not in text_of(response)


def test_mark_of_what_a_browser_keeps_differs_by_member_and_names_none(client, mine):
    other = ReadingListFactory()
    marks = set()
    for reading_list in (mine, other):
        client.force_login(reading_list.member)
        page = text_of(client.get(reading_list.get_absolute_url()))
        marks.add(page.split('data-owner="')[1].split('"')[0])

    assert len(marks) == 2
    assert all(len(mark) == 16 for mark in marks)


# A note that was emptied


def test_emptied_note_can_be_put_back(signed_in, noted):
    noted.write_note("precious", 0)

    page = signed_in.post(address(noted), {"note": " ", "based_on": "1"}, follow=True)
    assert "Your note is empty now." in text_of(page)
    noted.refresh_from_db()
    assert noted.note == ""
    assert 'name="undo" value="1" data-note-undo' in text_of(page)
    page = signed_in.post(address(noted), {"note": "", "based_on": "2", "undo": "1"}, follow=True)

    assert "Your note is back." in text_of(page)
    assert "precious</textarea>" in text_of(page)
    assert 'name="undo" value="1" data-note-undo' not in text_of(page)


def test_what_is_put_back_overwrites_nothing(signed_in, noted):
    noted.write_note("precious", 0)
    send(signed_in, noted, "", 1)
    noted.refresh_from_db()
    noted.write_note("from another device", 2)

    response = signed_in.post(address(noted), {"undo": "1"}, follow=True)

    assert "There was nothing to put back." in text_of(response)
    noted.refresh_from_db()
    assert noted.note == "from another device"


def test_emptied_note_is_put_back_on_its_own_item_only(signed_in, item, mine):
    item.write_note("precious", 0)
    send(signed_in, item, "", 1)
    other = SavedItemFactory(reading_list=mine)

    for wrong in (other, mine):
        signed_in.post(address(wrong), {"undo": "1"})

        wrong.refresh_from_db()
        assert wrong.note == ""
    signed_in.post(address(item), {"undo": "1"})
    item.refresh_from_db()
    assert item.note == "precious"


def test_emptied_note_is_kept_encrypted_and_until_there_is_a_new_one(signed_in, noted):
    noted.write_note("precious", 0)

    send(signed_in, noted, "", 1)
    assert "precious" not in json.dumps(Session.objects.get().get_decoded())
    send(signed_in, noted, "new", 2)

    assert "cleared_note" not in signed_in.session
