"""A moderator fills in when a group meets, in a browser and without a mouse."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from community.models import MeetingException
from tests.browser.conftest import faults_here, violations
from tests.factories import MeetingExceptionFactory, MeetingFactory, PauseFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def meeting():
    return MeetingFactory(group__name="Tuesday circle")


@pytest.fixture
def form(page, live_server, moderator, sign_in, meeting):
    """The page of the desk on which the group is changed."""
    days = list(meeting.occurrences.values_list("original_on", flat=True))
    MeetingExceptionFactory(meeting=meeting, on=days[3])
    PauseFactory(group=meeting.group, first_on=days[6], last_on=None)
    sign_in(moderator)
    page.goto(f"{live_server.url}/admin/community/supportgroup/{meeting.group_id}/change/")
    return page


def test_form_of_a_group_is_whole_at_every_width(form):
    assert faults_here(form) == {}


def test_date_is_canceled_with_the_keyboard(form, meeting):
    on = meeting.occurrences.filter(is_cancelled=False).first().original_on + timedelta(days=1)
    form.get_by_role("button", name="Add another Date that is canceled").press("Enter")
    added = form.locator("#exceptions-1")
    added.get_by_label("The date, by the rule").fill(on.isoformat())
    added.get_by_label("Canceled: nobody meets").press("Space")
    form.get_by_role("button", name="Save and continue editing").press("Enter")

    # The day after: the desk names the days that it could have been.
    expect(form.locator(".errornote")).to_be_visible()
    expect(added).to_contain_text("the group does not meet on Wednesday")
    expect(added).to_contain_text("The nearest dates are Tuesday")
    assert violations(form) == []

    added.get_by_label("The date, by the rule").fill((on - timedelta(days=1)).isoformat())
    form.get_by_role("button", name="Save and continue editing").press("Enter")

    expect(form.locator(".messagelist")).to_contain_text("changed successfully")
    expect(form.locator("#meetings-0")).to_contain_text(": canceled.")
    assert MeetingException.objects.count() == 2


def test_without_script_there_are_empty_rows_on_request(browser, form):
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    context.add_cookies(form.context.cookies())
    page = context.new_page()
    page.goto(form.url)
    page.get_by_role("link", name="Add an empty meeting, date and pause").click()

    expect(page.locator("#exceptions-1")).to_be_visible()
    expect(page.locator("#pauses-1")).to_be_visible()
    context.close()
