"""An organizer answers a mail on a phone, by keyboard and without script; a moderator decides."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from community.care.verification_mails import ask
from community.models import Suggestion, SupportGroup, Verification
from tests.browser.conftest import violations, violations_by_day_and_night
from tests.factories import (
    MeetingFactory,
    SupportGroupFactory,
    VerificationFactory,
    make_staff,
)

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
OWNER = "owner@group.example"


@pytest.fixture
def group():
    today = timezone.localdate()
    group = SupportGroupFactory(
        slug="circle",
        name="Tuesday circle",
        is_in_person=True,
        place="Central Library, Leeds",
        checked_on=today - timedelta(weeks=31),
        published_at=timezone.now() - timedelta(weeks=60),
        owner_email=OWNER,
    )
    MeetingFactory(group=group)
    ask(group)
    return group


@pytest.fixture
def link(group, live_server):
    path = re.search(r"http://localhost:8000(/listing-check/\S+)", mail.outbox[0].body)[1]
    return live_server.url + path


@pytest.fixture
def phone(browser, live_server):
    """A phone without script."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="en-US", java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def tab_to(page, name):
    """Press Tab until the focus is on the control that is named `name`."""
    wanted = page.get_by_label(name).or_(page.get_by_role("button", name=name))
    wanted = wanted.or_(page.get_by_role("link", name=name)).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(":focus").count() and page.locator(":focus").evaluate(
            "(e, other) => e === other", wanted.element_handle()
        ):
            expect(wanted).to_be_in_viewport()
            return
    pytest.fail(f"The focus never came to “{name}”.")


def test_organizer_says_that_it_is_right_without_script(phone, link, group):
    phone.goto(link)
    expect(phone.get_by_role("heading", name="Tuesday circle")).to_be_visible()
    expect(phone.get_by_text("Central Library, Leeds")).to_be_visible()
    phone.get_by_role("link", name="Go to your answer").focus()
    phone.keyboard.press("Enter")

    # Forgets to choose, and is told so.
    phone.get_by_role("button", name="Send my answer").focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="There is something to put right")).to_be_visible()
    phone.get_by_role("link", name="Is all of it still right?").focus()
    phone.keyboard.press("Enter")
    phone.get_by_label("Yes, all of it is still right").focus()
    phone.keyboard.press("Space")
    phone.get_by_role("button", name="Send my answer").focus()
    phone.keyboard.press("Enter")

    expect(phone.get_by_role("heading", name="Thank you, your answer is here")).to_be_visible()
    group.refresh_from_db()
    assert group.checked_on == timezone.localdate()
    phone.get_by_role("link", name="See the listing").click()
    expect(phone.get_by_text("Checked today")).to_be_visible()


def test_organizer_answers_with_the_tab_key_alone(page, link, group):
    page.goto(link)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    tab_to(page, "Go to your answer")
    page.keyboard.press("Enter")
    tab_to(page, "Yes, all of it is still right")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("It is right, but there is a break")).to_be_checked()
    tab_to(page, "Send my answer")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you, your answer is here")).to_be_visible()
    assert violations(page) == []
    assert group.pauses.get().last_on is None


def test_change_goes_to_the_moderators(page, link, group):
    page.goto(link)
    page.get_by_label("No, I want to change something").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", name="What has changed?")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_label("What does it cost?").fill("£3 for tea")
    page.get_by_role("button", name="Send it to the staff").last.click()
    expect(page.get_by_role("heading", name="Thank you, your answer is here")).to_be_visible()
    expect(page.get_by_text("before readers see them")).to_be_visible()
    assert Suggestion.objects.get().verification.group == group


def test_every_state_can_be_read(page, link, group):
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(link)
        page.get_by_role("button", name="Send my answer").click()
        expect(page.get_by_text("Choose one of the five answers.").first).to_be_visible()
        assert violations_by_day_and_night(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.goto(link + "changes/")
        assert violations_by_day_and_night(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    Verification.objects.get().record_answer("ended")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(link)
        expect(page.get_by_text("The page now says what you told us")).to_be_visible()
        assert violations_by_day_and_night(page) == []
        page.goto(link.split("/listing-check")[0] + "/groups/circle/")
        expect(page.get_by_text("The organizer says that this group has ended.")).to_be_visible()
        assert violations_by_day_and_night(page) == []


def test_moderator_works_through_the_worklist(page, sign_in, live_server, group):
    now = timezone.now()
    VerificationFactory(group__name="Came back", bounced_at=now)
    VerificationFactory(group__name="Silent", sent_at=now - timedelta(weeks=5))
    SupportGroupFactory(name="Never")
    Verification.objects.get(group=group).record_answer("ended")
    sign_in(make_staff("Moderator"))
    desk = live_server.url + reverse("admin:index")

    for width in (768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(desk)
        assert violations_by_day_and_night(page) == []
        page.get_by_role("link", name="Tuesday circle").first.click()
        expect(page.get_by_role("heading", name="Is it still right?")).to_be_visible()
        expect(page.get_by_text("The organizer said so by mail")).to_be_visible()
        assert violations_by_day_and_night(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.goto(live_server.url + reverse("admin:community_supportgroup_changelist"))
        assert violations_by_day_and_night(page) == []

    # Somebody has called: it goes on.
    page.goto(desk)
    page.get_by_role("link", name="Tuesday circle").first.click()
    page.get_by_role("button", name="Mark as checked").click()
    expect(page.get_by_text("Say how you know.")).to_be_visible()
    assert violations_by_day_and_night(page) == []
    page.get_by_label("I have called them").check()
    page.get_by_role("button", name="Mark as checked").click()
    expect(page.get_by_text("Marked as checked on")).to_be_visible()
    expect(page.get_by_text("by you, by phone")).to_be_visible()
    assert violations_by_day_and_night(page) == []
    assert SupportGroup.objects.get(slug="circle").reported_ended_on is None

    # The other one is found to have ended.
    page.goto(desk)
    page.get_by_role("link", name="Silent").first.click()
    page.get_by_role("button", name="Mark as ended").click()
    expect(page.get_by_text("It has ended. Lists leave it out")).to_be_visible()
    assert violations_by_day_and_night(page) == []
    page.goto(desk)
    expect(page.get_by_role("link", name="Silent")).to_have_count(0)
