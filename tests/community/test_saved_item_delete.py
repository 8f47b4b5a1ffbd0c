import html
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from community.models import SavedItem
from tests.factories import (
    FactFactory,
    ReadingListFactory,
    SavedItemFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(member):
    return SavedItemFactory(
        reading_list=ReadingListFactory(member=member),
        topic=TopicFactory(slug="bones", title="Bones"),
    )


def address(item):
    return f"/lists/{item.reading_list.pk}/items/{item.pk}/remove/"


def text_of(response):
    return html.unescape(response.content.decode())


def test_item_without_a_note_goes_and_can_be_put_back(client, member, item):
    client.force_login(member)
    listed = item.reading_list.pk

    response = client.post(address(item), follow=True)

    assert not SavedItem.objects.exists()
    assert response.redirect_chain == [(f"/lists/{listed}/", 302)]
    assert "“Bones” is off your list." in text_of(response)
    assert f'href="/lists/save/?topic=bones&list={listed}"' in text_of(response)


def test_fact_and_group_can_be_put_back_too(client, member):
    reading_list = ReadingListFactory(member=member)
    version = make_live(
        FactFactory(topic__slug="bones", slug="outlook"),
        title="One in three",
        neutral_heading="Figures",
        sensitivity="prognosis",
    )
    fact = SavedItemFactory(reading_list=reading_list, topic=None, fact=version.fact)
    group = SavedItemFactory(
        reading_list=reading_list, topic=None, group=SupportGroupFactory(slug="circle")
    )
    client.force_login(member)

    of_fact = text_of(client.post(address(fact), follow=True))
    of_group = text_of(client.post(address(group), follow=True))

    assert "/lists/save/?fact=bones/outlook" in of_fact
    assert "“Figures” is off your list" in of_fact
    assert "One in three" not in of_fact
    assert "/lists/save/?group=circle" in of_group


def test_what_is_put_back_is_as_it_was(client, member):
    reading_list = ReadingListFactory(member=member)
    then = timezone.now() - timedelta(days=9)
    fact = FactFactory(topic__slug="bones", slug="scans")
    old = make_live(fact, since=then - timedelta(days=1), until=then + timedelta(days=1))
    make_live(fact, since=then + timedelta(days=1), number=2)
    items = [SavedItemFactory(reading_list=reading_list, position=n) for n in (1, 3)]
    item = SavedItemFactory(
        reading_list=reading_list,
        topic=None,
        fact=fact,
        position=2,
        read_at=then,
        seen_at=then,
        seen_version=old,
    )
    SavedItem.objects.filter(pk=item.pk).update(created_at=then)
    again = {"fact": "bones/scans", "list": str(reading_list.pk)}
    client.force_login(member)

    client.post(address(item))
    client.post("/lists/save/", again)

    back = SavedItem.objects.get(fact=fact)
    assert [each.pk for each in SavedItem.objects.all()] == [items[0].pk, back.pk, items[1].pk]
    assert (back.read_at, back.seen_at, back.created_at) == (then, then, then)
    assert back.seen_version == old
    # Saved anew another time, it is new.
    back.delete()
    client.post("/lists/save/", again)
    new = SavedItem.objects.get(fact=fact)
    assert (new.position, new.read_at, new.seen_version.number) == (4, None, 2)


def test_only_what_was_removed_last_comes_back_as_it_was(client, member):
    reading_list, other = ReadingListFactory(member=member), ReadingListFactory(member=member)
    topics = [TopicFactory(slug=slug) for slug in ("bones", "pain")]
    first = SavedItemFactory(reading_list=reading_list, topic=topics[0], position=1)
    SavedItemFactory(reading_list=reading_list, position=2)
    SavedItemFactory(reading_list=other, position=1)
    client.force_login(member)
    client.post(address(first))

    client.post("/lists/save/", {"topic": "bones", "list": str(other.pk)})
    client.post("/lists/save/", {"topic": "pain", "list": str(reading_list.pk)})
    client.post("/lists/save/", {"topic": "bones", "list": str(reading_list.pk)})

    assert other.saved_items.get(topic=topics[0]).position == 2
    assert reading_list.saved_items.get(topic=topics[1]).position == 3
    assert reading_list.saved_items.get(topic=topics[0]).position == 1


def test_what_is_no_longer_here_cannot_be_put_back(client, member):
    item = SavedItemFactory(
        reading_list=ReadingListFactory(member=member), topic__published_at=None
    )
    client.force_login(member)

    response = client.post(address(item), follow=True)

    assert "/lists/save/" not in text_of(response)
    assert not SavedItem.objects.exists()


def test_item_with_a_note_is_asked_about_first(client, member, item):
    item.write_note("dear <note>", 0)
    client.force_login(member)

    response = client.post(address(item))

    assert response.status_code == 200
    assert "dear <note></textarea>" in text_of(response)
    assert SavedItem.objects.filter(pk=item.pk).exists()
    client.post(address(item), {"with_note": "1"})
    assert not SavedItem.objects.exists()


def test_a_note_that_changed_after_the_question_is_asked_about_again(client, member, item):
    item.write_note("old", 0)
    client.force_login(member)
    client.post(address(item))
    item.write_note("a newer text", 1)

    response = client.post(address(item), {"with_note": "1"})

    assert "a newer text" in text_of(response)
    assert SavedItem.objects.filter(pk=item.pk).exists()


def test_note_that_cannot_be_opened_is_asked_about_too(client, member, item, settings):
    item.write_note("old", 0)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    client.force_login(member)

    response = client.post(address(item))

    assert response.status_code == 200
    assert "cannot be opened now" in text_of(response)
    assert SavedItem.objects.filter(pk=item.pk).exists()


@pytest.mark.parametrize("role", ["member", "staff", "superuser"])
def test_item_of_another_member_is_not_found(client, moderator, item, role):
    stranger = ReadingListFactory().member if role == "member" else moderator
    stranger.is_superuser = role == "superuser"
    stranger.save()
    client.force_login(stranger)

    assert client.post(address(item), {"with_note": "0"}).status_code == 404
    assert SavedItem.objects.filter(pk=item.pk).exists()


def test_visitor_is_sent_to_sign_in(client, item):
    response = client.post(address(item))

    assert response["Location"] == f"/accounts/login/?next=/lists/{item.reading_list.pk}/"
    assert SavedItem.objects.filter(pk=item.pk).exists()


def test_removing_keeps_the_order_of_the_others(client, member):
    reading_list = ReadingListFactory(member=member)
    items = SavedItemFactory.create_batch(3, reading_list=reading_list)
    client.force_login(member)

    client.post(address(items[1]))
    item, _is_new = reading_list.add(TopicFactory())

    assert list(reading_list.saved_items.all()) == [items[0], items[2], item]
