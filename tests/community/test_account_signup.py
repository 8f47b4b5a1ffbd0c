"""A new account: address, password, two boxes, a code."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from community.models import Consent, Member
from tests.community.account_steps import code_in
from tests.factories import PASSWORD, MemberFactory

GOOD = {
    "email": "New@Example.org",
    "password1": "seven quiet herons wading",
    "is_old_enough": "on",
    "consents": "on",
}


def test_account_works_after_the_code_is_typed(client, db):
    response = client.post("/accounts/signup/", GOOD)
    assert response.headers["Location"] == "/accounts/confirm-email/"
    assert "new@example.org" in client.get("/accounts/confirm-email/").text
    assert client.get("/account/").status_code == 302

    response = client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})

    assert response.headers["Location"] == "/lists/"
    member = Member.objects.get()
    assert member.email == "new@example.org"
    assert member.emailaddress_set.get().verified
    assert client.get("/account/").status_code == 200


OTHER_WAYS = ["new@ｅxample.org", "new@exam\u00adple.org", "new@exam\u200bple.ORG"]


@pytest.mark.parametrize("address", OTHER_WAYS)
def test_one_mailbox_is_one_account_however_it_is_written(client, db, address):
    MemberFactory(email="new@example.org")

    Client().post("/accounts/signup/", {**GOOD, "email": address})
    Client().post("/accounts/login/code/", {"email": address})

    assert Member.objects.count() == 1
    assert [message.to for message in mail.outbox] == [["new@example.org"]] * 2
    client.post("/accounts/login/", {"login": address, "password": PASSWORD})
    assert client.get("/account/").status_code == 200


def test_domain_of_other_letters_is_kept_as_it_is_read(client, db):
    for domain in ("xn--mller-kva.example", "Mu\u0308ller.example"):
        client.post("/accounts/signup/", {**GOOD, "email": f"new@{domain}"})

    assert Member.objects.get().email == "new@müller.example"


@pytest.mark.parametrize(
    "address", ["kıss@example.org", "kiſs@example.org", '"new"@example.org', "n@\u202eexample.org"]
)
def test_address_to_which_no_mail_goes_is_refused_in_words(client, db, address):
    response = client.post("/accounts/signup/", {**GOOD, "email": address})

    assert 'href="#id_email"' in response.text
    assert not Member.objects.exists()
    assert not mail.outbox


def test_consent_is_kept_with_version_and_moment(client, db):
    client.post("/accounts/signup/", GOOD)

    consent = Consent.objects.get(member__email="new@example.org")

    assert consent.version == "2026-11"
    assert consent.given_at
    assert consent.withdrawn_at is None


@pytest.mark.parametrize("box", ["is_old_enough", "consents"])
def test_both_boxes_are_needed(client, db, box):
    form = {name: value for name, value in GOOD.items() if name != box}

    response = client.post("/accounts/signup/", form)

    assert response.status_code == 200
    assert 'class="error-summary"' in response.text
    assert f'href="#id_{box}"' in response.text
    assert not Member.objects.exists()
    assert not mail.outbox


def test_empty_form_says_what_is_needed_in_words_of_its_own(client, db):
    page = client.post("/accounts/signup/", {}).text

    assert "Please type your email address." in page
    assert "Please type a password." in page
    assert "Please tick this box if you are 16 or older." in page
    assert "This field is required." not in page


def test_form_that_comes_back_says_that_the_password_does_not(client, db):
    page = client.post("/accounts/signup/", {**GOOD, "consents": ""}).text

    assert "Everything else is still here. Please type your password again." in page
    assert "Nothing you typed is lost." not in page
    assert GOOD["password1"] not in page


def test_page_for_the_code_needs_a_code_and_loses_nothing(client, db):
    client.post("/accounts/signup/", GOOD)

    page = client.post("/accounts/confirm-email/", {"code": ""}).text

    assert "Please type the code." in page
    assert "Nothing you typed is lost." in page


def test_boxes_are_not_ticked_and_nothing_else_is_asked(client, db):
    page = client.get("/accounts/signup/").text

    assert page.count('type="checkbox"') == 2
    assert not re.search(r'type="checkbox"[^>]* checked', page)
    assert "We need all of this. The last answer may stay as it is." in page
    names = re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page)
    own = [name for name in names if name not in {"csrfmiddlewaretoken", "q"}]
    assert list(dict.fromkeys(own)) == ["email", "password1", "is_old_enough", "consents", "stay"]


def test_fields_let_password_managers_work(client, db):
    page = client.get("/accounts/signup/").text

    assert 'autocomplete="email"' in page
    assert 'autocomplete="new-password"' in page
    assert "placeholder" not in page
    assert 'href="/privacy/"' in page


def test_page_for_the_code_says_where_unsent_mail_lands(client, db):
    client.post("/accounts/signup/", GOOD)

    page = client.get("/accounts/confirm-email/").text

    assert "folder var/mail" in page
    assert 'autocomplete="one-time-code"' in page


def test_page_for_the_code_is_silent_when_mail_is_sent(client, db, settings):
    settings.EMAIL_IS_SENT = True
    client.post("/accounts/signup/", GOOD)

    assert "var/mail" not in client.get("/accounts/confirm-email/").text


def test_wrong_code_three_times_ends_it(client, db):
    client.post("/accounts/signup/", GOOD)

    first = client.post("/accounts/confirm-email/", {"code": "0000-0000"})
    client.post("/accounts/confirm-email/", {"code": "0000-0001"})
    third = client.post("/accounts/confirm-email/", {"code": "0000-0002"})

    assert "This code is not right" in first.text
    assert third.headers["Location"] == "/accounts/login/"
    late = client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})
    assert late.headers["Location"] == "/accounts/login/"


def test_code_dies_after_ten_minutes(client, db, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z")
    client.post("/accounts/signup/", GOOD)
    time_machine.move_to("2026-11-22 10:10:01Z")

    response = client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})

    assert response.headers["Location"] == "/accounts/login/"
    assert not Member.objects.get().emailaddress_set.get().verified


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password12",
        "new@example.org",
        "1234567890",
        "Waymark2026!",
        "localhost-portal",
        "BreastCancer1",
        "x" * 501,
    ],
)
def test_weak_and_endless_passwords_are_refused(client, db, password):
    response = client.post("/accounts/signup/", {**GOOD, "password1": password})

    assert 'href="#id_password1"' in response.text
    assert not Member.objects.exists()


@pytest.mark.parametrize(
    "password", ["ü" * 64, "x y " * 32, "🐦 on a wire, three of them", "waymark shows nine kites"]
)
def test_long_and_colourful_passwords_are_fine(client, db, password):
    client.post("/accounts/signup/", {**GOOD, "password1": password})

    assert Member.objects.get().check_password(password)


def test_twenty_first_in_a_minute_is_told_to_wait(client, db):
    for number in range(20):
        client.post(
            "/accounts/signup/", {**GOOD, "email": f"n{number}@example.org", "consents": ""}
        )

    response = client.post("/accounts/signup/", GOOD)

    assert response.status_code == 429
    assert "Please wait a little" in response.text


def test_account_that_is_there_keeps_its_password_and_consent(client, db):
    member = MemberFactory(email="new@example.org")

    client.post("/accounts/signup/", GOOD)

    assert list(Member.objects.all()) == [member]
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    assert not Consent.objects.exists()
    assert EmailAddress.objects.get().user == member


def test_pressing_twice_makes_one_account(client, db, monkeypatch):
    monkeypatch.setattr(
        "allauth.account.internal.flows.manage_email.assess_unique_email", lambda *a, **k: True
    )
    MemberFactory(email="new@example.org")

    response = client.post("/accounts/signup/", GOOD)

    assert response.headers["Location"] == "/accounts/confirm-email/"
    assert Member.objects.count() == 1


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/login/"])
def test_password_comes_back_in_no_answer_for_programs(client, db, path):
    form = {"email": "no address", "login": "no address"}
    typed = {"password1": "nine brown owls", "password": "nine brown owls"}

    response = client.post(path, {**form, **typed}, headers={"accept": "application/json"})

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    assert "nine brown owls" not in response.text
