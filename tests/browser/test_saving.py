"""Saving and lists in a real browser: on the device alone, without script, by keyboard alone."""

import json
import re

import pytest
from playwright.sync_api import expect

from community.models import ReadingList, SavedItem
from tests.browser.conftest import errors, violations, violations_by_day_and_night
from tests.factories import (
    PASSWORD,
    FactFactory,
    MemberFactory,
    ReadingListFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

STORE = "waymark.saved"
SAVED = "Saved on this device"
CHOOSE = "Choose what goes on my list"


@pytest.fixture
def topic():
    topic = TopicFactory(slug="bones", title="Bones")
    make_live(
        FactFactory(topic=topic, slug="outlook"),
        title="One in three",
        neutral_heading="Figures over five years",
        sensitivity="prognosis",
    )
    return topic


def stored(page):
    return json.loads(page.evaluate(f"localStorage.getItem('{STORE}')") or "[]")


def save_link(page, title):
    return page.locator(f'a[data-save][data-title="{title}"]')


def named(words, title):
    """The name of a link or button that says, to those who hear it, what it is for."""
    return re.compile(rf"^{words}\s*: {title}")


def open_more(page, title):
    """Unfold the buttons of an item that are needed less often."""
    page.locator(".saved-item summary", has_text=named("More", title)).click()


def press_tab_until(page, locator, most=80):
    """Press Tab until `locator` has the focus."""
    for _press in range(most):
        page.keyboard.press("Tab")
        if locator.evaluate("element => element === document.activeElement"):
            return
    pytest.fail("Tab never came to it.")


def test_visitor_saves_on_the_device_alone_and_takes_it_back(page, live_server, topic):
    page.goto(f"{live_server.url}/facts/bones/?show=all")
    requests = []
    page.on(
        "request",
        lambda request: (
            "/static/" in request.url
            or requests.append((request.method, request.url, request.post_data))
        ),
    )

    save_link(page, "Figures over five years").click()

    link = save_link(page, "Figures over five years")
    expect(link).to_contain_text(SAVED)
    expect(page.locator("main > [role=status]")).to_have_text(
        "Saved on this device. Nothing was sent."
    )
    assert requests == [("GET", f"{live_server.url}/lists/state/", None)]
    [item] = stored(page)
    day = item.pop("saved")
    assert len(day) == len("2026-11-22")
    assert item == {
        "kind": "fact",
        "key": "bones/outlook",
        "title": "Figures over five years",
        "url": "/facts/bones/outlook/",
    }
    assert violations(page) == []
    # It is still known on the next visit.
    page.reload()
    expect(link).to_contain_text(SAVED)

    page.get_by_role("button", name=named("Undo", "Figures over five years")).click()

    expect(link).to_contain_text("Save to my list")
    expect(link).to_be_focused()
    expect(link).to_have_attribute("href", "/lists/save/?fact=bones/outlook")
    assert stored(page) == []
    assert page.context.cookies() == []


def test_device_list_is_shown_and_can_be_emptied(page, live_server, topic):
    page.goto(f"{live_server.url}/facts/bones/")
    save_link(page, "Bones").click()
    expect(save_link(page, "Bones")).to_contain_text(SAVED)
    save_link(page, "Figures over five years").click()
    expect(save_link(page, "Figures over five years")).to_contain_text(SAVED)

    # Pressed again, but not by the same hand that shook, the link leads to the list.
    page.wait_for_timeout(800)
    save_link(page, "Bones").click()
    expect(page).to_have_url(f"{live_server.url}/lists/")
    section = page.locator("[data-device-list]")
    expect(section.get_by_role("link", name="Bones", exact=True)).to_have_attribute(
        "href", "/facts/bones/"
    )
    assert violations(page) == []

    section.get_by_role("button", name=named("Remove", "Bones")).click()
    assert [item["key"] for item in stored(page)] == ["bones/outlook"]
    expect(section.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    assert [item["key"] for item in stored(page)] == ["bones", "bones/outlook"]

    section.get_by_role("button", name="Remove everything").click()
    assert page.evaluate(f"localStorage.getItem('{STORE}')") is None
    section.get_by_role("button", name="Undo").click()
    assert len(stored(page)) == 2


def test_device_list_on_paper_has_addresses_and_no_word_of_accounts(page, live_server, topic):
    page.goto(f"{live_server.url}/facts/bones/")
    page.locator("a[data-save]").first.click()
    page.goto(f"{live_server.url}/lists/")

    page.emulate_media(media="print")

    expect(page.get_by_text(f"{live_server.url}/facts/bones/", exact=True)).to_be_visible()
    expect(page.get_by_text("A list of your own needs an account")).to_be_hidden()
    expect(page.get_by_text("Only this browser knows of it.")).to_be_hidden()


def test_broken_store_breaks_no_page(page, live_server, topic):
    page.goto(f"{live_server.url}/facts/bones/")
    for broken in ("{", '"text"', '[null, 3, {"kind": "topic"}]'):
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", [STORE, broken])
        page.reload()
        expect(save_link(page, "Bones")).to_contain_text("Save to my list")
    bad = [{"kind": "topic", "key": "x", "title": "<b>x</b>", "url": "javascript:alert(1)"}]
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [STORE, json.dumps(bad)])

    page.goto(f"{live_server.url}/lists/")

    section = page.locator("[data-device-list]")
    expect(section.locator("h3")).to_have_text("<b>x</b>")
    expect(section.locator("h3 a[href]")).to_have_count(0)


def test_where_the_browser_keeps_nothing_the_link_is_followed(page, live_server, topic):
    page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError') }"
    )
    page.goto(f"{live_server.url}/facts/bones/")

    save_link(page, "Bones").click()

    expect(page).to_have_url(f"{live_server.url}/lists/save/?topic=bones")


