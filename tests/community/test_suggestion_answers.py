"""One answer to whoever left an address, which gives nothing away; and what is forgotten when."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.utils import timezone

from community.care import suggestion_decisions as decisions
from community.care.suggested import fingerprint
from community.care.suggestion_mails import send_answer
from community.models import Event, Suggestion
from community.tasks import forget_suggestions
from portal.jobs import JOBS
from tests import mail_checks
from tests.factories import CorrectionFactory, NewGroupFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
ADDRESS = "daughter@example.org"
NEW = {"name": "Canary group", "description": "d", "run_by": "peer", "is_online": True}


@pytest.fixture
def group():
    return SupportGroupFactory(name="Canary breast cancer group")


def correct(suggestion, by, **how):
    basis = fingerprint(suggestion.group, suggestion.changes)
    values = {"cost": "£3 for tea"}
    decisions.accept_correction(suggestion, by, values, basis=basis, **how)


def accepted(group, by):
    correct(CorrectionFactory(group=group, reply_address=ADDRESS), by, is_whole=True)


def accepted_in_part(group, by):
    correct(CorrectionFactory(group=group, reply_address=ADDRESS), by, is_whole=False)


def made(group, by):
    decisions.accept_new_group(NewGroupFactory(reply_address=ADDRESS), by, NEW)


def rejected(reason):
    def reject(group, by):
        suggestion = CorrectionFactory(group=group, reply_address=ADDRESS)
        decisions.reject(suggestion, by, reason=reason, note="Canary note")

    reject.__name__ = reason
    return reject


def late(group, by):
    long_ago = timezone.localdate() - timedelta(days=90)
    NewGroupFactory(
        reply_address=ADDRESS, created_on=long_ago, changes={"name": {"new": "Canary group"}}
    )
    forget_suggestions(timezone.now())


ENDS = {
    accepted: "we have taken it over. It may take a while",
    accepted_in_part: "taken over a part of it",
    made: "we have taken it over",
    rejected("unconfirmed"): "We could not find out whether it is right",
    rejected("known"): "It was there already",
    rejected("right"): "what was there is right",
    rejected("not-fitting"): "It is not of the kind that we can take",
    rejected("unclear"): "We could not make out what was meant",
    rejected("other"): "we have not taken it over",
    late: "Nobody has been able to look into it yet",
}


class TestAnswer:
    @pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
    def test_it_says_what_came_of_it_and_nothing_else(self, group, moderator, end):
        end(group, moderator)

        [message] = mail.outbox
        assert message.to == [ADDRESS]
        assert message.subject == "An answer for you"
        assert message.body.startswith("Hello,")
        assert ENDS[end] in " ".join(message.body.split())
        mail_checks.check(message)
        assert "Canary" not in message.message().as_string()
        assert "http" not in message.body
        assert (message.cc, message.bcc, message.reply_to) == ([], [], [])
        assert Suggestion.objects.get().answered_at is not None

    def test_whoever_left_no_address_gets_none(self, group, moderator):
        correct(CorrectionFactory(group=group), moderator, is_whole=True)

        assert not mail.outbox
        assert Suggestion.objects.get().answered_at is None

    def test_there_is_only_one(self, group, moderator):
        suggestion = CorrectionFactory(group=group, reply_address=ADDRESS)
        decisions.reject(suggestion, moderator, reason="right")

        assert not send_answer(suggestion)
        assert len(mail.outbox) == 1

    def test_it_is_written_in_the_language_of_the_page(self, group, moderator, settings):
        settings.LANGUAGES = [("en", "English"), ("es", "Español")]
        suggestion = CorrectionFactory(group=group, reply_address=ADDRESS, language="es")

        decisions.reject(suggestion, moderator, reason="right")

        assert len(mail.outbox) == 1

    def test_address_that_no_key_opens_stops_no_decision(self, group, moderator, settings):
        suggestion = CorrectionFactory(group=group, reply_address=ADDRESS)
        settings.NOTES_KEYS = [Fernet.generate_key().decode()]

        decisions.reject(Suggestion.objects.get(), moderator, reason="right")

        suggestion = Suggestion.objects.get()
        assert (suggestion.outcome, suggestion.answered_at) == ("rejected", None)
        assert not mail.outbox

    def test_mail_that_cannot_be_made_undoes_the_decision(self, group, moderator, monkeypatch):
        suggestion = CorrectionFactory(group=group, reply_address=ADDRESS)
        monkeypatch.setattr("community.care.suggestion_mails.mails.send", lambda *args: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            correct(suggestion, moderator, is_whole=True)

        suggestion.refresh_from_db()
        group.refresh_from_db()
        assert (suggestion.is_open, group.cost) == (True, "")
        assert not Event.objects.exists()


class TestForgetting:
    def decide(self, moderator, time_machine, at):
        suggestion = NewGroupFactory(
            reply_address=ADDRESS, joining="Door code 4711", words="Canary", created_on=at.date()
        )
        time_machine.move_to(at, tick=False)
        decisions.reject(suggestion, moderator, reason="unclear")
        return suggestion

    def test_what_may_tell_goes_30_days_after_the_decision(self, moderator, time_machine):
        at = datetime(2030, 1, 1, 12, tzinfo=UTC)
        suggestion = self.decide(moderator, time_machine, at)

        forget_suggestions(at + timedelta(days=30, seconds=-1))
        suggestion.refresh_from_db()
        assert suggestion.reply_address == ADDRESS
        assert (suggestion.joining, suggestion.words) == ("Door code 4711", "Canary")

        forget_suggestions(at + timedelta(days=30))
        suggestion.refresh_from_db()
        assert suggestion.reply_address == suggestion.joining == suggestion.words == ""
        assert (suggestion.outcome, suggestion.decided_by) == ("rejected", moderator)

    def test_all_of_it_goes_180_days_after_the_decision(self, moderator, time_machine):
        at = datetime(2030, 1, 1, 12, tzinfo=UTC)
        self.decide(moderator, time_machine, at)

        forget_suggestions(at + timedelta(days=180, seconds=-1))
        assert Suggestion.objects.exists()

        forget_suggestions(at + timedelta(days=180))
        assert not Suggestion.objects.exists()
        assert Event.objects.get().action == "suggestion-rejected"

    def test_listing_that_was_made_of_it_stays(self, moderator, time_machine):
        at = datetime(2030, 1, 1, 12, tzinfo=UTC)
        time_machine.move_to(at, tick=False)
        group = decisions.accept_new_group(NewGroupFactory(), moderator, NEW)

        forget_suggestions(at + timedelta(days=180))

        group.refresh_from_db()
        assert group.name == "Canary group"

    def test_whoever_waits_for_90_days_is_told_and_forgotten(self, moderator, time_machine):
        at = datetime(2030, 6, 1, 12, tzinfo=UTC)
        time_machine.move_to(at, tick=False)
        waiting = NewGroupFactory(
            reply_address=ADDRESS, words="w", created_on=at.date() - timedelta(days=90)
        )
        younger = NewGroupFactory(reply_address=ADDRESS, created_on=at.date() - timedelta(days=89))
        silent = NewGroupFactory(words="w", created_on=at.date() - timedelta(days=900))

        for _ in range(3):
            forget_suggestions(at)

        assert len(mail.outbox) == 1
        for suggestion in (waiting, younger, silent):
            suggestion.refresh_from_db()
            assert suggestion.is_open
        assert (waiting.reply_address, waiting.words) == ("", "w")
        assert waiting.answered_at == at
        assert younger.reply_address == ADDRESS
        assert (silent.words, silent.answered_at) == ("w", None)
        decisions.reject(waiting, moderator, reason="right")
        assert len(mail.outbox) == 1

    def test_late_address_that_no_key_opens_is_forgotten_too(self, settings):
        NewGroupFactory(reply_address=ADDRESS, created_on=timezone.localdate() - timedelta(days=90))
        settings.NOTES_KEYS = [Fernet.generate_key().decode()]

        forget_suggestions(timezone.now())

        suggestion = Suggestion.objects.get()
        assert (suggestion.reply_address, suggestion.answered_at) == ("", None)
        assert not mail.outbox

    def test_it_is_done_every_day(self):
        [job] = [job for job in JOBS if job.name == "forget-suggestions"]

        assert (job.every, job.run) == (timedelta(days=1), forget_suggestions)
