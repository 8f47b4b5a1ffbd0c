"""Comforts of reading in a real browser: words explained, the link copied, reading aloud."""

from io import BytesIO

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect
from pypdf import PdfReader

from facts.models import Source
from tests.browser.conftest import violations
from tests.factories import FactFactory, GlossaryTermFactory, TopicFactory, make_live

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

# A voice of this device, one of a server, and what was said; 1 ms a sentence, unless held.
FAKE_VOICES = """
(() => {
  const synth = new EventTarget();
  const make = (name, localService, lang) => ({name, localService, lang, default: true});
  window.said = [];
  window.held = false;
  window.canceled = 0;
  window.voices = [make('cloud', false, 'en-US'), make('own', true, 'en-US')];
  let turn = 0;
  synth.getVoices = () => window.voices;
  synth.cancel = () => { turn += 1; window.canceled += 1; };
  synth.speak = (utterance) => {
    const mine = turn;
    window.said.push([utterance.text, utterance.voice.name, utterance.rate]);
    setTimeout(() => { if (mine === turn && !window.held) utterance.onend(); }, 1);
  };
  Object.defineProperty(window, 'speechSynthesis', {value: synth});
  window.SpeechSynthesisUtterance = function (text) { this.text = text; };
})();
"""


@pytest.fixture
def library(live_server):
    GlossaryTermFactory(slug="biopsy", term="Biopsy", explanation="A small sample.")
    GlossaryTermFactory(
        slug="hospice", term="Hospice", explanation="Canary", sensitivity="end-of-life"
    )
    topic = TopicFactory(slug="bones", title="Bones and scans")
    body = "<p>A biopsy can help. Ask about it.</p><ul><li><p>One</p></li><li>Hospice</li></ul>"
    make_live(FactFactory(topic=topic, slug="scans"), title="Scans help", body=body)
    make_live(
        FactFactory(topic=topic, slug="outlook"),
        title="Canary",
        neutral_heading="About time",
        body="<p>Canary text.</p>",
        sensitivity="prognosis",
    )
    make_live(FactFactory(topic=topic, slug="last"), title="The end", body="<p>That is all.</p>")


def test_word_is_explained_where_it_stands(page, library, live_server):
    page.goto(f"{live_server.url}/facts/bones/scans/")
    word = page.get_by_role("link", name="biopsy", exact=True)
    note = page.get_by_role("dialog", name="Biopsy")

    word.focus()
    page.keyboard.press("Enter")

    expect(note).to_be_visible()
    expect(note).to_contain_text("A small sample.")
    expect(note).to_be_focused()
    expect(word).to_have_attribute("aria-expanded", "true")
    # It stands under the word, within the page.
    term, box = word.bounding_box(), note.bounding_box()
    assert box["y"] >= term["y"] + term["height"]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert violations(page) == []
    # Escape, the button and the Tab key lead back to the word.
    for leave in ("Escape", "Enter", "Tab"):
        for key in {"Escape": [], "Enter": ["Tab"], "Tab": ["Tab", "Tab"]}[leave]:
            page.keyboard.press(key)
        page.keyboard.press(leave)
        expect(note).to_be_hidden()
        expect(word).to_be_focused()
        expect(word).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Enter")
        expect(note).to_be_visible()
    # A press beside it closes it.
    page.mouse.click(180, 20)
    expect(note).to_be_hidden()


def test_sensitive_word_is_explained_only_when_asked(page, library, live_server):
    page.goto(f"{live_server.url}/facts/bones/scans/")

    page.get_by_role("link", name="Hospice", exact=True).click()

    note = page.get_by_role("dialog", name="Hospice")
    expect(note).to_contain_text("near the end of life")
    assert "Canary" not in page.content()
    note.get_by_role("link", name="Show it").click()
    expect(page).to_have_url(f"{live_server.url}/glossary/?show=hospice#hospice")


