"""Each constraint of members.py and data_exports.py: a bad row is refused by its name."""

from datetime import timedelta

import pytest
from django.utils import timezone

from community.models import DataExport, Member
from community.models.data_exports import AnotherIsRunning, LinkIsSpent
from tests.community.test_constraints_lists import refused
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def change(member, **changes):
    return lambda: Member.objects.filter(pk=member.pk).update(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"idle_notices": 1},
        {"idle_notices": 3, "idle_noticed_on": NOW.date()},
        {"idle_noticed_on": NOW.date()},
    ],
)
def test_notice_to_an_idle_member_has_a_day(member, changes):
    refused("community_member_idle_noticed_on_a_day", "", change(member, **changes))


@pytest.mark.parametrize(
    "changes",
    [{"is_active": True}, {"is_staff": True}, {"is_superuser": True}, {"display_name": "Bird"}],
)
def test_emptied_account_is_closed(member, changes):
    closed = {"is_active": False, "is_staff": False, "is_superuser": False, "display_name": ""}
    change(member, emptied_on=NOW.date(), **closed)()

    refused("community_member_emptied_is_closed", "", change(member, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"preferences": "text=large"},
        {"language": "en"},
        {"mail_about_changes": "weekly"},
        {"mail_bounced_on": NOW.date()},
    ],
)
def test_emptied_account_holds_no_choice(member, changes):
    change(member, emptied_on=NOW.date(), is_active=False)()

    refused("community_member_emptied_has_chosen_nothing", "", change(member, **changes))


@pytest.mark.parametrize("choice", ["", "daily"])
def test_mail_about_changes_is_one_of_three(member, choice):
    refused(
        "community_member_mail_about_changes_is_known",
        "",
        change(member, mail_about_changes=choice),
    )


def asked(member, secret="secret", **fields):
    return DataExport.objects.create(
        member=member, shape="data", secret_hash=secret, **{"asked_at": NOW, **fields}
    )


def test_copies_of_one_member_are_made_one_at_a_time(member):
    asked(member, "one", begun_at=NOW)

    refused(
        "community_dataexport_one_at_a_time",
        "community_dataexport.member_id",
        lambda: asked(member, "two", begun_at=NOW),
    )
    asked(member, "two")
    asked(member, "three", begun_at=NOW, ended_at=NOW)
    asked(MemberFactory(), "four", begun_at=NOW)


def test_copy_begins_before_it_ends(member):
    refused(
        "community_dataexport_begins_before_it_ends",
        "",
        lambda: asked(member, ended_at=NOW),
    )


def test_copy_has_a_known_shape(member):
    refused(
        "community_dataexport_shape_known",
        "",
        lambda: DataExport.objects.create(
            member=member, shape="clay", secret_hash="x", asked_at=NOW
        ),
    )


def test_two_links_differ(member):
    asked(member, "one")

    refused(
        "community_dataexport_secret_hash",
        "community_dataexport.secret_hash",
        lambda: asked(MemberFactory(), "one"),
    )


def test_link_is_spent_once_and_within_its_time(member):
    link, secret = DataExport.objects.ask(member, "data", NOW)
    late, _secret = DataExport.objects.ask(MemberFactory(), "data", NOW)

    assert secret not in link.secret_hash
    link.begin(NOW + timedelta(minutes=14))

    with pytest.raises(LinkIsSpent):
        link.begin(NOW + timedelta(minutes=14))
    with pytest.raises(LinkIsSpent):
        late.begin(NOW + timedelta(minutes=15))


def test_newer_link_takes_the_place_of_an_older_one(member):
    older, _secret = DataExport.objects.ask(member, "data", NOW)

    DataExport.objects.ask(member, "pages", NOW)

    with pytest.raises(LinkIsSpent):
        older.begin(NOW)


def test_second_copy_waits_for_the_first_but_not_for_ever(member):
    DataExport.objects.ask(member, "data", NOW)[0].begin(NOW)
    second, _secret = DataExport.objects.ask(member, "data", NOW)

    with pytest.raises(AnotherIsRunning):
        second.begin(NOW + timedelta(minutes=9))
    second.begin(NOW + timedelta(minutes=11))


def test_sixth_copy_of_a_day_is_one_too_many(member):
    for number in range(5):
        assert not DataExport.objects.are_used_up(member, NOW)
        at = NOW + timedelta(minutes=number)
        link, _secret = DataExport.objects.ask(member, "data", at)
        link.begin(at)
        link.end(at)

    assert DataExport.objects.are_used_up(member, NOW + timedelta(hours=1))
    assert not DataExport.objects.are_used_up(member, NOW + timedelta(hours=24, minutes=1))


def test_rows_of_copies_are_old_after_a_day(member):
    DataExport.objects.ask(member, "data", NOW)[0].begin(NOW)
    DataExport.objects.ask(member, "data", NOW)

    assert DataExport.objects.old(NOW + timedelta(minutes=14)).count() == 0
    assert DataExport.objects.old(NOW + timedelta(minutes=16)).count() == 1
    assert DataExport.objects.old(NOW + timedelta(days=1, minutes=1)).count() == 2
