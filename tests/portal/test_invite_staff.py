"""`manage.py invite_staff`: an account, a role, a mail, and words on what comes next."""

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from community.models import Member
from tests.factories import MemberFactory


def test_new_person_gets_account_role_and_mail(db, capsys):
    call_command("invite_staff", "Nurse@Example.org", role="editor")

    member = Member.objects.get()
    assert member.email == "nurse@example.org"
    assert member.is_staff
    assert not member.is_superuser
    assert not member.has_usable_password()
    assert [group.name for group in member.groups.all()] == ["Editor"]
    address = member.emailaddress_set.get()
    assert (address.email, address.verified, address.primary) == (member.email, True, True)
    assert mail.outbox[0].to == ["nurse@example.org"]
    assert mail.outbox[0].subject == "An invitation"
    assert "http://localhost:8000/accounts/login/code/" in mail.outbox[0].body
    told = capsys.readouterr().out
    for part in ("as editor", "/accounts/login/code/", "/accounts/2fa/", "/admin/", "bin/serve"):
        assert part in told


@pytest.mark.parametrize("role", ["editor", "reviewer", "moderator"])
def test_each_role_has_its_permissions(db, role):
    call_command("invite_staff", "nurse@example.org", role=role)

    member = Member.objects.get()
    assert member.groups.get().name == role.capitalize()
    assert member.get_all_permissions()
    assert member.has_perm("facts.add_fact") == (role == "editor")


def test_administrator_may_do_everything(db):
    call_command("invite_staff", "chief@example.org", role="administrator")

    member = Member.objects.get()
    assert member.is_superuser
    assert member.is_staff


def test_second_run_adds_a_role_and_no_account(db):
    call_command("invite_staff", "nurse@example.org", role="editor")

    call_command("invite_staff", "nurse@example.org", role="reviewer")
    call_command("invite_staff", "nurse@example.org", role="reviewer")

    member = Member.objects.get()
    assert sorted(group.name for group in member.groups.all()) == ["Editor", "Reviewer"]
    assert member.emailaddress_set.count() == 1


def test_member_keeps_password(db, capsys):
    member = MemberFactory()

    call_command("invite_staff", member.email, role="editor")

    member.refresh_from_db()
    assert member.is_staff
    assert member.has_usable_password()
    assert "had an account already" in capsys.readouterr().out


def test_password_of_who_never_proved_the_address_does_not_open_the_desk(db):
    squatter = MemberFactory(email="nurse@example.org")
    squatter.emailaddress_set.update(verified=False)

    call_command("invite_staff", "nurse@example.org", role="editor")

    squatter.refresh_from_db()
    assert not squatter.has_usable_password()


@pytest.mark.parametrize("address", ["nurse", "", "a@", "a b@example.org", "@example.org"])
def test_bad_address_is_named(db, address):
    with pytest.raises(CommandError, match="is not an e-mail address"):
        call_command("invite_staff", address, role="editor")

    assert not Member.objects.exists()


def test_unknown_role_is_answered_with_the_known_ones(db):
    with pytest.raises(CommandError, match="Choose: editor, reviewer, moderator, administrator"):
        call_command("invite_staff", "nurse@example.org", role="king")

    assert not Member.objects.exists()
    assert not mail.outbox


def test_account_that_is_switched_off_stays_so(db):
    member = MemberFactory(is_active=False)

    with pytest.raises(CommandError, match="switched off"):
        call_command("invite_staff", member.email, role="editor")

    member.refresh_from_db()
    assert not member.is_staff
