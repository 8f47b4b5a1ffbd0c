"""Z1: one reviewed table of who gets what at every address. An address that is not in it fails.

The rows of the desk and of allauth's pages are in tests/portal/matrix.py, and how a row reads.
"""

import pytest
from django.template.response import TemplateResponse
from django.urls import URLPattern, get_resolver

from community.exports.hsds import service_id
from tests.portal.matrix import ACCOUNTS, DESK, of_role
from tests.portal.world import ITEMS, LISTS, ROLES

pytestmark = pytest.mark.django_db

LIST = LISTS["owner"]
ITEM = f"/lists/{LIST}/items/{ITEMS['owner']}"
SIGN_IN, DONE, BAD, REFUSED, GONE, WRONG = 302, 302, 400, 403, 404, 405
# Address: what GET and an empty POST answer to a visitor, the owner, and everybody else who is
# signed in (another member, an editor, a reviewer, a moderator, a superuser).
PUBLIC = ((200, 200, 200), (WRONG, WRONG, WRONG))
ADDRESSES = {
    "home": ("/", *PUBLIC),
    "search": ("/search/?q=bones", *PUBLIC),
    "search-suggest": ("/search/suggest/?q=bo", *PUBLIC),
    "search-tell": ("/search/tell/?q=rent", (200, 200, 200), (BAD, BAD, BAD)),
    "search-told": ("/search/tell/thanks/", *PUBLIC),
    "help": ("/help/", *PUBLIC),
    "robots": ("/robots.txt", *PUBLIC),
    "sitemap": ("/sitemap.xml", *PUBLIC),
    "sitemap-part": ("/sitemap-pages-1.xml", *PUBLIC),
    "security": ("/.well-known/security.txt", (GONE, GONE, GONE), (WRONG, WRONG, WRONG)),
    "change-password": (
        "/.well-known/change-password",
        (302, 302, 302),
        (WRONG, WRONG, WRONG),
    ),
    "health-live": ("/health/live", *PUBLIC),
    "health-ready": ("/health/ready", (503, 503, 503), (WRONG, WRONG, WRONG)),
    "facts:topic-list": ("/facts/", *PUBLIC),
    "facts:topic-detail": ("/facts/bones/", *PUBLIC),
    "facts:fact-detail": ("/facts/bones/scans/", *PUBLIC),
    "facts:fact-history": ("/facts/bones/scans/history/", *PUBLIC),
    "facts:report-create": (
        "/facts/bones/scans/report/",
        (200, 200, 200),
        (BAD, BAD, BAD),
    ),
    "facts:report-sent": ("/facts/bones/scans/report/thanks/", *PUBLIC),
    # Nothing opens without a signed token; tests/facts/test_draft_preview.py has the others.
    "facts:draft-preview": ("/preview/no-such-token/", (GONE, GONE, GONE), (WRONG, WRONG, WRONG)),
    "facts:news": ("/new/", *PUBLIC),
    "facts:feed": ("/feeds/facts.atom", *PUBLIC),
    "facts:glossary": ("/glossary/", *PUBLIC),
    "facts:question-list": ("/questions/", *PUBLIC),
    "facts:page-about": ("/about/", *PUBLIC),
    "facts:page-privacy": ("/privacy/", *PUBLIC),
    "facts:page-accessibility": ("/accessibility/", *PUBLIC),
    # A link that is none. tests/facts/test_clinical_review.py opens real ones.
    "clinical-review": ("/clinical-review/wrong/", (GONE, GONE, GONE), (GONE, GONE, GONE)),
    # The same. tests/community/test_listing_check.py opens real ones.
    "listing-check": ("/listing-check/wrong/", (GONE, GONE, GONE), (GONE, GONE, GONE)),
    "listing-check-changes": (
        "/listing-check/wrong/changes/",
        (GONE, GONE, GONE),
        (GONE, GONE, GONE),
    ),
    # The same answer whoever holds it; tests/community/test_digests.py stops real mails.
    "mail-stop": ("/mail/stop/wrong/", (200, 200, 200), (200, 200, 200)),
    "facts:preferences": ("/preferences/", (200, 200, 200), (DONE, DONE, DONE)),
    "community:support-group-list": ("/groups/", *PUBLIC),
    "community:support-group-fit": ("/groups/fit/?you=metastatic", *PUBLIC),
    "community:support-group-detail": ("/groups/circle/", *PUBLIC),
    "community:suggestion-create": ("/groups/suggest/", (200, 200, 200), (BAD, BAD, BAD)),
    "community:suggestion-sent": ("/groups/suggest/thanks/", *PUBLIC),
    "community:correction-create": (
        "/groups/circle/correct/",
        (200, 200, 200),
        (BAD, BAD, BAD),
    ),
    "community:joining-details": (
        "/groups/circle/joining/",
        (SIGN_IN, 200, 200),
        (WRONG, WRONG, WRONG),
    ),
    "community:reading-list-list": ("/lists/", (200, 200, 200), (SIGN_IN, 200, 200)),
    "community:state": ("/lists/state/", *PUBLIC),
    "community:saved-item-create": (
        "/lists/save/?topic=bones",
        (200, 200, 200),
        (GONE, GONE, GONE),
    ),
    "community:group-calendar": ("/groups/circle/calendar.ics", *PUBLIC),
    "community:calendar-settings": (
        "/lists/calendar/",
        (SIGN_IN, 200, 200),
        (SIGN_IN, DONE, DONE),
    ),
    # An address that is none. tests/community/test_calendar_feed.py opens real ones.
    "community:calendar-feed": ("/lists/calendar/wrong.ics", (GONE,) * 3, (WRONG,) * 3),
    "community:reading-list-detail": (
        f"/lists/{LIST}/",
        (SIGN_IN, 200, GONE),
        (SIGN_IN, 200, GONE),
    ),
    # Nothing is on the sheet yet, so what leads there leads on to the choice.
    "community:appointment-sheet": (
        f"/lists/{LIST}/sheet/",
        (SIGN_IN, 302, GONE),
        (SIGN_IN, DONE, GONE),
    ),
    "community:appointment-sheet-choose": (
        f"/lists/{LIST}/sheet/choose/",
        (SIGN_IN, 200, GONE),
        (SIGN_IN, DONE, GONE),
    ),
    "community:appointment-sheet-answers": (
        f"/lists/{LIST}/sheet/answers/",
        (SIGN_IN, 200, GONE),
        (SIGN_IN, DONE, GONE),
    ),
    "community:appointment-sheet-pdf": (
        f"/lists/{LIST}/sheet.pdf",
        (SIGN_IN, 302, GONE),
        (WRONG, WRONG, WRONG),
    ),
    **{
        f"community:{name}": (
            f"/lists/{LIST}/{file}",
            (SIGN_IN, 200, GONE),
            (WRONG, WRONG, WRONG),
        )
        for name, file in (
            ("list-take-along", "take-along/"),
            ("list-page", "list.html"),
            ("list-data", "list.json"),
            ("list-table", "list.csv"),
        )
    },
    "community:list-import": ("/lists/import/", (SIGN_IN, 200, 200), (SIGN_IN, 200, 200)),
    "community:shared-list-create": (
        f"/lists/{LIST}/share/",
        (SIGN_IN, 200, GONE),
        (SIGN_IN, 200, GONE),
    ),
    # A link that is none. tests/community/test_shared_list.py opens real ones.
    "community:shared-list": ("/lists/shared/wrong/", (GONE,) * 3, (WRONG,) * 3),
    "community:device-sheet": ("/lists/sheet/", (200, 200, 200), (200, 200, 200)),
    "community:reading-list-default": (
        f"/lists/{LIST}/default/",
        (WRONG,) * 3,
        (SIGN_IN, DONE, GONE),
    ),
    "community:reading-list-archive": (
        f"/lists/{LIST}/archive/",
        (WRONG,) * 3,
        (SIGN_IN, DONE, GONE),
    ),
    "community:list-search": ("/lists/search/", (SIGN_IN, 200, 200), (SIGN_IN, 200, 200)),
    # A GET leads to the lists: the server knows of no device.
    "community:from-device": ("/lists/from-device/", (SIGN_IN, 302, 302), (SIGN_IN, 302, 302)),
    "community:saved-item-to-list": (
        f"{ITEM}/to-list/",
        (SIGN_IN, 200, GONE),
        (SIGN_IN, 200, GONE),
    ),
    "community:saved-item-archive": (f"{ITEM}/archive/", (WRONG,) * 3, (SIGN_IN, DONE, GONE)),
    # The item has a note, which nobody's empty form overwrites, and no button takes away unasked.
    "community:saved-item-changes": (
        f"{ITEM}/changes/",
        (SIGN_IN, 200, GONE),
        (SIGN_IN, DONE, GONE),
    ),
    "community:saved-item-note": (f"{ITEM}/note/", (WRONG,) * 3, (REFUSED, 409, GONE)),
    "community:reading-list-note": (
        f"/lists/{LIST}/note/",
        (WRONG,) * 3,
        (REFUSED, DONE, GONE),
    ),
    "community:saved-item-read": (f"{ITEM}/read/", (WRONG,) * 3, (SIGN_IN, DONE, GONE)),
    "community:saved-item-move": (f"{ITEM}/move/", (WRONG,) * 3, (SIGN_IN, DONE, GONE)),
    "community:saved-item-delete": (f"{ITEM}/remove/", (WRONG,) * 3, (SIGN_IN, 200, GONE)),
    "community:open-data": ("/api/", *PUBLIC),
    "community:open-data-csv": ("/api/groups.csv", *PUBLIC),
    "community:open-data-meeting-guide": ("/api/groups.json", *PUBLIC),
    "community:open-data-hsds": ("/api/hsds/", *PUBLIC),
    "community:open-data-hsds-services": ("/api/hsds/services", *PUBLIC),
    "community:open-data-hsds-service": (
        f"/api/hsds/services/{service_id('circle')}",
        *PUBLIC,
    ),
    "community:account": ("/account/", (SIGN_IN, 200, 200), (SIGN_IN, 200, 200)),
    "community:account-mail": ("/account/mail/", (SIGN_IN, 200, 200), (SIGN_IN, BAD, BAD)),
    "community:account-confirm": ("/account/confirm/", (SIGN_IN, 200, 200), (SIGN_IN, 200, 200)),
    # A proof of who is there comes first; tests/community/test_account_export.py goes on from it.
    "community:account-export": ("/account/export/", (SIGN_IN, 302, 302), (SIGN_IN, 302, 302)),
    "community:account-export-download": (
        "/account/export/no-such-link/",
        (SIGN_IN, 302, 302),
        (SIGN_IN, 302, 302),
    ),
    # Nobody here is asked anew: it leads on.
    "community:account-consent": ("/account/consent/", (SIGN_IN, 302, 302), (SIGN_IN, 302, 302)),
    "community:account-stay": ("/account/stay/", (200, 200, 200), (200, 200, 200)),
    "community:account-delete": ("/account/delete/", (SIGN_IN, 302, 302), (SIGN_IN, 302, 302)),
}
TABLE = {**ADDRESSES, **DESK, **ACCOUNTS}
# They are refused before it is known who asks, so each row tries them in turn of the roles.
NO_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS")


