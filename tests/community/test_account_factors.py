"""The second step: an app, recovery codes, passkeys."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from tests.community.account_steps import app_code, code_in, sign_in
from tests.factories import MemberFactory


@pytest.fixture
def signed_in(client, db):
    """A client whose member has just signed in by password."""
    client.member = MemberFactory()
    sign_in(client, client.member)
    return client


def use_app(client):
    client.get("/accounts/2fa/totp/activate/")
    code = app_code(client.session["mfa.totp.secret"])
    return client.post("/accounts/2fa/totp/activate/", {"code": code})


def test_app_is_set_up_and_recovery_codes_are_shown_once(signed_in, transactional_db):
    response = use_app(signed_in)

    first = signed_in.get(response.headers["Location"]).text
    second = signed_in.get("/accounts/2fa/recovery-codes/").text

    assert response.headers["Location"] == "/accounts/2fa/recovery-codes/"
    codes = re.findall(r"<span>(\d{4})</span><span>(\d{4})</span>", first)
    assert len(codes) == 10
    assert not any("".join(code) in second or code[0] in second for code in codes)
    assert "cannot show them again" in second
    assert signed_in.get("/accounts/2fa/recovery-codes/download/").status_code == 403


def test_app_is_named_by_nothing_that_tells(signed_in):
    page = signed_in.get("/accounts/2fa/totp/activate/")

    assert "issuer=Waymark" in page.context["totp_url"]
    assert re.search(r'<img src="data:image/svg\+xml;base64,', page.text)


def test_wrong_code_leaves_the_app_off(signed_in):
    signed_in.get("/accounts/2fa/totp/activate/")

    page = signed_in.post("/accounts/2fa/totp/activate/", {"code": "000000"}).text

    assert "This code is not right" in page
    assert not Authenticator.objects.exists()


def test_new_factor_signs_out_every_other_device(signed_in, transactional_db):
    other = Client()
    sign_in(other, signed_in.member)
    assert other.get("/account/").status_code == 200

    use_app(signed_in)

    assert signed_in.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_app_can_be_switched_off(signed_in, transactional_db):
    use_app(signed_in)

    page = signed_in.post("/accounts/2fa/totp/deactivate/", follow=True).text

    assert "The app is off." in page
    assert not Authenticator.objects.exists()


def test_sixth_wrong_code_of_the_app_is_refused(db):
    client, member = Client(), MemberFactory()
    sign_in(client, member)
    Authenticator.objects.create(
        user=member, type="totp", data={"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}
    )
    client.post("/accounts/logout/")
    sign_in(client, member)
    for number in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": f"00000{number}"})

    page = client.post(
        "/accounts/2fa/authenticate/", {"code": app_code("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")}
    )

    assert "too many tries" in page.text


def test_passkey_is_made_for_the_host_of_the_site(signed_in):
    page = signed_in.get("/accounts/2fa/webauthn/add/")

    options = page.context["js_data"]["creation_options"]["publicKey"]
    assert options["rp"] == {"id": "localhost", "name": "Waymark"}
    assert page.text.count('type="application/json"') == 2
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page.text)


def test_passkeys_are_listed_renamed_and_removed(signed_in):
    key = Authenticator.objects.create(
        user=signed_in.member, type="webauthn", data={"name": "Phone", "credential": {}}
    )
    theirs = Authenticator.objects.create(
        user=MemberFactory(), type="webauthn", data={"name": "Theirs", "credential": {}}
    )
    listed = signed_in.get("/accounts/2fa/webauthn/").text
    assert "Phone" in listed
    assert "Theirs" not in listed

    signed_in.post(f"/accounts/2fa/webauthn/keys/{key.pk}/edit/", {"name": "Tablet"})
    key.refresh_from_db()
    assert key.wrap().name == "Tablet"
    assert signed_in.get(f"/accounts/2fa/webauthn/keys/{theirs.pk}/edit/").status_code == 404
    assert signed_in.post(f"/accounts/2fa/webauthn/keys/{theirs.pk}/remove/").status_code == 404
    signed_in.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")

    assert list(Authenticator.objects.all()) == [theirs]


def test_passkey_page_helps_without_script(client, db):
    page = client.get("/accounts/login/").text

    assert "<noscript>" in page
    assert 'type="button" form="mfa_login"' in page


@pytest.mark.parametrize(
    "answer",
    ["", "x", "1", "null", "[]", "{}", '{"id": 1}', '{"id": "YQ", "rawId": "YQ", "response": {}}',
     '{"id": "YQ", "rawId": "YQ", "response": {"userHandle": "/w"}}'],
)  # fmt: skip
def test_broken_passkey_answer_is_refused_kindly(client, signed_in, db, answer):
    add = signed_in.post("/accounts/2fa/webauthn/add/", {"credential": answer, "name": "Phone"})
    assert add.status_code == 200
    assert not Authenticator.objects.exists()
    anonymous = Client()

    response = anonymous.post("/accounts/2fa/webauthn/login/", {"credential": answer}, follow=True)

    assert response.status_code == 200
    assert response.redirect_chain == [("/accounts/login/", 302)]
    assert 'class="messages"' in response.text


def test_invited_person_sets_up_the_app_without_a_second_mail(client, transactional_db):
    member = MemberFactory()
    member.set_unusable_password()
    member.save()
    client.post("/accounts/login/code/", {"email": member.email})
    client.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[0])})

    response = use_app(client)

    assert response.headers["Location"] == "/accounts/2fa/recovery-codes/"
    assert "We show them this once" in client.get("/accounts/2fa/recovery-codes/").text


def test_key_for_an_app_is_shown_in_parts(client, member):
    sign_in(client, member)

    page = client.get("/accounts/2fa/totp/activate/").content.decode()

    key = client.session["mfa.totp.secret"]
    assert f"<span>{key[:4]}</span><span>{key[4:8]}</span>" in page
