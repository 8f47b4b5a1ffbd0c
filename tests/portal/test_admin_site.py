"""The way into the admin: staff only, through allauth, behind a second factor (S9)."""

from urllib.parse import quote

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.management import call_command

from community.models import Member
from tests.community.account_steps import app_code, code_in, sign_in
from tests.factories import MemberFactory, TopicFactory


def test_anonymous_is_sent_to_sign_in(client, db):
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"


def test_login_page_of_the_admin_is_never_shown(client, db):
    response = client.post("/admin/login/", {"username": "a@example.org", "password": "x"})

    assert response.headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", ["/admin/", "/admin/facts/topic/", "/admin/login/"])
def test_member_is_refused(client, member, path):
    client.force_login(member)

    assert client.get(path, follow=True).status_code == 403


@pytest.mark.parametrize("path", ["/admin/", "/admin/jsi18n/", "/admin/facts/topic/"])
def test_staff_without_factor_is_sent_to_set_one_up(client, db, path):
    member = MemberFactory(is_staff=True, is_superuser=True)
    client.force_login(member)

    response = client.get(path, follow=True)

    assert response.redirect_chain[-1][0] == "/accounts/2fa/"
    assert "Before you can work here, set up a second step" in response.text


def test_recovery_codes_alone_are_no_factor(client, editor):
    editor.authenticator_set.filter(type="totp").delete()
    client.force_login(editor)

    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0] == "/accounts/2fa/"


def test_staff_with_factor_comes_in_by_password_and_code(client, db):
    member, secret = MemberFactory(is_staff=True), generate_totp_secret()
    TOTP.activate(member, secret)
    sign_in(client, member, next="/admin/")
    assert client.get("/admin/").status_code == 302

    response = client.post("/accounts/2fa/authenticate/", {"code": app_code(secret)}, follow=True)

    assert response.redirect_chain == [("/admin/", 302)]
    assert response.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_invited_person_walks_from_the_mail_to_the_desk(client):
    call_command("invite_staff", "nurse@example.org", role="editor")
    client.post("/accounts/login/code/", {"email": "nurse@example.org", "next": "/admin/"})
    signed_in = client.post(
        "/accounts/login/code/confirm/",
        {"code": code_in(mail.outbox[-1]), "next": "/admin/"},
        follow=True,
    )
    assert signed_in.redirect_chain[-1][0] == "/accounts/2fa/"
    client.get("/accounts/2fa/totp/activate/")
    code = app_code(client.session["mfa.totp.secret"])
    client.post("/accounts/2fa/totp/activate/", {"code": code})

    page = client.get("/accounts/2fa/").text

    assert 'href="/admin/">Go to the desk</a>' in page
    assert client.get("/admin/").status_code == 200
    assert Member.objects.get(email="nurse@example.org").last_login


def test_rights_end_with_the_next_request(client, editor):
    client.force_login(editor)
    assert client.get("/admin/").status_code == 200

    editor.is_staff = False
    editor.save()

    assert client.get("/admin/", follow=True).status_code == 403
    editor.is_active = False
    editor.save()
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


def test_signing_out_of_the_admin_is_a_post(client, editor):
    client.force_login(editor)

    client.get("/admin/logout/")
    assert client.get("/admin/").status_code == 200
    response = client.post("/admin/logout/")

    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/account/").status_code == 302


def test_password_is_changed_where_a_mail_tells_of_it(client, editor):
    client.force_login(editor)

    response = client.get("/admin/password_change/")

    assert response.headers["Location"] == "/accounts/password/change/"


@pytest.mark.parametrize("view", ["change", "history"])
def test_b20_row_has_one_address(client, reviewer, view):
    pk = TopicFactory().pk
    wide = "".join(chr(ord("０") + int(digit)) for digit in str(pk))
    client.force_login(reviewer)

    assert client.get(f"/admin/facts/topic/{pk}/{view}/").status_code == 200
    for key in (f"{pk} ", wide, f"0_{pk}", f"+{pk}"):
        assert client.get(f"/admin/facts/topic/{quote(key)}/{view}/").status_code == 404, key
