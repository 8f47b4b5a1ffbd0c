"""Consent: stored before the account works, asked anew when its words change, taken back (P9)."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from community.models import Consent, Member
from community.models.consents import CONSENT_VERSION
from tests.community.account_steps import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(member):
    """The consent of a member to words that are no longer those of today."""
    return Consent.objects.create(member=member, version="2025-01", given_at=timezone.now())


def test_member_is_asked_anew_before_anything_else(client, member, old):
    sign_in(client, member)

    for path in ("/lists/", "/account/", "/accounts/email/", "/accounts/2fa/", "/admin/"):
        response = client.get(path)
        assert response.headers["Location"].startswith("/account/consent/?next=%2F"), path
    page = client.get("/account/consent/?next=/lists/").text
    assert "Please agree once more" in page
    assert " checked" not in page


def test_agreeing_goes_on_and_keeps_the_older_word(client, member, old):
    sign_in(client, member)

    response = client.post("/account/consent/", {"consents": "on", "next": "/lists/"})

    assert response.headers["Location"] == "/lists/"
    assert client.get("/lists/").status_code == 200
    assert [c.version for c in Consent.objects.in_force()] == [CONSENT_VERSION]
    old.refresh_from_db()
    assert old.withdrawn_at


def test_box_has_to_be_ticked(client, member, old):
    sign_in(client, member)

    page = client.post("/account/consent/", {}).text

    assert 'href="#id_consents"' in page
    assert client.get("/lists/").status_code == 302


def test_who_does_not_agree_can_leave_with_everything(client, member, old):
    sign_in(client, member)
    page = client.get("/account/consent/").text
    for path in ("/account/export/", "/account/delete/", "/accounts/logout/", "/privacy/"):
        assert f'href="{path}"' in page

    assert client.get("/account/export/").status_code == 200
    assert client.get("/account/delete/").status_code == 200
    client.post("/account/delete/")

    assert not Member.objects.filter(pk=member.pk).exists()


def test_reading_goes_on_meanwhile(client, member, old):
    sign_in(client, member)

    assert client.get("/groups/").status_code == 200
    assert client.get("/help/").status_code == 200


def test_member_who_agreed_to_the_words_of_today_is_not_asked(client, member):
    Consent.objects.create(member=member, version=CONSENT_VERSION, given_at=timezone.now())
    sign_in(client, member)

    assert client.get("/lists/").status_code == 200
    assert client.get("/account/consent/").headers["Location"] == "/account/"


def test_next_leads_to_no_other_host(client, member, old):
    sign_in(client, member)

    form = {"consents": "on", "next": "https://evil.example/"}

    assert client.post("/account/consent/", form).headers["Location"] == "/account/"


def test_two_in_force_are_refused(member, old):
    with pytest.raises(IntegrityError, match="community_consent"):
        Consent.objects.create(member=member, version="2026-01", given_at=timezone.now())
