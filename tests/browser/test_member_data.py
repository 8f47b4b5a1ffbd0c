"""A member takes a copy and leaves, without script and with the keyboard alone (A1, A2, A6)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from community.models import Consent, Member
from tests.browser.conftest import violations
from tests.factories import PASSWORD, MemberFactory, ReadingListFactory, SavedItemFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner(settings, tmp_path):
    settings.FORGOTTEN_DIR = tmp_path / "forgotten"
    member = MemberFactory(email="owner@example.org")
    Consent.objects.create(member=member, version="2026-11", given_at=timezone.now())
    SavedItemFactory(reading_list=ReadingListFactory(member=member), note="Ask about the scan.")
    return member


def enter(page, live_server):
    page.goto(f"{live_server.url}/accounts/login/?next=/account/")
    page.fill("#id_login", "owner@example.org")
    page.fill("#id_password", PASSWORD)
    page.click("main form button[type=submit]")


@pytest.mark.parametrize("browser_context_args", [{"java_script_enabled": False}])
def test_copy_and_deletion_without_script(browser_context_args, page, live_server, owner, tmp_path):
    enter(page, live_server)
    page.goto(f"{live_server.url}/account/")
    page.get_by_role("link", name="Take a copy of your data").click()
    page.get_by_role("button", name="Make my copy").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Save the file").click()
    file = tmp_path / "copy.html"
    coming.value.save_as(file)
    assert re.fullmatch(r"my-data-[\d-]+\.html", coming.value.suggested_filename)
    assert "Ask about the scan." in file.read_text()
    page.reload()
    expect(page.get_by_role("heading", name="This link is used up")).to_be_visible()

    page.goto(f"{live_server.url}/account/")
    page.get_by_role("link", name="Take back what I agreed to").click()
    page.get_by_role("button", name="Delete my account for good").click()

    expect(page.get_by_role("heading", name="Your account is deleted")).to_be_visible()
    assert not Member.objects.exists()


def test_pages_with_axe_and_the_keyboard_alone(page, live_server, owner):
    enter(page, live_server)
    for address in ("/account/", "/account/export/", "/account/delete/"):
        page.goto(f"{live_server.url}{address}")
        assert violations(page) == [], address

    page.goto(f"{live_server.url}/account/export/")
    page.get_by_label("As a page to read").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("As data")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Make my copy")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Your copy is ready")).to_be_visible()
    assert violations(page) == []
