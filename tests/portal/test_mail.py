"""Mail: queued, delivered once, tried again, given up, and not left lying about."""

import importlib
import smtplib
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from community.member_data.deletion import delete_member
from community.signals import mail_given_up
from portal.mail import (
    RETRY_AFTER,
    PatientEmailBackend,
    deliver,
    pack,
    prune_finished,
    unpack,
)
from portal.traces import erase

FAILING = "tests.portal.test_mail.FailingBackend"


class FailingBackend:
    """A mail server that is away."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("away")


@pytest.fixture
def queue(settings, transactional_db):
    """The queue of production, and a mail server that takes everything."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    settings.EMAIL_BACKEND = "portal.mail.QueuedEmailBackend"
    settings.EMAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def work():
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)


def message(**fields):
    defaults = {
        "subject": "Your code",
        "body": "Grüße, here is 1234-5678.",
        "from_email": "Waymark <no-reply@portal.example.org>",
        "to": ["a@example.org"],
    }
    return EmailMultiAlternatives(**{**defaults, **fields})


def test_nothing_of_a_message_is_lost_on_the_way(queue):
    sent = message(
        cc=["c@example.org"],
        bcc=["b@example.org"],
        reply_to=["r@example.org"],
        headers={"Auto-Submitted": "auto-generated"},
    )
    sent.attach_alternative("<p>Grüße</p>", "text/html")

    sent.send()
    assert mail.outbox == []
    work()

    got = mail.outbox[0]
    assert (got.subject, got.body, got.from_email) == (sent.subject, sent.body, sent.from_email)
    assert (got.to, got.cc, got.bcc) == (sent.to, sent.cc, sent.bcc)
    assert got.reply_to == sent.reply_to
    assert got.extra_headers["Auto-Submitted"] == "auto-generated"
    assert got.alternatives[0][:2] == ("<p>Grüße</p>", "text/html")


def test_message_is_named_after_the_sender_not_the_machine(queue):
    packed = pack(message())

    once, twice = unpack(packed).message(), unpack(packed).message()

    assert once["Message-ID"].endswith("@portal.example.org>")
    assert once["Message-ID"] == twice["Message-ID"]


def test_mail_of_a_change_that_failed_is_not_sent(queue):
    with transaction.atomic():
        message().send()
        transaction.set_rollback(True)

    work()

    assert mail.outbox == []


def test_mail_that_fails_is_tried_again_later_and_sent_once(queue, settings):
    settings.EMAIL_DELIVERY_BACKEND = FAILING
    message().send()
    work()
    later = DBTaskResult.objects.get(status="READY")
    assert timedelta(seconds=50) < later.run_after - timezone.now() < timedelta(seconds=70)

    settings.EMAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    work()
    assert mail.outbox == []
    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())
    work()
    work()

    assert len(mail.outbox) == 1


def test_mail_is_given_up_after_the_last_try(queue, settings):
    settings.EMAIL_DELIVERY_BACKEND = FAILING
    message().send()

    waits = []
    for _try in range(len(RETRY_AFTER) + 1):
        work()
        later = DBTaskResult.objects.filter(status="READY").first()
        if later:
            waits.append(round((later.run_after - timezone.now()) / timedelta(minutes=1)))
            DBTaskResult.objects.filter(pk=later.pk).update(run_after=timezone.now())

    assert tuple(waits) == RETRY_AFTER
    assert not DBTaskResult.objects.filter(status="READY").exists()


@pytest.fixture
def given_up():
    """What was told of messages that will not arrive."""
    told = []

    def receive(message_id, is_refused, **kwargs):
        told.append((message_id, is_refused))

    mail_given_up.connect(receive)
    yield told
    mail_given_up.disconnect(receive)


class RefusingBackend:
    """A mail server at which nobody has this address, or whose box is full for now."""

    code = 550

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise smtplib.SMTPRecipientsRefused({"a@example.org": (self.code, b"no")})


def test_address_that_nobody_has_is_tried_once(queue, settings, given_up):
    settings.EMAIL_DELIVERY_BACKEND = "tests.portal.test_mail.RefusingBackend"
    message(headers={"Message-ID": "<a@b>"}).send()

    work()

    assert not DBTaskResult.objects.filter(status="READY").exists()
    assert given_up == [("<a@b>", True)]


