"""The first page of the desk, the table of facts and a page that acts on many, in a browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import faults_here
from tests.factories import MemberFactory
from tests.facts.many import make_many

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(live_server, editor, reviewer, sign_in):
    """Somebody who writes and reviews, with work waiting."""
    editor.groups.add(*reviewer.groups.all())
    make_many(60, editor, MemberFactory(is_staff=True))
    sign_in(editor)
    return live_server.url


def test_first_page_is_whole_at_every_width(page, desk):
    page.goto(desk + "/admin/")

    assert faults_here(page) == {}


def test_chart_leads_to_the_months_facts_by_keyboard(page, desk):
    page.goto(desk + "/admin/")
    month = page.get_by_role("table").get_by_role("link").nth(1)
    month.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#changelist-filter")).to_contain_text("Due in ")


def test_table_of_facts_is_whole_at_every_width(page, desk):
    page.goto(desk + "/admin/facts/fact/")

    assert faults_here(page) == {}


def test_many_are_reviewed_without_a_mouse(page, desk):
    page.goto(desk + "/admin/facts/fact/?state=live")
    page.get_by_role("checkbox").nth(1).press("Space")
    page.get_by_role("checkbox").nth(2).press("Space")
    page.locator("select[name=action]").select_option(label="Record: reviewed, nothing changed…")
    page.get_by_role("button", name="Go").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Record of 2 facts")
    assert faults_here(page) == {}
    page.get_by_label("Reviewer’s name").fill("Ada Wells")
    page.get_by_label("Reviewer’s role").fill("Oncologist")

    page.get_by_role("button", name="Record").press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Reviews of 2 facts are recorded:")
    assert faults_here(page) == {}
