"""What holds for every public page: no cookie, no member, headers, and who may keep a copy."""

import brotli
import pytest
from django.http import HttpResponse

from portal.pages.middleware import PagesMiddleware
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    MeetingFactory,
    PageFactory,
    QuestionFactory,
    ServiceFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

PUBLIC = [
    "/",
    "/facts/",
    "/facts/bones/",
    "/facts/bones/?show=all",
    "/facts/bones/scans/",
    "/facts/bones/scans/history/",
    "/facts/bones/scans/history/?from=1&to=2",
    "/glossary/",
    "/questions/",
    "/help/",
    "/search/",
    "/search/?q=scans",
    "/search/?q=nothing+at+all",
    "/search/tell/thanks/",
    "/facts/bones/scans/report/thanks/",
    "/groups/",
    "/groups/circle/",
    "/about/",
    "/privacy/",
    "/accessibility/",
    "/no-such-page/",
]


@pytest.fixture
def library(db):
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="scans")
    make_live(fact, title="Scans", sensitivity="statistics")
    QuestionFactory().facts.add(fact)
    GlossaryTermFactory()
    ServiceFactory()
    MeetingFactory(group=SupportGroupFactory(slug="circle"))
    for slug in ("about", "privacy", "accessibility"):
        PageFactory(slug=slug)


@pytest.mark.parametrize("address", PUBLIC)
def test_reading_sets_no_cookie(client, library, address):
    response = client.get(address)

    assert not response.cookies
    assert response["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", PUBLIC)
def test_page_is_the_same_for_a_member_and_nobody_keeps_it(client, library, member, address):
    public = client.get(address)
    client.force_login(member)
    personal = client.get(address)

    assert personal.content == public.content
    assert personal["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("address", PUBLIC)
def test_page_holds_no_form_that_posts_and_no_inline_code(client, library, address):
    html = client.get(address).content.decode()

    assert 'method="post"' not in html
    assert "csrf" not in html
    assert " style=" not in html
    assert "<style" not in html
    assert "<script>" not in html


@pytest.mark.parametrize("address", PUBLIC)
def test_page_needs_at_most_six_queries(client, library, address, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        client.get(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_head_is_answered_like_get_without_a_body(client, library, address):
    got, head = client.get(address), client.head(address)

    assert head.status_code == got.status_code
    assert head.content == b""


def test_page_that_has_not_changed_is_not_sent_again(client, library):
    tag = client.get("/facts/bones/")["ETag"]

    response = client.get("/facts/bones/", headers={"if-none-match": tag})

    assert response.status_code == 304
    assert response.content == b""
    assert response["Content-Security-Policy"]


def test_empty_page_is_no_error(rf):
    page = PagesMiddleware(lambda request: HttpResponse())

    assert page(rf.get("/empty/")).status_code == 200


def test_redirect_to_https_carries_the_headers_too(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    response = client.get("/facts/", headers={"cookie": "session=x"})

    assert response.status_code == 301
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"]


def test_headers_are_strict(client, library):
    response = client.get("/")

    assert set(response["Content-Security-Policy"].split("; ")) == {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in response["Permissions-Policy"]


def test_public_page_is_compressed_for_who_can_read_that(client, library):
    plain = client.get("/facts/bones/")
    packed = client.get("/facts/bones/", headers={"accept-encoding": "br, gzip"})

    assert not plain.has_header("Content-Encoding")
    assert packed["Content-Encoding"] == "br"
    assert brotli.decompress(packed.content) == plain.content
    assert packed["Content-Length"] == str(len(packed.content))
    assert len(packed.content) < len(plain.content) / 2
    assert plain["Vary"] == packed["Vary"] == "Cookie, Accept-Encoding"
    again = client.get(
        "/facts/bones/",
        headers={"accept-encoding": "gzip", "if-none-match": packed["ETag"]},
    )
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "accepted", ["", "br;q=0", "gzip;q=0", "gzip;q=0.0, deflate", "x-gzip", "\ud800"]
)
def test_page_is_sent_as_it_is_to_who_cannot(client, library, accepted):
    page = client.get("/facts/bones/", HTTP_ACCEPT_ENCODING=accepted)

    assert not page.has_header("Content-Encoding")


def test_page_that_is_somebodys_own_is_not_compressed(client, library, member):
    """Its length could tell what it holds (BREACH)."""
    client.force_login(member)
    for address in ("/facts/bones/", "/account/", "/lists/"):
        page = client.get(address, headers={"accept-encoding": "gzip"})
        assert not page.has_header("Content-Encoding")
    client.logout()
    client.cookies["preferences"] = "text=large"

    assert not client.get("/facts/", headers={"accept-encoding": "gzip"}).has_header(
        "Content-Encoding"
    )
    # These hold a token against forged forms.
    for address in ("/accounts/login/", "/preferences/"):
        client.cookies.clear()
        page = client.get(address, headers={"accept-encoding": "gzip"})
        assert not page.has_header("Content-Encoding")
