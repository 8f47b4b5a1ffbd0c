"""Read → compare → apply. B6: a second run changes nothing. B7: nothing half-written."""

from datetime import date

import pytest
from django.utils import timezone

from community.imports import csv, meeting_guide
from community.imports.plan import NotApplied, apply, compare, import_reading
from community.models import ImportedListing, JoiningDetails, Meeting, Pause, SupportGroup
from tests.community.import_files import csv_file, feed, many_rows, real_feed
from tests.factories import MeetingFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
ROOM = "https://zoom.us/j/81234567890?pwd=hope12"


@pytest.fixture
def dates_later(settings):
    """Leave the dates of new listings to a worker that does not come."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def plan_of(reading, source="a charity"):
    return compare(reading, source, timezone.localdate())


def import_(reading, source="a charity", **how):
    return import_reading(reading, source, timezone.now(), **how)


def counts(plan):
    return {name: number for name, number in plan.counts.items() if number}


def test_new_listing_waits_unpublished_and_unchecked():
    plan, done = import_(csv.read(csv_file({"link to join": ROOM, "first date": "2026-01-06"})))

    assert counts(plan) == {"rows": 1, "listings": 1, "new": 1}
    assert done == {"new": 1, "changed": 0}
    group = SupportGroup.objects.get()
    assert group.name == "Tuesday circle"
    assert group.slug == "tuesday-circle"
    assert group.published_at is None
    assert group.checked_on is None
    assert group.joining_policy == "on-request"
    assert (group.import_source, group.import_key) == ("a charity", "7")
    assert group.joining_details.link == ROOM
    meeting = group.meetings.get()
    assert str(meeting) == "Every Tuesday, 6:30\xa0p.m."
    assert meeting.first_on == date(2026, 1, 6)
    assert meeting.occurrences.count() > 50


def test_new_listing_has_a_history_from_its_first_day():
    import_(csv.read(csv_file()))

    group = SupportGroup.objects.get()
    assert [row.history_change_reason for row in group.history.all()] == ["import"]
    assert [row.history_type for row in group.meetings.get().history.all()] == ["+"]


def test_what_was_read_is_kept_encrypted():
    import_(csv.read(csv_file({"link to join": ROOM, "passcode": "lavender"})))

    stored = str(ImportedListing.objects.values_list("content").get()[0].token)
    assert "zoom" not in stored
    assert "lavender" in ImportedListing.objects.get().content


@pytest.mark.usefixtures("dates_later")
@pytest.mark.parametrize("name", ["edmonton", "meetings"])
def test_b6_second_run_of_a_real_feed_changes_nothing(name):
    def read():
        return meeting_guide.read(real_feed(name), "America/Edmonton", "en")

    first, done = import_(read())
    second, again = import_(read())

    assert done["new"] == first.counts["listings"] == SupportGroup.objects.count()
    assert again == {"new": 0, "changed": 0}
    assert second.counts["unchanged"] == second.counts["listings"] == done["new"]
    assert second.gone == []


def test_change_in_the_file_is_shown_and_made():
    import_(csv.read(csv_file({"cost": "Free"})))
    reading = csv.read(csv_file({"cost": "£3", "begins": "19:00", "description": "We walk."}))

    plan = plan_of(reading)

    (item,) = plan.items
    assert item.kind == "changed"
    assert [(c.field, c.is_conflict) for c in item.changes] == [
        ("description", False),
        ("cost", False),
        ("meetings", False),
    ]
    assert (item.changes[1].old, item.changes[1].new) == ("Free", "£3")
    assert apply(plan, timezone.now()) == {"new": 0, "changed": 1}
    group = SupportGroup.objects.get()
    assert (group.cost, group.description) == ("£3", "We walk.")
    assert str(group.meetings.get()) == "Every Tuesday, 7\xa0p.m."
    assert plan_of(reading).of_kind("unchanged")
    assert [row.history_change_reason for row in group.history.all()] == ["import", "import"]


def test_what_staff_have_edited_is_kept():
    import_(csv.read(csv_file({"cost": "Free"})))
    SupportGroup.objects.update(cost="Free, with tea", published_at=timezone.now())
    reading = csv.read(csv_file({"cost": "£3"}))

    plan, done = import_(reading)

    assert plan.items[0].kind == "kept"
    assert done == {"new": 0, "changed": 0}
    assert SupportGroup.objects.get().cost == "Free, with tea"


def test_what_staff_have_edited_is_overwritten_if_somebody_says_so():
    import_(csv.read(csv_file({"cost": "Free"})))
    SupportGroup.objects.update(cost="Free, with tea")
    reading = csv.read(csv_file({"cost": "£3"}))
    (item,) = plan_of(reading).items
    (conflict,) = item.conflicts

    _plan, done = import_(reading, ticked={item.token(conflict)})

    assert done == {"new": 0, "changed": 1}
    assert SupportGroup.objects.get().cost == "£3"


def test_edit_of_staff_is_shown_also_if_the_file_says_what_it_said():
    import_(csv.read(csv_file({"cost": "Free"})))
    SupportGroup.objects.update(cost="Free, with tea")

    (item,) = plan_of(csv.read(csv_file({"cost": "Free"}))).items

    assert [(c.field, c.is_conflict, c.is_known) for c in item.changes] == [("cost", True, True)]


def test_edit_of_meetings_and_of_the_way_in_is_kept():
    import_(csv.read(csv_file({"link to join": ROOM})))
    meeting = Meeting.objects.get()
    meeting.starts_at = "20:00"
    meeting.save()
    JoiningDetails.objects.update(link="https://zoom.us/j/99999999999")

    plan, done = import_(csv.read(csv_file({"link to join": f"{ROOM}3", "begins": "19:00"})))

    assert [c.field for c in plan.items[0].conflicts] == ["meetings", "joining.link"]
    assert done["changed"] == 0
    assert str(Meeting.objects.get()) == "Every Tuesday, 8\xa0p.m."
    assert JoiningDetails.objects.get().link == "https://zoom.us/j/99999999999"


def test_listing_of_our_own_is_found_by_its_address_and_never_overwritten_silently():
    ours = SupportGroupFactory(slug="circle", name="Circle", cost="", description="We talk.")
    reading = csv.read(csv_file({"listing": "circle", "cost": "Free", "day": "", "begins": ""}))

    plan, done = import_(reading)

    assert counts(plan) == {"rows": 1, "listings": 1, "changed": 1}
    assert [c.field for c in plan.items[0].conflicts] == ["name", "description"]
    assert done == {"new": 0, "changed": 1}
    ours.refresh_from_db()
    # What was empty is filled; nothing else.
    assert (ours.cost, ours.name, ours.import_source) == ("Free", "Circle", "")


def test_example_is_not_taken_for_one_of_ours():
    SupportGroupFactory(slug="circle", is_example=True)

    _plan, done = import_(csv.read(csv_file({"listing": "circle"})))

    assert done["new"] == 1
    assert SupportGroup.objects.real().get().slug == "circle-2"


def test_listing_of_another_source_is_another_listing():
    import_(csv.read(csv_file()))

    plan, done = import_(csv.read(csv_file()), "another charity")

    assert done["new"] == 1
    assert plan.items[0].twin.name == "Tuesday circle"
    assert set(SupportGroup.objects.values_list("slug", flat=True)) == {
        "tuesday-circle",
        "tuesday-circle-2",
    }


def test_what_is_gone_from_the_file_is_said_and_stays():
    import_(csv.read(csv_file({}, {"key": "8", "name": "Other"})))

    plan, _done = import_(csv.read(csv_file()))

    assert [group.name for group in plan.gone] == ["Other"]
    assert SupportGroup.objects.count() == 2


def test_new_listing_without_what_it_needs_is_refused():
    reading = csv.read(
        csv_file(
            {"key": "1", "run by": ""},
            {"key": "2", "online": "no"},
            {"key": "3", "online": "no", "in person": "yes"},
            {"key": "4", "latitude": "1"},
            {"key": "5"},
        )
    )

    plan, done = import_(reading)

    assert done == {"new": 1, "changed": 0}
    assert [(p.row, p.field) for p in plan.refused] == [
        (2, "run by"),
        (3, "in person"),
        (4, "place"),
        (5, "longitude"),
    ]


def test_listing_without_a_description_waits_for_one():
    import_(csv.read(csv_file({"description": ""})))

    assert SupportGroup.objects.get().description == ""


def test_change_that_breaks_a_rule_is_refused():
    import_(csv.read(csv_file()))

    plan, done = import_(csv.read(csv_file({"online": "no"})))

    assert done == {"new": 0, "changed": 0}
    assert [(p.row, p.field) for p in plan.refused] == [(2, "in person")]


def test_ticks_that_would_break_a_rule_write_nothing_at_all():
    import_(csv.read(csv_file({"in person": "yes", "place": "Hall"})))
    SupportGroup.objects.update(is_in_person=False, place="", name="Edited")
    reading = csv.read(csv_file({"in person": "yes", "place": "Hall"}, {"key": "8", "name": "New"}))
    item = next(item for item in plan_of(reading).items if item.group)

    with pytest.raises(NotApplied, match="“Edited” would break a rule"):
        import_(reading, ticked={f"{item.group.pk}.is_in_person"})

    assert SupportGroup.objects.get().name == "Edited"


def test_meeting_that_changes_keeps_its_row_and_one_that_goes_ends():
    import_(csv.read(csv_file({"first date": "2026-01-06"}, {"day": "Friday"})))
    tuesday, friday = Meeting.objects.order_by("pk")
    Meeting.objects.update(first_on=date(2026, 1, 6))

    import_(csv.read(csv_file({"day": "Tuesday", "begins": "20:00"})))

    tuesday.refresh_from_db()
    friday.refresh_from_db()
    assert (tuesday.starts_at.hour, tuesday.last_on) == (20, None)
    assert friday.last_on < timezone.localdate()
    assert not friday.occurrences.filter(starts_at__gt=timezone.now()).exists()


def test_meeting_keeps_the_first_date_that_the_file_does_not_tell():
    import_(csv.read(csv_file()))
    Meeting.objects.update(first_on=date(2020, 1, 7))

    plan, _done = import_(csv.read(csv_file({"begins": "20:00"})))

    assert plan.items[0].kind == "changed"
    assert Meeting.objects.get().first_on == date(2020, 1, 7)


def test_pause_begins_and_ends_with_the_feed():
    place = {"location": "Hall", "address": "1 High St", "conference_url": None}

    def read(*types):
        return meeting_guide.read(feed({"types": types, **place}))

    import_(read("TC"))
    pause = Pause.objects.get()
    Pause.objects.update(first_on=date(2026, 1, 1))
    again, _done = import_(read("TC"))
    _plan, done = import_(read())

    assert pause.last_on is None
    assert again.of_kind("unchanged")
    assert done["changed"] == 1
    pause.refresh_from_db()
    assert pause.last_on is not None


def test_listing_is_found_again_when_its_first_meeting_is_gone():
    import_(meeting_guide.read(feed({"slug": "1", "day": 1}, {"slug": "2", "day": 3})))

    plan, done = import_(meeting_guide.read(feed({"slug": "2", "day": 3}, {"slug": "3", "day": 4})))

    assert done == {"new": 0, "changed": 1}
    assert plan.gone == []
    running = [m.weekday for m in Meeting.objects.all() if m.last_on is None]
    assert sorted(running) == ["2", "3"]


def test_two_groups_that_were_one_are_told_apart():
    import_(meeting_guide.read(feed({"slug": "1", "day": 1}, {"slug": "2", "day": 3})))
    reading = meeting_guide.read(
        feed({"slug": "1", "day": 1}, {"slug": "2", "day": 3, "name": "Another name"})
    )

    _plan, done = import_(reading)

    assert done == {"new": 1, "changed": 1}
    assert set(SupportGroup.objects.values_list("name", flat=True)) == {
        "Tuesday circle",
        "Another name",
    }


def test_names_of_our_own_pages_are_no_addresses_of_groups():
    import_(csv.read(csv_file({"name": "Suggest"}, {"key": "8", "name": "！"})))

    slugs = set(SupportGroup.objects.values_list("slug", flat=True))
    assert "group" in slugs
    assert len(slugs) == 2


def test_stale_plan_is_not_applied():
    reading = csv.read(csv_file())
    shown = plan_of(reading).fingerprint
    SupportGroupFactory(import_source="a charity", import_key="7", cost="x")

    plan, done = import_(reading, shown=shown)

    assert done is None
    assert plan.items[0].kind == "changed"
    assert SupportGroup.objects.get().name != "Tuesday circle"


def test_public_listing_that_changes_is_told_of():
    from portal.models import SearchEntry

    import_(csv.read(csv_file()))
    group = SupportGroup.objects.get()
    group.published_at = timezone.now()
    group.save()

    import_(csv.read(csv_file({"description": "We embroider."})))

    assert "embroider" in SearchEntry.objects.get(url=group.get_absolute_url()).body


@pytest.mark.usefixtures("dates_later")
@pytest.mark.parametrize("place", [0, 1000, 1999])
def test_b7_the_other_rows_of_2000_are_imported(place):
    reading = csv.read(many_rows(2000, **{f"at_{place}": {"begins": "evening"}}))

    plan, done = import_(reading)

    assert done == {"new": 1999, "changed": 0}
    assert counts(plan)["refused"] == 1
    assert SupportGroup.objects.count() == Meeting.objects.count() == 1999
    assert not SupportGroup.objects.filter(published_at__isnull=False).exists()


@pytest.mark.usefixtures("dates_later")
@pytest.mark.parametrize("place", [0, 1000, 1999])
def test_b7_nothing_is_half_written_when_writing_fails(place):
    reading = csv.read(many_rows(2000))
    reading.listings[place].joining = {"link": "x", "no_such_field": "x"}

    with pytest.raises(TypeError):
        import_(reading)

    assert not SupportGroup.objects.exists()
    assert not Meeting.objects.exists()


@pytest.mark.usefixtures("dates_later")
def test_queries_do_not_grow_with_rows(django_assert_num_queries):
    import_(csv.read(many_rows(10)))
    with django_assert_num_queries(4):
        plan_of(csv.read(many_rows(10)))
    import_(csv.read(many_rows(300)))
    with django_assert_num_queries(4):
        plan_of(csv.read(many_rows(300)))


def test_group_that_staff_made_of_an_imported_one_is_kept_whole():
    import_(csv.read(csv_file({"cost": "Free"})))
    group = SupportGroup.objects.get()
    MeetingFactory(group=group, weekday="4")

    plan, _done = import_(csv.read(csv_file({"cost": "Free"})))

    assert [c.field for c in plan.items[0].conflicts] == ["meetings"]
    assert group.meetings.count() == 2
