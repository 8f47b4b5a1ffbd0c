"""A button pressed twice, or on a page that stood open while another window changed the list.

Nothing is lost by it, and what happened is said in words.
"""

import html
import re

import pytest
from django.test import Client
from django.utils import timezone

from community.models import SavedItem, SharedList
from facts.models import Fact, FactVersion
from tests.factories import (
    FactFactory,
    ReadingListFactory,
    SavedItemFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db

PRESSES = {
    "read": {"is_read": "1"},
    "move": {"direction": "up"},
    "archive": {"is_archived": "1"},
    "remove": {},
    "to-list": {"move": "1"},
    "changes": {"seen": "1"},
}


@pytest.fixture
def mine(client, member):
    client.force_login(member)
    return ReadingListFactory(member=member, title="Mine", is_default=True)


@pytest.fixture
def other(member):
    return ReadingListFactory(member=member, title="For <Tuesday>")


@pytest.fixture
def item(mine):
    return SavedItemFactory(
        reading_list=mine, topic=TopicFactory(slug="bones", title="Bones"), note="My words"
    )


def address(item, way):
    return f"/lists/{item.reading_list_id}/items/{item.pk}/{way}/"


def text_of(response):
    return html.unescape(response.content.decode())


def press(client, item, way, **more):
    return client.post(address(item, way), {**PRESSES[way], **more}, follow=True)


@pytest.mark.parametrize("way", PRESSES)
def test_press_on_what_was_removed_leads_to_the_list_and_says_so(client, mine, item, way):
    stale = SavedItem.objects.get()
    item.delete()

    response = press(client, stale, way)

    assert response.redirect_chain == [(f"/lists/{mine.pk}/", 302)]
    assert "This is not on the list any more, so nothing was changed." in text_of(response)


@pytest.mark.parametrize("way", PRESSES)
def test_press_on_what_was_moved_says_where_it_is(client, mine, other, item, way):
    stale = SavedItem.objects.get()
    item.move_to(other)

    response = press(client, stale, way)

    assert response.redirect_chain == [(f"/lists/{mine.pk}/", 302)]
    assert "“Bones” is on “For <Tuesday>” now, so nothing was changed here." in text_of(response)
    assert f'href="/lists/{other.pk}/#item-{item.pk}"' in text_of(response)
    kept = SavedItem.objects.get()
    assert (kept.reading_list, kept.note, kept.read_at, kept.archived_at) == (
        other,
        "My words",
        None,
        None,
    )


@pytest.mark.parametrize("way", ["to-list", "changes"])
def test_old_link_to_what_was_removed_leads_to_the_list_too(client, mine, item, way):
    stale = SavedItem.objects.get()
    item.delete()

    response = client.get(address(stale, way), follow=True)

    assert response.redirect_chain == [(f"/lists/{mine.pk}/", 302)]


def test_script_is_told_in_words(client, mine, item):
    stale = SavedItem.objects.get()
    item.delete()

    response = client.post(address(stale, "remove"), headers={"Accept": "application/json"})

    assert response.status_code == 409
    assert response.json()["words"].startswith("This is not on the list any more")


def test_removing_twice_leads_to_the_list_and_can_still_be_taken_back(client, mine, item):
    stale = SavedItem.objects.get()
    SavedItem.objects.update(note="")
    client.post(address(stale, "remove"))

    response = press(client, stale, "remove")

    assert response.redirect_chain == [(f"/lists/{mine.pk}/", 302)]
    assert "“Bones” is off your list." in text_of(response)
    assert "Put it back" in text_of(response)


def test_note_typed_on_a_page_that_is_old_goes_where_the_thing_is_now(client, mine, other, item):
    stale = SavedItem.objects.get()
    item.move_to(other)

    response = client.post(
        address(stale, "note"), {"note": "More words", "based_on": stale.note_number}, follow=True
    )

    assert SavedItem.objects.get().note == "More words"
    assert response.redirect_chain == [(f"/lists/{other.pk}/#item-{item.pk}", 302)]
    assert "Your note is saved. This is on “For <Tuesday>” now." in text_of(response)


def test_script_saves_the_note_of_what_was_moved(client, mine, other, item):
    stale = SavedItem.objects.get()
    item.move_to(other)

    response = client.post(
        address(stale, "note"),
        {"note": "More words", "based_on": stale.note_number},
        headers={"Accept": "application/json"},
    )

    assert response.json()["saved"] is True
    assert SavedItem.objects.get().note == "More words"


def test_note_of_what_was_moved_overwrites_no_newer_one(client, mine, other, item):
    stale = SavedItem.objects.get()
    item.move_to(other)
    SavedItem.objects.get().write_note("From the other window", stale.note_number)

    response = client.post(
        address(stale, "note"), {"note": "More words", "based_on": stale.note_number}
    )

    assert response.status_code == 409
    assert "From the other window" in text_of(response)
    assert "More words" in text_of(response)
    assert SavedItem.objects.get().note == "From the other window"


def test_note_on_what_is_another_members_is_not_found_through_ones_own_list(client, mine):
    theirs = SavedItemFactory(reading_list=ReadingListFactory(), topic=TopicFactory(), note="")

    response = client.post(f"/lists/{mine.pk}/items/{theirs.pk}/note/", {"note": "Words"})

    assert response.status_code == 404
    assert SavedItem.objects.get(pk=theirs.pk).note == ""


@pytest.mark.parametrize("direction", ["up", "down"])
def test_pressing_twice_moves_one_place(client, mine, direction):
    items = [SavedItemFactory(reading_list=mine, position=n) for n in range(1, 6)]
    middle = items[2]
    name = f"move/{direction}"
    page = client.get(f"/lists/{mine.pk}/")
    (value,) = {f"{direction}-3"} & set(page.text.split('"'))

    for _press in range(2):
        client.post(address(middle, "move"), {"direction": value})

    order = list(SavedItem.objects.order_by("position").values_list("pk", flat=True))
    assert order.index(middle.pk) == {"up": 1, "down": 3}[direction], name
    words = "This is where it stands now. Press again to move it on."
    assert words in text_of(client.get(f"/lists/{mine.pk}/"))


def test_pressing_again_on_the_new_page_moves_on(client, mine):
    items = [SavedItemFactory(reading_list=mine, position=n) for n in range(1, 6)]

    client.post(address(items[4], "move"), {"direction": "up-5"})
    client.post(address(items[4], "move"), {"direction": "up-4"})

    order = list(SavedItem.objects.order_by("position").values_list("pk", flat=True))
    assert order.index(items[4].pk) == 2
    assert "This is where it stands now" not in text_of(client.get(f"/lists/{mine.pk}/"))


def test_page_of_a_list_that_is_gone_says_so_and_leads_to_the_others(client, member, mine):
    response = client.get("/lists/00000000-0000-4000-8000-0000000000aa/")

    assert response.status_code == 404
    assert "This list is not here" in text_of(response)
    assert 'href="/lists/"' in text_of(response)


def test_deleting_a_list_twice_says_that_it_is_not_here(client, member, mine, other):
    for _press in range(2):
        response = client.post(f"/lists/{other.pk}/", {"delete": "0-0-0-0"})

    assert response.status_code == 404
    assert "This list is not here" in text_of(response)


def test_making_a_list_twice_makes_one_and_opens_it(client, member, mine):
    for _press in range(2):
        response = client.post("/lists/", {"title": "For Tuesday"}, follow=True)

    made = member.reading_lists.get(title="For Tuesday")
    assert response.redirect_chain == [(f"/lists/{made.pk}/", 302)]
    assert "One of your lists has this title" not in text_of(response)


def test_list_that_was_archived_meanwhile_is_not_saved_to_and_that_is_said(client, member, mine):
    TopicFactory(slug="bones", title="Bones")
    put_aside = ReadingListFactory(member=member, title="Old", archived_at=timezone.now())

    response = client.post("/lists/save/", {"topic": "bones", "list": str(put_aside.pk)})

    assert response.status_code == 404
    assert "That list is not here any more" in text_of(response)
    assert "Bones" in text_of(response)
    assert not SavedItem.objects.exists()


def test_making_a_link_twice_makes_one_and_shows_the_address_that_works(client, mine, item):
    sent = {"lasts": "month", "make": "1", "note": f"{item.pk}-{item.note_number}"}
    for _press in range(2):
        page = client.post(f"/lists/{mine.pk}/share/", sent).text

    (address,) = set(re.findall(r"/lists/shared/[\w-]{22}/", page))
    assert SharedList.objects.count() == 1
    assert "My words" in Client().get(address).text
    # Another choice is another link.
    client.post(f"/lists/{mine.pk}/share/", {**sent, "lasts": "week"})
    client.post(f"/lists/{mine.pk}/share/", {"lasts": "month", "make": "1"})
    assert SharedList.objects.count() == 3


@pytest.mark.parametrize("way", ["archive", "default", "note"])
def test_what_a_press_did_is_said_once(client, mine, other, way):
    where, sent, words = {
        "archive": (f"/lists/{other.pk}/archive/", {"is_archived": "1"}, "is archived, with all"),
        "default": (f"/lists/{other.pk}/default/", {}, "goes to this list from now on"),
        "note": (f"/lists/{other.pk}/note/", {"note": "x", "based_on": "0"}, "note is saved"),
    }[way]
    for _press in range(2):
        response = client.post(where, sent)

    assert text_of(client.get(response["Location"])).count(words) == 1


def test_replacement_put_in_place_twice_is_said_to_be_there(client, mine):
    version = make_live(FactFactory(topic__slug="pain", slug="old"), title="Old")
    newer = make_live(FactFactory(topic=version.fact.topic, slug="new"), title="New").fact
    kept = SavedItemFactory(reading_list=mine, topic=None, fact=version.fact, seen_version=version)
    FactVersion.objects.filter(pk=version.pk).update(
        live_until=timezone.now(), withdrawn_reason="It was wrong."
    )
    Fact.objects.filter(pk=version.fact_id).update(replaced_by=newer)

    for _press in range(2):
        client.post(address(kept, "changes"), {"replace": "1"})

    page = text_of(client.get(f"/lists/{mine.pk}/"))
    assert SavedItem.objects.get().fact == newer
    assert "It is in its place now, with your note." in page
    assert "nothing here now that replaces it" not in page
