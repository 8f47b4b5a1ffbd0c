"""Staying signed in, and leaving: what somebody sees, and what is left in the browser."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from community.accounts.sessions import LIMITS, Limits, Stay
from facts.models import Topic
from tests.browser.conftest import faults_here, violations
from tests.factories import PASSWORD, MemberFactory, SavedItemFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

STORED = """async () => ({
  local: localStorage.length, session: sessionStorage.length,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""
NOTHING = {"local": 0, "session": 0, "databases": 0, "caches": 0}


@pytest.fixture
def item(live_server):
    return SavedItemFactory(reading_list__member=MemberFactory())


@pytest.fixture
def enter(page, live_server, item):
    """Return a function that signs the owner of the list in by the form, and opens a page."""

    def _enter(path, stay="day"):
        page.goto(f"{live_server.url}/accounts/login/")
        page.get_by_label("Email address").fill(item.reading_list.member.email)
        page.get_by_role("textbox", name="Password").fill(PASSWORD)
        page.locator(f'input[type="radio"][value="{stay}"]').check()
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/lists/")
        page.clock.install()
        page.goto(live_server.url + path)

    return _enter


def look(page):
    """Let five seconds pass at once, after which a page looks at the time."""
    with page.expect_response(f"**{reverse('community:account-stay')}"):
        page.clock.run_for(5_500)


def in_seconds(monkeypatch, stay, idle, in_all=3600):
    monkeypatch.setitem(LIMITS, stay, Limits(idle=idle, in_all=in_all))


# A8, warned before the time is up


def test_warning_comes_in_time_and_staying_ends_it(page, enter, monkeypatch):
    in_seconds(monkeypatch, Stay.DAY, idle=184)
    enter("/account/")
    notice = page.get_by_role("region", name="Are you still there?")

    look(page)
    expect(notice).to_be_visible()
    expect(notice.get_by_role("status")).to_contain_text("in about three minutes")
    assert violations(page) == []
    in_seconds(monkeypatch, Stay.DAY, idle=600)
    notice.get_by_role("button", name="Stay signed in").click()

    expect(notice.get_by_role("status")).to_have_text("You stay signed in.")
    page.get_by_role("heading", name="Your account").click()
    page.clock.run_for(5_500)
    expect(notice).to_be_hidden()


def test_another_tab_that_goes_on_keeps_this_one_quiet(page, context, enter, monkeypatch):
    in_seconds(monkeypatch, Stay.DAY, idle=190)
    enter("/account/")
    in_seconds(monkeypatch, Stay.DAY, idle=600)
    context.new_page().goto(page.url)

    with page.expect_response(f"**{reverse('community:account-stay')}"):
        page.clock.run_for(16_000)

    expect(page.locator("[data-session]")).to_be_hidden()


def test_limit_of_the_whole_is_told_as_it_is(page, enter, monkeypatch):
    in_seconds(monkeypatch, Stay.DAY, idle=160, in_all=170)
    enter("/account/")
    look(page)

    page.get_by_role("button", name="Stay signed in").click()
    page.get_by_role("button", name="Stay signed in").click()

    expect(page.locator("[data-session-status]")).to_contain_text("for a long time")


def test_note_over_a_dead_session_survives(page, live_server, enter, item):
    enter(f"/lists/{item.reading_list_id}/")
    Session.objects.all().delete()

    page.locator(".saved-item summary").filter(has_text="note").first.click()
    page.locator(".saved-item textarea[data-note]").fill("Ask about the mornings")
    page.locator(".saved-item").get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    page.get_by_role("link", name="Sign in and go on").click()
    page.get_by_label("Email address").fill(item.reading_list.member.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_text("Ask about the mornings").first).to_be_visible()


def test_form_of_the_desk_over_a_dead_session_survives(page, live_server, editor, sign_in):
    sign_in(editor)
    page.goto(f"{live_server.url}/admin/facts/topic/add/")
    page.get_by_label("Title").fill("Bones and joints")
    page.get_by_label("Summary").fill("Where pain may come from.")
    page.locator(".tiptap").first.click()
    page.keyboard.type("Kind words.")
    Session.objects.all().delete()

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(page.get_by_label("Introduction")).to_have_value("<p>Kind words.</p>")
    assert faults_here(page) == {}
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in, in a new tab").click()
    expect(opened.value.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    sign_in(editor)
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)  # Signing in brings another one.
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Please press once more")).to_be_visible()
    page.get_by_role("button", name="Try again").click()

    page.wait_for_url("**/admin/facts/topic/**")
    assert Topic.objects.get().introduction == "<p>Kind words.</p>"


def test_page_says_when_the_session_is_over(page, enter, monkeypatch):
    enter("/account/")
    Session.objects.all().delete()

    notice = page.get_by_role("region", name="Are you still there?")

    look(page)
    expect(notice.get_by_role("status")).to_contain_text("You are signed out.")
    expect(notice.get_by_role("button")).to_have_count(0)


# P10, a shared computer


def test_shared_computer_is_left_by_itself_with_the_note_saved(page, enter, item, monkeypatch):
    enter(f"/lists/{item.reading_list_id}/", stay="shared")
    page.locator(".saved-item summary").filter(has_text="note").first.click()
    page.locator(".saved-item textarea[data-note]").fill("Ask about the mornings")
    in_seconds(monkeypatch, Stay.SHARED, idle=9)  # It leaves ten before the end.

    look(page)
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()

    item.refresh_from_db()
    assert item.note == "Ask about the mornings"
    assert not Session.objects.exists()
    assert page.evaluate(STORED) == NOTHING


def test_shared_computer_shows_nobody_elses_list(page, live_server, enter):
    page.goto(live_server.url)
    item = {"kind": "topic", "key": "bones", "title": "Bones", "url": "/facts/bones/"}
    page.evaluate("item => localStorage.setItem('waymark.saved', JSON.stringify([item]))", item)

    enter("/lists/", stay="shared")

    expect(page.get_by_text("Saved on this device")).to_have_count(0)
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
    assert page.evaluate(STORED) == NOTHING


# S4, signing out


def test_back_shows_no_page_of_a_member(page, live_server, enter, item):
    enter(f"/lists/{item.reading_list_id}/")
    page.goto(f"{live_server.url}/account/")
    page.goto(f"{live_server.url}/accounts/logout/")
    with page.expect_response("**/accounts/logout/") as answered:
        page.get_by_role("main").get_by_role("button", name="Sign out").click()
    assert answered.value.all_headers()["clear-site-data"] == '"cache", "storage"'
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()

    for _page in range(3):
        page.go_back()
        expect(page.get_by_text(item.reading_list.member.email)).to_have_count(0)
        expect(page.get_by_text(item.reading_list.title)).to_have_count(0)
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