def test_where_the_question_fails_the_link_is_followed(page, live_server, topic):
    page.route("**/lists/state/", lambda route: route.fulfill(status=503, body="{}"))
    page.goto(f"{live_server.url}/facts/bones/")

    save_link(page, "Bones").click()

    expect(page).to_have_url(f"{live_server.url}/lists/save/?topic=bones")
    assert stored(page) == []


def told(page, title):
    """What is said beside a save link."""
    return page.locator(
        f'a[data-save][data-title="{title}"] + [data-save-after] [data-save-status]'
    )


def test_member_saves_with_one_press_and_takes_it_back(page, live_server, topic, sign_in):
    member = MemberFactory()
    sign_in(member)
    page.goto(f"{live_server.url}/facts/bones/")
    assert "csrf" not in page.content()
    link = save_link(page, "Bones")

    link.focus()
    page.keyboard.press("Enter")

    expect(told(page, "Bones")).to_have_text("Saved to “My list”.")
    expect(page.locator("main > [role=status]").last).to_have_text("Saved to “My list”.")
    expect(link).to_be_focused()
    expect(link).to_contain_text("On my list")
    assert page.url == f"{live_server.url}/facts/bones/"
    item = SavedItem.objects.get()
    assert item.reading_list.member == member
    expect(link).to_have_attribute("href", f"/lists/{item.reading_list_id}/#item-{item.pk}")
    # With one list there is no other to choose.
    expect(page.get_by_role("button", name=named("Another list", "Bones"))).to_have_count(0)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert violations(page) == []

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=named("Undo", "Bones"))).to_be_focused()
    page.keyboard.press("Enter")

    expect(link).to_be_focused()
    expect(link).to_contain_text("Save to my list")
    expect(link).to_have_attribute("href", "/lists/save/?topic=bones")
    expect(page.locator("main > [role=status]").last).to_have_text("It is off your list again.")
    assert not SavedItem.objects.exists()


def test_member_saves_once_and_chooses_another_list(page, live_server, topic, sign_in):
    member = MemberFactory()
    first = ReadingList.objects.default_for(member)
    visit = ReadingListFactory(member=member, title="A visit")
    first.add(topic)
    sign_in(member)
    page.goto(f"{live_server.url}/facts/bones/")

    save_link(page, "Bones").click()
    expect(told(page, "Bones")).to_have_text("It is on “My list” already.")
    expect(page.get_by_role("button", name=named("Undo", "Bones"))).to_have_count(0)
    page.get_by_role("button", name=named("Another list", "Bones")).click()
    expect(page.get_by_label("To which list")).to_be_focused()
    assert violations(page) == []
    page.get_by_role("button", name=named("Move it there", "Bones")).click()

    expect(told(page, "Bones")).to_have_text("Moved to “A visit”.")
    assert SavedItem.objects.get().reading_list == visit


def test_fault_after_saving_is_told_in_words(page, live_server, topic, sign_in):
    sign_in(MemberFactory())
    page.goto(f"{live_server.url}/facts/bones/")
    save_link(page, "Bones").click()
    expect(told(page, "Bones")).to_have_text("Saved to “My list”.")
    page.route("**/remove/", lambda route: route.fulfill(status=503, body="Later"))

    undo = page.get_by_role("button", name=named("Undo", "Bones"))
    undo.click()
    expect(told(page, "Bones")).to_contain_text("nothing was changed")
    page.unroute("**/remove/")
    undo.click()

    expect(save_link(page, "Bones")).to_contain_text("Save to my list")
    assert not SavedItem.objects.exists()


