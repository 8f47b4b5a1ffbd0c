"""Nobody can wait in an account for the owner of its address: what is not proved gives way."""

import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from community.forms.accounts import SignupForm
from community.models import Consent, Member, ReadingList
from tests.community.account_steps import code_in
from tests.community.test_account_oracle import FLOWS, answers
from tests.factories import MemberFactory

ADDRESS = "known1@example.org"
THEIRS, OWN = "nine loud crows circling", "seven quiet herons wading"


def sign_up(client, password, address=ADDRESS):
    """Sign up; what that used up of the limits is forgotten."""
    form = {"email": address, "password1": password, "is_old_enough": "on", "consents": "on"}
    response = client.post("/accounts/signup/", form)
    cache.clear()
    return response


def confirm(client, message):
    """Type the code of `message` after a sign-up."""
    return client.post("/accounts/confirm-email/", {"code": code_in(message)})


def log_in(client, password):
    response = client.post("/accounts/login/", {"login": ADDRESS, "password": password})
    cache.clear()
    return response


def is_signed_in(client):
    return client.get("/account/").status_code == 200


@pytest.fixture
def stranger(db):
    """The browser of somebody who signed up with an address that is not theirs."""
    browser = Client()
    sign_up(browser, THEIRS)
    return browser


def test_sign_up_of_the_owner_takes_the_place_of_the_first(client, stranger):
    first = Member.objects.get()

    assert sign_up(client, OWN).headers["Location"] == "/accounts/confirm-email/"
    confirm(client, mail.outbox[-1])

    assert is_signed_in(client)
    member = Member.objects.get()
    assert member.pk != first.pk
    assert member.check_password(OWN)
    assert EmailAddress.objects.get(user=member).verified
    other = Client()
    assert "do not go together" in log_in(other, THEIRS).text
    assert not is_signed_in(other)


def test_sign_up_of_a_stranger_in_between_gains_nothing(client, db):
    stranger = Client()
    sign_up(client, OWN)
    sign_up(stranger, THEIRS)

    late = confirm(client, mail.outbox[0])
    assert "This code is not right" in late.text
    assert not is_signed_in(client)
    sign_up(owner := Client(), OWN)
    confirm(owner, mail.outbox[-1])

    assert is_signed_in(owner)
    assert "do not go together" in log_in(Client(), THEIRS).text
    assert Member.objects.get().check_password(OWN)


def test_sign_up_of_a_stranger_after_the_owner_changes_nothing(client, db):
    sign_up(client, OWN)
    confirm(client, mail.outbox[0])

    sign_up(Client(), THEIRS)

    assert is_signed_in(client)
    assert Member.objects.get().check_password(OWN)
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("is_finished", [False, True])
def test_session_of_the_first_sign_up_cannot_finish(client, stranger, is_finished):
    sign_up(client, OWN)
    if is_finished:
        confirm(client, mail.outbox[1])
    count = len(mail.outbox)

    page = stranger.get("/accounts/confirm-email/")
    late = confirm(stranger, mail.outbox[0])
    crossed = confirm(stranger, mail.outbox[1])
    stranger.post("/accounts/confirm-email/", {"action": "resend"})

    assert ADDRESS in page.text
    assert "This code is not right" in late.text
    assert "This code is not right" in crossed.text
    # A mail goes out for any address, and this one opens nothing.
    assert len(mail.outbox) == count + 1
    assert "It has one already" in mail.outbox[-1].body
    assert not is_signed_in(stranger)
    assert EmailAddress.objects.get().verified == is_finished
    assert Member.objects.get().check_password(OWN)


def test_session_that_knows_the_first_password_cannot_finish(client, stranger):
    other = Client()
    log_in(other, THEIRS)
    sign_up(client, OWN)

    confirm(other, mail.outbox[1])

    assert not is_signed_in(other)
    assert not EmailAddress.objects.get().verified


def test_code_of_a_sign_up_whose_account_is_gone_is_not_right(client, db):
    sign_up(client, OWN)
    Member.objects.get().delete()

    response = confirm(client, mail.outbox[0])

    assert response.status_code == 200
    assert "This code is not right" in response.text


def test_password_of_an_address_that_nobody_proved_is_refused_before_and_after(client, stranger):
    """Refused from the beginning, it cannot tell when the owner signs up, or that she had."""
    before = log_in(Client(), THEIRS)
    sign_up(client, OWN)
    after = log_in(Client(), THEIRS)
    wrong = log_in(Client(), "some other words again")

    pages = [re.sub(r'value="\w{64}"', "", page.text) for page in (before, after, wrong)]
    assert pages[0] == pages[1] == pages[2]
    assert "do not go together" in pages[0]


