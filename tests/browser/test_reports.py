"""A reader tells what is unclear, without JavaScript; an editor reads it and closes it."""

import pytest
from playwright.sync_api import expect

from facts.models import Report
from tests.browser.conftest import violations
from tests.factories import EmptySearchFactory, FactFactory, TopicFactory, make_live, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def fact(live_server):
    fact = FactFactory(topic=TopicFactory(slug="bones", title="Bones"), slug="scans")
    make_live(fact, title="Scans help")
    make_live(FactFactory(topic=fact.topic, slug="lesions"), title="What a lesion is")
    return fact


def test_reader_without_javascript_tells_what_is_unclear(browser, live_server, fact):
    reader = browser.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="en-US"
    )
    page = reader.new_page()
    page.goto(f"{live_server.url}/facts/bones/scans/")
    page.get_by_role("link", name="Something wrong or unclear?").click()
    page.get_by_label("What did you notice?").fill("What is a lesion?")
    page.get_by_role("button", name="Send it to the staff").click()
    expect(page.get_by_text("Nothing you typed is lost.")).to_be_visible()
    expect(page.get_by_label("What did you notice?")).to_have_value("What is a lesion?")
    page.get_by_label("It is hard to understand").check()
    page.get_by_role("button", name="Send it to the staff").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    reader.close()

    report = Report.objects.get()
    assert (report.fact, report.kind, report.words) == (fact, "unclear", "What is a lesion?")


def test_errors_are_without_fault(page, live_server, fact):
    for address, button in (
        ("/facts/bones/scans/report/", "Send it to the staff"),
        ("/search/tell/", "Send these words"),
    ):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(live_server.url + address)
            page.get_by_role("button", name=button).click()
            expect(
                page.get_by_role("heading", name="There is something to put right")
            ).to_be_visible()
            assert violations(page) == [], f"{address} {scheme}"


def test_editor_closes_a_report(page, live_server, fact, sign_in):
    version = fact.versions.get()
    report = Report.objects.receive(
        version, kind="unclear", words="w" * 300, on=version.created_at.date()
    )
    EmptySearchFactory(words="help with rent")
    sign_in(make_staff("Editor"))
    page.set_viewport_size({"width": 768, "height": 900})

    for address in ("/admin/facts/report/", "/admin/portal/emptysearch/"):
        page.goto(live_server.url + address)
        assert violations(page) == [], address
    page.goto(f"{live_server.url}/admin/facts/report/{report.pk}/change/")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 768
    page.get_by_label("It is right as it stands").check()
    page.get_by_role("combobox", name="Which other fact answers it now?").click()
    page.get_by_role("searchbox").last.fill("lesion")
    page.get_by_role("option", name="Lesions").click()
    page.get_by_label("Note").fill("The other fact says it.")
    page.get_by_role("button", name="Close this report").click()
    expect(page.get_by_text("The report is closed.")).to_be_visible()

    report.refresh_from_db()
    assert (report.outcome, report.answered_by.slug) == ("right", "lesions")
