"""Mails in a real browser: they ask for nothing, and read well on a small screen (P1, P2)."""

import pytest

from tests.browser.conftest import AXE_RULES, Axe
from tests.community.test_every_mail import MAILS, make
from tests.mail_checks import html_of

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
# Rules of pages; a mail is none.
NOT_OF_MAILS = {"landmark-one-main", "page-has-heading-one", "region"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mails_ask_for_nothing_and_fit(page, scheme):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 640})
    for prefix in MAILS:
        page.set_content(html_of(make(prefix)))

        assert page.evaluate("document.documentElement.scrollWidth") <= 320, prefix
        for link in page.get_by_role("link").all():
            assert link.bounding_box()["height"] >= 44, prefix
    for prefix in ("account/email/idle_notice", "account/email/login_code"):
        page.set_content(html_of(make(prefix)))
        found = Axe().run(page, options=AXE_RULES).response["violations"]
        assert [rule["id"] for rule in found if rule["id"] not in NOT_OF_MAILS] == []
    assert asked == []
