"""The account's own pages: overview, proof by code, deletion."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from community.models import Consent, Member
from tests.community.account_steps import code_in, sign_in
from tests.factories import (
    PASSWORD,
    MemberFactory,
    ReadingListFactory,
    SavedItemFactory,
)


@pytest.fixture
def codeless(db):
    """A member with neither password nor second step, as one is after an invitation."""
    member = MemberFactory()
    member.set_unusable_password()
    member.save()
    return member


def test_overview_is_for_who_is_signed_in(client, db):
    response = client.get("/account/")

    assert response.headers["Location"] == "/accounts/login/?next=/account/"


def test_overview_names_what_there_is(client, member):
    given = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    Consent.objects.create(member=member, version="2026-11", given_at=given)
    client.force_login(member)

    page = client.get("/account/").text

    assert member.email in page
    assert "wording 2026-11" in page
    assert "On 22 November 2026 you agreed" in page
    for path in (
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/sessions/",
        "/accounts/logout/",
        "/preferences/",
        "/account/delete/",
        "/privacy/",
    ):
        assert f'href="{path}"' in page
    assert 'href="/admin/"' not in page


def test_overview_offers_a_first_password(client, codeless):
    client.force_login(codeless)

    page = client.get("/account/").text

    assert 'href="/accounts/password/set/"' in page
    assert "You were invited to work here" in page


def test_overview_costs_few_queries(client, member, django_assert_max_num_queries):
    client.force_login(member)

    with django_assert_max_num_queries(10):
        client.get("/account/")


def test_overview_is_kept_by_nobody(client, member):
    client.force_login(member)

    response = client.get("/account/")

    assert response.headers["Cache-Control"] == "private, no-store"
    assert '<meta name="robots" content="noindex' in response.text


def test_display_name_is_saved_and_used(client, member):
    client.force_login(member)

    page = client.post("/account/", {"display_name": "Bird"}, follow=True).text

    assert "Hello, Bird." in page
    assert "Saved." in page


def test_display_name_that_is_too_long_is_given_back(client, member):
    client.force_login(member)

    page = client.post("/account/", {"display_name": "x" * 41}).text

    assert 'class="error-summary"' in page
    assert "x" * 41 in page


def test_form_changes_nothing_but_the_name(client, member):
    client.force_login(member)

    client.post("/account/", {"display_name": "Bird", "is_staff": "on", "email": "x@example.org"})

    member.refresh_from_db()
    assert not member.is_staff
    assert member.email != "x@example.org"


@pytest.mark.parametrize(
    "path",
    [
        "/account/delete/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/recovery-codes/generate/",
    ],
)
def test_password_is_asked_again_after_five_minutes(client, member, time_machine, path):
    time_machine.move_to("2026-11-22 10:00:00Z")
    sign_in(client, member)
    assert client.get(path).status_code == 200
    time_machine.move_to("2026-11-22 10:05:01Z")

    asked = client.get(path)
    wrong = client.post("/accounts/reauthenticate/", {"password": "no", "next": path})
    right = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": path})

    assert asked.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert "This is not your password" in wrong.text
    assert right.headers["Location"] == path
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/account/delete/", "/accounts/2fa/totp/activate/", "/accounts/password/set/"],
)
def test_code_is_asked_where_there_is_no_password(client, codeless, path):
    client.force_login(codeless)
    asked = client.get(path)
    assert asked.headers["Location"].startswith("/account/confirm/?next=")
    page = client.get(asked.headers["Location"])
    assert "Send me a code" in page.text
    client.post(asked.headers["Location"], {"send": "1"})

    wrong = client.post(asked.headers["Location"], {"code": "0000-0000", "next": path})
    right = client.post(asked.headers["Location"], {"code": code_in(mail.outbox[0]), "next": path})

    assert "This code is not right" in wrong.text
    assert right.headers["Location"] == path
    assert client.get(path).status_code == 200


def test_code_to_confirm_ends_after_three_wrong_tries(client, codeless):
    client.force_login(codeless)
    client.post("/account/confirm/", {"send": "1"})
    for number in range(3):
        client.post("/account/confirm/", {"code": f"0000-000{number}"})

    client.post("/account/confirm/", {"code": code_in(mail.outbox[0])})

    assert client.get("/account/delete/").status_code == 302


def test_code_to_confirm_dies_after_ten_minutes(client, codeless, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z")
    client.force_login(codeless)
    client.post("/account/confirm/", {"send": "1"})
    time_machine.move_to("2026-11-22 10:10:01Z")

    client.post("/account/confirm/", {"code": code_in(mail.outbox[0])})

    assert client.get("/account/delete/").status_code == 302


def test_fourth_code_in_a_minute_is_not_sent(client, codeless):
    client.force_login(codeless)
    for _number in range(3):
        client.post("/account/confirm/", {"send": "1"})

    response = client.post("/account/confirm/", {"send": "1"})

    assert response.status_code == 429
    assert len(mail.outbox) == 3


def test_signing_in_by_code_counts_for_a_while(client, codeless):
    client.post("/accounts/login/code/", {"email": codeless.email})
    client.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[0])})

    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_deletion_is_explained_and_then_leaves_nothing(client, member):
    saved = SavedItemFactory(reading_list=ReadingListFactory(member=member))
    Consent.objects.create(member=member, version="2026-11", given_at=timezone.now())
    other = Client()
    sign_in(other, member)
    sign_in(client, member)
    page = client.get("/account/delete/").text
    assert "your lists" in page

    response = client.post("/account/delete/")

    assert "Your account is deleted" in response.text
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not Member.objects.filter(pk=member.pk).exists()
    assert not type(saved).objects.exists()
    assert not Consent.objects.exists()
    assert not Session.objects.exists()
    assert client.get("/account/").status_code == 302
    assert other.get("/account/").status_code == 302
    assert "has been deleted" in mail.outbox[-1].body


def test_deletion_sent_late_goes_on_after_the_password(client, member, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z")
    sign_in(client, member)
    client.get("/account/delete/")
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    asked = client.post("/account/delete/")
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert Member.objects.filter(pk=member.pk).exists()

    response = client.post(
        "/accounts/reauthenticate/", {"password": PASSWORD, "next": "/account/delete/"}
    )

    assert "Your account is deleted" in response.text
    assert not Member.objects.filter(pk=member.pk).exists()


def test_address_changes_by_code_and_the_old_one_is_told(client, member):
    old = member.email
    sign_in(client, member)
    client.post("/accounts/email/", {"email": "moved@example.org", "action_add": "1"})
    member.refresh_from_db()
    assert member.email == old

    client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})

    member.refresh_from_db()
    assert member.email == "moved@example.org"
    assert [a.email for a in member.emailaddress_set.all()] == ["moved@example.org"]
    assert mail.outbox[0].to == ["moved@example.org"]
    assert mail.outbox[1].to == [old]


def test_address_is_changed_only_by_who_proves_it(client, member):
    client.force_login(member)

    response = client.post("/accounts/email/", {"email": "moved@example.org", "action_add": "1"})

    assert response.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not mail.outbox


def test_first_password_is_not_kept_while_a_proof_is_asked(client, codeless):
    client.force_login(codeless)

    response = client.post("/accounts/password/set/", {"password1": "eleven brown owls asleep"})

    assert response.headers["Location"] == "/accounts/password/set/"
    assert "owls" not in str(dict(client.session))
    codeless.refresh_from_db()
    assert not codeless.has_usable_password()


def test_address_that_somebody_signed_up_with_in_vain_can_be_moved_to(client, member):
    form = {"password1": "nine loud crows circling", "is_old_enough": "on", "consents": "on"}
    Client().post("/accounts/signup/", {"email": "moved@example.org", **form})
    sign_in(client, member)
    client.post("/accounts/email/", {"email": "moved@example.org", "action_add": "1"})
    cache.clear()
    client.post("/accounts/email/", {"email": "moved@example.org", "action_add": "1"})

    client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[-1])})

    member.refresh_from_db()
    assert member.email == "moved@example.org"
    assert Member.objects.count() == 1


def test_address_of_another_member_cannot_be_moved_to_even_with_its_code(client, member):
    other = MemberFactory(email="taken@example.org")
    old = member.email
    sign_in(client, member)
    client.post("/accounts/email/", {"email": other.email, "action_add": "1"})

    page = client.post(
        "/accounts/confirm-email/", {"code": code_in(mail.outbox[0])}, follow=True
    ).text

    member.refresh_from_db()
    assert member.email == old
    assert Member.objects.count() == 2
    assert 'class="messages"' in page


def test_page_of_the_address_leads_back_to_the_code_for_every_address(client, member):
    sign_in(client, member)

    for address in ("moved@example.org", MemberFactory(email="taken@example.org").email):
        client.post("/accounts/email/", {"email": address, "action_add": "1"})
        page = client.get("/accounts/email/").text

        assert f"<strong>{address}</strong>" in page
        assert 'href="/accounts/confirm-email/"' in page


def test_no_program_learns_the_number_of_the_row_of_an_address(client, member):
    sign_in(client, member)

    response = client.get("/accounts/email/", headers={"accept": "application/json"})

    assert response.status_code == 200
    assert "form" in response.json()
    assert "data" not in response.json()
