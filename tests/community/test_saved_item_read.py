import pytest

from community.models import SavedItem
from tests.factories import ReadingListFactory, SavedItemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(member):
    return SavedItemFactory(reading_list=ReadingListFactory(member=member), note="kept")


def address(item):
    return f"/lists/{item.reading_list.pk}/items/{item.pk}/read/"


def test_item_is_marked_and_unmarked(client, member, item):
    client.force_login(member)

    response = client.post(address(item), {"is_read": "1"})
    item.refresh_from_db()
    assert item.read_at is not None
    assert response["Location"] == f"/lists/{item.reading_list.pk}/#read-{item.pk}"

    client.post(address(item), {"is_read": "0"})
    item.refresh_from_db()
    assert item.read_at is None
    assert item.note == "kept"


def test_pressing_twice_is_the_same_as_once(client, member, item):
    client.force_login(member)

    client.post(address(item), {"is_read": "1"})
    client.post(address(item), {"is_read": "1"})

    item.refresh_from_db()
    assert item.read_at is not None


def test_item_of_another_member_is_not_found(client, item):
    client.force_login(ReadingListFactory().member)

    response = client.post(address(item), {"is_read": "1"})

    assert response.status_code == 404
    item.refresh_from_db()
    assert item.read_at is None


def test_item_that_vanishes_meanwhile_is_said_to_be_gone(client, member, item, monkeypatch):
    client.force_login(member)
    mark_read = SavedItem.mark_read

    def removed_first(self, is_read, at):
        SavedItem.objects.all().delete()
        return mark_read(self, is_read, at)

    monkeypatch.setattr(SavedItem, "mark_read", removed_first)
    response = client.post(address(item), {"is_read": "1"})

    assert response["Location"] == f"/lists/{item.reading_list_id}/"


def test_visitor_is_sent_to_sign_in_and_back_to_the_list(client, item):
    response = client.post(address(item), {"is_read": "1"})

    assert response["Location"] == f"/accounts/login/?next=/lists/{item.reading_list.pk}/"


def test_reading_the_address_is_refused(client, member, item):
    client.force_login(member)

    assert client.get(address(item)).status_code == 405