def test_without_a_connection_nothing_is_saved_and_it_says_so(page, live_server, topic):
    page.goto(f"{live_server.url}/facts/bones/")
    page.context.set_offline(True)

    save_link(page, "Bones").click()

    expect(told(page, "Bones")).to_contain_text("There is no connection")
    page.context.set_offline(False)
    errors.clear()  # The browser says so too.
    save_link(page, "Bones").click()
    expect(save_link(page, "Bones")).to_contain_text(SAVED)


def test_device_that_is_full_says_so(page, live_server, topic):
    page.goto(f"{live_server.url}/facts/bones/")
    many = [{"kind": "topic", "key": f"t{n}", "title": f"T {n}", "url": "/x/"} for n in range(200)]
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [STORE, json.dumps(many)])

    save_link(page, "Bones").click()

    expect(told(page, "Bones")).to_contain_text("200 things are saved on this device")
    assert len(stored(page)) == 200


def test_without_script_the_visitor_signs_in_and_finds_it_saved(browser, live_server, topic):
    member = MemberFactory()
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{live_server.url}/facts/bones/")

    page.get_by_role("link", name=named("Save to my list", "Figures over five years")).click()
    assert "One in three" not in page.content()
    page.get_by_role("button", name="Save to my list").click()
    page.get_by_label("Email address").fill(member.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    assert page.url == f"{live_server.url}/lists/"
    expect(page.get_by_text("What you chose is on your list")).to_be_visible()
    page.get_by_role("link", name="My list", exact=True).last.click()
    expect(page.get_by_role("link", name="Figures over five years")).to_be_visible()
    item = page.locator(".saved-item")
    item.get_by_text("Write a note").click()
    item.get_by_label("Your note").fill("Ask on Tuesday")
    item.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("Your note is saved.")).to_be_visible()
    expect(item.get_by_label("Your note")).to_have_value("Ask on Tuesday")
    context.close()


def test_list_is_put_in_order_by_keyboard_alone(page, live_server, sign_in):
    member = MemberFactory()
    reading_list = ReadingList.objects.default_for(member)
    for title in ("First", "Second", "Third"):
        reading_list.add(TopicFactory(title=title))
    sign_in(member)
    page.goto(f"{live_server.url}/lists/{reading_list.pk}/")

    third = page.get_by_role("button", name=named("Move up", "Third"))
    press_tab_until(page, third)
    page.keyboard.press("Enter")
    # The button has the focus again, and can be seen.
    expect(page.get_by_role("button", name=named("Move up", "Third, now 2 of 3"))).to_be_focused()
    expect(page.get_by_role("button", name=named("Move up", "Third"))).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=named("Move down", "Third, now 1 of 3"))).to_be_focused()

    titles = [item.topic.title for item in reading_list.saved_items.all()]
    assert titles == ["Third", "First", "Second"]


# A note that is not saved yet


@pytest.fixture
def notes(page, live_server, sign_in):
    """Two items of a list, on whose page a note of the first has been typed and not saved."""
    member = MemberFactory()
    reading_list = ReadingList.objects.default_for(member)
    items = [reading_list.add(TopicFactory(title=title))[0] for title in ("First", "Second")]
    sign_in(member)
    page.goto(f"{live_server.url}/lists/{reading_list.pk}/")
    note(page).locator("xpath=ancestor::details/summary").click()
    note(page).fill("Ask on Tuesday")
    return items


def note(page, place=0):
    return page.locator(".saved-item").nth(place).locator("textarea[data-note]")


def note_of(item):
    item.refresh_from_db()
    return item.note


def test_typed_note_is_saved_before_the_item_moves(page, notes):
    page.get_by_role("button", name=named("Move down", "First")).click()

    expect(page.get_by_role("button", name=named("Move up", "First, now 2 of 2"))).to_be_focused()
    expect(note(page, 1)).to_have_value("Ask on Tuesday")
    assert note_of(notes[0]) == "Ask on Tuesday"


def test_typed_note_is_saved_before_another_item_is_marked_or_removed(page, notes):
    page.get_by_role("button", name=named("Mark as read", "Second")).click()
    expect(page.get_by_role("button", name=named("Mark as not read", "Second"))).to_be_focused()
    assert note_of(notes[0]) == "Ask on Tuesday"
    note(page).fill("Ask on Friday")
    open_more(page, "First")
    page.get_by_role("button", name=named("Remove", "First")).click()

    # The question shows the note as it was typed last.
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove “First”?")
    expect(page.get_by_label("Your note")).to_have_value("Ask on Friday")
    assert note_of(notes[0]) == "Ask on Friday"


