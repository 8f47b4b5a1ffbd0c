"""Asking an organizer: who is asked and when, what the mails say, and what an answer does."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import OperationalError, connections
from django.utils import timezone

from community.care import verification_links
from community.care.verification_mails import ask, ask_owners, remind
from community.models import Event, Pause, SupportGroup, Verification
from community.models.verifications import (
    AskingClosed,
    forget_old_address,
    record_check,
    record_end,
    record_return,
    settle,
)
from community.signals import mail_given_up
from community.tasks import ask_organizers
from tests.factories import CorrectionFactory, SupportGroupFactory
from tests.mail_checks import REVEALING

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
OWNER = "owner-canary@mail.example"
State = Verification.State


@pytest.fixture(autouse=True)
def clock():
    """It is noon on 1 December 2026 until somebody moves the clock."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def group():
    """A published group whose last check was long ago."""
    return SupportGroupFactory(
        name="Tuesday circle",
        checked_on=date(2026, 3, 1),
        published_at=datetime(2026, 1, 1, tzinfo=UTC),
        owner_email=OWNER,
    )


@pytest.fixture
def asking(group):
    return ask(group)


def token_in(message):
    return re.search(r"http://localhost:8000/listing-check/(\S+)/", message.body)[1]


def later(group):
    group.refresh_from_db()
    return group


class TestRun:
    def test_asks_reminds_once_and_then_is_silent(self, group, clock):
        sent = []
        for day in range(60):
            clock.move_to(NOW + timedelta(days=day))
            ask_owners(timezone.now())
            sent += [(day, message.subject) for message in mail.outbox[len(sent) :]]

        assert sent == [
            (0, "Is your entry still right?"),
            (14, "A reminder: is your entry still right?"),
        ]
        asking = Verification.objects.get()
        assert asking.state(NOW + timedelta(days=28)) == State.EXPIRED
        assert SupportGroup.objects.with_todo(timezone.now()).get().todo == "silent"

    def test_asks_again_an_interval_later(self, group, clock):
        ask_owners(NOW)
        clock.move_to(NOW + timedelta(weeks=26))

        ask_owners(timezone.now())

        assert len(mail.outbox) == 2
        first, second = Verification.objects.order_by("sent_at")
        assert first.state(timezone.now()) == State.EXPIRED
        assert first.settled_at
        assert second.state(timezone.now()) == State.WAITING

    def test_answer_is_the_end_of_it_for_an_interval(self, group, clock):
        ask_owners(NOW)
        Verification.objects.get().record_answer("right")

        for weeks in range(1, 26):
            clock.move_to(NOW + timedelta(weeks=weeks))
            ask_owners(timezone.now())
        assert len(mail.outbox) == 1
        clock.move_to(NOW + timedelta(weeks=26))
        ask_owners(timezone.now())
        assert len(mail.outbox) == 2

    def test_sends_no_more_than_it_may_and_goes_on_next_time(self, group):
        for _ in range(3):
            SupportGroupFactory(owner_email=OWNER, published_at=group.published_at)

        reports = [ask_owners(NOW, most=3), ask_owners(NOW, most=3)]

        assert [(report.asked, report.left) for report in reports] == [(3, 1), (1, 0)]
        assert len(mail.outbox) == 4

    def test_dry_run_sends_and_keeps_nothing(self, group, capsys):
        call_command("ask_owners", "--dry-run")

        said = capsys.readouterr().out
        assert "Would be asked: 1\n" in said
        assert "  Due soon: 1\n" in said
        assert mail.outbox == []
        assert not Verification.objects.exists()

    def test_command_says_what_it_did(self, group, capsys):
        call_command("ask_owners")

        said = capsys.readouterr().out
        assert "Asked: 1\nReminded: 0\nFor staff:\n" in said
        assert "  Asked, not answered yet: 1\n" in said
        assert OWNER not in said

    @pytest.mark.parametrize(("is_on", "number"), [(True, 1), (False, 0)])
    def test_task_heeds_its_switch(self, group, settings, is_on, number):
        settings.ASK_ORGANIZERS = is_on

        ask_organizers(NOW)

        assert len(mail.outbox) == number

    def test_address_that_no_key_opens_holds_nobody_up(self, group, settings):
        from cryptography.fernet import Fernet

        closed = SupportGroupFactory(owner_email=OWNER, published_at=group.published_at)
        settings.NOTES_KEYS = [Fernet.generate_key().decode()]
        group.owner_email = OWNER
        group.save()

        ask_owners(NOW)

        assert Verification.objects.get().group == group
        assert not closed.verifications.exists()

    @pytest.mark.parametrize("number", [2, 20])
    def test_finding_out_takes_as_many_queries_for_many(self, number, django_assert_num_queries):
        for _ in range(number):
            SupportGroupFactory(owner_email=OWNER, published_at=NOW - timedelta(days=9))

        with django_assert_num_queries(2):
            ask_owners(NOW, is_dry=True)


