"""Nobody learns from a form who has an account: the same answers, one mail each way (S1)."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.factories import MemberFactory

KNOWN, UNKNOWN = "known1@example.org", "nobody@example.org"
VARYING = {"X-Request-ID", "Expires", "Content-Length"}


def answers(address, steps):
    """Return what each of `steps` answers, without tokens, and the mails sent."""
    client, seen = Client(), []
    mail.outbox.clear()
    cache.clear()  # What the other address used up of the limits of this machine.
    for method, path, form in steps:
        form = {name: value.replace("ADDRESS", address) for name, value in form.items()}
        response = getattr(client, method)(path, form)
        body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "TOKEN", response.text)
        body = body.replace(address, "ADDRESS")
        headers = {k: v for k, v in response.headers.items() if k not in VARYING}
        cookies = {
            name: (c["max-age"], c["samesite"], c["httponly"], c["path"])
            for name, c in response.cookies.items()
        }
        seen.append((response.status_code, headers, cookies, body))
    return seen, list(mail.outbox)


WRONG_CODES = [("0000-0000", 200), ("0000-0001", 200), ("0000-0002", 302)]


def code_steps(path):
    return [("post", path, {"code": code}) for code, _status in WRONG_CODES]


FLOWS = {
    "signup": [
        ("get", "/accounts/signup/", {}),
        (
            "post",
            "/accounts/signup/",
            {
                "email": "ADDRESS",
                "password1": "seven quiet herons wading",
                "is_old_enough": "on",
                "consents": "on",
            },
        ),
        ("get", "/accounts/confirm-email/", {}),
        *code_steps("/accounts/confirm-email/"),
        ("get", "/accounts/login/", {}),
    ],
    "signup with a weak password": [
        (
            "post",
            "/accounts/signup/",
            {"email": "ADDRESS", "password1": "short", "is_old_enough": "on", "consents": "on"},
        ),
    ],
    "login": [
        ("post", "/accounts/login/", {"login": "ADDRESS", "password": "not this one at all"}),
        ("post", "/accounts/login/", {"login": "ADDRESS", "password": "nor this one at all"}),
    ],
    "code": [
        ("post", "/accounts/login/code/", {"email": "ADDRESS"}),
        ("get", "/accounts/login/code/confirm/", {}),
        *code_steps("/accounts/login/code/confirm/"),
        ("get", "/accounts/login/", {}),
    ],
    "code sent again": [
        ("post", "/accounts/login/code/", {"email": "ADDRESS"}),
        ("post", "/accounts/login/code/confirm/", {"action": "resend"}),
        ("get", "/accounts/login/code/confirm/", {}),
        ("post", "/accounts/login/code/confirm/", {"action": "resend"}),
        ("get", "/accounts/login/code/confirm/", {}),
    ],
    "reset": [
        ("post", "/accounts/password/reset/", {"email": "ADDRESS"}),
        ("get", "/accounts/password/reset/confirm/", {}),
        *code_steps("/accounts/password/reset/confirm/"),
        ("get", "/accounts/login/", {}),
    ],
    "locked": [
        ("post", "/accounts/login/", {"login": "ADDRESS", "password": f"not this one {n}"})
        for n in range(7)
    ],
}


@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_known_and_unknown_get_the_same_answers(db, flow):
    MemberFactory(email=KNOWN)

    known, _mails = answers(KNOWN, FLOWS[flow])
    unknown, _mails = answers(UNKNOWN, FLOWS[flow])

    assert known == unknown


@pytest.mark.parametrize("flow", ["signup", "code", "reset"])
def test_one_mail_each_way(db, flow):
    MemberFactory(email=KNOWN)

    _seen, to_known = answers(KNOWN, FLOWS[flow])
    _seen, to_unknown = answers(UNKNOWN, FLOWS[flow])

    assert [m.to for m in to_known] == [[KNOWN]]
    assert [m.to for m in to_unknown] == [[UNKNOWN]]


def test_account_without_password_answers_the_same(db):
    member = MemberFactory(email=KNOWN)
    member.set_unusable_password()
    member.save()

    known, _mails = answers(KNOWN, FLOWS["login"])
    unknown, _mails = answers(UNKNOWN, FLOWS["login"])

    assert known == unknown


def test_changing_to_a_taken_address_looks_the_same(db):
    MemberFactory(email=KNOWN)
    seen = {}
    for address in (KNOWN, UNKNOWN):
        client = Client()
        client.force_login(MemberFactory())
        client.post(
            "/accounts/reauthenticate/",
            {"password": "correct horse battery staple", "next": "/accounts/email/"},
        )
        mail.outbox.clear()
        first = client.post("/accounts/email/", {"email": address, "action_add": "1"})
        page = client.get("/accounts/confirm-email/")
        body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.text)
        seen[address] = (
            first.status_code,
            first.headers["Location"],
            body.replace(address, ""),
            [m.subject for m in mail.outbox],
            [m.to == [address] for m in mail.outbox],
        )

    assert seen[KNOWN] == seen[UNKNOWN]
    assert seen[KNOWN][1] == "/accounts/confirm-email/"
