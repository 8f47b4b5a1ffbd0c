"""Every rule about questions to organizers that the database itself keeps."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.factories import VerificationFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("community_verification_reminder_is_whole", {"reminded_at": NOW}),
        ("community_verification_reminder_is_whole", {"reminder_hash": "a"}),
        ("community_verification_answer_known", {"answer": "maybe", "answered_at": NOW}),
        ("community_verification_answer_is_whole", {"answer": "right"}),
        ("community_verification_answer_is_whole", {"answered_at": NOW}),
        (
            "community_verification_answered_or_withdrawn",
            {"answer": "right", "answered_at": NOW, "withdrawn_at": NOW},
        ),
        ("community_verification_ends_after_it_was_sent", {"sent_at": NOW, "expires_at": NOW}),
    ],
)
def test_asking_that_breaks_a_rule_is_refused(name, changes):
    with pytest.raises(IntegrityError, match=name):
        VerificationFactory(**changes)


@pytest.mark.parametrize(
    ("name", "column", "fields"),
    [
        ("one_secret", "secret_hash", {"secret_hash": "a"}),
        ("one_reminder_secret", "reminder_hash", {"reminder_hash": "a", "reminded_at": NOW}),
    ],
)
def test_two_askings_with_one_secret_are_refused(name, column, fields):
    VerificationFactory(**fields)

    # SQLite names the columns, PostgreSQL the constraint.
    with pytest.raises(IntegrityError, match=rf"community_verification_{name}|{column}"):
        VerificationFactory(**fields)


def test_group_has_one_open_asking_at_most():
    first = VerificationFactory(sent_at=NOW - timedelta(weeks=9))
    first.withdrawn_at = NOW
    first.save()
    VerificationFactory(group=first.group)

    with pytest.raises(IntegrityError, match=r"community_verification_one_open_per_group|group_id"):
        VerificationFactory(group=first.group)
