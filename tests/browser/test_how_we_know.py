"""“How do we know this?” by keyboard, on a phone and on paper; and the desk's pages of sources."""

from datetime import UTC, datetime

import pytest

from facts.models import Link, Source
from facts.models.links import Finding, addresses_in_use
from tests.browser.conftest import violations
from tests.factories import FactFactory, TopicFactory, make_live, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def version():
    topic = TopicFactory(slug="bones")
    version = make_live(FactFactory(topic=topic, slug="scans"), title="Scans")
    make_live(FactFactory(topic=topic, slug="rest"), title="Rest")
    Source.objects.update(doi="10.1016/j.breast.2024.103756")
    return version


def test_it_opens_by_keyboard_and_prints_opened(page, context, live_server, version):
    page.goto(f"{live_server.url}/facts/bones/")
    first = page.locator("#scans details")
    open_link = first.get_by_role("link", name="Open the source")
    assert not open_link.is_visible()

    first.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert open_link.is_visible()
    assert open_link.evaluate("link => link === document.activeElement")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []

    page.emulate_media(media="print")
    second = page.locator("#rest details")
    assert second.get_attribute("open") is None
    assert second.locator("li a").first.is_visible()
    spelt_out = "link => getComputedStyle(link, '::after').content"
    assert "journal.example.org" in second.locator("li a").first.evaluate(spelt_out)


@pytest.mark.parametrize("width", [768, 1280])
def test_desk_of_sources_breaks_no_rule(page, context, live_server, sign_in, version, width):
    source = Source.objects.get(citations__version=version)
    source.flag, source.flag_note = "retracted", "The journal retracted it on 3 May 2026."
    source.save()
    Link.objects.keep_to(addresses_in_use(NOW), NOW)
    link = Link.objects.get(url=source.url)
    link.record(Finding(status_code=200, moved_to="https://new.example.org/a"), NOW)
    page.set_viewport_size({"width": width, "height": 900})
    editor = make_staff("Editor")
    sign_in(editor)

    for path in ("source/", f"source/{source.pk}/change/", "link/", f"link/{link.pk}/change/"):
        page.goto(f"{live_server.url}/admin/facts/{path}")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.clear_cookies()
    sign_in(make_staff("Reviewer"))
    page.goto(f"{live_server.url}/admin/facts/factversion/{version.pk}/stands/")
    assert violations(page) == []
    page.get_by_label("Why it still stands").fill("The guideline says the same.")
    page.get_by_role("button", name="It still stands").click()
    page.get_by_text("Noted. The fact has left the queue").wait_for()
