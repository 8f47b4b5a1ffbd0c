"""Mail about what has changed: opt-in, rare, never twice, and it says nothing."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core import mail
from django.test import Client
from django.utils import timezone

from community.keeping.digests import tell_urgent, tell_weekly
from community.models import ChangeNotice, Member, ReadingList
from tests import mail_checks
from tests.community.test_saved_item_changes import change, withdraw
from tests.factories import FactFactory, MemberFactory, SupportGroupFactory, make_live

pytestmark = pytest.mark.django_db

DAY, WEEK, MINUTE = timedelta(days=1), timedelta(days=7), timedelta(minutes=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def fact(now):
    return make_live(since=now - 30 * DAY).fact


@pytest.fixture
def saver(now, fact):
    """Return a function that makes a member who saved the fact and wants mail as told."""

    def _saver(wish, **fields):
        member = MemberFactory(mail_about_changes=wish, **fields)
        with time_machine.travel(now - 10 * DAY):
            ReadingList.objects.default_for(member).add(fact)
        return member

    return _saver


def told():
    return [message.to[0] for message in mail.outbox]


def run(at):
    """What the worker does."""
    tell_urgent(at)
    tell_weekly(at)


@pytest.mark.parametrize(
    ("wish", "kind", "urgent", "weekly"),
    [
        ("off", "safety", 0, 0),
        ("safety", "wording", 0, 0),
        ("safety", "meaning", 0, 0),
        ("safety", "safety", 1, 0),
        ("safety", "withdrawn", 1, 0),
        ("weekly", "wording", 0, 0),
        ("weekly", "meaning", 0, 1),
        ("weekly", "safety", 1, 0),
        ("weekly", "withdrawn", 1, 0),
    ],
)
def test_who_is_told_of_what_and_when(saver, fact, now, wish, kind, urgent, weekly):
    saver(wish)
    if kind == "withdrawn":
        withdraw(fact)
    else:
        change(fact, kind)

    assert (tell_urgent(now), tell_weekly(now)) == (urgent, weekly)

    assert len(mail.outbox) == urgent + weekly


def test_mail_says_only_that_something_is_waiting(saver, fact, now):
    member = saver("safety")
    change(fact, "safety", title="SECRET heading", change_note="SECRET why")

    tell_urgent(now)

    (message,) = mail.outbox
    mail_checks.check(message)
    assert message.subject == "A note about your account"
    assert "SECRET" not in str(message.message())
    assert "http://localhost:8000/lists/\n" in message.body
    stop = f"http://localhost:8000/mail/stop/{ChangeNotice.objects.get(member=member).secret}/"
    assert f"{stop}\n" in message.body
    assert message.extra_headers["List-Unsubscribe"] == f"<{stop}>"
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_nobody_is_told_twice_of_the_same(saver, fact, now):
    saver("weekly")
    change(fact, "safety")

    for minutes in range(0, 60 * 24 * 20, 60 * 8):
        run(now + minutes * MINUTE)

    assert len(mail.outbox) == 1


def test_several_changes_of_a_day_are_one_mail_and_the_next_comes_a_day_later(saver, fact, now):
    saver("safety")
    change(fact, "safety", at=now - 3 * MINUTE)
    tell_urgent(now)
    change(fact, "safety", at=now + 5 * MINUTE)
    change(fact, "safety", at=now + 9 * MINUTE)

    counts = [
        tell_urgent(now + wait) for wait in (10 * MINUTE, DAY - MINUTE, DAY + MINUTE, 2 * DAY)
    ]

    assert counts == [0, 0, 1, 0]


def test_weekly_mail_comes_a_week_after_the_last_at_the_earliest(saver, fact, now):
    saver("weekly")
    change(fact, "meaning", at=now - MINUTE)
    assert tell_weekly(now) == 1
    change(fact, "meaning", at=now + DAY)

    assert [tell_weekly(now + wait) for wait in (2 * DAY, WEEK - MINUTE, WEEK, 2 * WEEK)] == [
        0, 0, 1, 0,
    ]  # fmt: skip


def test_version_that_is_scheduled_is_told_when_it_begins(saver, fact, now):
    saver("safety")
    change(fact, "safety", at=now + DAY)

    assert tell_urgent(now) == 0
    assert tell_urgent(now + DAY + MINUTE) == 1


def test_what_was_seen_on_the_page_is_not_told(saver, fact, now):
    member = saver("weekly")
    change(fact, "safety", at=now - 9 * MINUTE)
    item = ReadingList.objects.get(member=member).saved_items.get()
    item.see(now)

    run(now)

    assert told() == []


@pytest.mark.parametrize(("kind", "urgent"), [("safety", 1), ("meaning", 0), ("wording", 0)])
def test_whoever_saved_the_topic_is_told_of_safety_alone(fact, now, kind, urgent):
    member = MemberFactory(mail_about_changes="safety")
    with time_machine.travel(now - 10 * DAY):
        ReadingList.objects.default_for(member).add(fact.topic)
    change(fact, kind)

    assert [tell_urgent(now), tell_urgent(now + 2 * DAY), tell_weekly(now)] == [urgent, 0, 0]


def test_new_facts_and_groups_are_told_weekly(now):
    member = MemberFactory(mail_about_changes="weekly")
    other = MemberFactory(mail_about_changes="weekly")
    topic = make_live(since=now - 30 * DAY).fact.topic
    group = SupportGroupFactory(place="The old hall")
    with time_machine.travel(now - 10 * DAY):
        group.save()
        ReadingList.objects.default_for(member).add(topic)
        ReadingList.objects.default_for(other).add(group)
    assert tell_weekly(now) == 0
    make_live(FactFactory(topic=topic), since=now - MINUTE)
    group.place = "The library"
    group.save()

    assert tell_weekly(timezone.now()) == 2


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"mail_bounced_on": "2026-11-01"}], ids=str
)
def test_who_cannot_get_it_is_not_written_to(saver, fact, now, fields):
    saver("weekly", **fields)
    change(fact, "safety")

    run(now)

    assert told() == []


def test_what_is_archived_is_not_told(saver, fact, now):
    member = saver("weekly")
    ReadingList.objects.filter(member=member).update(is_default=False, archived_at=now)
    change(fact, "safety")

    run(now)

    assert told() == []


def test_crash_before_the_mail_is_queued_marks_nothing(saver, fact, now, monkeypatch):
    saver("safety")
    change(fact, "safety")

    def crash(*arguments):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr("facts.mails.send", crash)
        with pytest.raises(OSError):
            tell_urgent(now)
    assert not ChangeNotice.objects.exists()

    assert tell_urgent(now + MINUTE) == 1


def test_mail_is_in_the_language_of_its_member(saver, fact, now):
    saver("safety", language="es")
    change(fact, "safety")

    tell_urgent(now)

    assert "/es/lists/" in mail.outbox[0].body


def test_secret_that_no_key_opens_is_made_anew(saver, fact, now, settings):
    member = saver("safety")
    change(fact, "safety", at=now - MINUTE)
    tell_urgent(now)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    change(fact, "safety", at=now + MINUTE)

    assert tell_urgent(now + 2 * DAY) == 1

    assert ChangeNotice.objects.get(member=member).secret in mail.outbox[-1].body


def test_quiet_day_asks_one_query_each_minute(saver, now, django_assert_num_queries):
    saver("safety")

    with django_assert_num_queries(1):
        tell_urgent(now)


def test_urgent_change_that_everybody_was_told_of_asks_few_queries(
    saver, fact, now, django_assert_num_queries
):
    for _member in range(5):
        saver("safety")
    change(fact, "safety")
    tell_urgent(now)

    with django_assert_num_queries(2):
        tell_urgent(now + 2 * DAY)


# Stopping it


def wish_of(member):
    return Member.objects.get(pk=member.pk).mail_about_changes


def test_link_stops_the_mails_by_its_button_alone(client, saver, fact, now):
    member = saver("weekly")
    other = saver("safety")
    change(fact, "safety")
    run(now)
    secret = ChangeNotice.objects.get(member=member).secret
    address = f"/mail/stop/{secret}/"

    page = client.get(address)
    client.head(address)

    assert wish_of(member) == "weekly"
    assert b"Stop these mails?" in page.content
    done = client.post(address)
    assert b"You get no more of these mails" in done.content
    assert (wish_of(member), wish_of(other)) == ("off", "safety")
    assert client.post(address).content == done.content


def test_mail_program_stops_it_with_one_press(saver, fact, now):
    member = saver("safety")
    change(fact, "safety")
    tell_urgent(now)
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(
        f"/mail/stop/{ChangeNotice.objects.get().secret}/", {"List-Unsubscribe": "One-Click"}
    )

    assert response.status_code == 200
    assert not response.cookies
    assert wish_of(member) == "off"


@pytest.mark.parametrize("method", ["get", "post"])
def test_answer_is_the_same_for_a_secret_that_nobody_has(client, saver, fact, now, method):
    saver("safety")
    change(fact, "safety")
    tell_urgent(now)
    secrets = (ChangeNotice.objects.get().secret, "wrong", "x" * 2000, "١٢")

    answers = [getattr(client, method)(f"/mail/stop/{secret}/") for secret in secrets]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    for answer in answers:
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
