"""“Use where I am”: asked when it is pressed, coarse before it is sent, kind when refused."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import violations
from tests.factories import SupportGroupFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
HOME = {"latitude": 53.80123456, "longitude": -1.54876543}


@pytest.fixture
def directory(page, live_server):
    """The directory with a group in Leeds, as a phone shows it."""
    SupportGroupFactory(
        name="Leeds circle",
        is_in_person=True,
        place="Central Library, Leeds",
        latitude=53.8,
        longitude=-1.55,
    )
    page.goto(f"{live_server.url}/groups/?way=in-person")
    return page


def test_device_that_tells_leads_to_groups_near_a_coarse_place(directory, context):
    context.grant_permissions(["geolocation"])
    context.set_geolocation(HOME)
    sent = []
    directory.on("request", lambda request: sent.append(request.url))

    directory.get_by_role("button", name="Use where I am").click()

    expect(directory).to_have_url(re.compile(r"near=53\.8(%2C|,)-1\.55"))
    expect(directory.get_by_role("link", name="Leeds circle").first).to_be_visible()
    expect(directory.get_by_text("where you are").first).to_be_visible()
    expect(directory.get_by_role("button", name="Use where I am")).to_have_count(0)
    assert not any("53.801" in url or "1.548" in url for url in sent)
    assert violations(directory) == []


def test_refusal_is_met_kindly(directory, context):
    context.clear_permissions()
    button = directory.get_by_role("button", name="Use where I am")
    directory.evaluate(
        """() => {
          navigator.geolocation.getCurrentPosition = (_go, fail) =>
            fail({ code: 1, PERMISSION_DENIED: 1 });
        }"""
    )

    button.click()

    expect(directory.locator("[data-near-me] [role=status]")).to_contain_text("kept it to itself")
    expect(button).to_be_focused()
    assert violations(directory) == []


def test_there_is_no_button_without_script(browser, live_server):
    SupportGroupFactory()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/groups/?way=in-person")

    expect(page.get_by_role("button", name="Use where I am")).to_have_count(0)
    expect(page.locator("#near")).to_be_visible()
    context.close()
