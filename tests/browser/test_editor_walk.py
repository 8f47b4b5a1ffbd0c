"""The walk of an editor: invited, second step set, a change drafted, approved by somebody else."""

import pytest
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import expect

from tests.community.account_steps import app_code, code_in
from tests.factories import FactFactory, TopicFactory, make_live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser_context_args():
    return {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"}


def sign_in(page, base, email):
    """Sign an invited person in with a code, set up the second step and open the desk."""
    page.goto(f"{base}/accounts/login/code/?next=/admin/")
    page.get_by_role("textbox", name="Email").fill(email)
    with page.expect_navigation():
        page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(code_in(mail.outbox[-1]))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(f"{base}/admin/")
    expect(page).to_have_url(f"{base}/accounts/2fa/")
    page.goto(f"{base}/accounts/2fa/totp/activate/")
    page.get_by_label("Code").fill(app_code(page.locator("code").inner_text()))
    with page.expect_navigation():
        page.get_by_role("button", name="Switch it on").click()
    page.goto(f"{base}/admin/")
    expect(page.get_by_role("heading", name="What would you like to do?")).to_be_visible()


def test_editor_drafts_a_change_and_a_reviewer_approves_it(page, context, browser, live_server):
    base = live_server.url
    topic = TopicFactory(slug="bones", title="Bones")
    fact = FactFactory(topic=topic, slug="scans")
    make_live(fact, title="Scans", body="<p>The old words.</p>")
    for role in ("editor", "reviewer"):
        call_command("invite_staff", f"{role}@example.org", role=role)

    sign_in(page, base, "editor@example.org")
    page.goto(f"{base}/admin/facts/fact/{fact.pk}/change/")
    page.get_by_role("link", name="Start a new version…").click()
    page.get_by_role("button", name="Start a new version").click()
    text = page.locator(".tiptap")  # The editor, once it has started.
    text.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("The new words.")
    page.get_by_role("button", name="Save, and send for review…").click()
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("It is sent for review.")).to_be_visible()
    draft = page.url
    expect(page.get_by_text("Approve…")).to_have_count(0)

    other = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    reviewer = other.new_page()
    sign_in(reviewer, base, "reviewer@example.org")
    reviewer.goto(draft)
    reviewer.get_by_text("Approve…").click()
    reviewer.get_by_label("Meaning").check()
    reviewer.get_by_label("What changed, and why").fill("A new study came out.")
    with reviewer.expect_navigation():
        reviewer.get_by_role("button", name="Approve").click()

    page.goto(f"{base}/facts/bones/scans/")
    expect(page.get_by_text("The new words.")).to_be_visible()
    expect(page.get_by_text("The old words.")).to_have_count(0)
    page.goto(f"{base}/facts/bones/scans/history/")
    expect(page.get_by_text("A new study came out.")).to_be_visible()
    expect(page.get_by_text("The old words.")).to_be_visible()
    other.close()
