"""Mail that does not arrive: what servers say is read, and nobody is named by it."""

import io
import smtplib

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import IntegrityError
from django.utils import timezone

from community.care.verification_mails import ask
from community.models import Verification
from portal import bounces
from portal.mail import RETRY_AFTER, deliver, pack
from portal.models import GivenUpMail
from tests.community.account_steps import code_in, sign_in
from tests.factories import SupportGroupFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def notice(message_id, *, to, status="5.1.1", action="failed", final=None, kind="message/rfc822"):
    """Return a notice as mail servers write it (RFC 3464)."""
    return (
        "From: MAILER-DAEMON@mx.example.net\r\nTo: no-reply@localhost\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"
        "--B\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; {final or to}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--B\r\nContent-Type: {kind}\r\n\r\n"
        f"Subject: Your code\r\nTo: {to}\r\nMessage-ID: {message_id}\r\n\r\nHello,\r\n--B--\r\n"
    ).encode()


def sent_to(address):
    """Return the Message-ID of a mail that went to `address`."""
    return pack(EmailMessage("Your code", "Hello,", to=[address]))["headers"]["Message-ID"]


@pytest.fixture
def read(monkeypatch):
    """Give something to the command, and return what it says."""

    def call(raw):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        out = io.StringIO()
        call_command("read_bounces", stdout=out)
        return out.getvalue()

    return call


def bounced_on(member):
    member.refresh_from_db()
    return member.mail_bounced_on


# Notices that come back later


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize("final", [None, "box-17@elsewhere.example"])
def test_notice_marks_the_member_that_the_mail_went_to(member, read, capsys, kind, final):
    raw = notice(sent_to(member.email), to=member.email, kind=kind, final=final)

    said = read(raw)

    assert bounced_on(member) == TODAY
    assert member.email not in said + capsys.readouterr().err


def test_name_of_a_mail_says_nothing_of_its_address(member):
    once, twice = sent_to(member.email), sent_to(member.email.upper())

    assert once != twice
    assert member.email.partition("@")[0] not in once
    assert bounces.is_of(once, member.email)
    assert bounces.is_of(twice, member.email)
    assert not bounces.is_of(once, "other@example.org")
    assert len(once.strip("<").partition("@")[0]) != 40  # Those are organizers'.


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "delayed"},
        {"action": "delivered"},
        {"status": "4.2.2"},
        {"status": "5.7.1"},  # The mail or the sender was refused, not the address.
        {"status": ""},
    ],
)
def test_what_is_not_final_or_not_about_the_address_marks_nobody(member, read, changes):
    said = read(notice(sent_to(member.email), to=member.email, **changes))

    assert bounced_on(member) is None
    assert said.startswith("No notice")


@pytest.mark.parametrize("made_up", ["<{n}.{m}@localhost>", "<a@b>", "", "<.@x>", "<%s.%s@x>"])
def test_nobody_can_make_a_notice_about_a_mail_that_was_not_sent(member, read, made_up):
    read(notice(made_up, to=member.email))

    assert bounced_on(member) is None


def test_name_of_anothers_mail_does_not_mark_a_member(member, read):
    read(notice(sent_to("stranger@example.org"), to=member.email, final=member.email))

    assert bounced_on(member) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\xff\xfe",
        b"Subject: Out of office\r\n\r\nI am away.",
        b"Content-Type: message/delivery-status\r\n\r\n",
        b"Content-Type: multipart/report; boundary=B\r\n\r\n--B\r\n--B--",
        b"Content-Type: multipart/report; boundary=\xc3\xa9\r\n\r\n\xff",
        b"Content-Type: message/rfc822\r\n\r\n" * 300,
        b"Content-Type: message/rfc822\r\n\r\n" * 30_000,
        notice("<a@b>", to="=?utf-8?q?=FF?= <a@b>")[:-40],
    ],
)
def test_anything_else_is_passed_over(read, raw):
    assert "mail did not arrive" in read(raw)


def test_notice_about_a_mail_to_an_organizer_is_noted_too(read):
    group = SupportGroupFactory(owner_email="owner@example.org", checked_on=None)
    ask(group)

    read(notice(mail.outbox[0].extra_headers["Message-ID"], to="owner@example.org"))

    assert Verification.objects.get().bounced_at is not None


# Refused at once


class Server:
    """A mail server that answers with `answer`, or takes the mail."""

    answer: tuple[int, bytes] | None = None

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        if self.answer:
            raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: self.answer})
        return len(messages)


@pytest.fixture
def server(settings, monkeypatch):
    settings.EMAIL_DELIVERY_BACKEND = "tests.portal.test_bounces.Server"

    def answers(answer):
        monkeypatch.setattr(Server, "answer", answer)

    return answers


def send_to(member, tries=0):
    deliver.call(pack(EmailMessage("Your code", "Hello,", to=[member.email])), tries)


@pytest.mark.parametrize(
    ("answer", "is_noted"),
    [
        ((550, b"5.1.1 no such user"), True),
        ((550, b"no such user"), True),
        ((552, b"5.2.2 mailbox full"), True),
        ((554, b"5.7.1 relay access denied"), False),
        ((450, b"4.2.1 try again later"), False),
    ],
)
def test_refusal_marks_the_member_if_it_is_about_the_address(member, server, answer, is_noted):
    server(answer)

    send_to(member, tries=len(RETRY_AFTER))

    assert bounced_on(member) == (TODAY if is_noted else None)
    # What is not about the address is somebody's to see to.
    assert GivenUpMail.objects.number_in_all() == (0 if is_noted else 1)


def test_mail_that_gets_through_takes_the_mark_away(member, server):
    server((550, b"5.1.1 no such user"))
    send_to(member)
    assert bounced_on(member)
    server(None)

    send_to(member)

    assert bounced_on(member) is None


def test_another_address_takes_the_mark_away(client, member):
    sign_in(client, member)
    type(member).objects.filter(pk=member.pk).update(mail_bounced_on=TODAY)

    client.post("/accounts/email/", {"email": "moved@example.org", "action_add": "1"})
    client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[-1])})

    assert bounced_on(member) is None
    assert member.email == "moved@example.org"


# The desk


def test_desk_tells_administrators_a_number_and_no_address(client, editor, member, server):
    editor.is_superuser = True
    editor.save()
    client.force_login(editor)
    assert "The mail server has taken all mail." in client.get("/admin/").content.decode()
    server((554, b"5.7.1 relay access denied"))
    for _time in range(2):
        send_to(member, tries=len(RETRY_AFTER))

    page = client.get("/admin/").content.decode()

    assert "2 mails were given up within the last 30 days" in page
    assert member.email not in page


def test_desk_tells_nobody_else(client, editor):
    client.force_login(editor)

    assert "Mail that is stuck" not in client.get("/admin/").content.decode()


def test_count_of_a_day_is_of_something():
    with pytest.raises(IntegrityError, match="portal_givenupmail_counts_something"):
        GivenUpMail.objects.create(given_up_on=TODAY, number=0)
