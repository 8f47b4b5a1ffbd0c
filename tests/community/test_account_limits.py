"""What the account's forms refuse before they work for it, and what they ask for again."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client

from tests.community.account_steps import code_in, sign_in
from tests.factories import PASSWORD, MemberFactory

HUGE = "x" * 1_000_000
BOXES = {"is_old_enough": "on", "consents": "on"}


@pytest.fixture
def no_hash(monkeypatch):
    """From here on, a password that is hashed fails the test."""

    def begin():
        def refuse(*args, **kwargs):
            raise AssertionError("hashed")

        monkeypatch.setattr(MD5PasswordHasher, "encode", refuse)
        monkeypatch.setattr(MD5PasswordHasher, "verify", refuse)

    return begin


# L8, a password of a megabyte


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/login/", {"login": "a@example.org", "password": HUGE}),
        ("/accounts/signup/", {"email": "a@example.org", "password1": HUGE, **BOXES}),
    ],
)
def test_megabyte_of_password_is_refused_at_the_door(client, db, no_hash, path, form):
    client.get(path)
    no_hash()

    response = client.post(path, form)

    assert "There is something to put right" in response.text
    assert "xxxxx" not in response.text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/password/change/", {"oldpassword": HUGE, "password1": "nine brown owls"}),
        ("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": HUGE}),
        ("/accounts/reauthenticate/", {"password": HUGE}),
    ],
)
def test_megabyte_of_password_is_refused_inside(client, member, no_hash, path, form):
    sign_in(client, member)
    if form.get("oldpassword") != PASSWORD:  # That one has to be looked at.
        no_hash()

    response = client.post(path, form)

    assert response.status_code == 200
    assert "There is something to put right" in response.text
    member.refresh_from_db()
    assert member.password


def test_megabyte_of_password_is_refused_after_a_reset(client, member, no_hash):
    client.post("/accounts/password/reset/", {"email": member.email})
    client.post("/accounts/password/reset/confirm/", {"code": code_in(mail.outbox[0])})
    no_hash()

    page = client.post("/accounts/password/reset/complete/", {"password1": HUGE}).text

    assert "There is something to put right" in page


# Wrong passwords for one address

TOO_MANY = "There were too many tries"


def wrong_password(address, host="testserver"):
    """Return what a stranger in a browser of their own reads."""
    form = {"login": address, "password": "nothing of the kind"}
    return Client(REMOTE_ADDR="203.0.113.9").post("/accounts/login/", form, headers={"host": host})


def set_new_password(client, member):
    client.post("/accounts/password/reset/", {"email": member.email})
    client.post("/accounts/password/reset/confirm/", {"code": code_in(mail.outbox[0])})
    client.post("/accounts/password/reset/complete/", {"password1": "nine brown owls"})


def test_another_port_begins_no_new_count(member):
    pages = [wrong_password(member.email, f"testserver:{port}").text for port in range(1, 7)]

    assert [TOO_MANY in page for page in pages] == [False] * 5 + [True]


def test_new_password_lets_its_owner_in_and_tells_a_stranger_nothing(client, member):
    for _try in range(5):
        wrong_password(member.email)
    assert TOO_MANY in wrong_password(member.email).text

    set_new_password(client, member)

    assert TOO_MANY in wrong_password(member.email).text
    form = {"login": member.email, "password": "nine brown owls"}
    assert client.post("/accounts/login/", form).status_code == 302


def test_new_password_opens_the_way_to_no_other_address(client, member):
    set_new_password(client, member)
    other = MemberFactory().email
    for _try in range(5):
        wrong_password(other)
    assert TOO_MANY in client.post("/accounts/login/", {"login": other, "password": "x"}).text


# S10, asked again


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/email/", {"email": "moved@example.org", "action_add": "1"}),
        ("/accounts/2fa/totp/activate/", {"code": "000000"}),
        ("/accounts/2fa/webauthn/add/", {"credential": "{}"}),
        ("/accounts/2fa/recovery-codes/generate/", {}),
        ("/account/export/", {}),
        ("/account/delete/", {}),
    ],
)
def test_form_that_is_sent_after_five_minutes_does_nothing_before_a_proof(
    client, member, time_machine, path, form
):
    time_machine.move_to("2026-11-22 10:00:00Z")
    sign_in(client, member)
    time_machine.move_to("2026-11-22 10:05:01Z")

    response = client.post(path, form)

    assert response.status_code == 302
    assert "/accounts/reauthenticate/" in response.headers["Location"]
    member.refresh_from_db()
    assert not mail.outbox


# S8, floods


def test_twenty_first_sign_up_in_a_minute_is_refused_with_our_page(db):
    answers = [
        Client().post("/accounts/signup/", {"email": f"n{number}@example.org"})
        for number in range(21)
    ]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert "Please wait a little" in answers[20].text


# S11, hosts


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "localhost.evil.example", "localhost@evil.example",
        "evil.example@localhost", "localhost:80@evil.example", "localhost evil.example",
        "localhost\tevil.example", "localhost,evil.example", "localhost;evil.example", "[::1]",
        "127.0.0.1.evil.example", "xn--lcalhost-2fb", "localhost/evil", "localhost:8000:9000",
        "localhost:evil", "*", "..", "localhost%00.evil.example", "\u0131ocalhost",
    ],
)  # fmt: skip
def test_hostile_host_is_refused_and_no_mail_carries_it(client, member, host):
    response = client.post(
        "/accounts/password/reset/", {"email": member.email}, headers={"Host": host}
    )

    assert response.status_code == 400
    assert not mail.outbox


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-Host", "X-Host", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Server"],
)
def test_forwarded_host_changes_no_mail(client, member, header):
    client.post(
        "/accounts/login/code/", {"email": member.email}, headers={header: "https://evil.example"}
    )

    assert "evil" not in mail.outbox[0].message().as_string()
