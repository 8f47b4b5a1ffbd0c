import pytest
from django.utils import timezone

from community.models import SavedItem
from facts.models import Topic
from tests.factories import ReadingListFactory, SavedItemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def items(member):
    """Three items, in an order that has gaps and a tie."""
    reading_list = ReadingListFactory(member=member)
    return [
        SavedItemFactory(reading_list=reading_list, position=position) for position in (1, 5, 5)
    ]


def order(items):
    saved = items[0].reading_list.saved_items.all()
    return [items.index(item) for item in saved]


def move(client, item, direction):
    return client.post(
        f"/lists/{item.reading_list.pk}/items/{item.pk}/move/", {"direction": direction}
    )


def test_item_moves_up_and_down(client, member, items):
    client.force_login(member)

    move(client, items[2], "up")
    assert order(items) == [0, 2, 1]
    move(client, items[0], "down")
    assert order(items) == [2, 0, 1]


def test_focus_returns_to_the_button_that_was_pressed(client, member, items):
    client.force_login(member)
    page = f"/lists/{items[0].reading_list.pk}/"

    assert move(client, items[2], "up")["Location"] == f"{page}#up-{items[2].pk}"
    # At the end of the way only the other button is left.
    assert move(client, items[2], "up")["Location"] == f"{page}#down-{items[2].pk}"
    assert f'id="down-{items[2].pk}"' in client.get(page).content.decode()


def test_item_at_an_end_stays(client, member, items):
    client.force_login(member)

    assert move(client, items[0], "up").status_code == 302
    assert move(client, items[2], "down").status_code == 302
    assert order(items) == [0, 1, 2]


def test_moving_keeps_notes_and_other_lists(client, member, items):
    items[1].write_note("kept", 0)
    other = SavedItemFactory(reading_list__member=member, position=5)
    client.force_login(member)

    move(client, items[1], "up")

    assert SavedItem.objects.get(pk=items[1].pk).note == "kept"
    other.refresh_from_db()
    assert other.position == 5


def test_item_of_another_member_is_not_found(client, items):
    client.force_login(ReadingListFactory().member)

    assert move(client, items[2], "up").status_code == 404
    assert order(items) == [0, 1, 2]


def test_visitor_is_sent_to_sign_in(client, items):
    page = f"/lists/{items[0].reading_list.pk}/"

    assert move(client, items[2], "up")["Location"] == f"/accounts/login/?next={page}"


def test_removed_item_does_not_move(items):
    SavedItem.objects.filter(pk=items[1].pk).delete()

    assert items[1].move("up") is False


def test_move_goes_to_an_end_and_over_what_is_archived(items):
    items[1].archive(timezone.now())

    def active():
        return [place for place in order(items) if place != 1]

    assert items[2].move("up")
    assert active() == [2, 0]
    assert items[2].move("bottom")
    assert active() == [0, 2]
    assert items[2].move("bottom") is False
    assert items[1].move("top") is False
    assert items[2].move("top")
    assert active() == [2, 0]


@pytest.mark.parametrize("direction", ["up", "down", "top", "bottom"])
def test_move_in_a_long_list_is_few_short_statements(direction, django_assert_max_num_queries):
    reading_list = ReadingListFactory()
    topics = Topic.objects.bulk_create(
        Topic(slug=f"t-{n}", title="T", summary="S.", published_at=timezone.now())
        for n in range(1000)
    )
    reading_list.add_all(topics)
    item = reading_list.saved_items.all()[500]

    with django_assert_max_num_queries(8) as captured:
        assert item.move(direction)

    assert all(len(query["sql"]) < 1000 for query in captured.captured_queries)
    places = list(reading_list.saved_items.values_list("position", flat=True))
    assert len(set(places)) == 1000
    there = {"up": 499, "down": 501, "top": 0, "bottom": 999}[direction]
    assert reading_list.saved_items.all()[there] == item
