"""What can be looked at of a list, and done with the whole: parts, archive, default, progress."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.models import ReadingList, SavedItem, SharedList, SheetQuestion
from community.views.reading_lists import PAGE_SIZE
from tests.factories import (
    FactFactory,
    ReadingListFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now


@pytest.fixture
def mine(client, member):
    """A list of the member who is signed in, with three topics, a fact and a group."""
    client.force_login(member)
    reading_list = ReadingListFactory(member=member, title="My own list")
    topics = [TopicFactory(title=f"Topic {letter}") for letter in "ABC"]
    reading_list.add_all([*topics, make_live(title="A fact").fact, SupportGroupFactory(name="Us")])
    return reading_list


def text_of(response):
    return html.unescape(response.content.decode())


def headings(response):
    pattern = r'<li class="saved-item.*?<h2>(?:<a [^>]*>)?(.*?)(?:</a>)?</h2>'
    return re.findall(pattern, text_of(response), re.DOTALL)


def item_of(reading_list, title):
    return reading_list.saved_items.get(topic__title=title)


# Parts


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("", ["Topic B", "Topic C", "A fact", "Us"]),
        ("unread", ["Topic C", "A fact", "Us"]),
        ("topics", ["Topic B", "Topic C"]),
        ("facts", ["A fact"]),
        ("groups", ["Us"]),
        ("archived", ["Topic A"]),
        ("nonsense", ["Topic B", "Topic C", "A fact", "Us"]),
    ],
)
def test_part_of_a_list_is_shown(client, mine, show, expected):
    item_of(mine, "Topic A").archive(NOW())
    item_of(mine, "Topic B").mark_read(True, NOW())

    response = client.get(f"/lists/{mine.pk}/", {"show": show})

    assert headings(response) == expected
    # The order is that of the whole, so it is changed there.
    assert ("Move up" in text_of(response)) == (show in {"", "nonsense"})


def test_parts_are_offered_with_their_numbers_if_they_say_something(client, mine):
    item_of(mine, "Topic A").archive(NOW())
    page = text_of(client.get(f"/lists/{mine.pk}/"))

    links = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*) <span class="count">(\d+)</span>', page)

    parts = [(label, int(count)) for _url, label, count in links]
    assert parts == [("All", 4), ("Topics", 2), ("Facts", 1), ("Groups", 1), ("Archive", 1)]


@pytest.mark.parametrize(
    ("show", "words"), [("unread", "Everything here is marked as read"), ("facts", "of this kind"),
                        ("archived", "Nothing is archived")],
)  # fmt: skip
def test_empty_part_says_so_in_its_own_words(client, member, show, words):
    client.force_login(member)
    reading_list = ReadingListFactory(member=member)
    reading_list.add(TopicFactory())[0].mark_read(True, NOW())

    assert words in text_of(client.get(f"/lists/{reading_list.pk}/", {"show": show}))


def test_after_marking_the_same_part_is_shown(client, mine):
    item = item_of(mine, "Topic A")
    address = f"/lists/{mine.pk}/items/{item.pk}"

    response = client.post(f"{address}/read/", {"is_read": "1", "show": "unread"})

    assert response["Location"] == f"/lists/{mine.pk}/?show=unread#read-{item.pk}"
    data = {"is_read": "1", "show": "unread", "page": "3"}
    response = client.post(f"{address}/read/", data)
    assert response["Location"] == f"/lists/{mine.pk}/?show=unread&page=3#read-{item.pk}"
    for page in ("-1", "x", "١٢", "9" * 30, ""):
        response = client.post(f"{address}/read/", data | {"page": page})
        assert response["Location"] == f"/lists/{mine.pk}/?show=unread#read-{item.pk}"
    response = client.post(f"{address}/read/", {"is_read": "0", "show": "//elsewhere"})
    assert response["Location"] == f"/lists/{mine.pk}/#read-{item.pk}"


# Progress


def test_topic_says_how_many_of_its_facts_are_marked(client, member):
    client.force_login(member)
    reading_list, other = ReadingListFactory.create_batch(2, member=member)
    topic = TopicFactory()
    facts = [make_live(FactFactory(topic=topic)).fact for _number in range(4)]
    FactFactory(topic=topic)
    reading_list.add(topic)
    reading_list.add(facts[0])[0].mark_read(True, NOW())
    other.add(facts[0])[0].mark_read(True, NOW())
    other.add(facts[1])[0].mark_read(True, NOW())
    other.add(facts[2])
    ReadingListFactory().add(facts[3])[0].mark_read(True, NOW())

    page = text_of(client.get(f"/lists/{reading_list.pk}/"))

    assert "You marked 2 of its 4 facts as read." in page
    assert "2 things saved, in your order." in page
    assert "You marked 1 as read." in page


# Archiving single things


def test_item_is_archived_with_its_note_and_comes_back_to_its_place(client, mine):
    item = item_of(mine, "Topic B")
    item.write_note("a note", 0)
    address = f"/lists/{mine.pk}/items/{item.pk}/archive/"

    page = text_of(client.post(address, {"is_archived": "1"}, follow=True))

    assert "“Topic B” is archived" in page
    assert f'href="/lists/{mine.pk}/?show=archived"' in page
    assert "a note</textarea>" not in page
    archive = client.get(f"/lists/{mine.pk}/?show=archived")
    assert "a note</textarea>" in text_of(archive)
    response = client.post(address, {"is_archived": "0"})
    assert response["Location"] == f"/lists/{mine.pk}/#item-{item.pk}"
    assert headings(client.get(f"/lists/{mine.pk}/"))[:3] == ["Topic A", "Topic B", "Topic C"]


def test_note_can_be_written_in_the_archive(client, mine):
    item = item_of(mine, "Topic A")
    item.archive(NOW())

    response = client.post(
        f"/lists/{mine.pk}/items/{item.pk}/note/", {"note": "words", "based_on": "0"}
    )

    assert response["Location"] == f"/lists/{mine.pk}/?show=archived#item-{item.pk}"


# The whole list


def test_default_list_changes_hands(client, member, mine):
    first = ReadingList.objects.default_for(member)

    page = text_of(client.post(f"/lists/{mine.pk}/default/", follow=True))

    assert "What you save goes to this list from now on." in page
    assert ReadingList.objects.default_for(member) == mine
    first.refresh_from_db()
    assert not first.is_default


def test_list_is_archived_and_restored_with_all_that_is_on_it(client, member, mine):
    ReadingList.objects.default_for(member)

    page = text_of(client.post(f"/lists/{mine.pk}/archive/", {"is_archived": "1"}, follow=True))

    assert "“My own list” is archived" in page
    assert page.index("Archived lists") < page.index(f'class="card-link" href="/lists/{mine.pk}/"')
    assert "My own list" not in text_of(client.get(f"/lists/save/?topic={TopicFactory().slug}"))
    assert "This list is archived." in text_of(client.get(f"/lists/{mine.pk}/"))
    client.post(f"/lists/{mine.pk}/archive/", {"is_archived": "0"})
    mine.refresh_from_db()
    assert mine.archived_at is None
    assert mine.saved_items.count() == 5


def test_default_list_is_neither_archived_nor_deleted(client, member, mine):
    default = ReadingList.objects.default_for(member)
    page = text_of(client.get(f"/lists/{default.pk}/"))
    assert "Archive this list" not in page
    assert "Delete this list" not in page

    archived = client.post(f"/lists/{default.pk}/archive/", {"is_archived": "1"}, follow=True)
    deleted = client.post(f"/lists/{default.pk}/", {"delete": "ask"}, follow=True)

    for response in (archived, deleted):
        assert "What you save goes to this list, so it stays." in text_of(response)
    default.refresh_from_db()
    assert default.archived_at is None


def test_asking_before_deleting_counts_what_is_archived_too(client, mine):
    item = item_of(mine, "Topic A")
    item.write_note("a note", 0)
    item.archive(NOW())

    page = text_of(client.post(f"/lists/{mine.pk}/", {"delete": "ask"}))

    assert "5 saved things go with it." in page
    assert "1 note of yours goes too." in page
    assert "for an appointment" not in page


def test_asking_before_deleting_names_questions_and_links(client, mine):
    for number in range(2):
        SheetQuestion.objects.create(reading_list=mine, text=f"Why {number}?", position=number)
    SharedList.objects.create(reading_list=mine, secret_hash="0" * 64, created_at=NOW())

    page = text_of(client.post(f"/lists/{mine.pk}/", {"delete": "ask"}))

    assert "2 questions of yours for an appointment go too, with their answers." in page
    assert "1 link by which you shared it stops working." in page
    state = re.search(r'name="delete" value="([^"]+)"', page)[1]
    SheetQuestion.objects.create(reading_list=mine, text="And now?", position=3)
    # Asked again: there is more of it now.
    assert "3 questions" in text_of(client.post(f"/lists/{mine.pk}/", {"delete": state}))
    assert ReadingList.objects.filter(pk=mine.pk).exists()


def test_a_member_has_so_many_lists_and_no_more(client, member, monkeypatch):
    monkeypatch.setattr("community.views.reading_lists.MAX_LISTS", 2)
    ReadingListFactory.create_batch(2, member=member)
    client.force_login(member)

    page = text_of(client.post("/lists/", {"title": "One more"}))

    assert "You have 2 lists, and more do not fit." in page
    assert 'value="One more"' in page
    assert member.reading_lists.count() == 2


# Many


def test_many_items_ask_as_much_as_three(client, member):
    client.force_login(member)
    reading_list = ReadingListFactory(member=member)

    def queries(address):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def fill(count):
        some = [TopicFactory(), make_live().fact, SupportGroupFactory()]
        topics = [TopicFactory() for _number in range(count)]
        for item, _is_new in reading_list.add_all([*some, *topics]):
            item.write_note("a note", 0)

    fill(0)
    addresses = [f"/lists/{reading_list.pk}/{query}" for query in ("", "?show=topics")]
    few = [queries(address) for address in addresses]
    fill(PAGE_SIZE)
    many = [queries(address) for address in addresses]

    assert SavedItem.objects.count() == PAGE_SIZE + 6
    assert many == few
    assert max(many) <= 10
    assert queries(f"/lists/{reading_list.pk}/?page=2") <= few[0]
