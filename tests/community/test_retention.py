"""P8: nothing is kept for longer than is said. The clock is moved, and the jobs run day by day."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command

from community.member_data import ledger
from community.member_data.retention import missed_staff
from community.models import DataExport, Event, Member
from community.tasks import (
    forget_ended_sessions,
    forget_old_records,
    forget_unproved_accounts,
    see_to_idle_accounts,
)
from portal.jobs import JOBS, run_due_jobs
from portal.models import EmptySearch
from portal.traces import forget_old_mail_files
from tests.community.account_steps import sign_in
from tests.factories import EmptySearchFactory, MemberFactory, make_live, make_staff
from tests.mail_checks import REVEALING

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _ledger(settings, tmp_path):
    settings.FORGOTTEN_DIR = tmp_path / "forgotten"


def last_here(member, on):
    Member.objects.filter(pk=member.pk).update(joined_at=on, last_login=on)
    return member


def exists(member):
    return Member.objects.filter(pk=member.pk).exists()


def day_by_day(first, last, what):
    """Run the job `what` each day, and return {day: what happened} of the days with a mail."""
    happened = {}
    day = first
    while day <= last:
        before = len(mail.outbox)
        what(day)
        if len(mail.outbox) > before:
            happened[day.date().isoformat()] = [sent.body for sent in mail.outbox[before:]]
        day += A_DAY
    return happened


# Accounts that nobody proved


def unproved_member(joined_at, **fields):
    member = MemberFactory(joined_at=joined_at, **fields)
    EmailAddress.objects.filter(user=member).update(verified=False)
    return member


def test_p8_unproved_account_goes_after_seven_days_and_not_before():
    member = unproved_member(START)

    forget_unproved_accounts(START + timedelta(days=7))
    assert exists(member)
    forget_unproved_accounts(START + timedelta(days=7, seconds=1))

    assert not exists(member)
    assert not mail.outbox
    assert not list(ledger.deleted_again())


def test_account_that_is_proved_or_used_or_of_staff_does_not_go_with_them():
    kept = [
        MemberFactory(joined_at=START),
        unproved_member(START, last_login=START),
        unproved_member(START, is_staff=True),
        unproved_member(START, is_superuser=True),
    ]

    forget_unproved_accounts(START + timedelta(days=100))

    assert all(map(exists, kept))


def test_emptied_account_keeps_its_number():
    member = unproved_member(START, is_active=False, emptied_on=START.date())
    make_live(author=member)

    forget_unproved_accounts(START + timedelta(days=3000))
    see_to_idle_accounts(START + timedelta(days=3000))

    assert exists(member)


# Idle accounts


def test_p8_idle_account_goes_after_24_months_and_two_notices():
    member = last_here(MemberFactory(), START)

    happened = day_by_day(START, START + 760 * A_DAY, see_to_idle_accounts)

    assert list(happened) == ["2028-09-28", "2028-11-13", "2028-11-28"]
    first, second, farewell = (bodies[0] for bodies in happened.values())
    for notice in (first, second):
        assert "sign in once before 28 November 2028:" in notice
        assert "/accounts/login/" in notice
    assert "because it was not used for two years" in farewell
    assert not exists(member)
    assert [sent.to for sent in mail.outbox] == [[member.email]] * 3


def test_p2_notices_are_discreet():
    last_here(MemberFactory(), START)

    day_by_day(START + 660 * A_DAY, START + 760 * A_DAY, see_to_idle_accounts)

    assert len(mail.outbox) == 3
    for sent in mail.outbox:
        assert sent.subject == "A note about your account"
        assert not REVEALING.search(sent.subject + sent.body)


def test_signing_in_begins_all_anew(client, time_machine):
    member = last_here(MemberFactory(), START)
    see_to_idle_accounts(START + 680 * A_DAY)
    see_to_idle_accounts(START + 725 * A_DAY)
    member.refresh_from_db()
    assert member.idle_notices == 2
    time_machine.move_to(START + 727 * A_DAY)

    sign_in(client, member)

    member.refresh_from_db()
    assert (member.idle_notices, member.idle_noticed_on) == (0, None)
    mail.outbox.clear()
    see_to_idle_accounts(START + 1000 * A_DAY)
    assert exists(member)
    assert not mail.outbox


def test_account_that_was_idle_long_before_still_gets_time_to_answer():
    """The portal stood still for years, or this rule is new to it."""
    member = last_here(MemberFactory(), START - 2000 * A_DAY)

    happened = day_by_day(START, START + 60 * A_DAY, see_to_idle_accounts)

    assert list(happened) == ["2026-11-28", "2026-12-12", "2026-12-26"]
    first, second, _farewell = (bodies[0] for bodies in happened.values())
    assert "before 26 December 2026" in first
    assert "before 26 December 2026" in second
    assert not exists(member)


def test_job_that_was_not_run_on_the_day_skips_nothing():
    member = last_here(MemberFactory(), START)

    for day in (800, 801, 813, 815, 820, 828, 829):
        see_to_idle_accounts(START + day * A_DAY)

    assert not exists(member)
    assert len(mail.outbox) == 3


def test_notice_is_sent_once_however_often_the_job_runs():
    last_here(MemberFactory(), START)

    for _number in range(3):
        see_to_idle_accounts(START + 680 * A_DAY)

    assert len(mail.outbox) == 1


def test_member_who_never_came_in_counts_from_joining():
    member = MemberFactory(joined_at=START, last_login=None)

    see_to_idle_accounts(START + 680 * A_DAY)

    assert mail.outbox[0].to == [member.email]


def test_account_that_is_switched_off_goes_without_a_word():
    member = last_here(MemberFactory(is_active=False), START)

    see_to_idle_accounts(START + 729 * A_DAY)
    assert exists(member)
    see_to_idle_accounts(START + 732 * A_DAY)

    assert not exists(member)
    assert not mail.outbox


def test_staff_are_not_deleted_but_shown(editor, client):
    last_here(editor, START - 200 * A_DAY)
    see_to_idle_accounts(START + 3000 * A_DAY)

    assert exists(editor)
    assert not mail.outbox
    assert list(missed_staff(START)) == [editor]
    assert list(missed_staff(START - 30 * A_DAY)) == []


def test_desk_shows_administrators_who_has_not_come(client, editor, time_machine):
    time_machine.move_to(START)
    boss = make_staff("Editor")
    Member.objects.filter(pk=boss.pk).update(is_superuser=True, last_login=START)
    last_here(editor, START - 200 * A_DAY)

    client.force_login(boss)
    page = client.get("/admin/").text
    client.force_login(editor)
    theirs = client.get("/admin/").text

    assert "Colleagues who have not come for half a year" in page
    assert "last here on 12 May 2026" in page
    assert "Colleagues who have not come" not in theirs


def test_idle_members_are_seen_to_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr("community.member_data.retention.AT_ONCE", 2)
    for number in range(5):
        last_here(MemberFactory(), START + number * A_DAY)

    for number, sent in ((700, 2), (701, 4), (702, 5), (703, 5)):
        see_to_idle_accounts(START + number * A_DAY)
        assert len(mail.outbox) == sent


def test_only_the_day_of_the_last_sign_in_is_kept(client, member, time_machine):
    time_machine.move_to("2026-11-28 23:10:11Z")

    sign_in(client, member)

    member.refresh_from_db()
    assert member.last_login == datetime(2026, 11, 28, tzinfo=UTC)


# Sessions and records


def test_p8_sessions_and_what_is_known_of_them_go(client, member, time_machine):
    time_machine.move_to(START)
    sign_in(client, member, stay="kept")
    client.get("/account/")
    assert UserSession.objects.exists()

    now = START + timedelta(days=30, minutes=1)
    time_machine.move_to(now)
    call_command("clearsessions")
    forget_ended_sessions(now)

    assert not UserSession.objects.exists()
    assert not Session.objects.exists()


def test_p8_records_of_staff_go_after_24_months():
    staff = make_staff("Editor")
    for at in (START, START + 40 * A_DAY):
        Event.objects.create(
            at=at, actor=staff, action="member-seen", subject_kind="member", subject_key="1"
        )
        entry = LogEntry.objects.create(user=staff, object_repr="x", action_flag=ADDITION)
        LogEntry.objects.filter(pk=entry.pk).update(action_time=at)

    forget_old_records(datetime(2028, 11, 28, 10, 0, tzinfo=UTC))
    assert (Event.objects.count(), LogEntry.objects.count()) == (2, 2)
    forget_old_records(datetime(2028, 11, 28, 10, 1, tzinfo=UTC))

    assert (Event.objects.count(), LogEntry.objects.count()) == (1, 1)


def test_event_is_otherwise_never_changed_or_deleted():
    event = Event.objects.create(
        at=START, action="member-seen", subject_kind="member", subject_key="1"
    )

    for forbidden in (
        event.save,
        event.delete,
        Event.objects.all().delete,
        lambda: Event.objects.update(detail="x"),
    ):
        with pytest.raises(ValueError, match="never"):
            forbidden()


def test_p8_rows_of_copies_go_after_a_day(member):
    DataExport.objects.ask(member, "data", START)[0].begin(START)

    forget_old_records(START + 2 * A_DAY)

    assert not DataExport.objects.exists()


def test_p8_marks_of_the_deleted_go_after_400_days(settings):
    ledger.write_down("a" * 64, START.date())

    forget_old_records(START + 400 * A_DAY)
    assert "a" in (settings.FORGOTTEN_DIR / "deleted").read_text()
    forget_old_records(START + 401 * A_DAY)

    assert (settings.FORGOTTEN_DIR / "deleted").read_text() == ""


def test_p8_mail_that_is_kept_in_files_goes_after_30_days(settings, tmp_path):
    settings.EMAIL_DIR = tmp_path / "mail"
    settings.EMAIL_DIR.mkdir()
    file = settings.EMAIL_DIR / "one.log"
    file.write_text("To: a@example.org")
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC)

    forget_old_mail_files(written + 29 * A_DAY)
    assert file.exists()
    forget_old_mail_files(written + 31 * A_DAY)

    assert not file.exists()


def test_p8_every_rule_has_a_job_that_is_run(time_machine):
    """All jobs that forget something run by themselves, day by day."""
    member = unproved_member(START)
    idle = last_here(MemberFactory(), START - 1000 * A_DAY)
    EmptySearchFactory(searched_on=START.date() - 100 * A_DAY)
    jobs = tuple(job for job in JOBS if job.name not in {"check-links", "rebuild-occurrences"})

    for day in range(40):
        now = START + day * A_DAY
        time_machine.move_to(now)
        run_due_jobs(now, jobs)

    assert not exists(member)
    assert not exists(idle)
    assert not EmptySearch.objects.exists()
