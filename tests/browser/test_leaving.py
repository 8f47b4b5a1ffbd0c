"""P7: whoever follows a link to elsewhere takes nothing along that says where they were."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.factories import SupportGroupFactory

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def elsewhere():
    """Another host, and the headers with which it was visited."""
    visits = []

    class Host(BaseHTTPRequestHandler):
        def do_GET(self):
            visits.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", visits
    server.shutdown()
    server.server_close()


@pytest.fixture
def context(browser):
    """A browser that nobody watches: here it asks another host, as it should."""
    context = browser.new_context(locale="en-US")
    yield context
    context.close()


@pytest.mark.parametrize("path", ["/groups/circle/", "/groups/circle/joining/"])
def test_p7_link_to_elsewhere_tells_nothing(page, live_server, elsewhere, member, sign_in, path):
    address, visits = elsewhere
    SupportGroupFactory(slug="circle", website=address, joining_policy="members")
    sign_in(member)
    page.goto(live_server.url + path)
    link = page.locator(f'a[href="{address}"]').first

    with page.expect_popup() as opened:
        # As if the page had asked for a window of its own.
        link.evaluate("(link) => { link.target = '_blank'; link.click(); }")
    link.evaluate("(link) => { link.target = ''; }")
    link.click()

    page.wait_for_url(address)
    for there in (page, opened.value):
        there.wait_for_url(address)
        assert there.evaluate("[document.referrer, opener]") == ["", None]
    assert len(visits) >= 2
    for headers in visits:
        assert not {"referer", "cookie"} & {name.lower() for name in headers}
