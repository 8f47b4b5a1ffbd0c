import html
import re

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.models import ReadingList, SavedItem
from community.views.reading_lists import PAGE_SIZE
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

MADE_UP = "/lists/5f1c8ea0-0000-4000-8000-000000000000/"


@pytest.fixture
def mine(client, member):
    """A list of the member who is signed in."""
    client.force_login(member)
    return ReadingListFactory(member=member, title="My own list")


def text_of(response):
    return html.unescape(response.content.decode())


def save_fact(reading_list, **fields):
    version = make_live(**fields)
    return SavedItemFactory(reading_list=reading_list, topic=None, fact=version.fact), version


def withdraw(version, reason="The study was retracted."):
    FactVersion.objects.filter(pk=version.pk).update(
        live_until=timezone.now(), withdrawn_reason=reason
    )


# Who may see it


def test_visitor_is_sent_to_sign_in(client):
    theirs = ReadingListFactory()

    response = client.get(f"/lists/{theirs.pk}/")

    assert response["Location"] == f"/accounts/login/?next=/lists/{theirs.pk}/"


@pytest.mark.parametrize("role", ["member", "staff", "superuser"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_list_of_another_member_is_not_found(client, moderator, role, method):
    stranger = ReadingListFactory().member if role == "member" else moderator
    stranger.is_superuser = role == "superuser"
    stranger.save()
    theirs = SavedItemFactory().reading_list
    client.force_login(stranger)

    response = getattr(client, method)(f"/lists/{theirs.pk}/", {"title": "Stolen"})
    made_up = getattr(client, method)(MADE_UP, {"title": "Stolen"})

    assert response.status_code == made_up.status_code == 404
    # The address that was asked for stands at the foot of a printed page.
    assert text_of(response).replace(str(theirs.pk), MADE_UP[7:-1]) == text_of(made_up)
    assert set(response.headers) == set(made_up.headers)
    assert ReadingList.objects.get(pk=theirs.pk).title != "Stolen"


def test_page_is_private_and_its_title_neutral(client, mine):
    response = client.get(f"/lists/{mine.pk}/")

    assert response["Cache-Control"] == "private, no-store"
    assert 'content="noindex, nofollow"' in text_of(response)
    title = re.search(r"<title>(.*?)</title>", text_of(response))[1]
    assert "My own list" not in title


# What it shows


def test_cards_show_kind_heading_and_link_in_order(client, mine):
    topic = SavedItemFactory(
        reading_list=mine, topic=TopicFactory(slug="bones", title="Bones"), position=2
    )
    group = SavedItemFactory(
        reading_list=mine,
        topic=None,
        group=SupportGroupFactory(slug="circle", name="The circle"),
        position=1,
    )

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert page.index(f'id="item-{group.pk}"') < page.index(f'id="item-{topic.pk}"')
    assert '<a href="/facts/bones/">Bones</a>' in page
    assert '<a href="/groups/circle/">The circle</a>' in page


@pytest.mark.parametrize("sensitivity", ["statistics", "prognosis", "end-of-life"])
def test_sensitive_fact_shows_its_neutral_heading(client, mine, sensitivity):
    save_fact(mine, title="One in three", neutral_heading="Figures", sensitivity=sensitivity)

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert "Figures" in page
    assert "One in three" not in page


def reads(mine, preferences):
    mine.member.preferences = preferences
    mine.member.save(update_fields=["preferences"])


def test_reader_who_chose_to_see_everything_sees_the_heading(client, mine):
    save_fact(mine, title="One in three", neutral_heading="Figures", sensitivity="prognosis")
    reads(mine, "hide=nothing")

    assert "One in three" in text_of(client.get(f"/lists/{mine.pk}/"))


def test_reader_who_chose_some_sees_only_those(client, mine):
    save_fact(mine, title="One in three", neutral_heading="Figures", sensitivity="prognosis")
    save_fact(mine, title="The last days", neutral_heading="Care", sensitivity="end-of-life")
    reads(mine, "hide=end-of-life")

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert "One in three" in page
    assert "The last days" not in page


def test_newest_version_gives_the_heading(client, mine):
    item, version = save_fact(mine, title="The old heading")
    now = timezone.now()
    FactVersion.objects.filter(pk=version.pk).update(live_until=now)
    make_live(item.fact, since=now, number=2, title="The new heading")

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert "The new heading" in page
    assert "The old heading" not in page


def test_withdrawn_fact_says_why_and_what_replaces_it(client, mine):
    item, version = save_fact(
        mine,
        fact=FactFactory(slug="bone-medicine"),
        title="Take it daily",
        neutral_heading="Medicine for bones",
    )
    withdraw(version)
    better = make_live(FactFactory(topic__slug="bones", slug="new"), title="Take it weekly")
    item.fact.replaced_by = better.fact
    item.fact.save()

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert "This fact was withdrawn." in page
    assert "The study was retracted." in page
    assert "Medicine for bones" in page
    assert "Take it daily" not in page
    assert '<a href="/facts/bones/new/">Take it weekly</a>' in page


def test_withdrawn_fact_without_a_neutral_heading_is_named_by_its_address(client, mine):
    _item, version = save_fact(
        mine, fact=FactFactory(slug="bone-medicine"), title="Take it daily", neutral_heading=""
    )
    withdraw(version)

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert "Bone medicine" in page
    assert "Take it daily" not in page


def test_what_is_no_longer_here_says_so(client, mine):
    topic = TopicFactory(slug="gone-topic", published_at=None)
    group = SupportGroupFactory(slug="gone-group", published_at=None)
    SavedItemFactory(reading_list=mine, topic=topic)
    SavedItemFactory(reading_list=mine, topic=None, group=group)
    save_fact(mine, fact=FactFactory(topic=topic))
    SavedItemFactory(reading_list=mine, topic=None, fact=FactFactory())

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert page.count("This is no longer here.") == 4
    assert 'href="/facts/gone-topic/' not in page
    assert 'href="/groups/gone-group/' not in page


def test_note_of_a_withdrawn_fact_is_still_there(client, mine):
    item, version = save_fact(mine)
    item.write_note("dear note", 0)
    withdraw(version)

    assert "dear note</textarea>" in text_of(client.get(f"/lists/{mine.pk}/"))


def test_note_that_cannot_be_opened_closes_nothing_else(client, mine, settings):
    sealed, other = SavedItemFactory.create_batch(2, reading_list=mine)
    sealed.write_note("sealed note", 0)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    other.write_note("open note", 0)

    response = client.get(f"/lists/{mine.pk}/")

    assert response.status_code == 200
    assert "Your note cannot be opened now" in text_of(response)
    assert f'id="note-{sealed.pk}"' not in text_of(response)
    assert "open note</textarea>" in text_of(response)
    assert "gAAAA" not in text_of(response)


def test_every_note_says_that_it_must_be_saved_first(client, mine):
    item = SavedItemFactory(reading_list=mine)

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    hint = re.search(rf'<p[^>]* id="note-hint-{item.pk}"[^>]*>([^<]+)</p>', page)
    assert hint[1] == "Press “Save the note” before you do anything else here."
    assert f'aria-describedby="note-hint-{item.pk}"' in page
    assert re.search(rf'<p[^>]* id="note-status-{item.pk}" role="status"', page)
    assert re.search(r'<script type="module" src="[^"]*portal/note[^"]*\.js"[^>]*></script>', page)


def test_empty_list_says_how_to_begin(client, mine):
    assert "Nothing on this list yet" in text_of(client.get(f"/lists/{mine.pk}/"))


def test_so_many_items_stand_on_a_page(client, mine):
    items = [item for item, _is_new in mine.add_all(TopicFactory.create_batch(PAGE_SIZE + 1))]

    first = text_of(client.get(f"/lists/{mine.pk}/"))
    second = text_of(client.get(f"/lists/{mine.pk}/?page=2"))

    assert first.count('class="saved-item"') == PAGE_SIZE
    assert second.count('class="saved-item"') == 1
    # The last on its page can still move on, and the first of the next one back.
    assert f'id="down-{items[-2].pk}"' in first
    assert f'id="up-{items[-1].pk}"' in second
    response = client.post(f"/lists/{mine.pk}/items/{items[-1].pk}/read/", {"is_read": "1"})
    assert response["Location"] == f"/lists/{mine.pk}/?page=2#read-{items[-1].pk}"


def test_paper_says_which_part_of_a_long_list_it_has(client, mine):
    for _number in range(20):
        SavedItemFactory(reading_list=mine, topic=TopicFactory())
    words = "Print the others too"
    assert words not in text_of(client.get(f"/lists/{mine.pk}/"))
    SavedItemFactory(reading_list=mine, topic=TopicFactory())

    page = text_of(client.get(f"/lists/{mine.pk}/?page=2"))

    assert "These are 21 to 21 of 21. Print the others too: this is page 2 of 2" in page


def test_words_of_a_member_are_set_in_their_own_direction(client, mine):
    SavedItemFactory(reading_list=mine, topic=TopicFactory(), note="مرحبا")

    assert re.search(
        r'<textarea[^>]* dir="auto"[^>]*>\s*مرحبا', text_of(client.get(f"/lists/{mine.pk}/"))
    )


def test_page_asks_as_much_for_many_items_as_for_three(client, mine):
    def fill(count):
        for _number in range(count):
            fact = make_live().fact
            fact.replaced_by = make_live().fact
            fact.save()
            for target in (TopicFactory(), fact, SupportGroupFactory()):
                mine.add(target)[0].write_note("a note", 0)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/lists/{mine.pk}/").status_code == 200
        return len(captured)

    fill(1)
    few = queries()
    fill(PAGE_SIZE // 3)

    assert SavedItem.objects.count() > PAGE_SIZE
    assert queries() == few <= 10


# Notes that were sent after their writer had been signed out


def keep(client, reading_list, item_pk, text):
    """Send a note signed out, then sign in with the same session."""
    address = f"/lists/{reading_list.pk}/items/{item_pk}/note/"
    client.logout()
    assert client.post(address, {"note": text, "based_on": "0"}).status_code == 403
    client.post("/accounts/login/", {"login": reading_list.member.email, "password": PASSWORD})


def test_note_of_an_item_on_another_page_is_told_of(client, mine):
    topics = [TopicFactory(title=f"Topic {n}") for n in range(1, PAGE_SIZE + 3)]
    items = [item for item, _is_new in mine.add_all(topics)]
    keep(client, mine, items[-1].pk, "words for the last")

    first = text_of(client.get(f"/lists/{mine.pk}/"))
    second = text_of(client.get(f"/lists/{mine.pk}/?page=2"))

    assert f'href="/lists/{mine.pk}/?page=2#note-{items[-1].pk}"' in first
    assert "words for the last" not in first
    assert f'href="#note-{items[-1].pk}"' in second
    assert "words for the last</textarea>" in second
    keep(client, mine, items[0].pk, "words for the first")
    second = text_of(client.get(f"/lists/{mine.pk}/?page=2"))
    assert f'href="/lists/{mine.pk}/#note-{items[0].pk}"' in second


def test_notice_of_a_note_on_another_page_is_gentle(client, mine):
    mine.add_all(TopicFactory.create_batch(PAGE_SIZE))
    version = make_live(title="One in three", neutral_heading="Figures", sensitivity="prognosis")
    item = mine.add(version.fact)[0]
    keep(client, mine, item.pk, "words")

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert "Figures" in page
    assert "One in three" not in page


def test_note_of_an_item_that_is_gone_is_given_back_until_it_is_dismissed(client, mine):
    item = mine.add(TopicFactory())[0]
    keep(client, mine, item.pk, "my <words>")
    SavedItem.objects.all().delete()

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert re.search(r"<textarea[^>]* readonly>\s*my <words></textarea>", page)
    # Where signing in leads to.
    assert f'id="note-{item.pk}"' in page
    assert "my <words></textarea>" in text_of(client.get(f"/lists/{mine.pk}/"))

    button = re.search(r'name="forget" value="(\d+)"', page)
    response = client.post(f"/lists/{mine.pk}/", {"forget": button[1]}, follow=True)

    assert response.redirect_chain == [(f"/lists/{mine.pk}/", 302)]
    assert "my <words>" not in text_of(response)
    mine.refresh_from_db()
    assert mine.title == "My own list"


def test_kept_note_outlives_the_removal_of_its_item(client, mine):
    item = mine.add(TopicFactory())[0]
    keep(client, mine, item.pk, "my words")

    response = client.post(f"/lists/{mine.pk}/items/{item.pk}/remove/", follow=True)

    assert not SavedItem.objects.exists()
    assert "my words</textarea>" in text_of(response)


def test_kept_note_beside_one_that_cannot_be_opened_is_given_back(client, mine, settings):
    item = mine.add(TopicFactory())[0]
    item.write_note("sealed", 0)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    keep(client, mine, item.pk, "my words")

    page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert "my words</textarea>" in page
    assert "Your note cannot be opened now" in page


def test_kept_note_of_a_number_that_no_item_has_is_given_back(client, mine):
    keep(client, mine, 10**30, "my words")

    page = text_of(client.get(f"/lists/{mine.pk}/"))
    assert "my words</textarea>" in page

    page = text_of(client.post(f"/lists/{mine.pk}/", {"forget": str(10**30)}, follow=True))
    assert "my words" not in page


def test_place_on_a_list_is_right_when_positions_are_shared(mine):
    items = [SavedItemFactory(reading_list=mine, position=n) for n in (7, 2, 2)]
    SavedItemFactory(position=1)

    numbered = mine.saved_items.with_numbers().filter(pk__in=[item.pk for item in items[:2]])

    assert [(item, item.number) for item in numbered] == [(items[1], 1), (items[0], 3)]


def test_list_is_deleted_with_its_kept_notes_after_asking(client, mine):
    item = mine.add(TopicFactory())[0]
    keep(client, mine, item.pk, "my words")

    page = text_of(client.post(f"/lists/{mine.pk}/", {"delete": "ask"}))
    assert "1 note of yours goes too." in page

    state = re.search(r'name="delete" value="([^"]+)"', page)[1]
    client.post(f"/lists/{mine.pk}/", {"delete": state})
    assert not client.session["unsaved_notes"]


@pytest.mark.parametrize("forget", ["", "x", "9" * 40])
def test_dismissing_what_is_not_kept_does_nothing(client, mine, forget):
    response = client.post(f"/lists/{mine.pk}/", {"forget": forget})

    assert response.status_code == 302


def test_kept_notes_ask_few_queries(client, mine):
    items = [mine.add(make_live().fact)[0] for _number in range(PAGE_SIZE + 10)]
    client.logout()
    for number, item in enumerate(items[PAGE_SIZE - 5 :]):
        client.post(
            f"/lists/{mine.pk}/items/{item.pk if number else 10**9}/note/", {"note": "words"}
        )
    client.post("/accounts/login/", {"login": mine.member.email, "password": PASSWORD})

    with CaptureQueriesContext(connection) as captured:
        page = text_of(client.get(f"/lists/{mine.pk}/"))

    assert page.count("?page=2#note-") == 10
    assert len(captured) <= 10


# Title and deletion


def test_list_gets_another_title(client, mine):
    response = client.post(f"/lists/{mine.pk}/", {"title": "For the clinic"}, follow=True)

    mine.refresh_from_db()
    assert mine.title == "For the clinic"
    assert "The list has its new title." in text_of(response)


def test_own_title_is_not_taken(client, mine):
    response = client.post(f"/lists/{mine.pk}/", {"title": "My own list"})

    assert response.status_code == 302


def test_title_of_another_own_list_is_taken(client, member, mine):
    ReadingListFactory(member=member, title="Taken")

    response = client.post(f"/lists/{mine.pk}/", {"title": "Taken"})

    assert "One of your lists has this title." in text_of(response)
    assert "<h1>My own list</h1>" in text_of(response)
    assert 'value="Taken"' in text_of(response)


def test_nothing_but_the_title_can_be_set(client, member, mine):
    other = ReadingListFactory()
    ReadingList.objects.default_for(member)

    client.post(
        f"/lists/{mine.pk}/",
        {"title": "New", "member": other.member.pk, "is_default": "on", "id": str(other.pk)},
    )

    mine.refresh_from_db()
    assert (mine.title, mine.member, mine.is_default) == ("New", member, False)
    assert ReadingList.objects.get(pk=other.pk).member == other.member


def test_list_is_deleted_after_asking(client, mine):
    SavedItemFactory(reading_list=mine, note="x")

    page = text_of(client.post(f"/lists/{mine.pk}/", {"delete": "ask"}))
    assert "1 note of yours goes too." in page
    assert ReadingList.objects.filter(pk=mine.pk).exists()

    state = re.search(r'name="delete" value="([^"]+)"', page)[1]
    response = client.post(f"/lists/{mine.pk}/", {"delete": state}, follow=True)
    assert not ReadingList.objects.filter(pk=mine.pk).exists()
    assert response.redirect_chain == [("/lists/", 302)]


def test_list_that_changed_after_the_question_is_asked_about_again(client, mine):
    item = SavedItemFactory(reading_list=mine)
    page = text_of(client.post(f"/lists/{mine.pk}/", {"delete": "ask"}))
    state = re.search(r'name="delete" value="([^"]+)"', page)[1]
    item.write_note("new", 0)

    response = client.post(f"/lists/{mine.pk}/", {"delete": state})

    assert response.status_code == 200
    assert ReadingList.objects.filter(pk=mine.pk).exists()


def test_default_list_stays(client, member):
    client.force_login(member)
    default = ReadingList.objects.default_for(member)

    response = client.post(f"/lists/{default.pk}/", {"delete": "0-0"}, follow=True)

    assert "so it stays" in text_of(response)
    assert ReadingList.objects.filter(pk=default.pk).exists()


def test_unknown_methods_are_refused(client, mine):
    assert client.put(f"/lists/{mine.pk}/").status_code == 405
    assert client.delete(f"/lists/{mine.pk}/").status_code == 405