@pytest.mark.parametrize(("code", "is_refused"), [(452, True), (None, False)])
def test_who_wants_to_know_is_told_after_the_last_try(
    queue, settings, given_up, monkeypatch, code, is_refused
):
    monkeypatch.setattr(RefusingBackend, "code", code)
    name = "RefusingBackend" if code else "FailingBackend"
    settings.EMAIL_DELIVERY_BACKEND = f"tests.portal.test_mail.{name}"
    packed = pack(message())

    deliver.call(packed, len(RETRY_AFTER) - 1)
    assert given_up == []
    deliver.call(packed, len(RETRY_AFTER))

    assert given_up == [(packed["headers"]["Message-ID"], is_refused)]


def test_log_of_a_failure_names_nobody(queue, settings, caplog, capsys):
    settings.EMAIL_DELIVERY_BACKEND = FAILING

    deliver.call(pack(message()), 0)

    written = caplog.text + capsys.readouterr().err
    assert "mail not sent" in written
    assert "a@example.org" not in written
    assert "1234" not in written


def test_rows_of_delivered_mail_go_and_waiting_ones_stay(queue, settings):
    message().send()
    work()
    settings.EMAIL_DELIVERY_BACKEND = FAILING
    message(to=["waiting@example.org"]).send()
    work()

    number = prune_finished()

    assert number == 2
    row = DBTaskResult.objects.get()
    assert row.status == "READY"
    assert "waiting@example.org" in str(row.args_kwargs)
    assert prune_finished() == 0


def test_mail_that_is_not_sent_lands_in_a_folder_and_on_the_terminal(settings, tmp_path, capsys):
    settings.EMAIL_DIR = tmp_path / "mail"
    settings.EMAIL_DELIVERY_BACKEND = "portal.mail.FileAndTerminalEmailBackend"

    deliver.call(pack(message()), 0)
    deliver.call(pack(message(to=["b@example.org"])), 0)

    files = sorted((tmp_path / "mail").iterdir())
    texts = [file.read_text(encoding="utf-8") for file in files]
    assert len(files) == 2
    assert all("Grüße, here is 1234-5678." in text for text in texts)
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700
    terminal = capsys.readouterr().out
    assert "Mail to a@example.org: Your code" in terminal
    assert "1234-5678" in terminal


SIGN_UP = {"password1": "seven quiet herons", "is_old_enough": "on", "consents": "on"}


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/signup/", SIGN_UP),
        ("/accounts/login/code/", {}),
        ("/accounts/password/reset/", {}),
    ],
)
def test_f12_no_page_waits_for_the_mail_server(queue, settings, member, path, form):
    settings.EMAIL_DELIVERY_BACKEND = FAILING

    answers = [
        Client().post(path, {**form, "email": address})
        for address in (member.email, "nobody@example.org")
    ]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    waiting = DBTaskResult.objects.filter(status="READY")
    addresses = {row.args_kwargs["args"][0]["to"][0] for row in waiting}
    assert addresses == {member.email, "nobody@example.org"}
    assert waiting.count() == 2


def test_deletion_goes_before_mail_that_a_dead_server_holds_up(queue, settings, member):
    settings.EMAIL_DELIVERY_BACKEND = FAILING
    message().send()

    delete_member(member, farewell="asked")

    first = DBTaskResult.objects.ready().first()
    assert first.task_path == erase.module_path


def test_server_that_has_greeted_may_take_its_time(monkeypatch):
    class Connection:
        def __init__(self, *args, timeout, **kwargs):
            self.sock = self
            self.timeout = timeout

        def settimeout(self, seconds):
            self.timeout = seconds

    monkeypatch.setattr(PatientEmailBackend, "connection_class", property(lambda self: Connection))
    backend = PatientEmailBackend(timeout=20, username="", password="", use_tls=False)

    backend.open()

    assert backend.connection.timeout == 120


def test_production_queues_its_mail():
    assert django_settings.EMAIL_BACKEND.endswith("locmem.EmailBackend")
    assert importlib.import_module("portal.settings").EMAIL_BACKEND == (
        "portal.mail.QueuedEmailBackend"
    )
