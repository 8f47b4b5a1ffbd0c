"""The example groups of a fresh installation."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from community.examples import load_examples
from community.models import (
    JoiningDetails,
    Meeting,
    MeetingException,
    Occurrence,
    SavedItem,
    SupportGroup,
)
from portal.models import SearchEntry
from tests.factories import MeetingFactory, SavedItemFactory

pytestmark = pytest.mark.django_db


def remove():
    out = StringIO()
    call_command("remove_examples", stdout=out)
    return out.getvalue()


def test_two_marked_examples_are_made(client):
    lines = load_examples()

    groups = list(SupportGroup.objects.order_by("name"))
    assert lines == [
        "Example group made: Example: Wednesday evening online",
        "Example group made: Example: Tuesday circle",
    ]
    assert [str(group) for group in groups] == [
        "Example: Tuesday circle",
        "Example: Wednesday evening online",
    ]
    assert all(group.is_example and group.published_at for group in groups)
    assert [group.meetings.get().rule_in_words for group in groups] == [
        "Second and fourth Tuesday of the month, 6:30\xa0p.m.",
        "Every Wednesday, 6\xa0p.m.",
    ]
    assert not SupportGroup.objects.real().exists()
    assert client.get("/groups/").content.decode().count("This is an example") == 2
    for group in groups:
        assert "This is an example" in client.get(group.get_absolute_url()).content.decode()


def test_examples_keep_the_rules_for_groups():
    load_examples()

    for model in (SupportGroup, Meeting, MeetingException, JoiningDetails):
        for row in model.objects.all():
            row.full_clean()
    assert Occurrence.objects.upcoming(timezone.now()).count() > 50


def test_joining_details_of_examples_lead_nowhere():
    load_examples()

    links = set(JoiningDetails.objects.values_list("link", flat=True))
    assert all(link.startswith("https://example.org/not-a-real-") for link in links)


def test_examples_show_a_canceled_date_and_a_different_one(client):
    load_examples()

    online = client.get("/groups/example-wednesday-online/").content.decode()
    circle = client.get("/groups/example-tuesday-circle/").content.decode()

    assert "<strong>Canceled:</strong>" in online
    assert "An example of a date that is canceled." in online
    assert "American Sign Language" in online
    assert "The example town hall, London" in circle
    assert "a nurse speaks about sleep" in circle
    assert "Sam meets you at the door" in circle


def test_loading_twice_changes_nothing_and_keeps_what_staff_changed():
    load_examples()
    SupportGroup.objects.filter(slug="example-tuesday-circle").update(name="Example: Ours")

    assert load_examples() == []
    assert SupportGroup.objects.filter(name="Example: Ours").exists()
    assert SupportGroup.objects.count() == 2


def test_nothing_is_made_where_others_can_read(settings):
    settings.IS_LOCAL = False

    assert load_examples() == []
    assert not SupportGroup.objects.exists()


def test_example_is_not_shown_once_the_portal_is_public(client, settings):
    load_examples()
    settings.IS_LOCAL = False

    assert "Example" not in client.get("/groups/").content.decode()
    assert client.get("/groups/example-tuesday-circle/").status_code == 404
    assert "Example" not in client.get("/").content.decode()


def test_command_removes_examples_alone_with_all_that_hangs_on_them():
    load_examples()
    real = MeetingFactory(group__name="Real").group
    saved = SavedItemFactory(
        topic=None, group=SupportGroup.objects.get(slug="example-tuesday-circle")
    )
    kept = SavedItemFactory(topic=None, group=real, reading_list=saved.reading_list)

    text = remove()

    assert "Removed, with meetings and joining details: Example: Tuesday circle" in text
    assert "joining details: Example: Wednesday evening online" in text
    assert list(SupportGroup.objects.all()) == [real]
    assert list(SavedItem.objects.all()) == [kept]
    assert not JoiningDetails.objects.exists()
    assert set(Occurrence.objects.values_list("meeting__group", flat=True)) == {real.pk}
    assert list(SearchEntry.objects.filter(kind="group").values_list("title", flat=True)) == [
        "Real"
    ]


def test_example_with_a_members_note_is_taken_off_the_site_and_the_note_stays():
    load_examples()
    group = SupportGroup.objects.get(slug="example-tuesday-circle")
    item = SavedItemFactory(topic=None, group=group, note="Ask Sam about the bus")

    text = remove()

    group.refresh_from_db()
    item.refresh_from_db()
    assert "a member wrote a note about it: Example: Tuesday circle" in text
    assert group.published_at is None
    assert item.note == "Ask Sam about the bus"
    assert "There are no examples here." in remove()


def test_command_twice_says_that_there_is_nothing():
    load_examples()
    remove()

    assert "There are no examples here. Nothing was changed." in remove()


def test_removed_examples_stay_away():
    load_examples()
    remove()

    assert load_examples() == []
    assert not SupportGroup.objects.exists()


def test_only_the_one_that_was_removed_stays_away():
    load_examples()
    SupportGroup.objects.get(slug="example-tuesday-circle").delete()

    assert load_examples() == []
    assert SupportGroup.objects.count() == 1