def test_two_typed_notes_are_saved_by_one_button(page, notes):
    page.get_by_text("Write a note").last.click()
    note(page, 1).fill("Of the second")
    page.get_by_role("button", name=named("Save the note", "Second")).click()

    expect(page.get_by_text("Saved.", exact=True)).to_have_count(2)
    assert [note_of(item) for item in notes] == ["Ask on Tuesday", "Of the second"]


@pytest.mark.parametrize("fault", ["conflict", "too long", "signed out", "network"])
def test_note_that_cannot_be_saved_stops_everything_else(page, live_server, notes, fault):
    text = "Ask on Tuesday"
    if fault == "conflict":
        notes[0].write_note("From another tab", 0)
    elif fault == "too long":
        text = "word " * 2001
        note(page).fill(text)
    elif fault == "signed out":
        page.context.clear_cookies(name="session")
    else:
        page.route("**/note/", lambda route: route.fulfill(status=503, body=""))
    address = page.url
    before = note_of(notes[0])

    page.get_by_role("button", name=named("Move down", "First")).click()

    told = page.locator(f"#note-status-{notes[0].pk}")
    expect(told).to_contain_text("Nothing else was done")
    expect(told).to_have_role("status")
    expect(told).to_be_in_viewport()
    field = note(page)
    expect(field).to_have_value(text)
    expect(field).to_be_focused()
    expect(field).to_be_editable()
    assert page.url == address
    assert note_of(notes[0]) == before
    assert violations(page) == []
    notes[1].refresh_from_db()
    assert notes[1].position == 2


def test_list_page_is_few_requests(page, live_server, sign_in):
    reading_list = ReadingList.objects.default_for(MemberFactory())
    reading_list.add(TopicFactory())
    sign_in(reading_list.member)
    requests = []
    page.on("request", lambda request: requests.append(request.url))

    page.goto(f"{live_server.url}/lists/{reading_list.pk}/", wait_until="networkidle")

    assert len(requests) <= 5


# What the device holds, when its owner has an account


def test_new_member_saves_all_that_the_device_holds(page, live_server, topic, sign_in):
    member = MemberFactory()
    page.goto(f"{live_server.url}/facts/bones/")
    for title in ("Bones", "Figures over five years"):
        save_link(page, title).click()
        expect(save_link(page, title)).to_contain_text(SAVED)
    gone = {"kind": "topic", "key": "gone", "title": "Gone", "url": "/facts/gone/"}
    page.evaluate(
        "([key, text]) => localStorage.setItem(key, text)",
        [STORE, json.dumps([*stored(page), gone])],
    )
    sign_in(member)

    page.goto(f"{live_server.url}/lists/")

    expect(page.get_by_text("Nothing here yet")).to_be_hidden()
    assert violations(page) == []
    page.get_by_role("button", name=CHOOSE).click()
    # Nothing is saved before it has been looked at.
    expect(page.get_by_role("heading", level=1)).to_have_text("From this device to a list")
    assert violations(page) == []
    assert not SavedItem.objects.exists()
    expect(page.get_by_text("Gone", exact=True)).to_be_visible()
    page.get_by_label("Bones").uncheck()
    page.get_by_role("button", name="Save what is ticked to my list").click()
    expect(page.get_by_text("1 thing is on your list now.")).to_be_visible()
    expect(page.get_by_role("link", name="My list", exact=True).last).to_be_visible()
    assert [item.kind for item in SavedItem.objects.filter(reading_list__member=member)] == ["fact"]
    # What was not saved is still on the device.
    assert [item["key"] for item in stored(page)] == ["bones", "gone"]


def test_device_keeps_all_until_they_are_known_to_be_saved(page, live_server, topic, sign_in):
    page.goto(f"{live_server.url}/facts/bones/")
    save_link(page, "Bones").click()
    expect(save_link(page, "Bones")).to_contain_text(SAVED)
    sign_in(MemberFactory())
    page.goto(f"{live_server.url}/lists/")
    page.get_by_role("button", name=CHOOSE).click()
    page.route("**/lists/from-device/", lambda route: route.fulfill(status=503, body="Later"))

    page.get_by_role("button", name="Save what is ticked to my list").click()

    expect(page.get_by_text("Later")).to_be_visible()
    page.unroute("**/lists/from-device/")
    page.goto(f"{live_server.url}/facts/bones/")
    assert len(stored(page)) == 1


