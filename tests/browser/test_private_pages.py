"""Every page of a member and of the desk in a real browser: without fault, and whole at 320 px."""

import pytest

from tests.browser.conftest import violations
from tests.community.test_saved_item_changes import change
from tests.factories import (
    DraftFactory,
    FactFactory,
    JoiningDetailsFactory,
    MeetingFactory,
    SavedItemFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

MEMBER_PAGES = [
    "/lists/",
    "/lists/{list}/",
    "/lists/{list}/items/{item}/changes/",
    "/mail/stop/some-secret/",
    "/lists/save/?topic=bones",
    "/groups/circle/joining/",
    "/preferences/",
    "/lists/calendar/",
    "/account/",
    "/account/export/",
    "/account/delete/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/logout/",
]
DESK_PAGES = [
    "/admin/",
    "/admin/facts/topic/",
    "/admin/facts/topic/add/",
    "/admin/facts/topic/{topic}/change/",
    "/admin/facts/topic/{topic}/history/",
    "/admin/facts/fact/",
    "/admin/facts/fact/add/",
    "/admin/facts/fact/{fact}/change/",
    "/admin/facts/factversion/",
    "/admin/facts/factversion/{draft}/change/",
    "/admin/facts/factversion/{live}/change/",
    "/admin/facts/source/add/",
    "/admin/facts/glossaryterm/add/",
    "/admin/facts/question/add/",
]


@pytest.fixture
def library(live_server):
    topic = TopicFactory(slug="bones", title="Bones and scans")
    live = make_live(FactFactory(topic=topic, slug="scans"), title="Scans help")
    JoiningDetailsFactory(group=SupportGroupFactory(slug="circle", joining_policy="members"))
    MeetingFactory()
    return live


def check(page, address):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(address)

            assert violations(page) == [], f"{scheme}, {width} px"
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("address", MEMBER_PAGES)
def test_members_page(page, library, live_server, member, sign_in, address):
    item = SavedItemFactory(reading_list__member=member, note="Ask on Tuesday")
    changed = SavedItemFactory(
        reading_list=item.reading_list, topic=None, fact=library.fact, seen_version=library
    )
    change(library.fact, "safety", body="<p>Another text, with other words.</p>")
    sign_in(member)

    check(page, live_server.url + address.format(list=item.reading_list_id, item=changed.pk))


@pytest.mark.parametrize("address", DESK_PAGES)
def test_page_of_the_desk(page, library, live_server, editor, sign_in, address):
    draft = DraftFactory(author=editor)
    sign_in(editor)

    check(
        page,
        live_server.url
        + address.format(
            topic=library.fact.topic_id, fact=library.fact_id, live=library.pk, draft=draft.pk
        ),
    )
