import html
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.models import ReadingList
from tests.factories import MemberFactory, ReadingListFactory, SavedItemFactory

pytestmark = pytest.mark.django_db


def text_of(response):
    return html.unescape(response.content.decode())


def test_visitor_learns_what_lists_are(client):
    response = client.get("/lists/")

    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    assert 'content="noindex, nofollow"' in text_of(response)
    assert "/accounts/login/?next=/lists/" in text_of(response)
    assert "/accounts/signup/?next=/lists/" in text_of(response)
    assert not response.cookies


def test_visitor_reads_the_name_that_the_navigation_has(client):
    page = text_of(client.get("/lists/"))

    assert "<title>My list ·" in page
    assert "<h1>My list</h1>" in page
    assert "My lists" not in page


def test_member_with_lists_reads_of_several(client, member):
    ReadingListFactory(member=member)
    client.force_login(member)

    page = text_of(client.get("/lists/"))

    assert "<title>My lists ·" in page
    assert "<h1>My lists</h1>" in page


def test_what_the_device_holds_stands_before_the_lists(client, member):
    for has_list in (False, True):
        if has_list:
            ReadingListFactory(member=member)
        client.force_login(member)
        page = text_of(client.get("/lists/"))
        begin = "card-link" if has_list else "data-empty-state"
        assert page.index("data-device-list") < page.index(begin)


def test_visitor_who_posts_is_asked_to_sign_in(client):
    response = client.post("/lists/", {"title": "Mine"})

    assert response.status_code == 403
    assert "You were signed out" in response.text
    assert not ReadingList.objects.exists()


def test_member_without_lists_is_told_how_to_begin(client, member):
    client.force_login(member)

    response = client.get("/lists/")

    assert "Nothing here yet" in text_of(response)
    assert response["Cache-Control"] == "private, no-store"
    assert not ReadingList.objects.exists()


def test_member_sees_own_lists_with_the_default_one_first(client, member):
    visit = ReadingListFactory(member=member, title="A visit")
    default = ReadingList.objects.default_for(member)
    SavedItemFactory.create_batch(2, reading_list=default)
    ReadingListFactory(title="Of somebody else")
    client.force_login(member)

    page = text_of(client.get("/lists/"))

    assert page.index(f"/lists/{default.pk}/") < page.index(f"/lists/{visit.pk}/")
    assert "2 things saved." in page
    assert "Nothing saved yet." in page
    assert "Of somebody else" not in page


def test_member_makes_a_list(client, member):
    client.force_login(member)

    response = client.post("/lists/", {"title": "  For my next visit "}, follow=True)

    made = ReadingList.objects.get()
    assert (made.title, made.member, made.is_default) == ("For my next visit", member, False)
    assert response.redirect_chain == [(f"/lists/{made.pk}/", 302)]


@pytest.mark.parametrize(
    ("title", "words"),
    [("", "required"), ("   ", "required"), ("x" * 81, "80"), ("Taken", "One of your lists")],
)
def test_title_must_be_there_short_and_its_own(client, member, title, words):
    taken = ReadingListFactory(member=member, title="Taken")
    ReadingList.objects.filter(pk=taken.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    client.force_login(member)

    response = client.post("/lists/", {"title": title})

    assert response.status_code == 200
    assert words in text_of(response)
    assert "Nothing you typed is lost." in text_of(response)
    assert ReadingList.objects.count() == 1


def test_title_of_another_member_is_free(client, member):
    ReadingListFactory(title="Taken")
    client.force_login(member)

    client.post("/lists/", {"title": "Taken"})

    assert ReadingList.objects.filter(member=member, title="Taken").exists()


def test_nothing_but_the_title_can_be_set(client, member):
    other = MemberFactory()
    ReadingList.objects.default_for(member)
    client.force_login(member)

    client.post(
        "/lists/",
        {"title": "Mine", "member": other.pk, "is_default": "on", "position": "3",
         "id": "5f1c8ea0-0000-4000-8000-000000000000", "created_at": "2020-01-01"},
    )  # fmt: skip

    made = ReadingList.objects.get(title="Mine")
    assert (made.member, made.is_default) == (member, False)
    assert str(made.pk) != "5f1c8ea0-0000-4000-8000-000000000000"


def test_page_asks_as_much_for_many_lists_as_for_few(client, member):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/lists/").status_code == 200
        return len(captured)

    client.force_login(member)
    ReadingListFactory.create_batch(2, member=member)
    few = queries()
    ReadingListFactory.create_batch(30, member=member)

    assert queries() == few <= 10


def test_no_admin_shows_lists_or_notes():
    from django.contrib import admin

    from community.models import SavedItem

    assert ReadingList not in admin.site._registry
    assert SavedItem not in admin.site._registry
    for registered in admin.site._registry.values():
        for inline in registered.inlines:
            assert inline.model not in {ReadingList, SavedItem}


def test_title_and_note_are_in_no_name():
    item = SavedItemFactory(reading_list__title="canary title", note="canary note")

    for thing in (item, item.reading_list):
        assert "canary" not in str(thing)
        assert "canary" not in repr(thing)
