"""One reviewed table: who gets what at every address. An address that is not in it fails."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from community.exports.hsds import service_id
from tests.factories import (
    FactFactory,
    JoiningDetailsFactory,
    PageFactory,
    ReadingListFactory,
    SavedItemFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
    make_staff,
)

pytestmark = pytest.mark.django_db

LIST = "00000000-0000-4000-8000-00000000000a"
ITEM = f"/lists/{LIST}/items/1"
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
    "community:saved-item-note": (f"{ITEM}/note/", (WRONG,) * 3, (REFUSED, DONE, GONE)),
    "community:saved-item-read": (f"{ITEM}/read/", (WRONG,) * 3, (SIGN_IN, DONE, GONE)),
    "community:saved-item-move": (f"{ITEM}/move/", (WRONG,) * 3, (SIGN_IN, DONE, GONE)),
    "community:saved-item-delete": (f"{ITEM}/remove/", (WRONG,) * 3, (SIGN_IN, DONE, GONE)),
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
# allauth's own pages have tests of their own, in tests/community/test_account*.py.
ELSEWHERE = ("admin:", "account_", "mfa_", "usersessions_")
ELSEWHERE += (
    "community:sign-out",
    "community:session-list",
    "community:confirm-email",
    "community:confirm-login-code",
)
OTHERS = ["another member", "editor", "reviewer", "moderator", "superuser"]


def names(patterns=None, prefix=""):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"


@pytest.fixture
def owner(member):
    topic = TopicFactory(slug="bones")
    make_live(FactFactory(topic=topic, slug="scans"))
    for slug in ("about", "privacy", "accessibility"):
        PageFactory(slug=slug)
    JoiningDetailsFactory(group=SupportGroupFactory(slug="circle", joining_policy="members"))
    reading_list = ReadingListFactory(pk=LIST, member=member)
    SavedItemFactory(pk=1, reading_list=reading_list, topic=topic)
    return member


@pytest.fixture
def somebody_else(request, member):
    role = request.param
    if role == "another member":
        return ReadingListFactory().member
    staff = make_staff("Editor" if role == "superuser" else role.capitalize())
    if role == "superuser":
        staff.is_superuser = True
        staff.save()
    return staff


def test_every_address_is_in_the_table():
    known = {name for name in names() if not name.startswith(ELSEWHERE)}

    assert known == set(ADDRESSES)


@pytest.mark.parametrize("name", ADDRESSES)
def test_visitor_gets_what_the_table_says(client, owner, name):
    address, got, posted = ADDRESSES[name]

    assert client.get(address).status_code == got[0]
    assert client.post(address).status_code == posted[0]


@pytest.mark.parametrize("name", ADDRESSES)
def test_owner_gets_what_the_table_says(client, owner, name):
    address, got, posted = ADDRESSES[name]
    client.force_login(owner)

    assert client.get(address).status_code == got[1]
    assert client.post(address).status_code == posted[1]


@pytest.mark.parametrize("somebody_else", OTHERS, indirect=True)
@pytest.mark.parametrize("name", ADDRESSES)
def test_somebody_else_gets_what_the_table_says(client, owner, somebody_else, name):
    address, got, posted = ADDRESSES[name]
    client.force_login(somebody_else)

    assert client.get(address).status_code == got[2]
    assert client.post(address).status_code == posted[2]


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_other_methods_change_nothing(client, owner, name, method):
    client.force_login(owner)

    assert getattr(client, method)(ADDRESSES[name][0]).status_code in {WRONG, SIGN_IN}


def test_no_page_of_the_desk_opens_without_a_role(client, member):
    addresses = [
        reverse(name)
        for name in names()
        if name.startswith("admin:") and not name.endswith((":jsi18n", ":logout"))
        if not needs_arguments(name)
    ]

    assert len(addresses) > 20
    for address in addresses:
        assert client.get(address).status_code in {302, 404}, address
    client.force_login(member)
    for address in addresses:
        assert client.get(address).status_code in {302, 403, 404}, address


def needs_arguments(name):
    try:
        reverse(name)
    except Exception:
        return True
    return False