def names(patterns=None, prefix="", route=""):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name or route.removeprefix('admin/') + str(pattern.pattern)}"
        else:
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, inner, route + str(pattern.pattern))


@pytest.fixture
def quickly(monkeypatch):
    """Leave out what the desk's pages say: here their status counts, and they are large."""
    monkeypatch.setattr(TemplateResponse, "rendered_content", "-")


def test_z1_every_address_is_in_the_table_and_nothing_else():
    assert set(names()) == set(TABLE)
    assert len(TABLE) == len(ADDRESSES) + len(DESK) + len(ACCOUNTS)


@pytest.mark.parametrize("name", TABLE)
def test_z1_everybody_gets_what_the_table_says(world, quickly, name):
    address, got, posted = TABLE[name]
    address = address.format_map(world.keys)

    def ask(method):
        return {role: world.ask(role, method, address).status_code for role in roles}

    roles = ROLES
    assert ask("GET") == {role: of_role(got, role) for role in roles}
    assert ask("POST") == {role: of_role(posted, role) for role in roles}
    # A page that opens is made in the same way for all to whom it opens.
    opened = [role for role in ROLES if of_role(got, role) == 200]
    roles = [role for role in ROLES if role not in opened[1:]]
    assert ask("HEAD") == {role: of_role(got, role) for role in roles}


@pytest.mark.parametrize("method", NO_METHODS)
def test_z1_no_address_takes_another_method(world, method):
    for number, (address, *_codes) in enumerate(TABLE.values()):
        role = ROLES[(number + NO_METHODS.index(method)) % len(ROLES)]

        response = world.ask(role, method, address.format_map(world.keys))

        assert response.status_code == 405, address
        assert response["Allow"] == "GET, HEAD, POST"


def test_z1_method_is_refused_before_anybody_is_known(world, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = world.client("superuser").delete("/admin/facts/topic/")

    assert response.status_code == 405
    assert "That cannot be done from here" in response.text
