"""Every rule about suggestions and events that the database itself keeps."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from community.models import Event, Suggestion
from tests.factories import CorrectionFactory, NewGroupFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("(kind_known|correction_has_group)", {"kind": "praise"}),
        ("outcome_known", {"outcome": "perhaps", "decided": True}),
        ("correction_has_group", {"kind": "correction"}),
        ("correction_has_group", {"group": True}),
        ("decided_has_outcome", {"decided": True}),
        ("decided_has_outcome", {"outcome": "accepted"}),
        ("decided_has_outcome", {"decided_by": True}),
        ("rejected_has_reason", {"outcome": "rejected", "decided": True}),
        ("rejected_has_reason", {"outcome": "accepted", "decided": True, "reason": "unclear"}),
        ("rejected_has_reason", {"reason": "unclear"}),
        ("draft_of_new_group", {"draft": True}),
        (
            "draft_of_new_group",
            {"draft": True, "outcome": "rejected", "reason": "unclear", "decided": True},
        ),
        (
            "sender_does_not_decide",
            {"outcome": "accepted", "decided": True, "decided_by": True, "suggested_by": True},
        ),
    ],
)
def test_suggestion_that_breaks_a_rule_is_refused(rule, changes, moderator):
    if changes.pop("decided", False):
        changes = {**changes, "decided_at": timezone.now()}
    for name in ("group", "draft"):
        if name in changes:
            changes = {**changes, name: SupportGroupFactory()}
    for name in ("decided_by", "suggested_by"):
        if name in changes:
            changes = {**changes, name: moderator}

    with pytest.raises(IntegrityError, match=f"community_suggestion_{rule}"):
        NewGroupFactory(**changes)


def test_another_colleague_may_decide(moderator, editor):
    suggestion = CorrectionFactory(
        suggested_by=editor, decided_by=moderator, decided_at=timezone.now(), outcome="accepted"
    )

    assert not suggestion.is_open
    assert not Suggestion.objects.open().exists()


def test_account_that_goes_leaves_what_it_sent_and_decided(moderator, editor):
    suggestion = CorrectionFactory(
        suggested_by=editor, decided_by=moderator, decided_at=timezone.now(), outcome="accepted"
    )
    event = Event.objects.create(
        at=timezone.now(),
        actor=moderator,
        action="suggestion-accepted",
        subject_kind="suggestion",
        subject_key=str(suggestion.pk),
    )

    editor.delete()
    moderator.delete()

    suggestion.refresh_from_db()
    event.refresh_from_db()
    assert (suggestion.suggested_by, suggestion.decided_by, event.actor) == (None, None, None)


def test_event_is_only_ever_added():
    event = Event.objects.create(
        at=timezone.now(), action="suggestion-rejected", subject_kind="suggestion", subject_key="1"
    )
    event.detail = "other"

    for change in (
        event.save,
        event.delete,
        Event.objects.all().delete,
        lambda: Event.objects.update(detail="other"),
    ):
        with pytest.raises(ValueError, match="never"):
            change()


def test_texts_that_may_tell_who_wrote_are_sealed_in_the_database(db):
    from django.db import connection

    NewGroupFactory(joining="Canary-join", words="Canary-words", reply_address="canary@example.org")

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM community_suggestion")
        row = str(cursor.fetchall())
    assert "anary" not in row
    kept = Suggestion.objects.get()
    assert (kept.joining, kept.words) == ("Canary-join", "Canary-words")
    assert kept.reply_address == "canary@example.org"