def test_two_presses_close_together_count_once(page, live_server, topic, sign_in, member):
    page.goto(f"{live_server.url}/facts/bones/")
    for name in ("Bones", "Figures over five years"):
        save_link(page, name).dblclick()
        expect(save_link(page, name)).to_contain_text(SAVED)
        save_link(page, name).click()
        assert page.url == f"{live_server.url}/facts/bones/"
    assert len(stored(page)) == 2
    page.goto(f"{live_server.url}/lists/")
    page.get_by_role("button", name=named("Move down", "Bones")).dblclick()
    assert [item["key"] for item in stored(page)] == ["bones/outlook", "bones"]

    sign_in(member)
    page.evaluate("localStorage.clear()")
    page.goto(f"{live_server.url}/facts/bones/")
    save_link(page, "Bones").dblclick()
    expect(page.locator("[data-save-status]", has_text="Saved to")).to_be_visible()
    save_link(page, "Bones").click()
    assert page.url == f"{live_server.url}/facts/bones/"
    assert SavedItem.objects.count() == 1


def test_device_list_is_put_in_order_by_keyboard_alone(page, live_server):
    items = [{"kind": "topic", "key": key, "title": key, "url": "/x/"} for key in "abc"]
    page.goto(f"{live_server.url}/lists/")
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [STORE, json.dumps(items)])
    page.reload()
    expect(page.get_by_role("button", name=named("Move up", "a"))).to_be_hidden()

    press_tab_until(page, page.get_by_role("button", name=named("Move up", "c")))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=named("Move up", "c"))).to_be_focused()
    expect(page.locator("main > [role=status]")).to_have_text("c, now 2 of 3")
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name=named("Move down", "c"))).to_be_focused()
    assert [item["key"] for item in stored(page)] == ["c", "a", "b"]
    assert violations(page) == []


def test_empty_state_comes_back_with_the_last_one_removed(page, live_server, topic, sign_in):
    page.goto(f"{live_server.url}/facts/bones/")
    save_link(page, "Bones").click()
    expect(save_link(page, "Bones")).to_contain_text(SAVED)
    sign_in(MemberFactory())
    page.goto(f"{live_server.url}/lists/")

    page.get_by_role("button", name=named("Remove", "Bones")).click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    expect(page.get_by_role("button", name=CHOOSE)).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Nothing here yet")).to_be_hidden()
    expect(page.get_by_role("button", name=CHOOSE)).to_be_visible()


def test_day_on_the_device_is_written_as_everywhere_else(page, live_server):
    item = {"kind": "topic", "key": "x", "title": "X", "url": "/x/", "saved": "2026-11-02"}
    page.goto(f"{live_server.url}/lists/")
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [STORE, json.dumps([item])])

    page.reload()

    expect(page.get_by_text("Saved 2 November 2026.")).to_be_visible()


def test_save_link_is_named_in_one_piece(page, live_server, topic):
    page.goto(f"{live_server.url}/facts/bones/")
    link = page.get_by_role("link", name="Save to my list: Bones", exact=True)
    expect(link).to_have_count(1)

    link.click()

    expect(page.get_by_role("link", name="Saved on this device: Bones", exact=True)).to_be_visible()


def test_pages_of_a_member_are_without_fault(page, live_server, topic, sign_in):
    member = MemberFactory()
    reading_list = ReadingList.objects.default_for(member)
    ReadingListFactory(member=member)
    fact, _is_new = reading_list.add(make_live().fact)
    fact.write_note("A note of mine", 0)
    hidden, _is_new = reading_list.add(SupportGroupFactory())
    hidden.group.published_at = None
    hidden.group.save()
    sign_in(member)
    found = {}

    for address in ("/lists/", f"/lists/{reading_list.pk}/", "/lists/save/?topic=bones"):
        page.goto(live_server.url + address)
        found[address] = violations_by_day_and_night(page)
        page.set_viewport_size({"width": 320, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server.url}/lists/{reading_list.pk}/")
    fact.write_note("From another tab", 1)
    note(page).fill("From this tab")
    expect(page.get_by_label("What is saved now")).to_have_value("From another tab")
    found["conflict"] = violations_by_day_and_night(page)
    page.get_by_role("button", name="Keep both").click()
    expect(note(page)).to_have_value("From another tab\n\nFrom this tab")
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.get_by_text("More").first.click()
    page.get_by_role("button", name="Remove").first.click()
    found["remove"] = violations_by_day_and_night(page)
    page.goto(f"{live_server.url}/lists/{reading_list.pk}/")
    page.context.clear_cookies(name="session")
    note(page).fill("After the session ended")
    page.locator(".saved-item").get_by_role("button", name="Save the note").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You were signed out")
    found["signed out"] = violations_by_day_and_night(page)

    assert {place: faults for place, faults in found.items() if faults} == {}
