"""A caregiver suggests a group on a phone without script; a moderator decides by keyboard."""

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from community.models import Suggestion
from tests.browser.conftest import violations_by_day_and_night
from tests.factories import CorrectionFactory, MeetingFactory, NewGroupFactory, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def group():
    return MeetingFactory(
        group__slug="circle",
        group__name="Tuesday circle",
        group__is_in_person=True,
        group__place="Central Library, Leeds",
        group__cost="Free",
    ).group


@pytest.fixture
def phone(browser, live_server):
    """A phone without script."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="en-US", java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def tab_to(page, wanted):
    """Press Tab until the focus is on `wanted`."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(e) => document.activeElement === e", wanted.element_handle()):
            expect(wanted).to_be_in_viewport()
            return
    pytest.fail(f"The focus never came to {wanted}.")


def test_caregiver_suggests_a_group_on_a_phone_without_script(phone, live_server):
    phone.goto(live_server.url + "/groups/")
    phone.get_by_role("link", name="Do you know a group that is not here?").click()
    expect(phone.get_by_role("heading", name="Suggest a group")).to_be_visible()

    # Types the way in where everybody would read it, and forgets the name.
    phone.get_by_label("What is it, and what happens there?").fill("We talk. It is kind.")
    phone.get_by_label("Online").check()
    phone.get_by_label("When does it meet?").fill(
        "Every second Tuesday at half past six, https://zoom.us/j/81234567890"
    )
    phone.get_by_text("If you know more about it").click()
    phone.get_by_label("People living with it", exact=True).check()
    phone.get_by_label("Your e-mail address, if you would like an answer").fill("me@example.org")
    phone.get_by_role("button", name="Send it to the staff").click()

    expect(phone.get_by_role("heading", name="There is something to put right")).to_be_visible()
    expect(phone.get_by_text("Nothing you typed is lost.")).to_be_visible()
    expect(phone.get_by_label("What is it, and what happens there?")).to_have_value(
        "We talk. It is kind."
    )
    expect(phone.get_by_label("People living with it", exact=True)).to_be_checked()
    phone.get_by_role("link", name="What is the group called?").click()
    phone.get_by_label("What is the group called?").fill("Tuesday tea")
    phone.get_by_label("When does it meet?").fill("Every second Tuesday at half past six")
    phone.get_by_label("How do people get in?").fill("https://zoom.us/j/81234567890")
    phone.get_by_role("button", name="Send it to the staff").click()

    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    suggestion = Suggestion.objects.get()
    assert suggestion.name == "Tuesday tea"
    assert suggestion.changes["run_by"] == {"new": "peer"}
    assert suggestion.joining == "https://zoom.us/j/81234567890"


def test_reader_says_in_a_sentence_what_is_wrong(page, live_server, group):
    page.goto(live_server.url + "/groups/circle/")
    page.get_by_role("link", name="Tell us if something here is wrong").click()
    page.get_by_label("Tell us in your own words").fill("It has moved to Wednesdays.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    suggestion = Suggestion.objects.get()
    assert (suggestion.changes, suggestion.words) == ({}, "It has moved to Wednesdays.")


def test_every_state_of_the_forms_can_be_read(page, live_server, group):
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("/groups/suggest/", "/groups/circle/correct/", "/groups/suggest/thanks/"):
            page.goto(live_server.url + path)
            assert violations_by_day_and_night(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
        page.goto(live_server.url + "/groups/suggest/")
        page.get_by_text("If you know more about it").click()
        assert violations_by_day_and_night(page) == []
        for path in ("/groups/suggest/", "/groups/circle/correct/"):
            page.goto(live_server.url + path)
            page.get_by_role("button", name="Send it to the staff").last.click()
            expect(page.locator(".error-summary")).to_be_focused()
            assert violations_by_day_and_night(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width


def test_boxes_and_buttons_are_large_enough(page, live_server, group):
    for path in ("/groups/suggest/", "/groups/circle/correct/"):
        page.goto(live_server.url + path)
        for details in page.locator("main summary").all():
            details.click()
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                'main :is(button, input:not([type=hidden], [type=radio], [type=checkbox]), '
                + 'select, textarea, summary, .form-check-label)'
            )].filter((e) => e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML)"""
        )
        assert small == []


def test_moderator_takes_half_of_a_correction_over_by_keyboard(page, sign_in, live_server, group):
    suggestion = CorrectionFactory(
        group=group,
        changes={
            "description": {
                "was": group.description,
                "new": "We talk and drink coffee, not tea.",
            },
            "cost": {"was": "Free", "new": "£3"},
            "languages": {"was": ["en"], "new": ["en", "es"]},
            "meets": {"was": "Every Monday", "new": "On Wednesdays"},
        },
        words="The nurse has changed.",
        reply_address="me@example.org",
    )
    NewGroupFactory()
    sign_in(make_staff("Moderator"))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(live_server.url + reverse("admin:index"))
    expect(page.get_by_role("heading", name="Suggestions waiting")).to_be_visible()
    assert violations_by_day_and_night(page) == []
    tab_to(page, page.get_by_role("link", name="Tuesday circle").first)
    with page.expect_navigation():
        page.keyboard.press("Enter")

    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations_by_day_and_night(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    cost = page.get_by_role("group", name="Cost", exact=True)
    tick = cost.get_by_label("Take this over")
    tab_to(page, tick)
    expect(tick).to_be_checked()
    page.keyboard.press("Space")
    own = page.get_by_role("group", name="What it is", exact=True)
    own.get_by_label("The listing will say").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Come as you are.")
    button = page.get_by_role("button", name="Take over what is ticked")
    tab_to(page, button)
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.get_by_text("Now put right by hand what is left.")).to_be_visible()
    group.refresh_from_db()
    assert group.description == "We talk and drink coffee, not tea. Come as you are."
    assert (group.cost, group.languages) == ("Free", ["en", "es"])
    suggestion.refresh_from_db()
    assert suggestion.outcome == "partly"
    assert "taken over a part of it" in mail.outbox[0].body
    page.get_by_role("link", name="All that they wrote").click()
    expect(page.get_by_text("Taken over in part, by you on")).to_be_visible()
    assert violations_by_day_and_night(page) == []


def test_moderator_makes_a_listing_of_a_new_group(page, sign_in, live_server):
    NewGroupFactory(
        changes={
            "name": {"new": "Tuesday tea"},
            "description": {"new": "We drink tea."},
            "is_online": {"new": True},
            "meets": {"new": "Every second Tuesday"},
        },
        joining="https://zoom.us/j/81234567890 passcode: lavender",
    )
    sign_in(make_staff("Moderator"))
    page.goto(live_server.url + reverse("admin:community_suggestion_changelist"))
    assert violations_by_day_and_night(page) == []
    page.get_by_role("link", name="Tuesday tea").click()
    page.get_by_role("button", name="Make a listing of it").click()

    expect(page.get_by_text("It is not done yet.")).to_be_visible()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations_by_day_and_night(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_label("Run by").select_option("peer")
    page.get_by_role("button", name="Make a listing of it").click()

    expect(page.get_by_text("When it meets: “Every second Tuesday”.")).to_be_visible()
    draft = Suggestion.objects.get().draft
    assert (draft.name, draft.published_at) == ("Tuesday tea", None)
    assert draft.joining_details.passcode == "lavender"
