"""A list under a secret link: who makes and ends it, and what whoever has it reads."""

import html
import re
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.member_data.deletion import delete_member
from community.models import SavedItem, SharedList, SharedNote
from community.models.shared_lists import hashed
from community.tasks import forget_ended_links
from facts.models import FactVersion
from tests.factories import (
    FactFactory,
    MemberFactory,
    ReadingListFactory,
    SavedItemFactory,
    SharedListFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db

MADE_UP = "5f1c8ea0-0000-4000-8000-000000000000"
SECRET = "tZ3rM0mB5s2h1sQ4o8xY7w"
ADDRESS = f"/lists/shared/{SECRET}/"


@pytest.fixture
def mine(client, member):
    """A list of the member who is signed in: a fact and a topic, with a note on each."""
    client.force_login(member)
    member.display_name = "CANARY-name"
    member.save()
    reading_list = ReadingListFactory(member=member, title="CANARY-title", note="CANARY-list-note")
    version = make_live(
        FactFactory(topic=TopicFactory(slug="bones"), slug="scans"),
        title="Scans help",
        body="<p>They look inside.</p>",
    )
    SavedItemFactory(
        reading_list=reading_list,
        topic=None,
        fact=version.fact,
        note="NOTE-fact",
        read_at=timezone.now(),
        position=1,
    )
    SavedItemFactory(
        reading_list=reading_list,
        topic=TopicFactory(title="Living with it"),
        note="NOTE-topic",
        position=2,
    )
    return reading_list


@pytest.fixture
def link(mine):
    return SharedListFactory(reading_list=mine, secret_hash=hashed(SECRET))


@pytest.fixture
def daughter():
    """Somebody without an account, in a browser of their own."""
    return Client()


def text_of(response):
    return html.unescape(response.content.decode())


def tick(item):
    return f"{item.pk}-{item.note_number}"


def noted(mine):
    return mine.saved_items.get(fact__isnull=False)


def make(client, mine, **sent):
    return client.post(f"/lists/{mine.pk}/share/", {"lasts": "month", "make": "1", **sent})


# Making one


def test_link_is_shown_once_and_kept_as_a_hash(client, mine, daughter):
    page = text_of(make(client, mine))

    (secret,) = re.findall(r"/lists/shared/([\w-]{22})/", page)[:1]
    kept = SharedList.objects.get()
    assert kept.secret_hash == hashed(secret)
    assert secret not in text_of(client.get(f"/lists/{mine.pk}/share/"))
    assert daughter.get(f"/lists/shared/{secret}/").status_code == 200


@pytest.mark.parametrize(("lasts", "days"), [("week", 7), ("month", 30), ("always", None)])
def test_link_lasts_as_long_as_was_chosen(client, mine, lasts, days):
    make(client, mine, lasts=lasts)

    link = SharedList.objects.get()
    assert (link.expires_at - link.created_at if days else link.expires_at) == (
        timedelta(days=days) if days else None
    )


def test_nothing_works_before_the_preview_was_agreed_to(client, mine):
    response = client.post(
        f"/lists/{mine.pk}/share/",
        {"lasts": "week", "preview": "1", "note": tick(noted(mine))},
    )

    page = text_of(response)
    assert "The link does not work yet" in page
    assert "NOTE-fact" in page
    assert "NOTE-topic" not in page
    assert not SharedList.objects.exists()


def test_choice_that_is_missing_is_said_in_words(client, mine):
    page = text_of(make(client, mine, lasts="", note=tick(noted(mine))))

    assert "Choose how long the link works." in page
    assert " checked" in page
    assert not SharedList.objects.exists()


def test_note_that_changed_after_the_preview_is_not_shared(client, mine):
    old = tick(noted(mine))
    noted(mine).write_note("NOTE-newer", 0)

    page = text_of(make(client, mine, note=old))

    assert "A note has changed since you ticked it" in page
    assert not SharedList.objects.exists()


@pytest.mark.parametrize("bad", ["", "x", "-1", "1", "1-", f"{2**63}-0", "١-٢", "\x00"])
def test_only_notes_of_this_list_can_be_ticked(client, mine, bad):
    theirs = SavedItemFactory(note="THEIRS")

    for note in (bad, tick(theirs)):
        assert make(client, mine, note=note).status_code in {200, 400}
    assert not SharedNote.objects.exists()


def test_list_has_at_most_ten_links(client, mine):
    for _number in range(10):
        SharedListFactory(reading_list=mine)

    assert "as many links as it can" in text_of(make(client, mine))
    assert SharedList.objects.count() == 10


def test_owner_page_asks_as_much_for_many_links_as_for_few(client, mine, link):
    counts = []
    for _time in range(2):
        for _number in range(3):
            more = SharedListFactory(reading_list=mine)
            SharedNote.objects.create(shared_list=more, item=noted(mine), note_number=0)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/lists/{mine.pk}/share/")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("role", ["another member", "staff", "superuser"])
def test_nobody_else_sees_makes_or_ends_a_link(client, link, role):
    other = MemberFactory()
    if role != "another member":
        other = make_staff("Moderator")
        other.is_superuser = role == "superuser"
        other.save()
    client.force_login(other)
    theirs = link.reading_list_id

    for pk in (theirs, MADE_UP):
        assert client.get(f"/lists/{pk}/share/").status_code == 404
        for sent in ({"stop": link.pk}, {"renew": link.pk}, {"lasts": "week", "make": "1"}):
            assert client.post(f"/lists/{pk}/share/", sent).status_code == 404
    assert (
        client.post(
            f"/lists/{ReadingListFactory(member=other).pk}/share/", {"stop": link.pk}
        ).status_code
        == 302
    )
    link.refresh_from_db()
    assert link.secret_hash == hashed(SECRET)


# Ending it


def test_shared_list_is_gone_at_once(client, mine, link, daughter):
    client.post(f"/lists/{mine.pk}/share/", {"stop": link.pk})

    assert daughter.get(ADDRESS).status_code == 404


def test_new_address_ends_the_old_one(client, mine, link, daughter):
    page = text_of(client.post(f"/lists/{mine.pk}/share/", {"renew": link.pk}))

    (secret,) = re.findall(r"/lists/shared/([\w-]{22})/", page)[:1]
    assert daughter.get(ADDRESS).status_code == 404
    assert daughter.get(f"/lists/shared/{secret}/").status_code == 200


def end(link):
    SharedList.objects.filter(pk=link.pk).update(
        created_at=timezone.now() - timedelta(days=8), expires_at=timezone.now()
    )


ENDS = {
    "its time is over": end,
    "it was taken back": lambda link: link.delete(),
    "its list was deleted": lambda link: link.reading_list.delete(),
    "its member was deleted": lambda link: delete_member(link.reading_list.member, farewell=""),
    "its member was switched off": lambda link: type(link.reading_list.member).objects.update(
        is_active=False
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_link_that_has_ended_is_like_one_that_never_was(link, daughter, how):
    ENDS[how](link)

    ended, never = (daughter.get(f"/lists/shared/{s}/") for s in (SECRET, "made-up"))

    assert ended.status_code == never.status_code == 404
    assert ended.content == never.content
    assert {**ended.headers, "X-Request-ID": ""} == {**never.headers, "X-Request-ID": ""}


def test_ended_links_are_forgotten(link):
    end(link)

    forget_ended_links(timezone.now())

    assert not SharedList.objects.exists()


# Reading it


def test_holder_reads_the_list_and_nothing_of_whose_it_is(link, daughter, member):
    page = text_of(daughter.get(ADDRESS))

    assert page.index("Scans help") < page.index("Living with it")
    assert "They look inside." in page
    for private in ("CANARY", "NOTE-", member.email, str(link.reading_list_id), "Read "):
        assert private not in page, private


def test_only_ticked_notes_are_there(link, daughter, mine):
    SharedNote.objects.create(shared_list=link, item=noted(mine), note_number=0)

    page = text_of(daughter.get(ADDRESS))

    assert "NOTE-fact" in page
    assert "NOTE-topic" not in page


def test_note_that_was_changed_is_not_there_until_it_is_ticked_again(link, daughter, mine, client):
    SharedNote.objects.create(shared_list=link, item=noted(mine), note_number=0)
    noted(mine).write_note("NOTE-newer", 0)

    assert "NOTE-" not in text_of(daughter.get(ADDRESS))
    assert "1 note has changed since you ticked it" in text_of(
        client.get(f"/lists/{mine.pk}/share/")
    )


def test_note_that_no_key_opens_hides_nothing_else(link, daughter, mine, settings):
    SharedNote.objects.create(shared_list=link, item=noted(mine), note_number=0)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]

    assert "Scans help" in text_of(daughter.get(ADDRESS))


def test_what_was_put_aside_is_not_there(link, daughter, mine):
    SavedItem.objects.filter(pk=noted(mine).pk).update(archived_at=timezone.now())

    assert "Scans help" not in text_of(daughter.get(ADDRESS))


def test_withdrawn_fact_shows_its_reason_and_not_its_text(link, daughter, mine):
    FactVersion.objects.update(live_until=timezone.now(), withdrawn_reason="It was retracted.")

    page = text_of(daughter.get(ADDRESS))

    assert "This fact was withdrawn" in page
    assert "They look inside." not in page


def test_sensitive_text_is_not_there_until_its_reader_asks(link, daughter, mine, member):
    version = make_live(
        sensitivity="prognosis",
        title="How long people live",
        neutral_heading="What may come",
        body="<p>HIDDEN-words</p>",
    )
    SavedItemFactory(reading_list=mine, topic=None, fact=version.fact)
    # What the member chose for themselves is not for others.
    member.preferences = "hide=nothing"
    member.save()

    gentle = text_of(daughter.get(ADDRESS))
    asked = text_of(daughter.get(f"{ADDRESS}?show={version.fact.slug}"))

    assert "What may come" in gentle
    assert "HIDDEN-words" not in gentle
    assert "How long people live" not in gentle
    assert "HIDDEN-words" in asked


def test_each_thing_can_be_saved(link, daughter, mine):
    SavedItemFactory(reading_list=mine, topic=None, group=SupportGroupFactory(slug="circle"))

    page = text_of(daughter.get(ADDRESS))

    assert 'href="/lists/save/?fact=bones/scans"' in page
    assert 'href="/lists/save/?group=circle"' in page
    assert page.count('href="/lists/save/?topic=') == 1


def test_nobody_finds_it_keeps_it_or_learns_its_address(link, daughter):
    response = daughter.get(ADDRESS)

    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert 'name="robots" content="noindex, nofollow"' in text_of(response)
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "private, no-store"
    assert SECRET not in text_of(response)
    assert not response.cookies
    head = text_of(response).partition("</head>")[0]
    assert "cancer" not in head


def test_opening_it_leaves_no_trace(link, daughter):
    with CaptureQueriesContext(connection) as queries:
        daughter.get(ADDRESS)

    assert not [q for q in queries if not q["sql"].startswith("SELECT")]


def test_it_asks_as_much_for_many_things_as_for_few(link, daughter, mine):
    counts = []
    for _time in range(2):
        for _number in range(3):
            SavedItemFactory(reading_list=mine, topic=None, fact=make_live().fact)
            SavedItemFactory(reading_list=mine, topic=None, group=SupportGroupFactory())
        with CaptureQueriesContext(connection) as queries:
            daughter.get(ADDRESS)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 10


def test_two_facts_of_one_name_can_both_be_led_to(link, daughter, mine):
    for _number in range(2):
        make_live(FactFactory(slug="same"))
        fact = make_live(FactFactory(slug="same")).fact
        SavedItemFactory(reading_list=mine, topic=None, fact=fact)

    page = text_of(daughter.get(ADDRESS))

    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_long_list_comes_in_pages(link, daughter, mine):
    for _number in range(20):
        SavedItemFactory(reading_list=mine)

    version = make_live(
        FactFactory(slug="outlook"), sensitivity="prognosis", title="TITLE-told", body="<p>x</p>"
    )
    SavedItemFactory(reading_list=mine, topic=None, fact=version.fact)

    assert "?page=2" in text_of(daughter.get(ADDRESS))
    second = text_of(daughter.get(f"{ADDRESS}?page=2&show=other"))
    assert "TITLE-told" not in second
    (way,) = re.findall(r'href="(\?[^"#]*outlook)#outlook"', second)
    assert "TITLE-told" in text_of(daughter.get(ADDRESS + way))
    assert daughter.get(f"{ADDRESS}?page=2").status_code == 200
    assert daughter.get(f"{ADDRESS}?page=x").status_code == 200


@pytest.mark.parametrize("secret", ["%00", "%FF", "x" * 3000, "١٢", SECRET + "x", SECRET[:-1]])
def test_made_up_links_open_nothing(link, daughter, secret):
    assert daughter.get(f"/lists/shared/{secret}/").status_code in {400, 404}


def test_who_archives_a_shared_list_is_told_that_its_links_still_work(client, mine):
    path = f"/lists/{mine.pk}/archive/"
    assert "can still read it" not in client.post(path, follow=True).text

    SharedListFactory(reading_list=mine, secret_hash=hashed(SECRET))
    page = client.post(path, follow=True).text

    assert "Whoever has a link to it can still read it." in page
    assert f"/lists/{mine.pk}/share/" in page
    assert Client().get(ADDRESS).status_code == 200
