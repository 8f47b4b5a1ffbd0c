"""Every kind of public page, measured: A2 to A5 and the rest of A11.

What axe can judge stands in test_public_pages.py. Here is what only a layout tells: what is cut
off, how long lines are, how large what can be pressed is, what is left without colors or motion.
"""

import pytest

from tests.browser.conftest import parts_of
from tests.browser.test_public_pages import PAGES, library  # noqa: F401  Its fixture.
from tests.browser.test_walk import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

# What is shown, and not for ears alone.
HELPERS = """
    window.seen = (element) => {
      const box = element.getBoundingClientRect();
      return element.checkVisibility({visibilityProperty: true, opacityProperty: true})
        && box.width > 1 && box.height > 1 && !element.closest('.visually-hidden');
    };
    window.named = (element) => `${element.tagName} ${element.className} ${
      (element.innerText || element.value || '').trim().slice(0, 40)}`;
    window.sheet = (text) => {
      const made = new CSSStyleSheet();
      made.replaceSync(text);
      document.adoptedStyleSheets = [made];
    };
"""
# WCAG 2.2, 1.4.12, and nothing may be lost by it.
SPACING = """sheet(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`)"""
PLAIN = "sheet('')"
WIDE = "document.documentElement.scrollWidth > innerWidth"
# Words that their own box cuts off; a field or a list to choose from scrolls inside.
CUT_OFF = """() => [...document.querySelectorAll('body *')].filter((element) => {
    const style = getComputedStyle(element);
    const cuts = (value) => value === 'hidden' || value === 'clip';
    return seen(element) && !element.matches('input, select, textarea, option, svg, svg *')
      && ((cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
        || (cuts(style.overflowY) && element.scrollHeight > element.clientHeight + 1));
  }).map(named)"""
# Words that lie over other words.
OVERLAID = """() => {
    const lines = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!node.textContent.trim() || !seen(node.parentElement)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) lines.push([box, node]);
    }
    const found = [];
    for (let i = 0; i < lines.length; i++) {
      for (let j = i + 1; j < lines.length; j++) {
        const [[a, one], [b, other]] = [lines[i], lines[j]];
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (one !== other && width > 2 && height > 0.6 * Math.min(a.height, b.height)) {
          found.push([one, other].map((node) => node.textContent.trim().slice(0, 30)).join(' / '));
        }
      }
    }
    return found;
  }"""
# Paragraphs of more than a line: how long their lines are, and how far apart.
LINES = """() => {
    const pen = document.createElement('canvas').getContext('2d');
    return [...document.querySelectorAll('main :is(p, li, dd, blockquote)')].flatMap((element) => {
      const own = [...element.childNodes].filter((node) => node.nodeType === 3);
      const words = own.map((node) => node.data).join('').replace(/\\s+/g, ' ').trim();
      const style = getComputedStyle(element);
      const size = parseFloat(style.fontSize);
      if (!seen(element) || words.length < 90) return [];
      pen.font = style.font;
      const average = pen.measureText(words).width / words.length;
      const long = element.getBoundingClientRect().width / average;
      const apart = parseFloat(style.lineHeight) / size;
      const wrong = [];
      if (long > 80) wrong.push(`${long.toFixed(0)} characters`);
      if (apart < 1.44) wrong.push(`lines ${apart.toFixed(2)} apart`);
      if (style.textAlign === 'justify') wrong.push('justified');
      return wrong.map((what) => `${what}: ${named(element)}`);
    });
  }"""
