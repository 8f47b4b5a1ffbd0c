import html

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from community.models import ReadingList, SavedItem
from tests.factories import ReadingListFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lists(client, member):
    """The default list of the member who is signed in, and another one."""
    client.force_login(member)
    return ReadingList.objects.default_for(member), ReadingListFactory(member=member, title="Visit")


@pytest.fixture
def item(lists):
    item = lists[0].add(TopicFactory(title="Bones"))[0]
    item.write_note("a note", 0)
    return item


def text_of(response):
    return html.unescape(response.content.decode())


def address_of(item):
    return f"/lists/{item.reading_list_id}/items/{item.pk}/to-list/"


def test_page_offers_the_other_lists(client, member, lists, item):
    put_aside = ReadingListFactory(member=member, archived_at=timezone.now())

    response = client.get(address_of(item))

    assert response["Cache-Control"] == "private, no-store"
    page = text_of(response)
    assert f'value="{lists[1].pk}"' in page
    assert f'value="{lists[0].pk}"' not in page
    assert str(put_aside.pk) not in page
    assert "Copy my note too" in page


def test_without_another_list_the_page_says_how_to_make_one(client, lists, item):
    lists[1].delete()

    page = text_of(client.get(address_of(item)))

    assert "You have no other list yet." in page
    assert "Move it there" not in page
    assert client.post(address_of(item), {"move": "1"}).status_code == 200


def test_item_is_moved_with_its_note_and_read_mark(client, lists, item):
    item.mark_read(True, timezone.now())

    response = client.post(address_of(item), {"list": lists[1].pk, "move": "1"}, follow=True)

    assert response.redirect_chain == [(f"/lists/{lists[0].pk}/", 302)]
    assert "“Bones” is on “Visit” now." in text_of(response)
    moved = SavedItem.objects.get()
    assert (moved.pk, moved.reading_list, moved.note) == (item.pk, lists[1], "a note")
    assert moved.read_at


@pytest.mark.parametrize(("sent", "note"), [({"with_note": "on"}, "a note"), ({}, "")])
def test_item_is_copied_with_or_without_its_note(client, lists, item, sent, note):
    data = {"list": lists[1].pk, "copy": "1"} | sent
    page = text_of(client.post(address_of(item), data, follow=True))

    assert "“Bones” is on “Visit” too." in page
    assert lists[1].saved_items.get().note == note
    assert lists[0].saved_items.get().note == "a note"


@pytest.mark.parametrize("way", ["move", "copy"])
def test_what_is_there_already_is_not_put_there_twice(client, lists, item, way):
    lists[1].add(item.topic)

    response = client.post(address_of(item), {"list": lists[1].pk, way: "1"})

    assert "It is on that list already, so nothing was changed." in text_of(response)
    assert "There is something to put right" in text_of(response)
    assert [each.saved_items.count() for each in lists] == [1, 1]


@pytest.mark.parametrize("number", ["stranger", "archived", "here", "nonsense", "", "-1", "\x00"])
def test_only_another_list_of_ones_own_can_be_chosen(client, member, lists, item, number):
    named = {
        "stranger": ReadingListFactory().pk,
        "archived": ReadingListFactory(member=member, archived_at=timezone.now()).pk,
        "here": lists[0].pk,
    }

    response = client.post(address_of(item), {"list": named.get(number, number), "move": "1"})

    assert response.status_code in {200, 400}
    assert SavedItem.objects.get().reading_list == lists[0]


def test_note_that_cannot_be_opened_is_not_offered_to_be_copied(client, lists, item, settings):
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]

    assert "Copy my note too" not in text_of(client.get(address_of(item)))
    data = {"list": lists[1].pk, "copy": "1", "with_note": "on"}
    client.post(address_of(item), data)

    assert lists[1].saved_items.get().note == ""


@pytest.mark.parametrize("role", ["another member", "staff", "superuser"])
@pytest.mark.parametrize(
    "way", ["to-list", "archive", "read", "move", "remove", "default", "aside"]
)
def test_nobody_else_changes_anything(client, moderator, lists, item, role, way):
    """Items, their order, read marks and the archive: to all others they are not there."""
    stranger = ReadingListFactory().member if role == "another member" else moderator
    stranger.is_superuser = role == "superuser"
    stranger.save()
    own = ReadingListFactory(member=stranger)
    theirs = lists[0].add(TopicFactory())[0]
    fields = ("pk", "reading_list", "position", "read_at", "archived_at", "note_number")
    before = list(SavedItem.objects.values_list(*fields))
    client.force_login(stranger)
    page = f"/lists/{lists[0].pk}/"
    address = {"default": f"{page}default/", "aside": f"{page}archive/"}.get(
        way, f"{page}items/{theirs.pk}/{way}/"
    )
    data = {"list": own.pk, "copy": "1", "is_read": "1", "is_archived": "1", "direction": "up"}

    response = client.post(address, data)
    # Nor by way of a list of one's own.
    other = client.post(address.replace(str(lists[0].pk), str(own.pk)), data)

    assert response.status_code == 404
    # It leads back to one's own list, where it says that nothing was changed.
    assert way in {"default", "aside"} or other["Location"] == f"/lists/{own.pk}/"
    assert list(SavedItem.objects.values_list(*fields)) == before
    lists[0].refresh_from_db()
    assert (lists[0].is_default, lists[0].archived_at) == (True, None)
