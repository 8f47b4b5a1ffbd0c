"""Every public page in a real browser: found without fault, whole at 320 px, and light."""

import brotli
import pytest

from tests.browser.conftest import faults, parts_of, violations
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

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/facts/",
    "/facts/?for=men",
    "/new/",
    "/facts/bones/",
    "/facts/bones/?show=all",
    "/facts/bones/outlook/",
    "/facts/bones/scans/",
    "/facts/bones/scans/history/",
    "/facts/bones/gone/",
    "/glossary/",
    "/questions/",
    "/help/",
    "/search/?q=scan",
    "/search/?q=nothing+at+all",
    "/search/",
    "/search/?q=scan+of+my+lymphoedema+sleeve",
    "/search/?q=cant+breathe",
    "/search/?q=i+want+to+die",
    "/groups/",
    "/groups/circle/",
    "/about/",
    "/api/",
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


@pytest.mark.parametrize("addresses", parts_of(PAGES, 4))
def test_pages_are_accessible_and_fit(page, library, live_server, addresses):
    assert faults(page, [live_server.url + address for address in addresses]) == {}


def test_public_pages_set_no_cookie(page, context, library, live_server):
    for address in PAGES[:19]:
        page.goto(live_server.url + address)

    assert context.cookies() == []


# One page of every kind that somebody may read first. Signing in, where a passkey needs four
# scripts of allauth's, is not among them.
FIRST_VIEWS = [
    "/",
    "/facts/",
    "/facts/?for=men",
    "/facts/bones/",
    "/facts/bones/?show=all",
    "/facts/bones/scans/",
    "/facts/bones/outlook/",
    "/facts/bones/scans/history/",
    "/facts/bones/gone/",
    "/glossary/",
    "/questions/",
    "/help/",
    "/new/",
    "/search/?q=scan",
    "/search/?q=nothing+at+all",
    "/groups/",
    "/groups/?for=men&way=in-person",
    "/groups/fit/",
    "/groups/circle/",
    "/groups/suggest/",
    "/about/",
    "/api/",
    "/preferences/",
    "/facts/bones/scans/report/",
    "/lists/",
    "/accounts/signup/",
    "/no-such-page/",
]
# What moves is counted. A voice of the device, for reading aloud, becomes known late.
MOVES = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifts += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
    const synth = new EventTarget();
    let voices = [];
    synth.getVoices = () => voices;
    Object.defineProperty(window, 'speechSynthesis', {value: synth});
    setTimeout(() => {
      voices = [{name: 'own', localService: true, lang: 'en-US'}];
      synth.dispatchEvent(new Event('voiceschanged'));
    }, 150);
"""


def test_first_view_is_light_and_nothing_moves(page, library, live_server):
    page.add_init_script(MOVES)
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    responses, compressed = [], {}
    page.on("response", lambda response: responses.append(response))

    def weight(response):
        """What it weighs on the wire; static text is compressed only when it is collected."""
        if response.request.resource_type in {"document", "font"}:
            return response.request.sizes()["responseBodySize"]
        if response.url not in compressed:
            compressed[response.url] = len(brotli.compress(response.body()))
        return compressed[response.url]

    for address in FIRST_VIEWS:
        responses.clear()
        page.goto(live_server.url + address)
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(250)
        shifts = page.evaluate("window.shifts")

        kinds = ("document", "stylesheet", "script", "font", "image")
        sizes = dict.fromkeys(kinds, 0)
        for response in responses:
            sizes[response.request.resource_type] += weight(response)
        assert len(responses) <= 5, [response.url for response in responses]
        assert sum(sizes.values()) <= 100_000, (address, sizes)
        assert sizes["stylesheet"] <= 14_000
        assert sizes["script"] <= 20_000
        assert shifts < 0.01, address


def test_home_answers_on_one_phone_screen(page, library, live_server):
    """Search, the ways in, and the next two online meetings, without scrolling."""
    MeetingFactory(group__name="An evening circle, on screens")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server.url + "/")

    wanted = [page.get_by_label("What would you like to know?"), *page.locator(".doors a").all()]
    meetings = page.locator(".soon > li").all()

    assert len(wanted + meetings) == 1 + 4 + 2
    for part in wanted + meetings:
        box = part.bounding_box()
        assert box["y"] + box["height"] <= 844, part


def test_larger_text_fits_a_narrow_screen(page, library, live_server):
    page.context.add_cookies(
        [{"name": "preferences", "value": "text=largest&spacing=wide", "url": live_server.url}]
    )
    page.set_viewport_size({"width": 320, "height": 740})

    for address in PAGES[:21]:
        page.goto(live_server.url + address)

        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


def test_pale_words_would_be_found(page, live_server):
    words = '<p style="color: #bbb">Pale words</p>'
    page.set_content(f'<html lang="en"><title>T</title><main><h1>H</h1>{words}</main></html>')

    assert "color-contrast" in str(violations(page))