# A link within a sentence may be as high as its line, and no less (WCAG 2.2, 2.5.8).
SMALL = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary')].flatMap((element) => {
    if (!seen(element) || element.classList.contains('skip-link')) return [];
    const label = element.matches('[type=checkbox], [type=radio]') && element.labels[0];
    const boxes = [element, label].filter(Boolean).map((e) => e.getBoundingClientRect());
    const height = Math.max(...boxes.map((box) => box.height));
    const width = Math.max(...boxes.map((box) => box.width));
    const is_in_a_sentence = element.matches('a') && getComputedStyle(element).display === 'inline';
    const is_main = element.matches(`.button, button, input, select, textarea, summary,
      .site-nav a, .site-tools a, .doors a, .chips a`);
    const least = is_in_a_sentence ? 18 : is_main ? 44 : 24;
    const is_card = element.matches('.card-link');
    return !is_card && (height < least - 0.5 || width < 24)
      ? [`${width.toFixed(0)} x ${height.toFixed(0)}: ${named(element)}`] : [];
  })"""
MOVES = """() => [...document.querySelectorAll('*')].filter((element) => {
    const style = getComputedStyle(element);
    const lasts = (value) => value.split(',').some((part) => parseFloat(part) > 0);
    return lasts(style.transitionDuration) || style.animationName !== 'none'
      || style.scrollBehavior === 'smooth';
  }).map(named)"""
# Without colors, an edge or a line says what a ground said.
EDGELESS = """() => [...document.querySelectorAll(`.button, .form-control, .form-select, .card,
    .gentle-cover, .call-now, .notice, [aria-current]`)]
    .filter((element) => {
      const style = getComputedStyle(element);
      const has_edge = ['Top', 'Right', 'Bottom', 'Left'].some((side) =>
        style[`border${side}Style`] !== 'none' && parseFloat(style[`border${side}Width`]) >= 1);
      const is_told = parseFloat(style.fontWeight) >= 600 || style.textDecorationLine !== 'none';
      return seen(element) && !has_edge && !(element.matches('[aria-current]') && is_told);
    }).map(named)"""
LEFT_ON_PAPER = """() => [...document.querySelectorAll(`.site-nav, .site-tools, .breadcrumbs,
    .skip-link, form button, .button`)].filter(seen).map(named)"""


# Each with the width and the media in which it is asked, and what is done before.
STATES = {
    "A3 at 320 px, which 1280 px are at 400 %, with wide spacing": (
        320, {}, SPACING, {"wide": WIDE, "cut off": CUT_OFF, "overlaid": OVERLAID},
    ),
    "A5 on a phone": (360, {}, PLAIN, {"small": SMALL}),
    "A4 and A5 on a wide screen": (1280, {}, PLAIN, {"lines": LINES, "small": SMALL}),
    "A11 without motion or colors": (
        360, {"reduced_motion": "reduce", "forced_colors": "active"}, PLAIN,
        {"moves": MOVES, "edgeless": EDGELESS},
    ),
    "A11 on paper": (794, {"media": "print"}, PLAIN, {"left": LEFT_ON_PAPER}),
}  # fmt: skip
AS_USUAL = {"media": "screen", "reduced_motion": "no-preference", "forced_colors": "none"}


def discomforts(page):
    """Return what is wrong with `page` as it stands, in each of the states."""
    found = {}
    for state, (width, media, before, questions) in STATES.items():
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(**{**AS_USUAL, **media})
        page.evaluate(before)
        for name, question in questions.items():
            if wrong := page.evaluate(question):
                found[state, name] = wrong
    return found


@pytest.mark.parametrize("addresses", parts_of(PAGES, 2))
def test_public_pages_are_comfortable(page, library, live_server, addresses):  # noqa: F811
    page.add_init_script(HELPERS)
    found = {}
    for address in addresses:
        page.goto(live_server.url + address)
        if wrong := discomforts(page):
            found[address] = wrong

    assert found == {}


# One page of each kind that has something of its own to press.
STOPS = [
    "/",
    "/facts/bones/",
    "/facts/bones/scans/",
    "/facts/?for=men",
    "/groups/",
    "/groups/circle/",
    "/search/?q=nothing+at+all",
    "/preferences/",
    "/facts/bones/outlook/report/",
]


def test_a2_every_stop_of_the_tab_key_is_seen(page, library, live_server):  # noqa: F811
    """From the first to the last, at 320 px, on a screen that is not high."""
    page.set_viewport_size({"width": 320, "height": 500})
    page.emulate_media(reduced_motion="reduce")
    for address in STOPS:
        page.goto(live_server.url + address)
        tab_to(page, "Your account")


def test_discomfort_would_be_found(page, live_server):
    page.add_init_script(HELPERS)
    page.goto(live_server.url + "/no-such-page/")
    long = "Many words that stand beside each other without an end. " * 9
    page.evaluate(
        """(long) => {
          sheet(`.a { height: 1em; overflow: hidden } .b { width: 2000px; line-height: 1.1 }
            .c { margin-top: -1em; line-height: 1 }
            .chips .d { transition: color 1s; min-height: 9px } .button { border: 0 !important }`);
          window.sheet = () => {};
          document.querySelector('main').insertAdjacentHTML('beforeend',
            `<p class="a">${long}</p><p class="b">${long}</p><p class="c">Over it</p>
            <nav class="chips"><a class="d" href="/">x</a></nav><a class="button" href="/">y</a>`);
        }""",
        long,
    )

    found = discomforts(page)

    names = {name for _state, name in found}
    assert names == {"wide", "cut off", "overlaid", "small", "lines", "moves", "edgeless"}
