import html
import re

import pytest
from cryptography.fernet import Fernet
from django.test import Client

from community.models import SavedItem
from tests.factories import PASSWORD, ReadingListFactory, SavedItemFactory

pytestmark = pytest.mark.django_db

LONGEST = 10_000
MADE_UP = "5f1c8ea0-0000-4000-8000-000000000000"


@pytest.fixture
def item(member):
    return SavedItemFactory(reading_list=ReadingListFactory(member=member))


def address(item):
    return f"/lists/{item.reading_list.pk}/items/{item.pk}/note/"


def text_of(response):
    return html.unescape(response.content.decode())


def test_note_is_saved_and_shown(client, member, item):
    client.force_login(member)

    response = client.post(address(item), {"note": "Ask about it", "based_on": "0"}, follow=True)

    item.refresh_from_db()
    assert (item.note, item.note_number) == ("Ask about it", 1)
    assert response.redirect_chain == [(f"/lists/{item.reading_list.pk}/#item-{item.pk}", 302)]
    assert "Your note is saved." in text_of(response)
    assert "Ask about it</textarea>" in text_of(response)


def test_note_is_shown_as_text(client, member, item):
    item.write_note("<script>alert(1)</script>", 0)
    client.force_login(member)

    page = client.get(f"/lists/{item.reading_list.pk}/").content

    assert b"<script>alert" not in page
    assert b"&lt;script&gt;alert(1)" in page


def test_line_ends_count_once_and_first_line_may_be_empty(client, member, item):
    client.force_login(member)

    client.post(address(item), {"note": "\r\nfirst\r\nsecond", "based_on": "0"})

    item.refresh_from_db()
    assert item.note == "\nfirst\nsecond"
    page = client.get(f"/lists/{item.reading_list.pk}/").content.decode()
    # The browser swallows the first line end of a textarea.
    assert ">\n\nfirst\nsecond</textarea>" in page


def test_note_is_emptied(client, member, item):
    item.write_note("old", 0)
    client.force_login(member)

    client.post(address(item), {"note": "  \r\n ", "based_on": "1"})

    item.refresh_from_db()
    assert item.note == ""


@pytest.mark.parametrize("letter", ["x", "é", "🌻"])
def test_longest_note_fits(client, member, item, letter):
    client.force_login(member)

    client.post(address(item), {"note": letter * LONGEST, "based_on": "0"})

    item.refresh_from_db()
    assert item.note == letter * LONGEST


def test_note_that_is_too_long_loses_nothing(client, member, item):
    client.force_login(member)
    text = "word " * 2001

    response = client.post(address(item), {"note": text, "based_on": "0"})

    assert response.status_code == 200
    assert "10,005 characters, and 10,000 fit" in text_of(response)
    assert text in text_of(response)
    assert 'href="#note-note"' in text_of(response)
    item.refresh_from_db()
    assert item.note == ""


def test_two_tabs_never_overwrite_each_other(client, member, item):
    client.force_login(member)
    client.post(address(item), {"note": "from the first tab", "based_on": "0"})

    response = client.post(address(item), {"note": "from the second tab", "based_on": "0"})

    assert response.status_code == 409
    assert "from the first tab</textarea>" in text_of(response)
    assert "from the second tab</textarea>" in text_of(response)
    item.refresh_from_db()
    assert item.note == "from the first tab"


def test_after_a_conflict_either_text_or_both_can_be_kept(client, member, item):
    client.force_login(member)
    client.post(address(item), {"note": "first", "based_on": "0"})
    page = client.post(address(item), {"note": "second", "based_on": "0"})
    number = re.search(r'name="based_on" value="(\d+)"', text_of(page))[1]

    client.post(address(item), {"note": "second", "based_on": number, "both": "1"})

    item.refresh_from_db()
    assert item.note == "first\n\nsecond"
    client.post(address(item), {"note": "third", "based_on": str(item.note_number)})
    item.refresh_from_db()
    assert item.note == "third"


def test_both_texts_that_are_too_long_together_are_given_back(client, member, item):
    item.write_note("a" * 6000, 0)
    client.force_login(member)

    response = client.post(address(item), {"note": "b" * 6000, "based_on": "1", "both": "1"})

    assert "a" * 6000 + "\n\n" + "b" * 6000 in text_of(response)
    item.refresh_from_db()
    assert item.note == "a" * 6000