def test_wrong_and_right_password_of_an_unproved_address_count_the_same(stranger):
    for _number in range(5):
        Client().post("/accounts/login/", {"login": ADDRESS, "password": THEIRS})

    sixth = Client().post("/accounts/login/", {"login": ADDRESS, "password": THEIRS})

    assert "too many tries" in sixth.text


@pytest.mark.parametrize("path", ["/accounts/login/code/", "/accounts/password/reset/"])
def test_no_code_opens_what_is_not_proved(client, stranger, path):
    mail.outbox.clear()

    client.post(path, {"email": ADDRESS})

    assert "There is no account with it" in mail.outbox[0].body
    assert "/accounts/signup/" in mail.outbox[0].body
    assert len(mail.outbox) == 1
    assert not EmailAddress.objects.get().verified


def test_owner_who_asks_for_a_code_first_ends_with_an_account_of_her_own(client, stranger):
    client.post("/accounts/login/code/", {"email": ADDRESS})
    client.get("/accounts/signup/")

    sign_up(client, OWN)
    confirm(client, mail.outbox[-1])

    assert is_signed_in(client)
    assert "do not go together" in log_in(Client(), THEIRS).text


def test_once_proved_codes_open_it(client, stranger):
    sign_up(client, OWN)
    confirm(client, mail.outbox[-1])
    other = Client()

    other.post("/accounts/login/code/", {"email": ADDRESS})
    other.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[-1])})

    assert is_signed_in(other)


