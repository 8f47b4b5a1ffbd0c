"""Where `next` may lead: to a path of this site, and never to an error."""

import re

import pytest
from django.core import mail
from django.core.cache import cache

from tests.community.account_steps import sign_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.once
BAD = [
    "http://[",
    "https://[",
    "//[",
    "///[",
    "//[::1",
    "//[]",
    "//]",
    "http://[::1]:x/",
    "http://a]b/",
    "/\\[",
    "//localhost/",
    "///localhost/",
    "////localhost/",
    "http://localhost/",
    "http://localhost:8000/account/",
    "http://testserver/",
    "https://testserver/",
    "http:testserver/",
    "http:///testserver/",
    "//testserver/account/",
    "//testserver:81/",
    "/\\testserver/",
    "\\\\testserver\\",
    "\\/testserver/",
    "/\t/testserver/",
    "/\n/testserver/",
    "\t//testserver/",
    " //testserver/",
    " /account/",
    "http://evil.example/",
    "//evil.example/",
    "//user:secret@evil.example/",
    "//evil.example\\@testserver/",
    "http://℀.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "foo",
    "./foo",
    "../foo",
    "?foo",
    "#foo",
]
GOOD = ["/", "/groups/", "/lists/save/?topic=pain", "/facts/#a", "/search/?q=[a]", "/a//b/"]

ANONYMOUS = [
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/login/code/confirm/",
    "/accounts/signup/",
    "/accounts/confirm-email/",
    "/accounts/inactive/",
    "/accounts/logout/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/confirm/",
    "/accounts/password/reset/complete/",
    "/accounts/2fa/authenticate/",
    "/accounts/2fa/webauthn/login/",
    "/admin/login/",
    "/admin/logout/",
]
SIGNED_IN = [
    "/account/confirm/",
    "/accounts/email/",
    "/accounts/inactive/",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/login/code/confirm/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/password/reset/complete/",
    "/accounts/reauthenticate/",
    "/accounts/signup/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/webauthn/login/",
    "/admin/login/",
    "/admin/logout/",
]


def addresses_for(path):
    """All of them for the page that everybody comes through; of the others, each kind once."""
    return BAD if path == "/accounts/login/" else BAD[::5]


def assert_stays(response):
    """Check that there is no error, and no way out of this site."""
    assert response.status_code < 500
    location = response.headers.get("Location", "/")
    assert re.match(r"/(?![/\\])", location), location


@pytest.mark.parametrize("path", ANONYMOUS)
def test_visitor_stays_here(client, db, path):
    for address in addresses_for(path):
        cache.clear()  # No limit may answer in the place of the page.
        assert_stays(client.get(path, {"next": address}))
        assert_stays(client.post(path, {"next": address}))


@pytest.mark.parametrize("path", SIGNED_IN)
def test_member_stays_here(client, member, path):
    for address in addresses_for(path):
        cache.clear()
        client.force_login(member)
        assert_stays(client.get(path, {"next": address}))
        client.force_login(member)
        assert_stays(client.post(path, {"next": address}))


@pytest.mark.parametrize("address", BAD)
def test_signing_in_leads_to_the_lists_instead(client, member, address):
    response = sign_in(client, member, next=address)

    assert response.headers["Location"] == "/lists/"


@pytest.mark.parametrize("address", BAD)
def test_codes_lead_nowhere_else(client, member, address):
    for path in ("/accounts/login/code/", "/accounts/password/reset/"):
        assert_stays(client.post(path, {"email": member.email, "next": address}))
        for _step in range(4):
            assert_stays(client.get(f"{path}confirm/", {"next": address}))
            assert_stays(client.post(f"{path}confirm/", {"code": "0000-0000", "next": address}))
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("address", BAD)
def test_proving_again_leads_nowhere_else(client, member, address):
    client.force_login(member)

    response = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": address})

    assert response.headers["Location"] == "/lists/"


@pytest.mark.parametrize("address", GOOD)
def test_path_of_this_site_is_gone_to(client, member, address):
    response = sign_in(client, member, next=address)

    assert response.headers["Location"] == address