def test_same_text_sent_twice_is_no_conflict(client, member, item):
    client.force_login(member)

    for _attempt in range(2):
        response = client.post(address(item), {"note": "once", "based_on": "0"})

    assert response.status_code == 302
    item.refresh_from_db()
    assert (item.note, item.note_number) == ("once", 1)


@pytest.mark.parametrize("based_on", ["", "-1", "x", "٣", "9" * 30])
def test_a_form_without_its_number_overwrites_nothing(client, member, item, based_on):
    item.write_note("kept", 0)
    client.force_login(member)

    response = client.post(address(item), {"note": "new", "based_on": based_on})

    assert response.status_code == 409
    item.refresh_from_db()
    assert item.note == "kept"


def test_nothing_but_the_note_can_be_set(client, member, item):
    other = ReadingListFactory(member=member)
    client.force_login(member)

    client.post(
        address(item),
        {"note": "mine", "based_on": "0", "id": 999, "member": 999, "position": 77,
         "reading_list": str(other.pk), "note_number": 50, "read_at": "2020-01-01"},
    )  # fmt: skip

    before = (item.pk, item.reading_list_id, item.position, None)
    item.refresh_from_db()
    assert (item.pk, item.reading_list_id, item.position, item.read_at) == before
    assert (item.note, item.note_number) == ("mine", 1)


def test_note_that_cannot_be_opened_is_never_overwritten(client, member, item, settings):
    item.write_note("the old note", 0)
    keys = settings.NOTES_KEYS
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    client.force_login(member)

    response = client.post(address(item), {"note": "the new note", "based_on": "1"})

    assert response.status_code == 409
    assert "the new note</textarea>" in text_of(response)
    settings.NOTES_KEYS = keys
    item.refresh_from_db()
    assert item.note == "the old note"


@pytest.mark.parametrize("role", ["member", "staff", "superuser"])
def test_item_of_another_member_is_not_found(client, editor, item, role):
    stranger = ReadingListFactory().member if role == "member" else editor
    stranger.is_superuser = role == "superuser"
    stranger.save()
    client.force_login(stranger)

    theirs = client.post(address(item), {"note": "x", "based_on": "0"})
    made_up = client.post(f"/lists/{MADE_UP}/items/{item.pk}/note/", {"note": "x", "based_on": "0"})

    assert theirs.status_code == made_up.status_code == 404
    assert text_of(theirs).replace(str(item.reading_list.pk), MADE_UP) == text_of(made_up)
    item.refresh_from_db()
    assert item.note == ""


# The item was removed in another tab


@pytest.mark.parametrize("text", ["my <words>", "x" * 20_000])
def test_note_on_a_removed_item_is_given_back(client, member, item, text):
    client.force_login(member)
    item.delete()

    response = client.post(
        f"/lists/{item.reading_list.pk}/items/77/note/", {"note": text, "based_on": "0"}
    )

    assert response.status_code == 404
    assert f"{text}</textarea>" in text_of(response)
    assert "readonly" in text_of(response)
    assert "community/saved_item_gone.html" in [template.name for template in response.templates]


@pytest.mark.parametrize("fields", [{}, {"note": " \r\n "}])
def test_without_words_there_is_nothing_to_give_back(client, member, item, fields):
    client.force_login(member)

    response = client.post(f"/lists/{item.reading_list.pk}/items/0/note/", fields)

    assert response.status_code == 404
    assert "What you typed" not in text_of(response)


def test_removed_own_item_looks_like_any_that_is_not_there(client, member, item):
    client.force_login(member)
    theirs = SavedItemFactory(reading_list=ReadingListFactory())
    others = (
        f"/lists/{item.reading_list.pk}/items/{theirs.pk}/note/",
        address(theirs),
        f"/lists/{MADE_UP}/items/{theirs.pk}/note/",
    )

    pages = [client.post(other, {"note": "same words", "based_on": "0"}) for other in others]

    assert [page.status_code for page in pages] == [404] * 3
    assert len({re.sub(r"/lists/[\w-]{36}/items/\d+/", "/", text_of(page)) for page in pages}) == 1
    headers = [{**page.headers, "X-Request-ID": ""} for page in pages]
    assert headers[0] == headers[1] == headers[2]


@pytest.mark.parametrize("both", [{}, {"both": "1"}])
def test_item_that_vanishes_while_its_note_is_saved(client, member, item, monkeypatch, both):
    item.write_note("old", 0)
    client.force_login(member)
    write_note = SavedItem.write_note

    def removed_first(self, text, based_on):
        SavedItem.objects.all().delete()
        return write_note(self, text, based_on)

    monkeypatch.setattr(SavedItem, "write_note", removed_first)
    response = client.post(address(item), {"note": "my words", "based_on": "1", **both})

    assert response.status_code == 404
    assert "my words</textarea>" in text_of(response)