def test_link_is_copied_without_what_was_opened(page, context, library, live_server):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/facts/bones/outlook/?show=outlook")

    page.get_by_role("button", name="Copy the link").click()

    expect(page.get_by_role("status").filter(has_text="copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == "http://localhost:8000/facts/bones/outlook/"


@pytest.fixture
def speaking(page, library, live_server):
    page.add_init_script(FAKE_VOICES)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live_server.url}/facts/bones/")
    return page


def said(page):
    return [text for text, _voice, _rate in page.evaluate("said")]


def test_page_is_read_by_the_devices_own_voice_and_covered_text_is_not(speaking):
    page = speaking

    page.get_by_role("button", name="Read aloud").click()

    expect(page.get_by_role("region", name="Reading aloud")).to_be_hidden()
    # What a page is about, without words for eyes or for ears alone.
    assert said(page) == [
        "Bones and scans",
        "What it is about, in one sentence.",
        "A few kind words.",
        "Scans help",
        "A biopsy can help.",
        "Ask about it.",
        "One",
        "Hospice",
        "About time",
        "This part talks about what may happen over time.",
        "The end",
        "That is all.",
    ]
    assert {voice for _text, voice, _rate in page.evaluate("said")} == {"own"}
    # Nothing is marked for whoever wants no motion.
    assert page.locator(".is-spoken").count() == 0
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_reading_pauses_goes_on_changes_speed_skips_and_stops(speaking):
    page = speaking
    page.evaluate("held = true")
    read = page.get_by_role("button", name="Read aloud")

    read.press("Enter")

    player = page.get_by_role("region", name="Reading aloud")
    pause = player.get_by_role("button", name="Pause")
    expect(pause).to_be_focused()
    assert violations(page) == []
    pause.press("Enter")
    go_on = player.get_by_role("button", name="Go on")
    expect(go_on).to_be_focused()
    go_on.press("Enter")
    player.get_by_label("Speed").select_option("Slow")
    player.get_by_role("button", name="Next part").press("Enter")
    player.get_by_role("button", name="Next part").press("Enter")
    assert page.evaluate("said") == [
        ["Bones and scans", "own", 1],
        ["Bones and scans", "own", 1],
        ["Bones and scans", "own", 0.75],
        ["Scans help", "own", 0.75],
        ["About time", "own", 0.75],
    ]
    player.get_by_role("button", name="Stop").press("Enter")
    expect(player).to_be_hidden()
    expect(read).to_be_focused()
    # Nothing goes on speaking behind another page.
    read.press("Enter")
    before = page.evaluate("canceled")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert page.evaluate("canceled") == before + 1


def test_where_it_reads_is_marked_unless_motion_is_unwanted(speaking):
    page = speaking
    page.emulate_media(reduced_motion="no-preference")
    page.evaluate("held = true")

    page.get_by_role("button", name="Read aloud").click()

    expect(page.locator(".is-spoken")).to_have_text("Bones and scans")


def test_no_voice_of_the_device_no_button(speaking):
    page = speaking
    button = page.get_by_role("button", name="Read aloud")
    far = "{name: 'far', localService: false, lang: 'en-GB'}"
    foreign = "{name: 'own', localService: true, lang: 'fr-FR'}"
    own = "{name: 'own', localService: true, lang: 'en_US'}"

    for voices, is_offered in (
        ("[]", False),
        (f"[{far}, {own}]", True),
        (f"[{far}]", False),
        (f"[{own}]", True),
        (f"[{foreign}]", False),
    ):
        change = "speechSynthesis.dispatchEvent(new Event('voiceschanged'))"
        page.evaluate(f"voices = {voices}; {change}")
        expect(button).to_be_visible(visible=is_offered)


@pytest.mark.parametrize("address", ["/facts/bones/", "/facts/bones/scans/"])
def test_paper_spells_out_sources_and_addresses(page, library, live_server, address):
    page.goto(live_server.url + address)

    pages = PdfReader(BytesIO(page.pdf(format="A4"))).pages
    texts = [page.extract_text() for page in pages]
    assert all(text.strip() for text in texts)
    words = " ".join(" ".join(texts).split())

    source = Source.objects.get(citations__version__fact__slug="scans")
    assert f"({source.url})" in words
    assert "Last checked 22 November 2026." in words
    today, version = timezone.localdate(), source.citations.get().version
    since = timezone.localdate(version.live_from)
    assert (
        f"Version 1, since {since.day} {since:%B %Y}. {settings.SITE_URL}/facts/bones/scans/"
        in words
    )
    assert f"as it was on {today.day} {today:%B %Y}" in words
    assert words.count(f"{settings.SITE_URL}{address}") >= 1
    # A word is explained on paper too; what can only be pressed is gone, and so is what is covered.
    assert "A small sample." in words
    for gone in (
        "Search",
        "Save to my list",
        "Copy the link",
        "Show this now",
        "Next part",
        "Canary",
    ):
        assert gone not in words