class TestMail:
    def test_goes_to_the_organizer_with_a_link(self, asking):
        [message] = mail.outbox

        assert message.to == [OWNER]
        assert Verification.find(token_in(message)) == asking
        assert "until 29 December 2026" in message.body
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"

    def test_gives_nothing_away(self, asking, clock):
        clock.move_to(NOW + timedelta(weeks=2))
        assert remind(asking)

        for message in mail.outbox:
            words = message.body.replace(token_in(message), "")
            assert not REVEALING.search(words), words
            assert not REVEALING.search(message.subject + message.from_email)
            assert "Tuesday" not in words
            headers = {k: v for k, v in message.message().items() if k != "To"}
            assert not REVEALING.search(str(headers)), headers
        assert len(mail.outbox) == 2

    def test_link_of_the_reminder_opens_the_same_asking(self, asking, clock):
        clock.move_to(NOW + timedelta(weeks=2))
        remind(asking)

        first, second = map(token_in, mail.outbox)
        assert first != second
        assert Verification.find(first) == Verification.find(second) == asking

    @pytest.mark.parametrize("weeks", [0, 4])
    def test_reminder_comes_neither_early_nor_late(self, asking, clock, weeks):
        clock.move_to(NOW + timedelta(weeks=weeks))

        assert not remind(asking)
        assert len(mail.outbox) == 1

    def test_link_with_another_secret_opens_nothing(self, asking):
        make = verification_links.make_token
        for pk, secret in (
            (asking.pk, "x"),
            (asking.pk, ""),
            (asking.pk, asking.secret_hash),
            (asking.pk + 1, "x"),
        ):
            assert Verification.find(make(pk, secret)) is None

    def test_link_of_another_kind_opens_nothing(self, asking):
        from facts import review_links

        _pk, secret = verification_links.read_token(token_in(mail.outbox[0]))

        assert Verification.find(review_links.make_token(asking.pk, secret)) is None


class TestByHand:
    def test_staff_ask_before_the_day(self, group, moderator):
        record_check(group, TODAY, "phone", moderator)

        asking = ask(group, moderator)

        assert asking.state(NOW) == State.WAITING
        assert Event.objects.last().action == "organizer-asked"
        assert Event.objects.last().actor == moderator

    def test_newer_mail_takes_the_place_of_the_older(self, asking, group, moderator, clock):
        clock.move_to(NOW + timedelta(days=2))

        ask(group, moderator)

        asking.refresh_from_db()
        assert asking.state(timezone.now()) == State.WITHDRAWN
        with pytest.raises(AskingClosed):
            asking.record_answer("right")

    def test_pressing_twice_sends_one_mail(self, group, moderator):
        ask(group, moderator)

        with pytest.raises(ValidationError, match="asked within the last day"):
            ask(group, moderator)
        assert len(mail.outbox) == 1

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"owner_email": ""}, "no_address"),
            ({"published_at": None}, "not_kept"),
            ({"is_example": True}, "not_kept"),
            ({"ended_on": TODAY}, "not_kept"),
        ],
    )
    def test_who_cannot_be_asked_is_not(self, group, moderator, changes, code):
        for name, value in changes.items():
            setattr(group, name, value)
        group.save()

        with pytest.raises(ValidationError) as error:
            ask(group, moderator)
        assert error.value.code == code
        assert mail.outbox == []


