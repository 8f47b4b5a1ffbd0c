"""Looking for words in one's own lists and notes."""

import html
import re

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.keeping import search as list_search
from community.keeping.search import snippet, words_in
from community.models import Member
from community.views.reading_lists import PAGE_SIZE
from tests.factories import ReadingListFactory, SavedItemFactory, TopicFactory, make_live


def text_of(response):
    return html.unescape(response.content.decode())


def look(client, words, **more):
    return client.post("/lists/search/", {"words": words} | more)


def found(response):
    return re.findall(r'<h3><a href="([^"]*)">(.*?)</a></h3>', text_of(response))


@pytest.fixture
def mine(client, member):
    client.force_login(member)
    return ReadingListFactory(member=member, title="For the clinic")


# Words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", []),
        ("  Café  BONES café ", ["cafe", "bones"]),
        ("Ｂｏｎｅ", ["bone"]),
        ("👩‍⚕️", ["👩‍⚕️"]),
    ],
)
def test_words_are_compared_without_capitals_and_accents(typed, words):
    assert words_in(typed) == words


def test_snippet_shows_the_words_in_their_place_and_nothing_as_markup():
    note = "word " * 100 + "ask about <b>Zoledronat</b> on Tuesday " + "word " * 100

    shown = snippet(note, ["zoledronat"])

    assert "ask about &lt;b&gt;<mark>Zoledronat</mark>&lt;/b&gt; on Tuesday" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 400
    assert snippet("", ["x"]) == ""
    assert snippet("x" * 5000, ["y"]) == "x" * 320 + " …"
    assert snippet("Ⓐ ﬁne straße", ["fine"]) == "Ⓐ ﬁne straße"


# The page


pytestmark = pytest.mark.django_db


def test_titles_and_notes_are_looked_through_together(client, mine):
    item = mine.add(TopicFactory(title="Bones"))[0]
    item.write_note("Ask Dr Müller\nabout the café", 0)
    mine.add(TopicFactory(title="Sleep"))

    for words in ("bones", "BONE muller", "CAFE bones", "llér"):
        response = look(client, words)
        assert found(response) == [(f"/lists/{mine.pk}/#item-{item.pk}", "Bones")], words
    assert "<mark>Müller</mark>" in text_of(look(client, "muller"))
    assert "Nothing found" in text_of(look(client, "bones sleep"))


def test_list_is_found_by_its_title(client, mine):
    assert found(look(client, "clinic")) == [(f"/lists/{mine.pk}/", "For the clinic")]


def test_each_hit_leads_to_its_page_or_to_the_archive(client, mine):
    items = [item for item, _is_new in mine.add_all(TopicFactory.create_batch(PAGE_SIZE + 2))]
    items[-1].write_note("needle", 0)
    items[3].write_note("needle", 0)
    items[3].archive(timezone.now())

    urls = {url for url, _title in found(look(client, "needle"))}

    assert urls == {
        f"/lists/{mine.pk}/?page=2#item-{items[-1].pk}",
        f"/lists/{mine.pk}/?show=archived#item-{items[3].pk}",
    }


def test_covered_heading_is_not_found_by_its_words(client, mine):
    mine.add(
        make_live(title="One in three", neutral_heading="Figures", sensitivity="prognosis").fact
    )

    assert found(look(client, "three")) == []
    assert len(found(look(client, "figures"))) == 1
    Member.objects.update(preferences="hide=nothing")
    assert len(found(look(client, "three"))) == 1


def test_lists_of_others_are_never_looked_through(client, mine):
    theirs = SavedItemFactory(reading_list__title="Canary list", topic__title="Canary")
    theirs.write_note("canary", 0)

    assert found(look(client, "canary")) == []


def test_note_that_cannot_be_opened_stops_nothing(client, mine, settings):
    mine.add(TopicFactory(title="Bones"))[0].write_note("needle", 0)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]

    assert len(found(look(client, "bones"))) == 1
    assert found(look(client, "needle")) == []


def test_words_stand_in_no_address_and_no_log(client, mine, caplog):
    mine.add(TopicFactory())[0].write_note("canary", 0)

    response = look(client, "canary")

    assert response["Cache-Control"] == "private, no-store"
    assert not re.search(r'(?:href|action)="[^"]*canary', text_of(response))
    assert "canary" not in caplog.text
    # An address with words in it looks for nothing.
    assert found(client.get("/lists/search/?words=canary")) == []


@pytest.mark.parametrize("words", ["", "   ", "x" * 201])
def test_bad_words_are_told_so(client, mine, words):
    assert "There is something to put right" in text_of(look(client, words))


@pytest.mark.parametrize("begin", ["-1", "x", "9" * 30, "١٢", ""])
def test_odd_beginnings_begin_at_the_first(client, mine, begin):
    mine.add(TopicFactory(title="Bones"))

    assert len(found(look(client, "bones", **{"from": begin}))) == 1


def test_many_hits_come_in_parts_until_all_were_looked_through(client, mine, monkeypatch):
    monkeypatch.setattr(list_search, "AT_ONCE", 4)
    monkeypatch.setattr(list_search, "MOST_LOOKED_THROUGH", 8)
    monkeypatch.setattr(list_search, "MOST_FOUND", 3)
    mine.add_all([TopicFactory(title=f"Bones {number:02}") for number in range(12)])
    mine.add_all(TopicFactory.create_batch(9, title="Other"))
    mine.add(TopicFactory(title="Bones 12"))
    titles, begin, asked = [], "0", 0

    while begin:
        page = look(client, "bones", **{"from": begin})
        titles += [title for _url, title in found(page)]
        begin = (re.findall(r'name="from" value="(\d+)"', text_of(page)) or [""])[0]
        asked += 1

    assert titles == [f"Bones {number:02}" for number in range(13)]
    assert asked < 9


def test_sixty_items_ask_as_much_as_two(client, mine):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            look(client, "bones")
        return len(captured)

    mine.add(TopicFactory(title="Bones"))[0].write_note("words", 0)
    mine.add(make_live().fact)
    few = queries()
    added = mine.add_all([TopicFactory(title="Bones") for _number in range(60)])
    for item, _is_new in added:
        item.write_note("words", 0)

    assert queries() == few <= 10


def test_visitor_signs_in_first(client):
    response = client.get("/lists/search/")

    assert response["Location"] == "/accounts/login/?next=/lists/search/"
    typed = client.post("/lists/search/", {"words": "canary"})
    assert typed.status_code == 403
    assert "You were signed out" in typed.text
