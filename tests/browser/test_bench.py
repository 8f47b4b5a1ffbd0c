"""The bench beside a draft in a real browser: it keeps up with typing, and never disturbs."""

import os

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import violations_by_day_and_night
from tests.factories import DraftFactory, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

BODY = (
    "<p>Treatment may be given for a long time, and it can ease what you feel. Some people get "
    "neutropenia. About 3 in 10 people stop.</p><p>You can ask your care team what each drug is "
    "for, what it may do to you, who you can call at night, and what would come next if it stops "
    "working for you at some time.</p>"
)


@pytest.fixture
def browser_context_args():
    return {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"}


@pytest.fixture
def draft(sign_in):
    author = make_staff("Editor")
    sign_in(author)
    return DraftFactory(author=author, body=BODY, title="It can be eased")


def look(page, name, *, is_full=True):
    """Keep a picture, if somebody wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=is_full)


def test_bench_keeps_up_with_typing(page, live_server, draft):
    page.goto(f"{live_server.url}/admin/facts/factversion/{draft.pk}/change/")
    bench = page.get_by_role("region", name="How it reads")
    expect(bench.get_by_text("“neutropenia” may be new")).to_be_visible()
    look(page, "bench-1280", is_full=False)

    page.locator(".tiptap").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("You can ask for rest. Mucositis hurts.")

    expect(bench.get_by_text("“Mucositis” may be new")).to_be_visible()
    expect(bench.get_by_text("“neutropenia” may be new")).to_have_count(0)
    expect(bench.get_by_role("status")).to_contain_text("to look at.")
    expect(bench.get_by_role("link", name="Add “Mucositis” to the glossary")).to_be_visible()
    draft.refresh_from_db()
    assert draft.body == BODY

    expect(page.get_by_role("button", name="Check the text")).to_have_count(0)

    # Beside the text, where it can be seen while writing.
    assert bench.bounding_box()["x"] > page.locator(".tiptap").bounding_box()["x"] + 300


@pytest.mark.parametrize("fault", ["signed out", "refusal"])
def test_fault_is_told_quietly_and_mends_itself(page, live_server, draft, fault):
    page.goto(f"{live_server.url}/admin/facts/factversion/{draft.pk}/change/")
    bench = page.get_by_role("region", name="How it reads")
    if fault == "signed out":
        page.route("**/bench/", lambda route: route.fulfill(status=302, headers={"Location": "/"}))
    else:
        page.route("**/bench/", lambda route: route.fulfill(status=503, body="busy"))
    heading = page.get_by_label("Heading:", exact=True)
    heading.fill("My battle")
    expect(bench.get_by_text("The bench does not answer now.")).to_be_visible()
    expect(heading).to_have_value("My battle")

    page.unroute("**/bench/")
    heading.press_sequentially("s")

    expect(bench.get_by_text("We do not say “battles”.")).to_be_visible()
    expect(bench.get_by_text("The bench does not answer now.")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_axe_finds_nothing_beside_the_text_or_below_it(page, live_server, draft, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/admin/facts/factversion/{draft.pk}/change/")
    bench = page.get_by_role("region", name="How it reads")
    expect(page.locator(".tiptap")).to_be_visible()
    bench.locator("summary").click()
    look(page, f"bench-{width}")

    assert violations_by_day_and_night(page) == []
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not is_wide
    text, below = page.locator(".tiptap").bounding_box(), bench.bounding_box()
    if width < 1000:
        assert below["y"] > text["y"] + text["height"]


def test_bench_works_without_script(browser, live_server, draft, context):
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    plain.add_cookies(context.cookies())
    page = plain.new_page()
    page.goto(f"{live_server.url}/admin/facts/factversion/{draft.pk}/change/")
    page.locator('textarea[name="body"]').fill("<p>Mucositis hurts.</p>")
    page.get_by_role("button", name="Check the text").click()

    expect(page.get_by_text("“Mucositis” may be new")).to_be_visible()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    assert page.locator('textarea[name="body"]').input_value().strip() == "<p>Mucositis hurts.</p>"
    look(page, "bench-no-script")
    plain.close()
    draft.refresh_from_db()
    assert draft.body == BODY
