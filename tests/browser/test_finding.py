"""Finding a group in a real browser: on a phone at night, with keys alone, without script."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import violations
from tests.factories import MeetingFactory, PlaceFactory, ServiceFactory, SupportGroupFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

FOUND = "/groups/?for=men&way=in-person&near=t1&in=es&when=evening&by=match"
PAGES = [
    "/groups/",
    FOUND,
    "/groups/?way=in-person&near=t1&in=cy",  # nobody
    "/groups/?way=in-person&near=Newport",  # which one?
    "/groups/?way=in-person&near=Xyzzyville",  # nowhere
    "/groups/fit/",
    "/groups/fit/?you=metastatic&like=men&way=&near=&in=",
]


@pytest.fixture
def directory(live_server):
    PlaceFactory(key="t1", name="Leeds", names=["leeds"], population=500_000)
    for key, region in (("t2", "England"), ("t3", "Wales")):
        PlaceFactory(key=key, name="Newport", region=region, names=["newport"], population=9)
    for number in range(3):
        MeetingFactory(
            group__name=f"Circle {number}", group__audiences=["men"], group__languages=["es", "ar"],
            group__is_in_person=True, group__place="Library, Leeds", group__latitude=53.81,
            group__longitude=-1.55, group__is_metastatic_only=True,
        )  # fmt: skip
    SupportGroupFactory(name="By wire", is_online=False, is_by_phone=True, sign_languages=["bfi"])
    ServiceFactory(country="GB")


@pytest.mark.parametrize("address", PAGES)
def test_page_is_accessible_and_fits(page, directory, live_server, address):
    """A1, A3, A5: every state, in both schemes, on the narrowest screen and on a wide one."""
    for scheme, width in (("light", 320), ("dark", 360), ("light", 1280), ("dark", 1280)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(live_server.url + address)

        assert violations(page) == [], f"{scheme}, {width} px"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heights = page.locator("form.finder :is(select, input, button):visible").evaluate_all(
            "controls => controls.map((c) => c.getBoundingClientRect().height)"
        )
        assert all(height >= 44 for height in heights), heights


def test_how_near_is_asked_only_of_those_who_meet_in_person(page, directory, live_server):
    page.goto(live_server.url + "/groups/")
    expect(page.get_by_label("How far away")).to_be_hidden()

    page.get_by_label("How people meet").select_option("in-person")

    expect(page.get_by_label("How far away")).to_be_visible()
    page.get_by_label("Near which town, ZIP code or postcode").fill("leeds")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text(
        "3 groups meeting in person within 25 miles of Leeds, England, UK"
    )
    assert page.url == f"{live_server.url}/groups/?way=in-person&near=t1#found"


def test_keys_alone_are_enough(page, directory, live_server):
    """A2: from the first choice to a group, and back to the same search."""
    page.goto(live_server.url + "/groups/")
    page.get_by_label("Who the group is for").focus()
    page.keyboard.type("men")
    for _part in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show these groups")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text("3 groups for men")

    page.get_by_role("link", name="Circle 0").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Circle 0")
    page.go_back()

    expect(page.get_by_label("Who the group is for")).to_have_value("men")


def test_readers_own_time_is_chosen_without_losing_the_search(page, directory, live_server):
    address = "/groups/?for=men&way=online&in=es"
    page.goto(live_server.url + address)

    page.get_by_role("link", name="See them in your own time").click()
    page.get_by_label("Show the times of meetings in").select_option("America/Chicago")
    page.get_by_role("button", name="Keep my choice").click()

    expect(page).to_have_url(f"{live_server.url}{address}#found")
    expect(page.locator("#found")).to_contain_text("Times are in your own time (Chicago).")


def test_nothing_moves_while_the_page_loads(page, directory, live_server):
    page.add_init_script("""
        window.shifts = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shifts += entry.value;
        }).observe({type: 'layout-shift', buffered: true});
    """)

    for address in ("/groups/", FOUND):
        page.goto(live_server.url + address, wait_until="networkidle")
        page.wait_for_timeout(300)
        assert page.evaluate("window.shifts") < 0.01, address


def test_leaflet_holds_the_groups_and_no_form(page, directory, live_server):
    page.goto(live_server.url + FOUND)
    page.emulate_media(media="print")

    expect(page.locator("form.finder")).to_be_hidden()
    expect(page.locator("nav.site-nav")).to_be_hidden()
    expect(page.get_by_text("Printed on")).to_be_visible()
    expect(page.get_by_text("Every Tuesday, 6:30 p.m. London time.").first).to_be_visible()
    expect(page.get_by_text(f"{FOUND}", exact=False).last).to_be_visible()


def test_all_of_it_works_without_script(browser, directory, live_server):
    """A6."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url + "/groups/fit/")
    page.get_by_label("I live with metastatic breast cancer").check()
    page.get_by_label("I am a man").check()
    page.get_by_role("button", name="Show the groups that fit").click()

    assert "Metastatic only · Men" in page.locator(".reasons").first.inner_text()
    assert page.get_by_role("heading", level=2).inner_text().startswith("4 groups that may fit")
