"""Deletion by the member, and what stays without a name.

tests/portal/test_p3_deletion.py looks through the files that a real portal leaves.
"""

import re
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from community.accounts.adapters import RESET_SESSION_KEY
from community.member_data import ledger
from community.member_data.deletion import delete_member, stays_as_a_number
from community.models import Consent, Event, Member, ReadingList, SavedItem, Suggestion
from facts.models import FactVersion, Topic
from portal import traces
from portal.mail import deliver, pack
from portal.models import Job
from tests.community.account_steps import code_in, sign_in
from tests.factories import (
    PASSWORD,
    DraftFactory,
    MemberFactory,
    ReadingListFactory,
    SavedItemFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)
from tests.portal.test_mail import message


@pytest.fixture(autouse=True)
def _ledger(settings, tmp_path):
    settings.FORGOTTEN_DIR = tmp_path / "forgotten"


def marks(settings):
    file = settings.FORGOTTEN_DIR / "deleted"
    return file.read_text().splitlines() if file.exists() else []


# The page


def test_page_says_what_goes_and_what_stays_and_offers_a_copy(client, member):
    sign_in(client, member)

    page = client.get("/account/delete/").text

    assert "What goes, within a minute" in page
    assert "What stays, without your name" in page
    assert member.email in page
    assert 'href="/account/export/"' in page
    assert "your number" not in page.lower()


def test_opening_the_page_deletes_nothing(client, member):
    sign_in(client, member)

    client.get("/account/delete/")
    client.head("/account/delete/")

    assert Member.objects.filter(pk=member.pk).exists()


def test_p9_consent_is_taken_back_on_the_account_page_and_leads_here(client, member):
    Consent.objects.create(member=member, version="2026-11", given_at=timezone.now())
    sign_in(client, member)

    page = client.get("/account/").text
    client.post("/account/delete/")

    assert 'href="/account/delete/"' in page
    assert not Consent.objects.exists()


def test_pressed_twice_says_the_same(client, member):
    sign_in(client, member)
    again = Client()
    again.cookies = client.cookies.copy()

    assert client.post("/account/delete/").status_code == 200
    assert again.post("/account/delete/").headers["Location"].startswith("/accounts/login/")
    assert not delete_member(member, farewell="asked")
    assert len(mail.outbox) == 1


def test_another_members_things_stay(client, member):
    other = SavedItemFactory(note="theirs")
    SavedItemFactory(reading_list=ReadingListFactory(member=member), topic=other.topic)
    sign_in(client, member)

    client.post("/account/delete/")

    assert SavedItem.objects.get().note == "theirs"
    assert ReadingList.objects.count() == 1


def test_page_costs_few_queries(client, member, django_assert_max_num_queries):
    for _number in range(30):
        SavedItemFactory(reading_list=ReadingListFactory(member=member))
    sign_in(client, member)
    client.get("/account/")

    with django_assert_max_num_queries(10):
        client.get("/account/delete/")


# The mail


def test_farewell_is_discreet_and_comes_once(client, member):
    sign_in(client, member)

    client.post("/account/delete/")

    (farewell,) = mail.outbox
    assert farewell.to == [member.email]
    assert farewell.subject == "A note about your account"
    assert "has been deleted, as you asked" in farewell.body


def test_farewell_stands_in_no_row_of_the_queue(settings, member, transactional_db):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    address = member.email

    delete_member(member, farewell="asked")

    rows = DBTaskResult.objects.all()
    assert [row.task_path for row in rows] == [traces.erase.module_path]
    assert address not in str([row.args_kwargs for row in rows])
    traces.erase.call(**rows[0].args_kwargs["kwargs"])
    assert mail.outbox[0].to == [address]
    assert DBTaskResult.objects.count() == 1


def test_farewell_that_fails_is_tried_again(settings, member, transactional_db):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    settings.EMAIL_DELIVERY_BACKEND = "tests.portal.test_mail.FailingBackend"
    delete_member(member, farewell="idle")

    traces.erase.call(**DBTaskResult.objects.get().args_kwargs["kwargs"])

    (row,) = DBTaskResult.objects.filter(task_path=deliver.module_path)
    assert "not used for two years" in str(row.args_kwargs)


