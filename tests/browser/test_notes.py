"""A note in a real browser: saved while it is typed, and lost by nothing that happens."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from community.models import ReadingList
from tests.browser.conftest import errors, violations
from tests.factories import PASSWORD, MemberFactory, TopicFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

KEPT = """(name) => {
  const keys = Object.keys(window[name]).filter((key) => key.startsWith("waymark.note."));
  return keys.map((key) => JSON.parse(window[name].getItem(key)).text);
}"""


@pytest.fixture(autouse=True)
def lost_connections(context):
    """Let the browser report each request that a test lets fail."""
    yield
    errors[:] = [error for error in errors if "Failed to load resource: net::" not in error]


@pytest.fixture
def member(live_server):
    return MemberFactory()


@pytest.fixture
def item(member):
    reading_list = ReadingList.objects.default_for(member)
    reading_list.add(TopicFactory(title="Before"))
    return reading_list.add(TopicFactory(title="Bones"))[0]


@pytest.fixture
def go(page, live_server, item, sign_in):
    """Return a function that opens the list, signed in, and returns the field of the note."""
    sign_in(item.reading_list.member)

    def _go(tab=page):
        tab.goto(live_server.url + item.reading_list.get_absolute_url())
        summary = tab.locator(f"#item-{item.pk} details:not([open]) > summary")
        if summary.count():
            summary.first.click()
        return tab.locator(f"#note-{item.pk}")

    return _go


def status(item, tab):
    return tab.locator(f"#note-status-{item.pk}")


def note_of(item):
    item.refresh_from_db()
    return item.note


def kept(tab, name="localStorage"):
    return tab.evaluate(KEPT, name)


def test_note_is_saved_after_a_pause_and_said_to_be_once(page, go, item):
    field = go()
    page.evaluate(
        """(id) => {
          window.said = [];
          const status = document.getElementById(id);
          new MutationObserver(() => window.said.push(status.textContent)).observe(
            status, { childList: true, characterData: true, subtree: true });
        }""",
        f"note-status-{item.pk}",
    )

    field.press_sequentially("Ask about Tuesday", delay=20)

    expect(status(item, page)).to_have_text("Saved.")
    assert note_of(item) == "Ask about Tuesday"
    assert [text for text in page.evaluate("window.said") if text] == ["Saved."]
    assert item.note_number == 1
    expect(field).to_be_focused()
    assert kept(page) == []
    assert violations(page) == []


def test_note_on_the_list_is_saved_the_same_way(page, go, item):
    go()
    page.get_by_text("A note on the whole list").click()
    page.get_by_label("Note on the whole list").fill("For Tuesday")

    expect(page.locator("#note-status-0")).to_have_text("Saved.")

    item.reading_list.refresh_from_db()
    assert item.reading_list.note == "For Tuesday"


@pytest.mark.parametrize("way", ["link", "address", "closed"])
def test_leaving_at_once_loses_nothing(page, context, live_server, go, item, way):
    tab = context.new_page()
    go(tab).fill("Ask about Tuesday")

    if way == "link":
        tab.get_by_role("link", name="Bones", exact=True).click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("Bones")
    elif way == "address":
        tab.goto(f"{live_server.url}/facts/")
    else:
        tab.close()

    field = go()
    expect(field).to_have_value("Ask about Tuesday")
    # What was sent while leaving may come later than this page, which then sends it, too.
    expect(status(item, page)).to_have_text(re.compile(r"^(Saved\.)?$"))
    assert note_of(item) == "Ask about Tuesday"
    page.wait_for_function(f"({KEPT})('localStorage').length === 0")


def test_lost_connection_in_the_middle_of_a_note(page, context, go, item):
    field = go()
    field.fill("Ask")
    expect(status(item, page)).to_have_text("Saved.")

    context.set_offline(True)
    field.press_sequentially(" about Tuesday")
    expect(status(item, page)).to_contain_text("kept on this device")
    assert kept(page) == ["Ask about Tuesday"]
    assert note_of(item) == "Ask"
    assert violations(page) == []
    context.set_offline(False)

    expect(status(item, page)).to_have_text("Saved.")
    assert note_of(item) == "Ask about Tuesday"
    assert kept(page) == []


def test_window_closed_without_a_connection_is_made_up_for(page, context, go, item):
    tab = context.new_page()
    field = go(tab)
    context.set_offline(True)
    field.fill("Ask about Tuesday")
    expect(status(item, tab)).to_contain_text("kept on this device")
    tab.close()
    context.set_offline(False)

    expect(go()).to_have_value("Ask about Tuesday")

    expect(status(item, page)).to_have_text("Saved.")
    assert note_of(item) == "Ask about Tuesday"
    assert kept(page) == []


def test_fault_of_the_server_is_told_and_tried_again(page, go, item):
    field = go()
    page.route("**/note/", lambda route: route.fulfill(status=503, body="<p>Oh</p>"), times=1)

    field.fill("Ask about Tuesday")

    expect(status(item, page)).to_contain_text("something does not work here just now")
    page.evaluate("dispatchEvent(new Event('online'))")  # Else it takes three seconds.
    expect(status(item, page)).to_have_text("Saved.")
    assert note_of(item) == "Ask about Tuesday"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("Keep both, one below the other", "From there\n\nFrom here"),
        ("Keep only what I typed", "From here"),
        ("Keep only what is saved now", "From there"),
    ],
)
def test_two_windows_never_overwrite_each_other(page, go, item, choice, expected):
    field = go()
    item.write_note("From there", 0)

    field.fill("From here")

    expect(status(item, page)).to_contain_text("changed somewhere else")
    expect(page.get_by_label("What is saved now")).to_have_value("From there")
    assert note_of(item) == "From there"
    assert kept(page) == ["From here"]
    page.get_by_role("button", name=choice).focus()
    page.keyboard.press("Enter")
    expect(status(item, page)).to_have_text("Saved.")
    expect(field).to_be_focused()
    assert note_of(item) == expected
    assert kept(page) == []


def test_another_window_that_is_open_keeps_its_words_to_itself(page, context, go, item):
    other = context.new_page()
    field = go(other)
    other.route("**/note/", lambda route: route.abort())
    field.fill("From the first")
    expect(status(item, other)).to_contain_text("kept on this device")

    mine = go()
    page.wait_for_timeout(2_500)

    expect(mine).to_have_value("")
    assert kept(page) == ["From the first"]


def test_session_that_ended_brings_the_words_back(page, live_server, go, item):
    field = go()
    Session.objects.all().delete()
    field.fill("Ask about Tuesday")
    expect(status(item, page)).to_contain_text("you were signed out")
    assert violations(page) == []

    status(item, page).get_by_role("link", name="Sign in and go on").click()
    page.get_by_label("Email address").fill(item.reading_list.member.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.locator(f"#note-{item.pk}")).to_have_value("Ask about Tuesday")
    expect(status(item, page)).to_have_text("Saved.")
    expect(page.get_by_text("not saved yet")).to_have_count(0)
    assert note_of(item) == "Ask about Tuesday"
    assert kept(page) == []


def test_words_of_one_member_are_not_shown_to_another(page, go, item, sign_in, live_server):
    field = go()
    page.route("**/note/", lambda route: route.abort())
    field.fill("Mine alone")
    expect(status(item, page)).to_contain_text("kept on this device")
    other = ReadingList.objects.default_for(MemberFactory())
    sign_in(other.member)

    page.goto(live_server.url + other.get_absolute_url())

    page.wait_for_function(f"({KEPT})('localStorage').length === 0")
    expect(page.get_by_text("Mine alone")).to_have_count(0)


def test_shared_computer_keeps_the_words_in_the_tab_alone(page, context, go, item):
    go()
    for session in Session.objects.all():
        store = session.get_session_store_class()(session.session_key)
        store["stay"] = "shared"
        store.save()
    field = go()
    page.route("**/note/", lambda route: route.abort(), times=1)

    field.fill("Ask about Tuesday")

    expect(status(item, page)).to_contain_text("others use this computer too")
    assert kept(page) == []
    assert kept(page, "sessionStorage") == ["Ask about Tuesday"]
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(status(item, page)).to_have_text("Saved.")
    assert kept(page, "sessionStorage") == []


def test_end_of_the_room_is_told_while_typing(page, go, item):
    field = go()

    field.fill("x" * 9_990)
    expect(page.get_by_text("Characters left: 10", exact=True)).to_be_visible()
    field.fill("x" * 10_002)
    expect(page.get_by_text("Characters too many: 2", exact=True)).to_be_visible()
    expect(status(item, page)).to_contain_text("too long to save")
    field.fill("x" * 9_000 + "🌻" * 1_000)

    expect(status(item, page)).to_have_text("Saved.")
    assert note_of(item) == "x" * 9_000 + "🌻" * 1_000


def test_emptied_note_is_put_back(page, go, item):
    item.write_note("Precious", 0)
    field = go()
    expect(page.get_by_role("button", name="Put back what was there")).to_have_count(0)

    field.press("Control+a")
    field.press("Delete")
    expect(status(item, page)).to_have_text("Saved: your note is empty now.")
    page.get_by_role("button", name="Put back what was there").click()

    expect(page.locator(f"#note-{item.pk}")).to_have_value("Precious")
    assert note_of(item) == "Precious"


def test_item_that_was_removed_elsewhere_gives_the_words_back(page, go, item):
    field = go()
    told = status(item, page)
    item.delete()
    field.fill("Ask about Tuesday")
    expect(told).to_contain_text("no longer on your list")

    page.reload()

    waiting = page.get_by_role("region", name="A note that is not saved yet")
    expect(waiting.get_by_label("What you typed")).to_have_value("Ask about Tuesday")
    assert violations(page) == []
    waiting.get_by_role("button", name="Remove these words from here").click()
    expect(waiting).to_have_count(0)
    assert kept(page) == []


def test_without_script_the_form_saves(browser, live_server, go, item, context):
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(context.cookies())
    tab = plain.new_page()
    field = go(tab)
    expect(tab.get_by_text("Press “Save the note” before").last).to_be_visible()

    field.fill("Ask about Tuesday")
    tab.locator(f"#item-{item.pk}").get_by_role("button", name="Save the note").click()

    expect(tab.get_by_text("Your note is saved.")).to_be_visible()
    tab.locator(f"#note-{item.pk}").fill("")
    tab.locator(f"#item-{item.pk}").get_by_role("button", name="Save the note").click()
    tab.get_by_role("button", name="Put back what was there").click()
    expect(tab.locator(f"#note-{item.pk}")).to_have_value("Ask about Tuesday")
    plain.close()
