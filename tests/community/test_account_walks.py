"""Random walks through the entrance: at every step the same for every kind of address (S1).

A page on its own tells nothing; what a page says after others did would.
"""

import random
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.community.account_steps import sign_in
from tests.factories import MemberFactory

PASSWORD = "seven quiet herons wading"
BOXES = {"is_old_enough": "on", "consents": "on"}
PROVED, FRESH, UNPROVED = "proved@example.org", "frsh01@example.org", "nevr01@example.org"
# More of what can be sent than of what can be looked at; "" stands for the address.
ENTRANCE = [
    *[
        ("get", path, {})
        for path in (
            "/accounts/login/",
            "/accounts/signup/",
            "/accounts/confirm-email/",
            "/accounts/login/code/",
            "/accounts/login/code/confirm/",
            "/accounts/password/reset/",
            "/accounts/password/reset/confirm/",
            "/accounts/password/reset/complete/",
            "/accounts/2fa/authenticate/",
            "/accounts/reauthenticate/",
            "/accounts/email/",
            "/account/",
            "/lists/",
        )
    ],
    *[
        ("post", path, form)
        for path, form in (
            ("/accounts/logout/", {}),
            ("/accounts/signup/", {"email": "", "password1": PASSWORD, **BOXES}),
            ("/accounts/signup/", {"email": "", "password1": "short", **BOXES}),
            ("/accounts/login/", {"login": "", "password": PASSWORD}),
            ("/accounts/login/", {"login": "", "password": "some other words again"}),
            ("/accounts/login/code/", {"email": ""}),
            ("/accounts/login/code/confirm/", {"code": "0000-0000"}),
            ("/accounts/login/code/confirm/", {"action": "resend"}),
            ("/accounts/confirm-email/", {"code": "0000-0000"}),
            ("/accounts/confirm-email/", {"action": "resend"}),
            ("/accounts/confirm-email/", {"action": "change", "email": "new@example.org"}),
            ("/accounts/password/reset/", {"email": ""}),
            ("/accounts/password/reset/confirm/", {"code": "0000-0000"}),
            ("/accounts/password/reset/complete/", {"password1": PASSWORD}),
            ("/accounts/2fa/authenticate/", {"code": "000000"}),
            ("/accounts/reauthenticate/", {"password": PASSWORD}),
        )
        for _twice in range(2)
    ],
]
CHANGE = [
    ("get", "/accounts/email/", {}),
    ("get", "/accounts/confirm-email/", {}),
    ("get", "/account/", {}),
    ("get", "/accounts/sessions/", {}),
    ("post", "/accounts/email/", {"email": "", "action_add": "1"}),
    ("post", "/accounts/email/", {"email": "", "action_add": "1"}),
    ("post", "/accounts/email/", {"email": "", "action_send": "1"}),
    ("post", "/accounts/email/", {"email": "", "action_primary": "1"}),
    ("post", "/accounts/email/", {"email": "", "action_remove": "1"}),
    ("post", "/accounts/confirm-email/", {"code": "0000-0000"}),
    ("post", "/accounts/confirm-email/", {"action": "resend"}),
    ("post", "/accounts/confirm-email/", {"action": "change", "email": "new@example.org"}),
]


def take(client, address, step):
    """Return what `client` sees and how many mails went out; limits are another test's matter."""
    method, path, form = step
    cache.clear()
    mail.outbox.clear()
    response = getattr(client, method)(path, {k: v or address for k, v in form.items()})
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "TOKEN", response.text)
    body = re.sub(r"\bM\d+\b", "NUMBER", body)  # Each of them has one of their own.
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in {"X-Request-ID", "Expires", "Content-Length"}
    }
    return (
        response.status_code,
        headers,
        sorted(response.cookies),
        body.replace(address, "ADDRESS"),
        [message.to == [address] for message in mail.outbox],
    )


@pytest.fixture
def kinds(db, time_machine):
    """The clients of one person each, who tries an address of one of the three kinds."""
    time_machine.move_to("2026-11-22 10:00:00Z", tick=False)
    MemberFactory(email=PROVED)
    form = {"email": UNPROVED, "password1": "nine loud crows circling", **BOXES}
    Client().post("/accounts/signup/", form)
    return {address: Client() for address in (PROVED, FRESH, UNPROVED)}


def walk(clients, steps, seed, length=9):
    chance = random.Random(seed)
    taken = []
    for _step in range(length):
        taken.append(chance.choice(steps))
        seen = {address: take(client, address, taken[-1]) for address, client in clients.items()}
        for address in (FRESH, UNPROVED):
            assert seen[PROVED] == seen[address], (address, taken)


@pytest.mark.parametrize("seed", range(20))
def test_walk_through_the_entrance(kinds, seed):
    walk(kinds, ENTRANCE, seed)


@pytest.mark.parametrize("seed", range(10))
def test_walk_of_members_who_try_a_new_address(kinds, seed):
    for number, client in enumerate(kinds.values()):
        sign_in(client, MemberFactory(email=f"walker{number}@example.org", display_name="W"))
        client.get("/account/")
    replace = re.compile(r"walker\d@example\.org")

    chance, taken = random.Random(seed), []
    for _step in range(9):
        taken.append(chance.choice(CHANGE))
        seen = {}
        for address, client in kinds.items():
            status, headers, cookies, body, mails = take(client, address, taken[-1])
            seen[address] = (status, headers, cookies, replace.sub("OWN", body), mails)
        for address in (FRESH, UNPROVED):
            assert seen[PROVED] == seen[address], (address, taken)
