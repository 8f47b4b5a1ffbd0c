"""Every page opened by everybody in turn: nothing is written, and nothing is anybody else's."""

import re
from hashlib import sha256

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests.markup import faults_of
from tests.portal.forms_found import ALL_PAGES
from tests.portal.world import CANARIES, ROLES

pytestmark = pytest.mark.django_db

WRITTEN_ON_PURPOSE = {
    # When somebody was last there.
    "django_session",
    # That staff looked at an account is on record: community/admin/members.py.
    "community_event",
    # Recovery codes are shown once, and that they were is kept with them.
    "mfa_authenticator",
}
# Who looks at which pages. What the table refuses them is refused in test_permissions.py.
READERS = ("visitor", "owner", "other", "superuser", "visitor again")
AT_DESK = ("editor", "moderator", "superuser")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
    "font-src 'self'", "connect-src 'self'", "manifest-src 'self'", "form-action 'self'",
    "frame-ancestors 'none'", "base-uri 'none'",
}  # fmt: skip
# The editor of texts brings an import map and a style of its own: both by their hash.
HASH = re.compile(r" 'sha256-[\w+/=]{44}'")
# Data that no browser runs, and the import map, which its hash lets in.
INLINE = re.compile(
    r"""<style\b|\sstyle=|\son\w+=["']|javascript:|"""
    r"""<script(?![^>]*\b(?:src=|type="(?:application/(?:ld\+)?json|importmap)"))[^>]*>""",
    re.I,
)
# What a browser fetches by itself. A link waits until somebody follows it.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|audio|video|embed|object|link(?![^>]*rel="canonical"))\b"""
    r"""[^>]*?(?:src|srcset|href|data)=["']?\s*(?:https?:)?//[^>]*>""",
    re.I,
)
HINT = re.compile(r"""rel=["'](?:dns-prefetch|preconnect|prefetch|prerender)""", re.I)
NOT_INDEXED = re.compile(r'<meta name="robots" content="[^"]*(?:noindex|NONE)')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def tables():
    """Return a digest of every table."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows = sorted(map(repr, cursor.fetchall()))
            found[table] = sha256("\n".join(rows).encode()).hexdigest()
    return found


@pytest.fixture(scope="module")
def crawl(world):
    """What everybody is answered at every page, the tables that changed, and one look on record."""
    ContentType.objects.get_for_models(*apps.get_models())  # Kept when first asked for.
    clients = {role: world.client(role, is_proved=True) for role in ROLES}
    clients["visitor again"] = clients["visitor"]
    replies, before = {}, tables()
    for page in dict.fromkeys(ALL_PAGES):
        address = page.format_map(world.keys)
        for role in AT_DESK if page.startswith("/admin/") else READERS:
            replies[address, role] = clients[role].get(address)
        if page in {"/accounts/login/", "/lists/", "/account/"} or "factversion" in page:
            for role in ("visitor", "owner", "reviewer"):
                clients[role].head(address)
    after = tables()
    return replies, {table for table in after if after[table] != before.get(table)}


def text_of(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return TOKEN.sub("", body.decode())


def is_html(response):
    """Whether a browser shows it as a page; a file to take along is none."""
    is_file = response.headers.get("Content-Disposition", "").startswith("attachment")
    return response.headers.get("Content-Type", "").startswith("text/html") and not is_file


def test_a11_markup_is_valid(crawl):
    """Pages of readers and members; those of the desk are Django's own for a good part."""
    replies, _changed = crawl

    pages = {
        key: response.text
        for key, response in replies.items()
        if is_html(response) and not response.streaming and response.content
        # That one is a list for the search field, not a page.
        and not key[0].startswith(("/admin/", "/search/suggest/"))
    }  # fmt: skip
    found = {key: wrong for key, html in pages.items() if (wrong := faults_of(html))}

    assert len(pages) > 100
    assert found == {}


def test_z8_reading_changes_nothing(crawl):
    _replies, changed = crawl

    assert changed <= WRITTEN_ON_PURPOSE


def test_z8_no_page_is_an_error(crawl):
    replies, _changed = crawl
    failed = {key for key, response in replies.items() if response.status_code >= 500}

    # In the tests no worker runs, and so the portal is not ready.
    assert {page for page, _role in failed} <= {"/health/ready"}


