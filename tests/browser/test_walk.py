"""The walk of a new reader: read, look, save, sign up, write a note, sign out. At 360 px."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from community.models import SavedItem
from tests.community.account_steps import app_code
from tests.factories import FactFactory, MemberFactory, TopicFactory, make_live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EMAIL = "reader@example.org"
PASSWORD = "a long walk by the sea"
NOTE = "Ask about this on Tuesday."

_FOCUSED = """() => {
  const e = document.activeElement;
  const labels = [...(e.labels || [])].map((label) => label.innerText).join(' ');
  return `${labels} ${e.innerText || e.value || ''}`.replace(/\\s+/g, ' ').trim();
}"""
_RING = """() => {
  const e = document.activeElement;
  // A card shows its ring around the whole of it.
  const style = getComputedStyle(e, e.matches('.card-link') ? '::after' : null);
  const box = e.getClientRects()[0] || e.getBoundingClientRect();
  const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    width: parseFloat(style.outlineWidth), style: style.outlineStyle,
    seen: box.height === 0 || (box.bottom > 0 && box.top < innerHeight),
    by: middle && middle.outerHTML.slice(0, 200),
    covered: middle !== null && !e.contains(middle) && !middle.contains(e)
      && ![...(e.labels || [])].some((label) => label.contains(middle)),
  };
}"""


@pytest.fixture
def library(live_server):
    fact = FactFactory(topic=TopicFactory(slug="numbers", title="Numbers"), slug="outlook")
    make_live(
        fact,
        title="The whole picture",
        neutral_heading="Figures over five years",
        body="<p>The text that was folded away.</p>",
        sensitivity="prognosis",
    )


def code_in_the_mail():
    return re.search(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]+)*)\s*$", mail.outbox[-1].body, re.M).group(1)


def tab_to(page, words):
    """Press Tab until the focus stands on what says `words`; the focus is visible all the way."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue
        ring = page.evaluate(_RING)
        for _ in range(20):
            if ring["seen"]:
                break
            page.wait_for_timeout(50)  # The page is still scrolling.
            ring = page.evaluate(_RING)
        assert ring["seen"], page.evaluate(_FOCUSED)
        assert ring["style"] != "none", page.evaluate(_FOCUSED)
        assert ring["width"] >= 2, page.evaluate(_FOCUSED)
        assert not ring["covered"], f"{page.evaluate(_FOCUSED)} is covered by {ring['by']}"
        if page.evaluate(_FOCUSED).startswith(words):
            return
    raise AssertionError(f"The keyboard does not reach “{words}”.")


def press(page, words):
    """Follow the link, or send the form, that says `words`."""
    tab_to(page, words)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fill(page, words, text):
    tab_to(page, words)
    page.keyboard.type(text)


def test_walk_by_keyboard_alone(page, library, live_server):
    page.goto(f"{live_server.url}/facts/numbers/")

    press(page, "Show this now")
    expect(page.get_by_text("The text that was folded away.")).to_be_visible()
    tab_to(page, "Save to my list: Figures over five years")
    page.keyboard.press("Enter")
    expect(page.locator("[data-save-status]")).to_have_text(
        "Saved on this device. Nothing was sent."
    )
    page.goto(f"{live_server.url}/lists/")
    press(page, "Make an account")
    fill(page, "Email", EMAIL)
    fill(page, "Password", PASSWORD)
    for box in ("I am 16", "I agree"):
        tab_to(page, box)
        page.keyboard.press("Space")
    press(page, "Make my account")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    code = code_in_the_mail()
    fill(page, "Code", code)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Saved on this device")).to_be_visible()
    press(page, "Save to my list")
    press(page, "Save to my list")
    tab_to(page, "Write a note")
    page.keyboard.press("Enter")
    fill(page, "Your note", NOTE)

    expect(page.locator("[data-note-status]", has_text="Saved.")).to_be_visible()
    assert SavedItem.objects.get().note == NOTE
    page.goto(f"{live_server.url}/account/")
    press(page, "Sign out")
    press(page, "Sign out")
    page.goto(f"{live_server.url}/lists/")
    expect(page.get_by_role("heading", name="A list of your own needs an account")).to_be_visible()
    expect(page.get_by_role("heading", name="Saved on this device")).to_be_hidden()


def test_walk_without_javascript(browser, library, live_server):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="en-US"
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/facts/numbers/")

    page.get_by_role("link", name="Show this now").click()
    expect(page.get_by_text("The text that was folded away.")).to_be_visible()
    page.get_by_role("link", name="Save to my list: Figures over five years").click()
    page.get_by_role("button", name="Save, and make an account").click()
    page.get_by_role("textbox", name="Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I am 16").check()
    page.get_by_label("I agree").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Make my account").click()
    page.get_by_label("Code").fill(code_in_the_mail())
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name="My list", exact=True).click()
    expect(page.get_by_role("heading", name="Figures over five years")).to_be_visible()
    page.get_by_text("Write a note").click()
    page.get_by_label("Your note").fill(NOTE)
    with page.expect_navigation():
        page.get_by_role("button", name="Save the note").click()

    assert SavedItem.objects.get().note == NOTE
    page.goto(f"{live_server.url}/accounts/logout/")
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto(f"{live_server.url}/lists/")
    expect(page.get_by_role("heading", name="A list of your own needs an account")).to_be_visible()
    context.close()


def test_second_step_without_javascript(browser, live_server):
    member = MemberFactory(password=PASSWORD)
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()

    def sign_in():
        page.goto(f"{live_server.url}/accounts/login/")
        page.get_by_role("textbox", name="Email address").fill(member.email)
        page.get_by_role("textbox", name="Password").fill(PASSWORD)
        with page.expect_navigation():
            page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()

    sign_in()
    page.goto(f"{live_server.url}/accounts/2fa/totp/activate/")
    key = re.sub(r"\s", "", page.locator("code").inner_text())
    page.get_by_label("code").fill(app_code(key))
    with page.expect_navigation():
        page.get_by_role("button", name="Switch it on").click()
    codes = page.locator(".codes code").all_inner_texts()
    context.clear_cookies()
    sign_in()
    expect(page).to_have_url(re.compile("/accounts/2fa/authenticate/"))
    page.get_by_label("code").first.fill(re.sub(r"\W", "", codes[0]))
    with page.expect_navigation():
        page.keyboard.press("Enter")

    page.goto(f"{live_server.url}/account/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/account/")
    context.close()