class TestAnswer:
    def test_still_right_moves_the_day_of_the_check_alone(self, asking, group):
        before = (group.edited_at, group.created_at, group.published_at)

        asking.record_answer("right")

        assert later(group).checked_on == TODAY
        assert (group.edited_at, group.created_at, group.published_at) == before
        assert asking.settled_at
        event = Event.objects.get()
        assert (event.action, event.detail, event.actor) == ("group-checked", "link", None)

    def test_pause_holds_at_once_and_confirms_the_rest(self, asking, group):
        asking.record_answer("paused", paused_until=date(2027, 1, 31))

        pause = Pause.objects.get()
        assert (pause.group, pause.first_on, pause.last_on) == (group, TODAY, date(2027, 1, 31))
        assert later(group).checked_on == TODAY

    def test_end_is_said_and_waits_for_a_moderator(self, asking, group):
        before = group.edited_at

        asking.record_answer("ended")

        assert later(group).reported_ended_on == TODAY
        assert (group.ended_on, group.edited_at) == (None, before)
        assert group.checked_on == date(2026, 3, 1)
        assert group not in SupportGroup.objects.in_default_results(NOW)
        assert SupportGroup.objects.with_todo(NOW).get().todo == "disputed"

    def test_change_changes_nothing_by_itself(self, asking, group):
        suggestion = CorrectionFactory(group=group)

        asking.record_answer("change", suggestion=suggestion)

        assert asking.suggestion == suggestion
        assert later(group).checked_on == date(2026, 3, 1)
        assert SupportGroup.objects.with_todo(NOW).get().todo == "disputed"

    def test_whoever_wants_no_mails_is_forgotten(self, asking, group, clock):
        asking.record_answer("not-mine")

        assert later(group).owner_email == ""
        assert group.checked_on == date(2026, 3, 1)
        assert SupportGroup.objects.with_todo(NOW).get().todo == "disputed"
        clock.move_to(NOW + timedelta(weeks=60))
        ask_owners(timezone.now())
        assert len(mail.outbox) == 1

    @pytest.mark.parametrize(
        ("state", "close"),
        [
            (State.ANSWERED, lambda asking: asking.record_answer("right")),
            (State.WITHDRAWN, lambda asking: record_check(asking.group, TODAY, "phone")),
            (State.WITHDRAWN, lambda asking: record_end(asking.group, TODAY, None)),
            (
                State.WITHDRAWN,
                lambda asking: SupportGroup.objects.update(published_at=None),
            ),
            (State.BOUNCED, lambda asking: record_return(asking.group, None)),
        ],
    )
    def test_closed_asking_takes_none(self, asking, state, close):
        close(asking)

        with pytest.raises(AskingClosed) as error:
            Verification.objects.get().record_answer("ended")
        assert error.value.state == state

    def test_expired_asking_takes_none(self, asking, clock):
        clock.move_to(NOW + timedelta(weeks=4))

        with pytest.raises(AskingClosed) as error:
            asking.record_answer("right")
        assert error.value.state == State.EXPIRED

    def test_answer_that_is_none_is_refused(self, asking):
        with pytest.raises(ValidationError):
            asking.record_answer("maybe")
        assert Verification.objects.get().answer == ""


class TestStaff:
    def test_check_settles_what_was_asked(self, asking, group, moderator):
        asking.record_answer("ended")
        edited_at = later(group).edited_at

        record_check(group, TODAY, "phone", moderator)

        assert later(group).checked_on == TODAY
        assert (group.reported_ended_on, group.edited_at) == (None, edited_at)
        assert SupportGroup.objects.with_todo(NOW).get().todo == ""
        event = Event.objects.get()
        assert (event.action, event.detail, event.actor) == ("group-checked", "phone", moderator)

    def test_check_of_an_earlier_day_moves_nothing_back(self, group, moderator):
        record_check(group, TODAY, "phone", moderator)
        record_check(group, date(2026, 11, 1), "page", moderator)

        assert later(group).checked_on == TODAY
        assert Event.objects.count() == 2

    def test_end_is_confirmed(self, asking, group, moderator):
        asking.record_answer("ended")

        record_end(group, TODAY, moderator)

        assert (later(group).ended_on, group.reported_ended_on) == (TODAY, None)
        assert SupportGroup.objects.with_todo(NOW).get().todo == ""

    def test_end_must_be_decided_and_is_not_just_settled(self, asking, group, moderator):
        asking.record_answer("ended")

        with pytest.raises(ValidationError, match="Say whether it has ended"):
            settle(group, moderator)

    def test_other_words_are_settled(self, asking, group, moderator):
        asking.record_answer("not-mine")

        assert settle(group, moderator)
        assert not settle(group, moderator)
        assert SupportGroup.objects.with_todo(NOW).get().todo == "due"

    def test_another_address_closes_the_link_of_the_old_one(self, asking, group):
        forget_old_address(group)

        asking.refresh_from_db()
        assert asking.state(NOW) == State.WITHDRAWN
        # The new one is asked by the next run.
        assert group in SupportGroup.objects.to_ask(NOW)

    def test_staff_see_that_a_mail_came_back(self, asking, group, moderator):
        assert record_return(group, moderator)
        assert not record_return(group, moderator)
        assert SupportGroup.objects.with_todo(NOW).get().todo == "bounced"

    def test_even_long_after_it_was_sent(self, asking, group, moderator, clock):
        clock.move_to(NOW + timedelta(weeks=6))

        assert record_return(group, moderator)
        assert SupportGroup.objects.with_todo(timezone.now()).get().todo == "bounced"


