"""The page of a group in a browser, as it is read on a phone at night, and on paper."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import violations
from tests.factories import (
    MeetingExceptionFactory,
    MeetingFactory,
    PauseFactory,
    SupportGroupFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
LONG = "A very long name of a group that meets in the old library behind the hospital, on the hill"


@pytest.fixture
def groups(live_server):
    """A group in each state in which a reader may find it."""
    today = timezone.localdate()
    full = SupportGroupFactory(
        slug="full",
        name=LONG,
        description="We talk.\n\nOnce a month somebody speaks.",
        first_meeting="Sam meets you at the door.",
        organisation="Leeds Hospice",
        audiences=["men", "bereaved"],
        is_metastatic_only=True,
        languages=["en", "es", "ar"],
        sign_languages=["bfi"],
        is_in_person=True,
        is_by_phone=True,
        place="Central Library, Leeds",
        country="GB",
        access_features=["step-free", "hearing-loop"],
        access="The way in without steps is at the back.",
        website="https://www.circle.example.org/" + "tuesday/" * 20,
        public_contact="Ann",
        how_to_ask="Ring 0113 496 0123",
        checked_on=today,
    )
    meeting = MeetingFactory(group=full)
    days = [d for d in meeting.occurrences.values_list("original_on", flat=True) if d > today]
    MeetingExceptionFactory(meeting=meeting, on=days[0], note="Public holiday")
    MeetingExceptionFactory(
        meeting=meeting,
        on=days[1],
        is_cancelled=False,
        new_on=days[1] + timedelta(days=1),
        place="Town hall",
        note="Dr. Lee on pain",
    )
    PauseFactory(group=full, first_on=days[3], last_on=days[4])
    MeetingFactory(group__slug="ended", group__ended_on=today)
    paused = MeetingFactory(group__slug="paused").group
    PauseFactory(group=paused, first_on=today, last_on=None)
    SupportGroupFactory(slug="bare", is_example=True)
    return live_server.url + "/groups/"


@pytest.mark.parametrize("slug", ["full", "ended", "paused", "bare"])
def test_page_is_accessible_and_fits(page, groups, slug):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(f"{groups}{slug}/")

            assert violations(page) == [], f"{scheme}, {width} px"
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_next_meeting_stands_on_the_first_screen_of_a_phone(page, groups):
    page.goto(f"{groups}paused/")
    expect(page.get_by_text("Paused until further notice").first).to_be_in_viewport()
    page.goto(f"{groups}full/")

    box = page.get_by_role("heading", name="The next meeting").bounding_box()
    assert box["y"] < 740


def test_how_to_ask_is_one_press_away(page, groups):
    # Otherwise the scroll to the link and the scroll from it may meet.
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{groups}full/")
    page.get_by_role("link", name="How to ask").press("Enter")

    page.wait_for_function(
        """() => {
          const section = document.querySelector("[aria-labelledby=ask]");
          const { top, bottom } = section.getBoundingClientRect();
          return top >= 0 && bottom < innerHeight;
        }"""
    )
    expect(page.locator("[aria-labelledby=ask]")).to_contain_text("Ring 0113 496 0123")


def test_on_paper_it_is_one_card(page, groups):
    page.goto(f"{groups}full/")
    assert not page.locator(".pin-up").is_visible()

    page.emulate_media(media="print")

    expect(page.locator(".pin-up")).to_be_visible()
    assert page.locator(".pin-up-name").inner_text() == LONG
    for selector in (".site-header", ".site-footer", "h1", ".next-date", ".breadcrumbs"):
        assert not page.locator(selector).is_visible(), selector
    for paper in ("A4", "Letter"):
        assert page.pdf(format=paper).count(b"/Type /Page\n") == 1


def test_group_that_has_ended_is_no_card_on_paper(page, groups):
    page.goto(f"{groups}ended/")

    page.emulate_media(media="print")

    expect(page.get_by_role("heading", name="This group has ended")).to_be_visible()
