"""A real browser, watched: every page that a test opens may break no rule of the house."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

# The first has no window at all, and opens pages three times as fast.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
# A busy machine is slow, not wrong.
expect.set_options(timeout=20_000)
# Conformance to A and AA of WCAG 2.2, and the contrast of AAA.
AXE_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"color-contrast-enhanced": {"enabled": True}},
}
# All that another color scheme can change.
AXE_COLORS = {"runOnly": {"type": "rule", "values": ["color-contrast", "color-contrast-enhanced"]}}
AXE = Axe().axe_script
WATCH = """
addEventListener('securitypolicyviolation', (event) => {
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


@pytest.fixture(scope="session")
def browser_type_launch_args():
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("No Chromium was found, and in CI nothing may be skipped.")
        pytest.skip("No Chromium was found: the browser tests are skipped.")
    return {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@pytest.fixture
def browser_context_args():
    return {
        "viewport": {"width": 360, "height": 740},
        "locale": "en-US",
        "timezone_id": "Europe/London",
    }


# What went wrong on the pages of the test that runs.
errors: list[str] = []


@pytest.fixture
def context(context, live_server):
    """A browser context in which every page is watched.

    At the end, no page may have asked another host for anything, broken the Content Security
    Policy or thrown an error.
    """
    foreign = []
    errors.clear()

    def watch(page):
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                errors.append(message.text)
                if message.type == "error" and "status of" not in message.text
                else None
            ),
        )

    def note(request):
        if not request.url.startswith((live_server.url, "data:", "blob:")):
            foreign.append(request.url)

    context.add_init_script(WATCH)
    context.on("page", watch)
    context.on("request", note)
    yield context
    assert foreign == []
    assert errors == []


@pytest.fixture
def sign_in(context, live_server):
    """Return a function that signs a member in without the form."""

    def _sign_in(member):
        session = SessionStore()
        session[SESSION_KEY] = str(member.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = member.get_session_auth_hash()
        session["account_authentication_methods"] = [{"method": "password", "at": 2_000_000_000}]
        session.create()
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": session.session_key,
                    "url": live_server.url,
                }
            ]
        )

    return _sign_in


def faults(page, addresses):
    """Return what is wrong with each of `addresses`."""
    found = {}
    for address in addresses:
        page.set_viewport_size({"width": 320, "height": 740})
        page.goto(address)
        found |= {(address, what): wrong for what, wrong in faults_here(page).items()}
    return found


def faults_here(page):
    """Return what is wrong with `page` as it stands, narrow and wide, light and dark.

    Axe finds nothing on a good page, and nothing of it lies beside the screen.
    """
    found = {}
    page.emulate_media(color_scheme="light")
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        found[f"wider than {width}"] = sticks_out(page)
        if width != 768:
            found[f"at {width}"] = violations(page)
    found["dark"] = _violations_in_the_dark(page)
    return {what: wrong for what, wrong in found.items() if wrong}


def parts_of(addresses, number):
    """Part `addresses`, so that a few pages share what is made for a test."""
    return [addresses[start::number] for start in range(number)]


def sticks_out(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def violations_by_day_and_night(page):
    """Return what axe finds on `page` in light colors, and what the dark ones change in that."""
    return violations(page) + _violations_in_the_dark(page)


def _violations_in_the_dark(page):
    page.emulate_media(color_scheme="dark")
    found = violations(page, AXE_COLORS)
    page.emulate_media(color_scheme="light")
    return found


def violations(page, rules=AXE_RULES):
    """Return what axe finds on `page`, in words, each with the places where it is."""
    # A color on its way to another one has no contrast to judge.
    for _try in range(100):
        page.wait_for_timeout(20)
        if not page.evaluate("document.getAnimations().some((a) => a.playState === 'running')"):
            break
    before = len(errors)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(
        "async (rules) => (await axe.run(rules)).violations",
        # To fetch the style sheets anew takes as long as all else, and serves one rule: that no
        # page is turned against the screen, for which ours would have to ask how that is held.
        {**rules, "resultTypes": ["violations"], "preload": False},
    )
    page.wait_for_timeout(20)
    del errors[before:]  # axe tries to add a style of its own, which the policy refuses.
    return [
        f"{rule['id']}: {node['html'][:120]} — {node.get('failureSummary', '')[:200]}"
        for rule in found
        for node in rule["nodes"]
    ]
