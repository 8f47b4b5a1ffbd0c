"""A moderator imports a file in a browser, without a mouse."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from community.imports import csv
from community.imports.plan import import_reading
from community.models import SupportGroup
from tests.browser.conftest import faults_here
from tests.community.import_files import csv_file, many_rows

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
FILE = csv_file(
    {"cost": "£3", "begins": "19:00", "description": "We talk over tea, and walk."},
    {"key": "8", "name": "Friday walkers", "day": "Friday"},
    {"key": "9", "name": "Broken", "begins": "evening"},
    {"key": "10", "name": "Ours", "day": "Monday"},
    {"key": "11", "name": "With a link", "description": "Zoom: https://zoom.us/j/81234567890"},
)


@pytest.fixture
def desk(page, live_server, moderator, sign_in):
    """The page on which a moderator chooses a file; one group came in it before."""
    import_reading(
        csv.read(csv_file({"cost": "Free"}, {"key": "1", "name": "Gone"})),
        "Hope House",
        timezone.now(),
    )
    SupportGroup.objects.filter(import_key="7").update(cost="Free, with tea")
    SupportGroup.objects.create(
        slug="ours", name="Ours", description="x", run_by="peer", is_online=True
    )
    sign_in(moderator)
    page.goto(f"{live_server.url}/admin/community/supportgroup/import/")
    return page


def choose(page, data, name="groups.csv"):
    page.get_by_label("File").set_input_files(
        files=[{"name": name, "mimeType": "text/csv", "buffer": data}]
    )


def test_pages_of_an_import_are_whole_at_every_width(desk):
    assert faults_here(desk) == {}, "empty"
    desk.get_by_role("link", name="What goes into each column").click()
    assert faults_here(desk) == {}, "columns"
    desk.go_back()
    choose(desk, b"x\ny\n")
    desk.get_by_label("Where it is from").fill("Hope House")
    desk.get_by_role("button", name="Read it and show me").click()
    expect(desk.get_by_role("alert")).to_be_visible()
    assert faults_here(desk) == {}, "error"
    choose(desk, FILE)
    desk.get_by_role("button", name="Read it and show me").click()
    for part in ("refused", "changed", "new", "notes", "gone", "kept", "unchanged"):
        desk.goto(f"{desk.url.split('?')[0]}?show={part}")
        assert faults_here(desk) == {}, part
    desk.get_by_role("button", name="Import 3 new and 1 changed").click()
    assert faults_here(desk) == {}, "done"


def test_file_is_imported_with_the_keyboard(desk):
    choose(desk, FILE)
    desk.get_by_label("Where it is from").fill("Hope House")
    desk.get_by_role("button", name="Read it and show me").press("Enter")

    expect(desk.get_by_role("heading", level=1)).to_have_text("Look before you import")
    expect(desk.locator(".lead")).to_contain_text("5 rows were read.")
    desk.get_by_role("checkbox", name="the file’s (Tuesday circle, Cost)").press("Space")
    desk.get_by_role("link", name="New 3").press("Enter")
    expect(desk.locator(".listings")).to_contain_text("A group called “Ours” is in the directory")
    desk.get_by_role("checkbox", name="the file’s (Tuesday circle, Cost)").press("Space")
    desk.get_by_role("button", name="Import 3 new and 1 changed").press("Enter")

    expect(desk.locator(".said")).to_contain_text("3 new listings were written.")
    assert SupportGroup.objects.get(import_key="7").cost == "£3"
    desk.get_by_role("link", name="Groups that wait").press("Enter")
    expect(desk.locator("#result_list")).to_contain_text("Friday walkers")
    expect(desk.locator("#result_list")).not_to_contain_text("Ours Online")


def test_many_rows_are_cut_into_pages(desk, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    choose(desk, many_rows(2000))
    desk.get_by_label("Where it is from").fill("Many")
    desk.get_by_role("button", name="Read it and show me").click()

    desk.get_by_role("link", name="40", exact=True).click()

    expect(desk.locator(".listings > li")).to_have_count(50)
    expect(desk.locator(".listings")).to_contain_text("Group 1999")