def test_item_that_vanishes_before_a_conflict_is_shown(client, member, item, monkeypatch):
    item.write_note("old", 0)
    client.force_login(member)
    write_note = SavedItem.write_note

    def removed_after(self, text, based_on):
        is_saved = write_note(self, text, based_on)
        SavedItem.objects.all().delete()
        return is_saved

    monkeypatch.setattr(SavedItem, "write_note", removed_after)
    response = client.post(address(item), {"note": "my words", "based_on": "0"})

    assert response.status_code == 404
    assert "my words</textarea>" in text_of(response)


def test_reading_the_address_is_refused(client, member, item):
    client.force_login(member)

    assert client.get(address(item)).status_code == 405


# Somebody was signed out while writing


def test_note_of_somebody_signed_out_is_given_back(client, item):
    response = client.post(address(item), {"note": "my <words>", "based_on": "0"})

    assert response.status_code == 403
    assert "my <words></textarea>" in text_of(response)
    next_address = f"/lists/{item.reading_list.pk}/%23note-{item.pk}"
    assert f"/accounts/login/?next={next_address}" in text_of(response)
    item.refresh_from_db()
    assert item.note == ""


def test_signed_out_page_is_the_same_for_a_list_that_never_was(client, item):
    theirs = client.post(address(item), {"note": "words", "based_on": "0"})
    other = Client().post(f"/lists/{MADE_UP}/items/{item.pk}/note/", {"note": "words"})

    assert theirs.status_code == other.status_code
    hide = re.compile(r'value="\w{64}"')
    same = text_of(theirs).replace(str(item.reading_list.pk), MADE_UP)
    assert hide.sub("", same) == hide.sub("", text_of(other))


def test_note_typed_over_a_dead_session_is_there_after_signing_in(client, member, item):
    client.post(address(item), {"note": "my words", "based_on": "0"})

    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    page = client.get(f"/lists/{item.reading_list.pk}/")

    assert "my words</textarea>" in text_of(page)
    assert "It is not saved yet." in text_of(page)
    client.post(address(item), {"note": "my words", "based_on": "0"})
    page = client.get(f"/lists/{item.reading_list.pk}/")
    assert "my words</textarea>" in text_of(page)
    assert "It is not saved yet." not in text_of(page)


def test_two_notes_typed_over_a_dead_session_are_both_there(client, member, item):
    second = SavedItemFactory(reading_list=item.reading_list)
    for one, text in ((item, "the first words"), (second, "the second words")):
        response = client.post(address(one), {"note": text, "based_on": "0"})
        assert "you find them beside the note" in text_of(response)

    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    page = text_of(client.get(f"/lists/{item.reading_list.pk}/"))

    assert "the first words</textarea>" in page
    assert "the second words</textarea>" in page
    assert page.count("It is not saved yet.") == 2
    for one in (item, second):
        assert f'href="#note-{one.pk}"' in page
    client.post(address(second), {"note": "the second words", "based_on": "0"})
    page = text_of(client.get(f"/lists/{item.reading_list.pk}/"))
    assert page.count("It is not saved yet.") == 1


def test_note_that_does_not_fit_is_not_promised(client, item):
    for number in range(20):
        client.post(f"/lists/{MADE_UP}/items/{number}/note/", {"note": "words"})

    response = client.post(address(item), {"note": "one too many", "based_on": "0"})

    assert response.status_code == 403
    assert "one too many</textarea>" in text_of(response)
    assert "Please copy them" in text_of(response)
    assert "beside the note" not in text_of(response)


def test_note_that_changed_meanwhile_is_a_conflict(client, member, item):
    client.post(address(item), {"note": "from here", "based_on": "0"})
    item.write_note("from elsewhere", 0)
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})

    page = text_of(client.get(f"/lists/{item.reading_list.pk}/"))

    assert "from here</textarea>" in page
    assert 'name="based_on" value="0"' in page


def test_too_long_a_text_is_shown_but_not_kept(client, item):
    text = "x" * 30_000

    response = client.post(address(item), {"note": text, "based_on": "0"})

    assert text in text_of(response)
    assert "Please copy them" in text_of(response)
    assert "session" not in response.cookies
