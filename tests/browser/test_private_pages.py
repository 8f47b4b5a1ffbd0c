"""Every page of a member and of the desk in a real browser: without fault, and whole at 320 px."""

import pytest

from tests.browser.conftest import faults, parts_of, sticks_out
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


@pytest.mark.parametrize("addresses", parts_of(MEMBER_PAGES, 3))
def test_pages_of_members(page, library, live_server, member, sign_in, addresses):
    item = SavedItemFactory(reading_list__member=member, note="Ask on Tuesday")
    changed = SavedItemFactory(
        reading_list=item.reading_list, topic=None, fact=library.fact, seen_version=library
    )
    change(library.fact, "safety", body="<p>Another text, with other words.</p>")
    sign_in(member)
    keys = {"list": item.reading_list_id, "item": changed.pk}

    assert faults(page, [live_server.url + a.format(**keys) for a in addresses]) == {}


@pytest.mark.parametrize("addresses", parts_of(DESK_PAGES, 3))
def test_pages_of_the_desk(page, library, live_server, editor, sign_in, addresses):
    draft = DraftFactory(author=editor)
    sign_in(editor)
    keys = {"topic": library.fact.topic_id, "fact": library.fact_id}
    keys |= {"live": library.pk, "draft": draft.pk}

    assert faults(page, [live_server.url + a.format(**keys) for a in addresses]) == {}


def test_the_editor_fits_a_phone_before_the_font_of_its_icons_has_come(
    page, live_server, editor, sign_in
):
    sign_in(editor)
    page.route("**/material-icons*.woff2", lambda route: None)  # It never comes.
    page.set_viewport_size({"width": 320, "height": 740})
    page.goto(f"{live_server.url}/admin/facts/topic/add/", wait_until="commit")
    page.locator(".prose-menubar__button.material-icons").first.wait_for()

    assert not sticks_out(page)
