"""What a list keeps in order, and how: archiving, copying, moving between lists."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from community.fields import UndecipherableText
from community.models import CalendarFeed, ReadingList, SavedItem
from tests.factories import (
    MemberFactory,
    ReadingListFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)


def topics_of(reading_list):
    return [item.topic for item in reading_list.saved_items.active()]


# Adding


@pytest.mark.django_db
def test_many_are_added_with_as_many_queries_as_one(django_assert_max_num_queries):
    reading_list = ReadingListFactory()
    first, version, group = TopicFactory(), make_live(), SupportGroupFactory()
    others = TopicFactory.create_batch(20)
    reading_list.add(first)

    with django_assert_max_num_queries(8):
        added = reading_list.add_all([version.fact, first, *others, first, group])

    assert [is_new for _item, is_new in added] == [True, False, *[True] * 21]
    assert added[0][0].seen_version == version
    assert topics_of(reading_list)[2:-1] == others
    places = list(reading_list.saved_items.values_list("position", flat=True))
    assert places == sorted(set(places))


@pytest.mark.django_db
def test_archived_thing_that_is_saved_again_comes_back_at_the_end_with_its_note():
    reading_list = ReadingListFactory()
    first, second = TopicFactory.create_batch(2)
    item, _is_new = reading_list.add(first)
    reading_list.add(second)
    item.write_note("kept", 0)
    item.archive(timezone.now())
    assert topics_of(reading_list) == [second]

    back, is_new = reading_list.add(first)

    assert (back, is_new) == (item, True)
    assert SavedItem.objects.get(pk=item.pk).note == "kept"
    assert topics_of(reading_list) == [second, first]


# Between lists


@pytest.mark.django_db
@pytest.mark.parametrize("with_note", [True, False])
def test_copy_takes_the_note_along_if_wanted_and_is_never_there_twice(with_note):
    here, there = ReadingListFactory.create_batch(2, member=MemberFactory())
    item, _is_new = here.add(make_live().fact)
    item.write_note("words", 0)
    item.mark_read(True, timezone.now())

    assert item.copy_to(there, with_note=with_note) is True
    assert item.copy_to(there, with_note=with_note) is False

    copy = there.saved_items.get()
    assert copy.note == ("words" if with_note else "")
    assert copy.has_note == bool(copy.note_number)
    assert (copy.fact, copy.seen_version, copy.read_at) == (
        item.fact,
        item.seen_version,
        item.read_at,
    )
    assert SavedItem.objects.get(pk=item.pk).note == "words"


@pytest.mark.django_db
def test_copy_to_where_it_is_archived_brings_that_back_with_its_own_note():
    here, there = ReadingListFactory.create_batch(2, member=MemberFactory())
    topic = TopicFactory()
    item, other = here.add(topic)[0], there.add(topic)[0]
    item.write_note("words", 0)
    other.write_note("of its own", 0)
    other.archive(timezone.now())

    assert item.move_to(there) is False
    assert item.copy_to(there, with_note=True) is True

    other.refresh_from_db()
    assert (other.note, other.archived_at) == ("of its own", None)


@pytest.mark.django_db
def test_note_that_cannot_be_opened_is_moved_but_not_copied(settings):
    here, there = ReadingListFactory.create_batch(2, member=MemberFactory())
    item = here.add(TopicFactory())[0]
    item.write_note("sealed", 0)
    keys = settings.NOTES_KEYS
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]
    item = SavedItem.objects.get()

    with pytest.raises(UndecipherableText):
        item.copy_to(there, with_note=True)
    assert not there.saved_items.exists()
    assert item.move_to(there) is True

    settings.NOTES_KEYS = keys
    moved = SavedItem.objects.get()
    assert (moved.reading_list, moved.note, moved.pk) == (there, "sealed", item.pk)


# Archiving lists


@pytest.mark.django_db
def test_default_list_is_archived_only_after_another_takes_its_place(member):
    first = ReadingList.objects.default_for(member)
    other = ReadingListFactory(member=member)
    with pytest.raises(ValidationError):
        first.archive(timezone.now())
    other.archive(timezone.now())

    other.make_default()
    first.archive(timezone.now())

    assert ReadingList.objects.default_for(member) == other
    assert list(member.reading_lists.active()) == [other]
    assert list(member.reading_lists.archived()) == [first]
    first.restore()
    assert member.reading_lists.active().count() == 2


@pytest.mark.django_db
def test_calendar_leaves_out_groups_that_are_archived_or_on_an_archived_list(member):
    kept, put_aside, other = SupportGroupFactory.create_batch(3)
    reading_list, old_list = ReadingListFactory.create_batch(2, member=member)
    reading_list.add_all([kept, put_aside])
    reading_list.saved_items.get(group=put_aside).archive(timezone.now())
    old_list.add(other)
    old_list.archive(timezone.now())

    assert list(CalendarFeed(member=member).groups(timezone.now())) == [kept]


@pytest.mark.django_db
def test_counts_leave_out_what_is_archived(member):
    reading_list = ReadingListFactory(member=member)
    added = reading_list.add_all(TopicFactory.create_batch(3))
    added[0][0].mark_read(True, timezone.now())
    added[1][0].archive(timezone.now())

    counted = member.reading_lists.with_item_counts().get()

    assert (counted.item_count, counted.read_count) == (2, 1)


# Whatever is done in whatever order

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "remove", "archive", "restore", "copy", "move", "up", "down", "top", "bottom"]
        ),
        st.integers(0, 4),
        st.integers(0, 1),
    ),
    max_size=25,
)


class AnySequence(TestCase):
    """Two lists of one member, and five topics; beside them, lists of Python."""

    def setUp(self):
        self.lists = ReadingListFactory.create_batch(2, member=MemberFactory())
        self.topics = TopicFactory.create_batch(5)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(STEPS)
    def test_order_is_what_was_asked_for(self, steps):
        model, archived = ([], []), (set(), set())
        for step, which, number in steps:
            reading_list, topic = self.lists[number], self.topics[which]
            here, aside = model[number], archived[number]
            there, aside_there = model[1 - number], archived[1 - number]
            item = reading_list.saved_items.filter(topic=topic).first()
            if step == "add":
                _item, is_new = reading_list.add(topic)
                assert is_new == (topic not in here or topic in aside)
                if is_new:
                    here[:] = [each for each in here if each != topic] + [topic]
                    aside.discard(topic)
            elif item is None:
                continue
            elif step == "remove":
                assert item.remove(None)
                here.remove(topic)
                aside.discard(topic)
            elif step == "archive":
                item.archive(timezone.now())
                aside.add(topic)
            elif step == "restore":
                item.bring_back()
                aside.discard(topic)
            elif step == "copy":
                is_new = topic not in there or topic in aside_there
                assert item.copy_to(self.lists[1 - number], with_note=True) == is_new
                if is_new:
                    there[:] = [each for each in there if each != topic] + [topic]
                    aside_there.discard(topic)
            elif step == "move":
                can = topic not in there
                assert item.move_to(self.lists[1 - number]) == can
                if can:
                    here.remove(topic)
                    aside.discard(topic)
                    there.append(topic)
            else:
                self.reorder(here, aside, topic, step, item.move(step))
            for some, put_aside, rows in zip(model, archived, self.lists, strict=True):
                places = list(rows.saved_items.values_list("position", flat=True))
                assert len(set(places)) == len(places)
                assert topics_of(rows) == [each for each in some if each not in put_aside]

    def reorder(self, here, aside, topic, step, has_moved):
        active = [each for each in here if each not in aside]
        place = active.index(topic) if topic in active else None
        end = 0 if step in {"up", "top"} else len(active) - 1
        assert has_moved == (place is not None and place != end)
        if not has_moved:
            return
        if step in {"top", "bottom"}:
            here.remove(topic)
            here.insert(0 if step == "top" else len(here), topic)
            return
        other = active[place + (-1 if step == "up" else 1)]
        one, two = here.index(topic), here.index(other)
        here[one], here[two] = other, topic
