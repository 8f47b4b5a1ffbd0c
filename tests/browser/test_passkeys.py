"""A passkey from first to last, with an authenticator that the browser pretends to have (S9)."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from playwright.sync_api import expect

from tests.browser.conftest import violations
from tests.factories import PASSWORD, MemberFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def device(page):
    """A device with a passkey store, whose owner is always there and proves it."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return cdp, cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page, live_server, member):
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Email address").fill(member.email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page, live_server):
    page.goto(f"{live_server.url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()


def add_passkey(page, live_server):
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_member_adds_a_passkey_and_signs_in_with_it_alone(page, live_server, device):
    member = MemberFactory()
    sign_in(page, live_server, member)
    page.wait_for_url("**/lists/")
    add_passkey(page, live_server)
    codes = re.findall(r"\b\d{8}\b", page.get_by_role("main").inner_text())
    assert len(codes) == 10
    assert violations(page) == []
    page.reload()
    expect(page.get_by_text("cannot show them again")).to_be_visible()
    sign_out(page, live_server)

    page.goto(f"{live_server.url}/accounts/login/?next=/account/")
    page.get_by_label("This is a shared computer").check()
    page.get_by_role("button", name="Use my passkey").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_text("You have a passkey.")).to_be_visible()
    expect(page.get_by_text("Shared computer: you are signed out")).to_be_visible()
    assert Authenticator.objects.get(user=member, type="webauthn").last_used_at


def test_password_alone_no_longer_opens_an_account_with_a_passkey(page, live_server, device):
    member = MemberFactory()
    sign_in(page, live_server, member)
    page.wait_for_url("**/lists/")
    add_passkey(page, live_server)
    sign_out(page, live_server)

    sign_in(page, live_server, member)
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    page.get_by_role("button", name="Use my passkey").click()

    page.wait_for_url("**/lists/")


def test_staff_set_up_a_passkey_before_the_desk_opens(page, live_server, device):
    editor = MemberFactory(is_staff=True)
    editor.groups.add(Group.objects.get_or_create(name="Editor")[0])
    sign_in(page, live_server, editor)
    page.wait_for_url("**/lists/")
    page.goto(f"{live_server.url}/admin/")
    expect(page.get_by_text("You work here, so you need a second step")).to_be_visible()

    add_passkey(page, live_server)
    page.goto(f"{live_server.url}/admin/")

    expect(page.get_by_role("heading", name="What would you like to do?")).to_be_visible()


STOPPED = """
for (const way of ["get", "create"]) {
  navigator.credentials[way] = () => Promise.reject(new DOMException("no", window.reason));
}
window.reason = "NotAllowedError";
"""


def says(page, words):
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()


def test_dialog_that_is_closed_is_told_beside_the_button(page, live_server):
    member = MemberFactory()
    page.add_init_script(STOPPED)
    page.goto(f"{live_server.url}/accounts/login/")
    button = page.get_by_role("button", name="Use my passkey")
    alert = page.locator("[data-passkey]")
    expect(alert).to_be_hidden()

    button.click()

    says(page, "It was stopped, and nothing has changed.")
    assert alert.bounding_box()["y"] - button.bounding_box()["y"] < 200
    assert page.url.endswith("/accounts/login/")
    expect(button).to_be_focused()

    page.route("**/2fa/webauthn/login/", lambda route: route.fulfill(status=503))
    button.click()
    says(page, "That did not work just now")
    page.unroute("**/2fa/webauthn/login/")

    sign_in(page, live_server, member)
    page.wait_for_url("**/lists/")
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.get_by_label("A name for it").fill("My phone")
    page.get_by_role("button", name="Add a passkey").click()
    says(page, "It was stopped")
    expect(page.get_by_label("A name for it")).to_have_value("My phone")
    page.evaluate('window.reason = "InvalidStateError"')
    page.get_by_role("button", name="Add a passkey").click()
    says(page, "This device has a passkey for your account already.")
    assert violations(page) == []
