"""Signing in and out: by password, by code, after a reset; where it leads; what limits it."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.test import Client
from django.utils import timezone

from tests.community.account_steps import app_code, code_in, sign_in
from tests.factories import PASSWORD, MemberFactory


def test_password_signs_in(client, member):
    response = sign_in(client, member)

    assert response.headers["Location"] == "/lists/"
    assert client.get("/account/").status_code == 200


def test_code_signs_in(client, member):
    client.post("/accounts/login/code/", {"email": member.email.upper()})

    response = client.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[0])})

    assert response.headers["Location"] == "/lists/"
    assert client.get("/account/").status_code == 200


def test_code_may_be_typed_without_its_line_and_with_blanks(client, member):
    client.post("/accounts/login/code/", {"email": member.email})
    typed = f" {code_in(mail.outbox[0]).replace('-', ' ')} "

    response = client.post("/accounts/login/code/confirm/", {"code": typed})

    assert response.headers["Location"] == "/lists/"


def test_code_to_sign_in_dies_after_ten_minutes(client, member, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z")
    client.post("/accounts/login/code/", {"email": member.email})
    time_machine.move_to("2026-11-22 10:10:01Z")

    client.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[0])})

    assert client.get("/account/").status_code == 302


def test_new_code_replaces_the_old_one(client, member):
    client.post("/accounts/login/code/", {"email": member.email})
    client.post("/accounts/login/code/confirm/", {"action": "resend"})
    old, new = (code_in(message) for message in mail.outbox)

    refused = client.post("/accounts/login/code/confirm/", {"code": old})
    accepted = client.post("/accounts/login/code/confirm/", {"code": new})

    assert "This code is not right" in refused.text
    assert accepted.status_code == 302


def test_password_is_set_anew_by_code(client, member):
    sign_in(Client(), member)
    client.post("/accounts/password/reset/", {"email": member.email})
    client.post("/accounts/password/reset/confirm/", {"code": code_in(mail.outbox[0])})

    done = client.post(
        "/accounts/password/reset/complete/", {"password1": "eleven brown owls asleep"}, follow=True
    )

    assert "Your new password is saved" in done.text
    member.refresh_from_db()
    assert member.check_password("eleven brown owls asleep")
    assert "You have a new password" in mail.outbox[1].body
    assert not UserSession.objects.exists()


def test_reset_does_not_go_round_the_second_step(client, editor):
    client.post("/accounts/password/reset/", {"email": editor.email})
    client.post("/accounts/password/reset/confirm/", {"code": code_in(mail.outbox[0])})
    client.post("/accounts/password/reset/complete/", {"password1": "eleven brown owls asleep"})

    response = client.post(
        "/accounts/login/", {"login": editor.email, "password": "eleven brown owls asleep"}
    )

    assert response.headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/account/").status_code == 302


def test_code_by_mail_does_not_go_round_the_second_step(client, editor):
    client.post("/accounts/login/code/", {"email": editor.email})

    response = client.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[0])})

    assert response.headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/account/").status_code == 302


def test_code_of_the_app_works_once(client, member):
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    code = app_code(secret)
    sign_in(client, member)

    first = client.post("/accounts/2fa/authenticate/", {"code": code})
    other = Client()
    sign_in(other, member)
    second = other.post("/accounts/2fa/authenticate/", {"code": code})

    assert first.headers["Location"] == "/lists/"
    assert "This code is not right" in second.text


def test_recovery_code_works_once(client, editor):
    codes = editor.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()
    sign_in(client, editor)
    first = client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    other = Client()
    sign_in(other, editor)

    second = other.post("/accounts/2fa/authenticate/", {"code": codes[0]})

    assert first.status_code == 302
    assert "This code is not right" in second.text


def test_next_survives_password_and_second_step(client, member):
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    sign_in(client, member, next="/lists/save/?topic=pain")

    response = client.post("/accounts/2fa/authenticate/", {"code": app_code(secret)})

    assert response.headers["Location"] == "/lists/save/?topic=pain"


def test_next_survives_signing_in_by_code(client, member):
    page = client.get("/accounts/login/?next=/groups/").text
    assert "/accounts/login/code/?next=%2Fgroups%2F" in page
    response = client.post("/accounts/login/code/", {"email": member.email, "next": "/groups/"})
    assert response.headers["Location"] == "/accounts/login/code/confirm/?next=%2Fgroups%2F"
    page = client.get(response.headers["Location"]).text
    assert '<input type="hidden" name="next" value="/groups/">' in page

    response = client.post(
        "/accounts/login/code/confirm/", {"code": code_in(mail.outbox[0]), "next": "/groups/"}
    )

    assert response.headers["Location"] == "/groups/"


def test_next_survives_signing_up(client, db):
    form = {
        "email": "new@example.org",
        "password1": "seven quiet herons wading",
        "is_old_enough": "on",
        "consents": "on",
        "next": "/groups/",
    }
    client.post("/accounts/signup/", form)

    response = client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})

    assert response.headers["Location"] == "/groups/"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://evil.example",
        "\thttps://evil.example",
        "https://localhost@evil.example/",
        "https://localhost.evil.example/",
        "//evil.example@localhost:8000.evil.example",
        "ftp://localhost/",
        "/%09/evil.example",
    ],
)
def test_next_leads_to_no_other_host(client, member, target):
    response = sign_in(client, member, next=target)

    location = response.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    out = client.post("/accounts/logout/", {"next": target}).headers.get("Location", "/")
    assert out.startswith("/")
    assert not out.startswith(("//", "/\\"))


def test_session_key_changes_at_signing_in_and_a_planted_one_is_not_taken(client, member):
    client.get("/accounts/login/")
    session = client.session
    session["chosen"] = "kept"
    session.save()
    client.cookies["session"] = session.session_key
    before = session.session_key

    sign_in(client, member)

    assert client.session.session_key != before
    assert client.session["chosen"] == "kept"
    stranger = Client()
    stranger.cookies["session"] = before
    assert stranger.get("/account/").status_code == 302
    planted = Client()
    planted.cookies["session"] = "a" * 32
    sign_in(planted, member)
    assert planted.session.session_key != "a" * 32


def test_ticking_the_box_keeps_the_session_for_14_days(client, member):
    sign_in(client, member, stay="kept")

    assert client.cookies["session"]["max-age"] == 14 * 24 * 3600


def test_without_the_box_the_session_ends_with_the_browser(client, member):
    sign_in(client, member)

    assert client.cookies["session"]["max-age"] == ""


def test_signing_out_is_a_post_that_empties_the_browser(client, member):
    sign_in(client, member)
    old = client.cookies["session"].value
    assert client.get("/accounts/logout/").status_code == 200

    response = client.post("/accounts/logout/")

    assert response.status_code == 200
    assert "You are signed out." in response.text
    assert 'href="/accounts/login/"' in response.text
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert response.cookies["session"].value == ""
    again = Client()
    again.cookies["session"] = old
    assert again.get("/account/").status_code == 302


def test_signing_out_leaves_no_session_and_no_address_behind(client, member):
    sign_in(client, member)
    assert UserSession.objects.filter(user=member).count() == 1

    client.post("/accounts/logout/")

    assert not UserSession.objects.exists()
    assert not Session.objects.exists()


def test_signing_out_with_a_way_to_go_goes_there(client, member):
    sign_in(client, member)

    response = client.post("/accounts/logout/", {"next": "/facts/"})

    assert response.headers["Location"] == "/facts/"
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_signing_out_twice_promises_nothing_about_the_device(client, member):
    sign_in(client, member)
    client.post("/accounts/logout/")

    response = client.post("/accounts/logout/")

    assert response.headers["Location"] == "/"
    assert "Clear-Site-Data" not in response.headers


def test_breaking_off_a_sign_in_keeps_the_list_on_the_device(client, member):
    client.post("/accounts/login/code/", {"email": member.email})

    response = client.post("/accounts/logout/", {"next": "/accounts/login/"})

    assert "Clear-Site-Data" not in response.headers
    assert client.get("/accounts/login/").status_code == 200


def test_sixth_wrong_password_is_refused_even_if_right(client, member, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z")
    wrong = {"login": member.email, "password": "not this one at all"}
    for _number in range(5):
        assert "do not go together" in client.post("/accounts/login/", wrong).text

    sixth = client.post("/accounts/login/", wrong)
    right = sign_in(Client(REMOTE_ADDR="198.51.100.7"), member)

    assert "too many tries" in sixth.text
    assert "too many tries" in right.text
    time_machine.move_to("2026-11-22 10:05:01Z")
    assert sign_in(client, member).status_code == 302


def test_forged_address_changes_nothing(db):
    answers = [
        Client().post(
            "/accounts/login/",
            {"login": f"n{number}@example.org", "password": "not this one at all"},
            headers={"X-Forwarded-For": f"203.0.113.{number}, 10.0.0.{number}"},
        )
        for number in range(11)
    ]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "Please wait a little" in answers[10].text


def test_limits_are_kept_in_the_database():
    assert isinstance(caches["default"], DatabaseCache)


def test_megabyte_of_password_is_refused_unhashed(client, member, monkeypatch):
    def no_hash(*args, **kwargs):
        raise AssertionError("hashed")

    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", no_hash)
    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.verify", no_hash)

    response = client.post("/accounts/login/", {"login": member.email, "password": "x" * 1_000_000})

    assert 'href="#id_password"' in response.text


def test_switched_off_account_is_told_so_kindly(client, member):
    member.is_active = False
    member.save()

    response = client.post(
        "/accounts/login/", {"login": member.email, "password": PASSWORD}, follow=True
    )

    assert "This account is switched off" in response.text


def test_unverified_address_is_verified_before_anything_else(client, db):
    member = MemberFactory(last_login=timezone.now())
    member.emailaddress_set.update(verified=False)

    response = sign_in(client, member)

    assert response.headers["Location"] == "/accounts/confirm-email/"
    client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})
    assert client.get("/account/").status_code == 200


def test_other_devices_are_signed_out_when_the_password_changes(client, member):
    sign_in(client, member)
    other = Client()
    sign_in(other, member)

    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "eleven brown owls asleep"},
    )

    assert [session.session_key for session in UserSession.objects.all()] == [
        client.session.session_key
    ]
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_other_devices_can_be_signed_out(client, member):
    sign_in(client, member)
    other = Client(HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Safari/1")
    sign_in(other, member)
    page = client.get("/accounts/sessions/").text
    assert "Safari, iPhone" in page
    assert "127.0.0.1" not in page

    client.post("/accounts/sessions/")

    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