def test_consent_is_that_of_the_owner(client, db, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z", tick=False)
    sign_up(Client(), THEIRS)
    Consent.objects.update(version="2025-01")
    time_machine.move_to("2026-11-23 12:00:00Z", tick=False)

    sign_up(client, OWN)
    confirm(client, mail.outbox[-1])

    consent = Consent.objects.get()
    assert consent.member == Member.objects.get()
    assert consent.version == "2026-11"
    assert consent.given_at == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_invited_person_has_neither_the_password_nor_the_consent_of_a_stranger(stranger):
    call_command("invite_staff", ADDRESS, role="editor")

    assert not Member.objects.get().has_usable_password()
    assert not Consent.objects.exists()
    confirm(stranger, mail.outbox[0])
    assert not is_signed_in(stranger)
    assert "do not go together" in log_in(Client(), THEIRS).text


@pytest.mark.parametrize("what", ["proved", "staff", "administrator", "off", "came in", "list"])
def test_account_with_a_life_of_its_own_stays(client, stranger, what):
    member = Member.objects.get()
    match what:
        case "proved":
            member.emailaddress_set.update(verified=True)
        case "staff":
            Member.objects.update(is_staff=True)
        case "administrator":
            Member.objects.update(is_superuser=True)
        case "off":
            Member.objects.update(is_active=False)
        case "came in":
            Member.objects.update(last_login=datetime(2026, 1, 1, tzinfo=UTC))
        case "list":
            ReadingList.objects.create(member=member, title="Mine")

    sign_up(client, OWN)

    assert Member.objects.get() == member
    assert not Member.objects.get().check_password(OWN)
    assert "It has one already" in mail.outbox[-1].body


def test_address_that_is_proved_at_the_same_moment_stays(client, stranger, monkeypatch):
    member, clean = Member.objects.get(), SignupForm.clean

    def prove_meanwhile(form):
        EmailAddress.objects.update(verified=True)
        return clean(form)

    monkeypatch.setattr(SignupForm, "clean", prove_meanwhile)

    response = sign_up(client, OWN)

    assert response.headers["Location"] == "/accounts/confirm-email/"
    assert Member.objects.get() == member
    assert not Member.objects.get().check_password(OWN)


def test_second_sign_up_within_seconds_takes_no_place(client, db):
    form = {"email": ADDRESS, "password1": OWN, "is_old_enough": "on", "consents": "on"}
    client.post("/accounts/signup/", form)

    response = Client().post("/accounts/signup/", {**form, "password1": THEIRS})

    assert response.status_code == 429
    confirm(client, mail.outbox[0])
    assert is_signed_in(client)
    assert Member.objects.get().check_password(OWN)


def test_owner_of_one_address_does_not_touch_another(client, stranger):
    sign_up(client, OWN, "other@example.org")

    assert Member.objects.count() == 2
    assert Member.objects.get(email=ADDRESS).check_password(THEIRS)


# Nothing tells which of the three kinds an address is of

FRESH, UNPROVED, PROVED = "fresh1@example.org", "never1@example.org", ADDRESS


@pytest.fixture
def kinds(db):
    sign_up(Client(), THEIRS, UNPROVED)
    MemberFactory(email=PROVED)


@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_answers_are_the_same(kinds, flow):
    fresh, to_fresh = answers(FRESH, FLOWS[flow])
    unproved, to_unproved = answers(UNPROVED, FLOWS[flow])
    proved, to_proved = answers(PROVED, FLOWS[flow])

    assert fresh == unproved == proved
    assert len(to_fresh) == len(to_unproved)
    assert bool(to_unproved) == bool(to_proved)
    assert all(message.to == [UNPROVED] for message in to_unproved)


def test_too_quick_a_second_sign_up_is_answered_the_same(kinds):
    steps = [FLOWS["signup"][1]] * 2

    assert answers(FRESH, steps)[0] == answers(UNPROVED, steps)[0] == answers(PROVED, steps)[0]


def work(path, form, address, monkeypatch):
    """Return how many passwords are hashed, and which tables are read and written how often."""
    hashed = []
    set_password = Member.set_password
    monkeypatch.setattr(
        Member, "set_password", lambda *args: (hashed.append(1), set_password(*args))
    )
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        Client().post(path, {name: v.replace("ADDRESS", address) for name, v in form.items()})
    monkeypatch.undo()
    done = Counter()
    for query in queries:
        words = query["sql"].replace('"', "").split()
        if words[0] in {"INSERT", "UPDATE", "DELETE"}:
            done[words[0], words[1 if words[0] == "UPDATE" else 2]] += 1
        elif words[0] in {"SELECT", "DECLARE"}:  # PostgreSQL reads some rows by a cursor.
            done["SELECT"] += 1
    return len(hashed), done


def test_sign_up_is_as_much_work(kinds, monkeypatch):
    _method, path, form = FLOWS["signup"][1]
    fresh = work(path, form, FRESH, monkeypatch)
    unproved = work(path, form, UNPROVED, monkeypatch)
    proved = work(path, form, PROVED, monkeypatch)

    assert fresh == unproved
    assert fresh[0] == proved[0] == 1
    # Taken back by three short deletions, where the others look four things up.
    taken_back = ("account_emailaddress", "community_consent", "community_member")
    for table in taken_back:
        proved[1]["DELETE", table] -= 1
    proved[1]["DELETE", "account_emailconfirmation"] -= 1
    assert abs(fresh[1].pop("SELECT") - proved[1].pop("SELECT")) <= 4
    assert fresh[1] == proved[1]


@pytest.mark.parametrize("flow", ["login", "code", "reset"])
def test_asking_is_as_much_work_for_every_kind(kinds, monkeypatch, flow):
    _method, path, form = FLOWS[flow][0]
    kinds_of_work = [
        work(path, form, address, monkeypatch)[1] for address in (FRESH, UNPROVED, PROVED)
    ]

    assert kinds_of_work[0] == kinds_of_work[1] == kinds_of_work[2]


PAGES_AFTER = [
    ("get", "/accounts/confirm-email/", {}),
    ("get", "/accounts/login/code/confirm/", {}),
    ("get", "/accounts/2fa/authenticate/", {}),
    ("get", "/accounts/2fa/webauthn/login/", {}),
]


@pytest.mark.parametrize(
    ("flow", "path"),
    [
        ("signup", "/accounts/confirm-email/"),
        ("code", "/accounts/login/code/confirm/"),
        ("reset", "/accounts/password/reset/confirm/"),
    ],
)
def test_pages_after_asking_are_as_much_work_for_every_kind(kinds, flow, path):
    _method, asking, form = FLOWS[flow][1 if flow == "signup" else 0]
    typed = [("post", path, {"code": "0000-0000"}), ("post", path, {"action": "resend"})]
    asked = []
    for address in (FRESH, UNPROVED, PROVED):
        client = Client()
        cache.clear()
        client.post(asking, {name: v.replace("ADDRESS", address) for name, v in form.items()})
        cache.clear()
        asked.append([])
        for method, page, filled in [*PAGES_AFTER, *typed, typed[0], ("get", path, {})]:
            with CaptureQueriesContext(connection) as queries:
                getattr(client, method)(page, filled)
            asked[-1].append((page, len(queries)))

    assert asked[0] == asked[1] == asked[2]


def test_wrong_password_is_hashed_once_for_every_kind(kinds, monkeypatch):
    hashed = []
    for name in ("encode", "verify"):
        hasher = getattr(MD5PasswordHasher, name)

        def count(*args, hasher=hasher, name=name, **kwargs):
            hashed[-1].append(name)
            return hasher(*args, **kwargs)

        monkeypatch.setattr(MD5PasswordHasher, name, count)
    for address in (FRESH, UNPROVED, PROVED):
        hashed.append([])
        form = {"login": address, "password": "not this one at all"}
        Client().post("/accounts/login/", form)

    # To verify is to encode, and to compare.
    assert [each.count("encode") for each in hashed] == [1, 1, 1]