def test_z10_nobody_meets_what_is_anothers(crawl, world):
    replies, _changed = crawl
    # Whoever has the secret address of a calendar opens it; the pages below it hold no names.
    feed = f"/lists/calendar/{world.keys['owner_feed']}.ics"

    for (page, role), response in replies.items():
        foreign = {canary for owner, canary in CANARIES.items() if owner != role}
        if page != feed:
            text = text_of(response)
            assert not {canary for canary in foreign if canary in text}, (page, role)
    own = {
        page for (page, role), r in replies.items() if role == "owner" and CANARIES[role] in r.text
    }
    assert len(own) > 2


def test_z10_visitor_reads_the_same_before_and_after_members_were_there(crawl):
    replies, _changed = crawl

    for (page, role), response in replies.items():
        # An empty feed says when it was asked for.
        if role == "visitor again" and not page.startswith("/feeds/"):
            first = replies[page, "visitor"]
            assert response.status_code == first.status_code
            assert response.headers.get("ETag") == first.headers.get("ETag"), page


def test_z10_nobody_keeps_what_somebody_signed_in_was_answered(crawl):
    replies, _changed = crawl

    for (page, role), response in replies.items():
        if not role.startswith("visitor"):
            assert response["Cache-Control"] == "private, no-store", (page, role)


def test_z10_nobody_keeps_what_a_reader_with_preferences_was_answered(world, settings):
    for page in ("/", "/facts/bones/", "/groups/circle/", "/no-such-page/", "/lists/"):
        response = world.client("visitor").get(
            page, headers={"cookie": f"{settings.PREFERENCES_COOKIE_NAME}=x"}
        )

        assert response["Cache-Control"] == "private, no-store"


def test_s12_every_page_has_the_same_strict_headers(crawl):
    replies, _changed = crawl

    for key, response in replies.items():
        assert {name: response.headers.get(name) for name in HEADERS} == HEADERS, key
        assert set(HASH.sub("", response["Content-Security-Policy"]).split("; ")) == POLICY, key
        assert response["Referrer-Policy"] in {"same-origin", "no-referrer"}, key
        assert response["Permissions-Policy"].count("=()") >= 10, key


def test_s12_pages_of_errors_have_them_too(world, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError

    monkeypatch.setattr("portal.views.machines.sitemaps.sitemap", fail)
    client = world.client("visitor", enforce_csrf_checks=True)
    replies = {
        400: client.get("/facts/a%00b/"),
        403: client.post("/preferences/"),
        404: client.get("/no-such-page/"),
        405: client.put("/"),
        500: client.get("/sitemap.xml"),
    }

    for status, response in replies.items():
        assert response.status_code == status
        assert {name: response.headers.get(name) for name in HEADERS} == HEADERS, status
        assert set(response["Content-Security-Policy"].split("; ")) == POLICY, status
        assert not INLINE.findall(response.text), status


def test_s12_no_page_holds_code_of_its_own(crawl):
    replies, _changed = crawl

    for key, response in replies.items():
        if is_html(response):
            assert not INLINE.findall(response.text), key


def test_s13_only_pages_with_a_form_set_a_cookie_for_visitors(crawl, settings):
    replies, _changed = crawl

    for (page, role), response in replies.items():
        if role.startswith("visitor"):
            assert set(response.cookies) <= {settings.CSRF_COOKIE_NAME}, page
            has_form = is_html(response) and 'method="post"' in response.text.lower()
            assert has_form or not response.cookies, page


def test_p1_no_page_fetches_anything_from_elsewhere(crawl):
    replies, _changed = crawl

    for key, response in replies.items():
        if is_html(response):
            assert not FETCHED.findall(response.text), key
            assert not HINT.findall(response.text), key


def test_p7_no_link_opens_a_window_that_leads_back(crawl):
    replies, _changed = crawl

    # With no Referer to other hosts (the policy above) and no window of ours to reach for.
    for (page, _role), response in replies.items():
        if is_html(response) and not page.startswith("/admin/"):
            links = re.findall(r"<a\b[^>]*\btarget=[^>]*>", response.text)
            assert [link for link in links if "noopener" not in link] == [], page


def test_p11_pages_of_members_are_not_for_search_engines(crawl):
    replies, _changed = crawl

    for (page, role), response in replies.items():
        is_private = page.startswith(("/lists/", "/account/", "/accounts/", "/admin/"))
        if role == "superuser" and is_private and is_html(response) and response.content:
            assert NOT_INDEXED.search(response.text), page
