"""What the label of a listing says as time goes by, with nobody and nothing running."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from community.care.freshness import fresh_until, freshness, stale_on
from community.models import SupportGroup
from tests.factories import SupportGroupFactory

CHECKED = date(2026, 3, 2)


def listing(checked_on=CHECKED, every=26, **fields):
    return SupportGroup(checked_on=checked_on, check_every_weeks=every, **fields)


@pytest.mark.parametrize(
    ("day", "level", "words"),
    [
        (CHECKED, "fresh", "Checked today"),
        (date(2026, 3, 23), "fresh", "Checked 3 weeks ago"),
        (date(2026, 9, 28), "fresh", "Checked 6 months ago"),
        (date(2026, 9, 29), "unconfirmed", "Not confirmed since March 2026"),
        (date(2027, 3, 28), "unconfirmed", "Not confirmed since March 2026"),
        (date(2027, 3, 29), "stale", "Not confirmed since March 2026"),
        (date(2036, 3, 29), "stale", "Not confirmed since March 2026"),
    ],
)
def test_label_decays_by_the_clock(day, level, words):
    found = freshness(listing(), day)

    assert (found.level, found.words) == (level, words)
    assert found.needs_care == (level != "fresh")


@pytest.mark.parametrize("every", [4, 26, 52, 104])
def test_interval_decides_how_long_a_check_lasts(every):
    weeks_until_stale = (stale_on(CHECKED, every) - CHECKED).days // 7

    assert fresh_until(CHECKED, every) == CHECKED + timedelta(weeks=every + 4)
    assert weeks_until_stale == every + 4 + min(every, 52)


def test_listing_that_nobody_has_checked_says_so():
    found = freshness(listing(checked_on=None), CHECKED)

    assert (found.level, found.words) == ("unchecked", "Not checked yet")
    assert found.sentences == (
        "Nobody has checked this listing yet. Ask the organizer before you set out."
    )


def test_stale_listing_says_why_lists_leave_it_out():
    label = freshness(listing(), date(2030, 1, 1))

    assert label.is_loud
    assert label.sentences == (
        "Nobody has confirmed this listing since March 2026, so our lists leave it out. The "
        "group may still meet: ask the organizer before you set out."
    )


def test_day_of_a_fresh_check_is_told():
    assert freshness(listing(), date(2026, 3, 23)).sentences == (
        "Checked 3 weeks ago, on 2 March 2026."
    )


def test_word_of_the_organizer_comes_first():
    found = freshness(listing(reported_ended_on=CHECKED), CHECKED)

    assert found.level == "reported-ended"
    assert found.sentences.startswith("The organizer says that this group has ended.")


@pytest.mark.django_db
@pytest.mark.parametrize("every", [4, 26, 104])
def test_lists_leave_it_out_on_the_very_day_on_which_it_is_stale(every):
    group = SupportGroupFactory(
        checked_on=CHECKED, check_every_weeks=every, published_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    stale = datetime.combine(stale_on(CHECKED, every), datetime.min.time(), UTC)

    last_day = SupportGroup.objects.in_default_results(stale - timedelta(minutes=1))

    assert list(last_day) == [group]
    assert not SupportGroup.objects.in_default_results(stale).exists()
    assert list(SupportGroup.objects.published(stale)) == [group]


@pytest.mark.django_db
def test_listing_that_was_never_checked_is_as_old_as_its_publication():
    published_at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    SupportGroupFactory(published_at=published_at)
    SupportGroupFactory(published_at=published_at, is_example=True)

    for weeks, number in ((0, 2), (55, 2), (57, 1)):
        at = published_at + timedelta(weeks=weeks)
        assert SupportGroup.objects.in_default_results(at).count() == number


@pytest.mark.django_db
def test_group_that_is_said_to_have_ended_is_left_out():
    group = SupportGroupFactory(checked_on=CHECKED, reported_ended_on=CHECKED)
    at = datetime(2026, 12, 1, tzinfo=UTC)
    SupportGroup.objects.update(published_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert group in SupportGroup.objects.published(at)
    assert group not in SupportGroup.objects.in_default_results(at)


@pytest.mark.django_db
@time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC))
def test_address_of_the_organizer_is_encrypted_and_in_no_history():
    group = SupportGroupFactory(owner_email="owner-canary@group.example")

    stored = repr(list(SupportGroup.objects.values_list())) + repr(
        list(SupportGroup.history.values_list())
    )

    assert "owner-canary" not in stored
    assert not hasattr(group.history.get(), "owner_email")
    assert SupportGroup.objects.get().owner_email == "owner-canary@group.example"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("weeks", "on_page", "on_card"),
    [
        (3, "Checked 3 weeks ago, on 2 March 2026.", "Checked 3 weeks ago"),
        (31, "Not confirmed since March 2026. Ask the", "Not confirmed since March 2026"),
        (57, "since March 2026, so our lists leave it out", None),
    ],
)
def test_pages_change_by_the_clock_alone(client, weeks, on_page, on_card):
    group = SupportGroupFactory(checked_on=CHECKED, published_at=datetime(2026, 1, 1, tzinfo=UTC))

    with time_machine.travel(datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(weeks=weeks)):
        page = client.get(group.get_absolute_url()).content.decode()
        cards = client.get("/groups/").content.decode()

    assert on_page in page
    if on_card:
        assert on_card in cards


@pytest.mark.django_db
def test_group_that_has_ended_needs_no_label(client):
    group = SupportGroupFactory(checked_on=CHECKED, ended_on=CHECKED)

    page = client.get(group.get_absolute_url()).content.decode()

    assert "onfirmed" not in page
    assert "ago, on 2 March 2026" not in page