def test_deletion_that_fails_leaves_everything_and_tells_nobody(member, settings, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Member, "delete", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        delete_member(member, farewell="asked")

    assert Member.objects.filter(pk=member.pk).exists()
    assert not mail.outbox
    assert not marks(settings)


# What lies elsewhere


def test_p3_sessions_go_with_and_without_somebody_signed_in(client, member):
    others = Client()
    sign_in(others, MemberFactory())
    second, typing = Client(), Client()
    sign_in(second, member)
    second.get("/account/")
    typing.post("/accounts/login/code/", {"email": member.email.upper()})
    sign_in(client, member)
    assert Session.objects.count() == 4

    client.post("/account/delete/")

    (left,) = Session.objects.all()
    assert left.get_decoded()["_auth_user_id"] != str(member.pk)
    assert not UserSession.objects.filter(user_id=member.pk).exists()
    assert second.get("/account/").headers["Location"].startswith("/accounts/login/")


def test_p3_queued_mails_go_and_others_stay(settings, member, transactional_db):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    for to, status in (
        (member.email, "READY"),
        (member.email.upper(), "FAILED"),
        ("other@example.org", "READY"),
    ):
        row = deliver.enqueue(pack(message(to=[to])), 0)
        DBTaskResult.objects.filter(pk=row.id).update(status=status)

    traces.forget([traces.Trace(member.email, member.pk)])

    (left,) = DBTaskResult.objects.all()
    assert "other@example.org" in str(left.args_kwargs)


def test_p3_mail_that_is_being_sent_is_waited_for(settings, member, transactional_db):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    row = deliver.enqueue(pack(message(to=[member.email])), 0)
    DBTaskResult.objects.filter(pk=row.id).update(status="RUNNING")
    delete_member(member, farewell="asked")
    told = DBTaskResult.objects.get(task_path=traces.erase.module_path)

    traces.erase.call(**told.args_kwargs["kwargs"])

    assert not mail.outbox
    later = DBTaskResult.objects.filter(task_path=traces.erase.module_path).exclude(pk=told.pk)
    assert later.get().run_after > timezone.now()


def test_p3_limits_on_guessing_forget_the_address(client, member):
    for number in range(3):
        client.post("/accounts/login/", {"login": member.email, "password": f"wrong {number}"})
        client.post("/accounts/login/", {"login": "other@example.org", "password": "wrong"})
    Client().post("/accounts/login/code/", {"email": member.email})
    with_new_password = Client()
    session = with_new_password.session
    session[RESET_SESSION_KEY] = member.email
    session.save()
    with_new_password.post("/accounts/login/", {"login": member.email, "password": "wrong"})
    sign_in(client, member)
    form = {"email": "moved@example.org", "action_add": "1"}
    client.post("/accounts/email/", form)
    before = keys()
    assert any(key.endswith(f":user:{member.pk}") for key in keys())
    cache.set(f"allauth.mfa.totp.used?user={member.pk}&code=1", "y")
    cache.set(f"allauth.mfa.totp.used?user={member.pk}0&code=1", "y")

    traces.forget([traces.Trace(member.email, member.pk)])

    left = keys()
    assert not any(key.endswith(f":user:{member.pk}") for key in left)
    assert not any(f"?user={member.pk}&" in key for key in left)
    assert any(f"?user={member.pk}0&" in key for key in left)
    kept = [key for key in left if "login_failed" in key and "ip" not in key]
    assert len(kept) == 1
    assert len(before) > len(left)


def keys():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM portal_cache")
        return [key for (key,) in cursor.fetchall()]


def test_p3_mail_that_is_kept_in_files_goes_and_that_of_others_stays(settings, tmp_path, member):
    settings.EMAIL_DIR = tmp_path / "mail"
    settings.EMAIL_DELIVERY_BACKEND = "portal.mail.FileAndTerminalEmailBackend"
    for to in (member.email, "other@example.org"):
        deliver.call(pack(message(to=[to])), 0)

    traces.forget([traces.Trace(member.email, member.pk)])

    (left,) = settings.EMAIL_DIR.iterdir()
    assert "other@example.org" in left.read_text()


def test_address_for_an_answer_is_forgotten_and_the_suggestion_stays(member):
    group = SupportGroupFactory()
    for address in (member.email, "other@example.org"):
        Suggestion.objects.create(
            kind="correction",
            group=group,
            words="It has moved.",
            reply_address=address,
            created_on=timezone.localdate(),
        )

    delete_member(member, farewell="")

    assert sorted(s.reply_address for s in Suggestion.objects.all()) == ["", "other@example.org"]
    assert all(s.words == "It has moved." for s in Suggestion.objects.all())


def test_file_of_the_database_is_written_anew_soon(member):
    Job.objects.create(name=traces.COMPACT, ran_at=timezone.now())

    delete_member(member, farewell="")

    assert Job.objects.get().ran_at < timezone.now() - traces.COMPACT_EVERY


# Those whose work stays


@pytest.fixture
def author(editor):
    """A member of staff with a text of their own, and things of their own."""
    make_live(author=editor)
    SavedItemFactory(reading_list=ReadingListFactory(member=editor), note="CANARY")
    Consent.objects.create(member=editor, version="2026-11", given_at=timezone.now())
    Member.objects.filter(pk=editor.pk).update(display_name="CANARY", last_login=timezone.now())
    LogEntry.objects.create(user=editor, object_repr="A topic", action_flag=ADDITION)
    return editor


def test_page_tells_an_author_that_the_number_stays(client, author):
    client.force_login(author)
    client.post("/account/confirm/", {"send": "1"})
    client.post("/account/confirm/", {"code": code_in(mail.outbox[-1])})

    page = client.get("/account/delete/").text

    assert f"So your number, {author}, stays beside them." in page


def test_account_of_an_author_is_emptied_and_its_number_stays(author):
    address, password = author.email, author.password

    assert stays_as_a_number(author)
    delete_member(author, farewell="asked")

    author.refresh_from_db()
    assert FactVersion.objects.get().author == author
    assert author.email == f"m{author.pk}@account.invalid"
    assert author.password != password
    assert not author.has_usable_password()
    assert not author.is_active
    assert not author.is_staff
    assert not author.groups.exists()
    assert author.display_name == ""
    assert author.last_login is None
    assert author.emptied_on == timezone.localdate()
    for model in (ReadingList, SavedItem, Consent, Authenticator, UserSession):
        assert not model.objects.filter(**owner_of(model, author)).exists(), model
    assert not author.emailaddress_set.exists()
    assert LogEntry.objects.get().user == author
    assert mail.outbox[0].to == [address]


def owner_of(model, member):
    if model is SavedItem:
        return {"reading_list__member": member}
    return {"member" if model in (ReadingList, Consent) else "user": member}


def test_nobody_signs_in_with_an_emptied_account(client, author):
    address = author.email
    delete_member(author, farewell="")

    for login in (address, f"m{author.pk}@account.invalid"):
        client.post("/accounts/login/", {"login": login, "password": PASSWORD})
        assert client.get("/account/").status_code == 302
        client.post("/accounts/login/code/", {"email": login})
    assert not any(has_code(sent.body) for sent in mail.outbox)


def has_code(text):
    return re.search(r"\d{4}-\d{4}", text)


def test_address_of_an_emptied_account_can_make_a_new_one(author):
    address = author.email

    delete_member(author, farewell="")

    assert MemberFactory(email=address).pk != author.pk


def test_emptied_account_is_not_emptied_again(author):
    delete_member(author, farewell="asked")

    assert not delete_member(author, farewell="asked")
    assert list(ledger.deleted_again()) == []
    assert len(mail.outbox) == 1


def test_draft_of_an_author_stays_for_colleagues(editor):
    draft = DraftFactory(author=editor)

    delete_member(editor, farewell="")

    assert FactVersion.objects.get(pk=draft.pk).author_id == editor.pk


def test_staff_without_texts_are_deleted_and_what_they_did_stays_without_a_name(moderator):
    Event.objects.create(
        at=timezone.now(),
        actor=moderator,
        action="suggestion-accepted",
        subject_kind="suggestion",
        subject_key=1,
    )
    topic = TopicFactory()
    history = Topic.history.get(id=topic.pk)
    history.history_user = moderator
    history.save()

    delete_member(moderator, farewell="")

    assert not Member.objects.filter(pk=moderator.pk).exists()
    assert Event.objects.get().actor is None
    history.refresh_from_db()
    assert history.history_user is None


# The ledger


def test_r4_ledger_holds_a_day_and_a_mark_and_no_address(settings, member):
    mark = ledger.mark_of(member)
    delete_member(member, farewell="")

    (line,) = marks(settings)

    assert line == f"{timezone.localdate().isoformat()} {mark}"
    assert member.email not in line
    for file in ("key", "deleted"):
        assert (settings.FORGOTTEN_DIR / file).stat().st_mode & 0o077 == 0
    assert settings.FORGOTTEN_DIR.stat().st_mode & 0o077 == 0


def test_r4_mark_depends_on_key_number_and_the_moment_of_joining(settings, tmp_path, member):
    mark = ledger.mark_of(member)
    later = Member(pk=member.pk, joined_at=timezone.now().replace(year=2030))
    other = Member(pk=member.pk + 1, joined_at=member.joined_at)

    assert ledger.mark_of(member) == mark
    assert len({mark, ledger.mark_of(later), ledger.mark_of(other)}) == 3
    settings.FORGOTTEN_DIR = tmp_path / "elsewhere"
    assert ledger.mark_of(member) != mark


def test_r4_mark_outlives_a_move_that_cuts_the_moment(member):
    """JSON has milliseconds where the database has microseconds."""
    mark = ledger.mark_of(member)
    member.joined_at = member.joined_at.replace(microsecond=0)

    assert ledger.mark_of(member) == mark


def test_r4_one_who_has_the_number_later_is_not_deleted(member):
    delete_member(member, farewell="")
    MemberFactory(pk=member.pk, joined_at=timezone.now().replace(year=2030))

    assert list(ledger.deleted_again()) == []


def test_r4_line_is_written_once_and_a_torn_one_is_passed_over(settings):
    first, second = "a" * 64, "b" * 64
    ledger.write_down(first, date(2026, 11, 1))
    ledger.write_down(first, date(2026, 11, 2))
    with open(settings.FORGOTTEN_DIR / "deleted", "a") as file:
        file.write("2026-11-0")

    ledger.write_down(second, date(2026, 11, 3))

    assert marks(settings) == [f"2026-11-01 {first}", "2026-11-0", f"2026-11-03 {second}"]


def test_r4_old_marks_go(settings):
    for day, mark in ((date(2025, 10, 1), "a" * 64), (date(2026, 11, 1), "b" * 64)):
        ledger.write_down(mark, day)

    ledger.forget_old_marks(date(2026, 11, 28))

    assert marks(settings) == [f"2026-11-01 {'b' * 64}"]


def test_full_disk_of_the_ledger_stops_no_deletion_and_is_tried_again(
    settings, member, monkeypatch, transactional_db
):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

    def fail(mark, on):
        raise OSError(28, "No space left")

    monkeypatch.setattr(ledger, "write_down", fail)
    assert delete_member(member, farewell="")
    traces.erase.call(**DBTaskResult.objects.get().args_kwargs["kwargs"])
    assert DBTaskResult.objects.count() == 2
    monkeypatch.undo()
    later = DBTaskResult.objects.order_by("-enqueued_at")[0]

    traces.erase.call(**later.args_kwargs["kwargs"])

    assert len(marks(settings)) == 1