class TestBounce:
    def given_up(self, message, *, is_refused):
        message_id = message.extra_headers["Message-ID"]
        mail_given_up.send(sender=None, message_id=message_id, is_refused=is_refused)

    def test_refused_address_is_noted_and_not_written_to_again(self, asking, clock):
        self.given_up(mail.outbox[0], is_refused=True)

        asking.refresh_from_db()
        assert asking.state(NOW) == State.BOUNCED
        for weeks in (2, 30):
            clock.move_to(NOW + timedelta(weeks=weeks))
            ask_owners(timezone.now())
        assert len(mail.outbox) == 1

    def test_so_is_that_of_a_reminder(self, asking, clock):
        clock.move_to(NOW + timedelta(weeks=2))
        remind(asking)

        self.given_up(mail.outbox[1], is_refused=True)

        asking.refresh_from_db()
        assert asking.state(timezone.now()) == State.BOUNCED

    def test_server_of_ours_that_was_away_costs_nobody_a_mail(self, asking, group):
        self.given_up(mail.outbox[0], is_refused=False)

        assert group in SupportGroup.objects.to_ask(NOW)
        ask_owners(NOW)
        assert len(mail.outbox) == 2

    def test_reminder_that_could_not_be_sent_leaves_the_first_mail_alone(self, asking, clock):
        clock.move_to(NOW + timedelta(weeks=2))
        remind(asking)

        self.given_up(mail.outbox[1], is_refused=False)

        asking.refresh_from_db()
        assert asking.state(timezone.now()) == State.WAITING

    def test_answer_is_not_lost_to_a_late_bounce(self, asking):
        asking.record_answer("right")

        self.given_up(mail.outbox[0], is_refused=True)

        asking.refresh_from_db()
        assert asking.state(NOW) == State.ANSWERED

    @pytest.mark.parametrize("message_id", ["", "<>", "<a@b>", "<%@b>", f"<{'_' * 40}@b>"])
    def test_other_mails_are_none_of_its_business(self, asking, message_id):
        mail_given_up.send(sender=None, message_id=message_id, is_refused=True)

        asking.refresh_from_db()
        assert asking.state(NOW) == State.WAITING


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def together(self, *calls):
        start, results = Barrier(len(calls)), []

        def work(call):
            start.wait()
            while True:
                try:
                    results.append(call())
                except OperationalError:
                    # SQLite's database in memory refuses at once what the one on disk waits for.
                    time.sleep(0.01)
                    continue
                except Exception as error:
                    results.append(error)
                break
            connections.close_all()

        threads = [Thread(target=work, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def test_two_workers_send_one_mail(self, group):
        results = self.together(*(lambda: ask(SupportGroup.objects.get()) for _ in range(4)))

        assert sum(isinstance(result, Verification) for result in results) == 1
        assert {r.code for r in results if not isinstance(r, Verification)} == {"not_due"}
        assert len(mail.outbox) == 1

    def test_two_workers_send_one_reminder(self, group, clock):
        ask(group)
        clock.move_to(NOW + timedelta(weeks=2))

        results = self.together(*(lambda: remind(Verification.objects.get()) for _ in range(4)))

        assert sorted(results) == [False, False, False, True]
        assert len(mail.outbox) == 2

    def test_two_answers_give_one(self, group):
        pk = ask(group).pk

        results = self.together(
            *(
                lambda answer=answer: Verification.objects.get(pk=pk).record_answer(answer)
                for answer in ("right", "ended", "not-mine")
            )
        )

        assert sum(result is None for result in results) == 1
        assert {type(r) for r in results if r is not None} == {AskingClosed}
