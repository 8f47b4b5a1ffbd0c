"""`manage.py reset_second_factor`: for who has lost app, passkeys and recovery codes (S9)."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from community.models import Event
from tests.community.account_steps import sign_in
from tests.community.test_account_mails import check
from tests.factories import make_staff

pytestmark = pytest.mark.django_db


def reset(email, **options):
    call_command("reset_second_factor", email, **options)


def test_second_step_goes_and_everybody_is_signed_out(client, editor, capsys):
    sign_in(client, editor)
    codes = editor.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()
    client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert client.get("/admin/").status_code == 200
    other = make_staff("Editor")

    reset(editor.email.upper(), yes=True)

    assert not Authenticator.objects.filter(user=editor).exists()
    assert Authenticator.objects.filter(user=other).count() == 2
    assert not UserSession.objects.exists()
    assert client.get("/account/").status_code == 302
    told = capsys.readouterr().out
    assert str(editor) in told
    assert editor.email not in told


def test_desk_stays_shut_until_a_new_one_is_set_up(editor):
    reset(editor.email, yes=True)
    client = Client()

    sign_in(client, editor)

    assert client.get("/account/").status_code == 200
    assert client.get("/admin/facts/topic/").status_code == 302


def test_owner_is_told_by_a_mail_that_gives_nothing_away(editor):
    reset(editor.email, yes=True)

    assert [message.to for message in mail.outbox] == [[editor.email]]
    check(mail.outbox[0])


def test_it_is_written_down_without_an_address(editor):
    reset(editor.email, yes=True)

    event = Event.objects.get()
    assert (event.subject_kind, event.subject_key) == ("member", str(editor.pk))
    assert "@" not in event.detail


@pytest.mark.parametrize("answer", ["no", "", "y", "maybe"])
def test_anything_but_yes_changes_nothing(editor, monkeypatch, answer):
    monkeypatch.setattr("builtins.input", lambda question: answer)

    with pytest.raises(CommandError, match="Nothing was changed"):
        reset(editor.email)

    assert Authenticator.objects.filter(user=editor).count() == 2
    assert not mail.outbox


def test_yes_is_asked_for_by_number(editor, monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "yes")

    reset(editor.email)

    assert str(editor) in asked[0]
    assert not Authenticator.objects.filter(user=editor).exists()


def test_unknown_address_and_account_without_second_step_are_named(member):
    with pytest.raises(CommandError, match="no account"):
        reset("nobody@example.org", yes=True)
    with pytest.raises(CommandError, match="no second step"):
        reset(member.email, yes=True)
