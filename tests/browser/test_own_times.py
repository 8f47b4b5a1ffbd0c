"""Times of meetings by the clock of the reader's device, where no time zone was chosen."""

from datetime import datetime, time

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from community.meeting_times import when_in_words
from community.models import Meeting
from tests.factories import FactFactory, MeetingFactory, TopicFactory, make_live

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser_context_args(browser_context_args):
    return {**browser_context_args, "timezone_id": "Asia/Kathmandu"}


@pytest.fixture
def meetings(live_server):
    """Groups that meet at odd hours, on the same day in Kathmandu or on another."""
    zones = ("Europe/London", "America/New_York", "UTC", "Asia/Kathmandu", "Asia/Kolkata")
    for number, zone in enumerate(zones):
        for hour in (time(18, 15), time(6, 15), time(0), time(12), time(9, 5), time(23, 59)):
            MeetingFactory(
                group__name=f"{hour:%H.%M}, {number}", starts_at=hour, time_zone=zone,
                weekday=str(hour.hour % 7), group__is_metastatic_only=True,
            )  # fmt: skip


def test_device_says_the_same_as_a_chosen_zone(page, meetings, live_server):
    shown = []
    for number in (1, 2):
        page.goto(f"{live_server.url}/groups/?by=next&page={number}")
        expect(page.locator("#found")).to_contain_text("as this device has it")
        shown += page.locator(".next-meeting").evaluate_all("""
            all => all.map(each => [
              each.parentElement.querySelector("h3").textContent,
              each.querySelector("time").dateTime,
              each.querySelector("time").textContent,
              each.querySelector("[data-there]").textContent,
            ])
        """)

    assert len(shown) == 30
    now = timezone.now()
    zones = dict(Meeting.objects.values_list("group__name", "time_zone"))
    for name, moment, first, there in shown:
        starts_at = datetime.fromisoformat(moment)
        mine, second = when_in_words(starts_at, zones[name], "Asia/Kathmandu", now)
        theirs, _none = when_in_words(starts_at, zones[name], "", now)
        if second:
            assert first == mine
            assert theirs.endswith(there.removesuffix(" · "))
            assert there
        else:
            assert (first, there) == (theirs, "")


def test_zone_stays_on_the_device(page, meetings, live_server):
    requests = []
    page.on("request", lambda request: requests.append(request.url + (request.post_data or "")))

    page.goto(live_server.url + "/")
    expect(page.locator(".soon time").first).to_contain_text("your time")
    page.goto(live_server.url + "/groups/")
    expect(page.get_by_role("link", name="Choose another time zone")).to_be_visible()

    assert not [request for request in requests if "mandu" in request]
    assert page.context.cookies() == []


def test_topic_tells_it_when_its_groups_come_near(page, meetings, live_server):
    topic = TopicFactory(slug="bones")
    for _number in range(6):
        make_live(FactFactory(topic=topic), body="<p>Word.</p>" * 40)
    scripts = []
    page.on("request", lambda request: scripts.append(request.url))
    page.goto(live_server.url + "/facts/bones/")
    page.wait_for_load_state("networkidle")
    assert not [url for url in scripts if "own-times" in url]

    page.get_by_role("heading", name="People who understand").scroll_into_view_if_needed()

    expect(page.locator(".next-meeting time").first).to_contain_text("your time")


def test_chosen_zone_goes_before_the_device(page, meetings, live_server):
    page.goto(live_server.url + "/groups/")
    page.get_by_role("link", name="Choose another time zone").click()
    page.get_by_label("Show the times of meetings in").select_option("America/Chicago")
    page.get_by_role("button", name="Keep my choice").click()

    expect(page.locator("#found")).to_contain_text("Times are in your own time (Chicago).")
    assert page.locator("time[data-theirs]").count() == 0
