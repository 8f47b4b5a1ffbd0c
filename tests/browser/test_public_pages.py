"""Every public page in a real browser: found without fault, whole at 320 px, and light."""

import brotli
import pytest

from tests.browser.conftest import violations
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    MeetingFactory,
    PageFactory,
    QuestionFactory,
    ServiceFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/facts/",
    "/facts/?for=men",
    "/new/",
    "/facts/bones/",
    "/facts/bones/?show=all",
    "/facts/bones/outlook/",
    "/facts/bones/scans/history/",
    "/facts/bones/gone/",
    "/glossary/",
    "/questions/",
    "/help/",
    "/search/?q=scan",
    "/search/?q=nothing+at+all",
    "/groups/",
    "/groups/circle/",
    "/about/",
    "/search/tell/thanks/",
    "/preferences/",
    "/search/tell/?q=help+with+rent",
    "/facts/bones/outlook/report/",
    "/no-such-page/",
    "/lists/",
    "/lists/save/?topic=bones",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/signup/",
    "/accounts/password/reset/",
]
BODY = '<p>A <a href="/glossary/#biopsy">biopsy</a> can help. <strong>Ask</strong> about it.</p>'


@pytest.fixture
def library(live_server, reviewer):
    topic = TopicFactory(slug="bones", title="Bones and scans")
    scans = FactFactory(topic=topic, slug="scans")
    make_live(scans, title="Scans help", body=BODY, sensitivity="statistics")
    make_live(FactFactory(topic=topic, slug="outlook"), body=BODY, sensitivity="prognosis")
    gone = make_live(FactFactory(topic=topic, slug="gone"), body=BODY)
    gone.withdraw(reviewer, "A better study came out.")
    QuestionFactory(text="When is my next scan?").facts.add(scans)
    GlossaryTermFactory(slug="biopsy", term="Biopsy", other_names="sample")
    ServiceFactory(phone="0808 808 00 00", hours="Every day")
    MeetingFactory(group=SupportGroupFactory(slug="circle", is_in_person=True, place="Leeds"))
    PageFactory(slug="about")


@pytest.mark.parametrize("address", PAGES)
def test_page_is_accessible_and_fits(page, library, live_server, address):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(live_server.url + address)

            assert violations(page) == [], f"{scheme}, {width} px"
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_public_pages_set_no_cookie(page, context, library, live_server):
    for address in PAGES[:15]:
        page.goto(live_server.url + address)

    assert context.cookies() == []


@pytest.mark.parametrize("address", ["/", "/facts/bones/", "/groups/", "/groups/circle/"])
def test_first_view_is_light(page, library, live_server, address):
    sizes = {}

    def weigh(response):
        if response.request.redirected_to is None:
            body = response.body()
            kind = response.request.resource_type
            sizes[response.url] = (
                kind,
                # Pages are sent as they are; static text is compressed when it is collected.
                len(body) if kind in {"font", "document"} else len(brotli.compress(body)),
            )

    page.on("response", weigh)

    page.goto(live_server.url + address, wait_until="networkidle")

    by_kind = {
        kind: sum(size for k, size in sizes.values() if k == kind)
        for kind in ("document", "stylesheet", "script", "font", "image")
    }
    assert len(sizes) <= 5, sizes
    assert sum(by_kind.values()) <= 100_000, by_kind
    assert by_kind["stylesheet"] <= 14_000
    assert by_kind["script"] <= 20_000


def test_nothing_moves_while_the_page_loads(page, library, live_server):
    page.add_init_script("""
        window.shifts = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shifts += entry.value;
        }).observe({type: 'layout-shift', buffered: true});
    """)

    page.goto(live_server.url + "/facts/bones/", wait_until="networkidle")
    page.wait_for_timeout(300)

    assert page.evaluate("window.shifts") < 0.01


def test_larger_text_fits_a_narrow_screen(page, library, live_server):
    page.context.add_cookies(
        [{"name": "preferences", "value": "text=largest&spacing=wide", "url": live_server.url}]
    )
    page.set_viewport_size({"width": 320, "height": 740})

    for address in PAGES[:19]:
        page.goto(live_server.url + address)

        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
