"""The walk of an outside clinician: asked by mail, read on a phone, answered without a mouse."""

import re

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from facts.models import FactVersion, Review
from facts.review_mails import send_request
from tests.browser.conftest import violations, violations_by_day_and_night
from tests.factories import (
    CitationFactory,
    DraftFactory,
    FactFactory,
    SourceFactory,
    TopicFactory,
    make_live,
    make_staff,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLINICIAN = "ada@hospital.example"


@pytest.fixture
def in_review():
    """A second version, in review, beside the live one."""
    topic = TopicFactory(slug="bones", title="Bones", risk_class="treatment")
    fact = FactFactory(topic=topic, slug="scans")
    make_live(fact, title="Scans can wait", body="<p>You can wait for your scan.</p>")
    editor = make_staff("Editor")
    draft = DraftFactory(
        fact=fact,
        number=2,
        author=editor,
        title="Scans show where it is",
        body="<p>A scan shows where it is. You can wait at home for your scan.</p>"
        "<ul><li>Ask for a day that suits you.</li><li>Bring a friend.</li></ul>",
        cited=False,
    )
    source = SourceFactory(
        title="How to plan a scan",
        url="https://journal.example.org/a-very-long-address/that-does-not-fit-on-a-phone/2024",
    )
    CitationFactory(version=draft, source=source, supports="what a scan shows")
    draft.submit(editor)
    return draft


@pytest.fixture
def desk(context, sign_in, browser):
    """Return a function that opens a page as somebody on the staff, in a browser of their own."""
    opened = []

    def _open(person):
        sign_in(person)
        cookies = context.cookies()
        context.clear_cookies()
        other = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
        other.add_cookies(cookies)
        opened.append(other)
        return other.new_page()

    yield _open
    for other in opened:
        other.close()


def link_in(message, base):
    path = re.search(r"http://localhost:8000(/clinical-review/\S+)", message.body)[1]
    return base + path


def tab_to(page, name):
    """Press Tab until the focus is on what is named `name`, which must be seen there."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        label = focused.evaluate("e => e.labels?.[0]?.innerText ?? e.innerText ?? e.value")
        if label.strip().startswith(name):
            expect(focused).to_be_in_viewport()
            return
    pytest.fail(f"The focus never came to “{name}”.")


def test_asked_answered_approved_printed(page, desk, live_server, in_review):
    base = live_server.url
    asker = make_staff("Reviewer")

    # Staff ask.
    staff = desk(asker)
    staff.goto(base + reverse("admin:facts_factversion_change", args=[in_review.pk]))
    staff.get_by_role("link", name="Ask a clinician…").click()
    assert violations(staff) == []
    staff.get_by_label("Whom do you ask?").fill("Dr. Wells")
    staff.get_by_label("Their address").fill(CLINICIAN)
    staff.get_by_label("A personal line").fill("We met in May.")
    staff.get_by_role("button", name="Send the mail").click()
    expect(staff.get_by_text("The mail is on its way.")).to_be_visible()
    expect(staff.get_by_text("Waiting until")).to_be_visible()
    expect(staff.get_by_role("link", name="Approve…")).to_have_count(0)
    assert violations(staff) == []
    link = link_in(mail.outbox[0], base)

    # The clinician reads on a phone, forgets something, and answers, by keyboard alone.
    page.goto(link)
    expect(page.get_by_role("heading", name="Scans show where it is")).to_be_visible()
    expect(page.get_by_text("Bring a friend.").first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    tab_to(page, "Go to your answer")
    page.keyboard.press("Enter")
    tab_to(page, "I have read it")
    page.keyboard.press("Space")
    tab_to(page, "Your name")
    page.keyboard.type("Ada Wells")
    tab_to(page, "Send my answer")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="There is something to put right")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Ada Wells")
    expect(page.get_by_label("I have read it, and I stand by it")).to_be_checked()
    assert violations(page) == []
    tab_to(page, "Your role")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your role")).to_be_focused()
    page.keyboard.type("Consultant nurse")
    tab_to(page, "Send my answer")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you, your answer is here")).to_be_visible()
    assert violations(page) == []

    # The asker is told, and still cannot decide; another reviewer approves.
    assert mail.outbox[1].to == [asker.email]
    staff.goto(base + re.search(r"http://localhost:8000(\S+)", mail.outbox[1].body)[1])
    expect(staff.get_by_text("Ada Wells, Consultant nurse").first).to_be_visible()
    expect(staff.get_by_role("link", name="Approve…")).to_have_count(0)
    other = desk(make_staff("Reviewer"))
    other.goto(base + reverse("admin:facts_factversion_change", args=[in_review.pk]))
    other.get_by_role("link", name="Approve…").click()
    other.get_by_label("Meaning").check()
    other.get_by_label("What changed, and why").fill("It says what a scan shows.")
    with other.expect_navigation():
        other.get_by_role("button", name="Approve").click()

    # Readers see who reviewed it.
    assert Review.objects.count() == 1
    assert FactVersion.objects.get(pk=in_review.pk).status == "approved"
    page.goto(f"{base}/facts/bones/scans/")
    expect(page.get_by_text("by Ada Wells, Consultant nurse.").first).to_be_visible()


def test_every_state_can_be_read(page, live_server, in_review):
    asker = make_staff("Editor")
    asked = send_request(in_review, asker, asked_of="Dr. Wells", email=CLINICIAN)
    link = link_in(mail.outbox[0], live_server.url)

    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(link)
        assert violations_by_day_and_night(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    asked.revoke(asker)
    page.goto(link)
    expect(page.get_by_role("heading", name="You need not answer any more")).to_be_visible()
    assert violations_by_day_and_night(page) == []
