"""Every mail that an account can bring about, sent by its real flow, gives nothing away (P2)."""

from pathlib import Path

import allauth
import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import call_command
from django.template.loader import render_to_string

from tests import mail_checks
from tests.community.account_steps import app_code, code_in
from tests.factories import PASSWORD
from tests.mail_checks import REVEALING

SUBJECTS = {"Your code", "A note about your account", "An invitation"}
NEW = "eleven brown owls asleep"


@pytest.fixture
def signed_in(client, member, db):
    """A client whose member has just signed in."""
    client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (Patient)"
    client.defaults["REMOTE_ADDR"] = "198.51.100.7"
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    mail.outbox.clear()
    return client


def sign_up(client, member):
    form = {"email": "new@example.org", "password1": NEW, "is_old_enough": "on", "consents": "on"}
    client.post("/accounts/logout/")
    client.post("/accounts/signup/", form)


def sign_up_again(client, member):
    client.post("/accounts/logout/")
    form = {"email": member.email, "password1": NEW, "is_old_enough": "on", "consents": "on"}
    client.post("/accounts/signup/", form)


def ask_for_code(client, member):
    client.post("/accounts/logout/")
    client.post("/accounts/login/code/", {"email": member.email})


def ask_for_code_as_nobody(client, member):
    client.post("/accounts/logout/")
    client.post("/accounts/login/code/", {"email": "nobody@example.org"})


def ask_for_reset_as_nobody(client, member):
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})


def reset_password(client, member):
    client.post("/accounts/logout/")
    client.post("/accounts/password/reset/", {"email": member.email})
    client.post("/accounts/password/reset/confirm/", {"code": code_in(mail.outbox[-1])})
    client.post("/accounts/password/reset/complete/", {"password1": NEW})


def change_password(client, member):
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW})


def set_password(client, member):
    client.post("/accounts/logout/")
    member.set_unusable_password()
    member.save()
    client.post("/accounts/login/code/", {"email": member.email})
    client.post("/accounts/login/code/confirm/", {"code": code_in(mail.outbox[-1])})
    client.post("/accounts/password/set/", {"password1": NEW})


def change_address(client, member):
    client.post("/accounts/email/", {"email": "moved@example.org", "action_add": "1"})
    client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[-1])})


def use_app(client, member):
    client.get("/accounts/2fa/totp/activate/")
    code = app_code(client.session["mfa.totp.secret"])
    client.post("/accounts/2fa/totp/activate/", {"code": code})


def use_app_no_more(client, member):
    use_app(client, member)
    client.post("/accounts/2fa/totp/deactivate/")


def renew_recovery_codes(client, member):
    use_app(client, member)
    client.post("/accounts/2fa/recovery-codes/generate/")


def remove_passkey(client, member):
    key = Authenticator.objects.create(
        user=member, type="webauthn", data={"name": "Phone", "credential": {}}
    )
    client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")


def delete_account(client, member):
    client.post("/account/delete/")


def invite(client, member):
    call_command("invite_staff", member.email, role="editor")


FLOWS = {
    sign_up: ["Your code"],
    sign_up_again: ["A note about your account"],
    ask_for_code: ["Your code"],
    ask_for_code_as_nobody: ["A note about your account"],
    ask_for_reset_as_nobody: ["A note about your account"],
    reset_password: ["Your code", "A note about your account"],
    change_password: ["A note about your account"],
    set_password: ["Your code", "A note about your account"],
    change_address: ["Your code", "A note about your account"],
    use_app: ["A note about your account"],
    use_app_no_more: ["A note about your account"] * 2,
    renew_recovery_codes: ["A note about your account"] * 2,
    remove_passkey: ["A note about your account"],
    delete_account: ["A note about your account"],
    invite: ["An invitation"],
}


def check(message):
    assert message.subject in SUBJECTS
    assert message.body.startswith("Hello,")
    mail_checks.check(message)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
@pytest.mark.django_db(transaction=True)
def test_mail_gives_nothing_away(signed_in, member, flow):
    flow(signed_in, member)

    assert [message.subject for message in mail.outbox] == FLOWS[flow]
    for message in mail.outbox:
        check(message)


def test_no_template_of_allauth_is_left_as_it_came():
    theirs = Path(allauth.__file__).parent / "templates"
    ours = Path("templates")
    names = {
        str(path.relative_to(theirs))
        for folder in ("account/email", "mfa/email", "account/messages", "mfa/messages")
        for path in (theirs / folder).iterdir()
        if "phone" not in path.name
    }

    assert [name for name in sorted(names) if not (ours / name).is_file()] == []


@pytest.mark.parametrize(
    "header", [{"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}]
)
def test_links_are_never_made_from_the_request(client, db, header):
    client.post("/accounts/login/code/", {"email": "nobody@example.org"}, headers=header)

    assert "evil.example" not in mail.outbox[0].message().as_string()
    assert "http://localhost:8000/accounts/signup/" in mail.outbox[0].body


def test_foreign_host_is_refused(client, member):
    response = client.post(
        "/accounts/password/reset/", {"email": member.email}, headers={"Host": "evil.example"}
    )

    assert response.status_code == 400
    assert not mail.outbox


@pytest.mark.parametrize("name", ["a\r\nBcc: x@evil.example", "{{ settings.SECRET_KEY }}"])
def test_odd_names_reach_no_header(client, member, name):
    client.force_login(member)
    client.post("/account/", {"display_name": name})
    client.post("/accounts/logout/")

    client.post("/accounts/login/code/", {"email": member.email})

    assert "evil" not in mail.outbox[0].message().as_string()
    assert "SECRET" not in mail.outbox[0].message().as_string()


def test_templates_leave_out_what_the_request_tells(db):
    body = render_to_string(
        "mfa/email/totp_activated_message.txt", {"ip": "198.51.100.7", "user_agent": "Mozilla"}
    )

    assert not REVEALING.search(body)
