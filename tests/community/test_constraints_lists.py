"""Each constraint of reading_lists.py: a bad row is refused by its name."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories import (
    FactFactory,
    MemberFactory,
    ReadingListFactory,
    SavedItemFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


def refused(name, columns, save):
    """Expect `save` to be refused by the constraint `name`.

    SQLite names a check and a partial index, but of a plain unique one only its columns.
    """
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        save()
    said = str(error.value)
    assert name in said or (connection.vendor == "sqlite" and columns and columns in said)


def test_two_lists_of_one_member_have_different_titles():
    first = ReadingListFactory(title="My list")

    refused(
        "community_readinglist_one_title",
        "community_readinglist.member_id, community_readinglist.title",
        lambda: ReadingListFactory(member=first.member, title="My list"),
    )
    ReadingListFactory(title="My list")


def test_one_default_list_for_each_member():
    first = ReadingListFactory(is_default=True)

    refused(
        "community_readinglist_one_default",
        "community_readinglist.member_id",
        lambda: ReadingListFactory(member=first.member, is_default=True),
    )
    ReadingListFactory(member=first.member)
    ReadingListFactory(member=first.member)


def test_default_list_is_not_archived():
    refused(
        "community_readinglist_default_is_active",
        "",
        lambda: ReadingListFactory(is_default=True, archived_at=timezone.now()),
    )
    ReadingListFactory(archived_at=timezone.now())


def test_list_has_a_title():
    refused("community_readinglist_has_title", "", lambda: ReadingListFactory(title=""))


@pytest.mark.parametrize("named", [[], ["topic", "fact"], ["fact", "group"], ["topic", "group"],
                                   ["topic", "fact", "group"]])  # fmt: skip
def test_item_is_exactly_one_thing(named):
    things = {"topic": TopicFactory(), "fact": FactFactory(), "group": SupportGroupFactory()}
    fields = {name: things[name] if name in named else None for name in things}

    refused("community_saveditem_exactly_one_target", "", lambda: SavedItemFactory(**fields))


@pytest.mark.parametrize(
    ("name", "make"),
    [("topic", TopicFactory), ("fact", FactFactory), ("group", SupportGroupFactory)],
)
def test_thing_is_on_a_list_once(name, make):
    reading_list, thing = ReadingListFactory(), make()
    fields = {"topic": None, name: thing}
    SavedItemFactory(reading_list=reading_list, **fields)

    refused(
        f"community_saveditem_one_per_{name}",
        f"community_saveditem.reading_list_id, community_saveditem.{name}_id",
        lambda: SavedItemFactory(reading_list=reading_list, **fields),
    )
    SavedItemFactory(**fields)


def test_only_a_fact_has_a_seen_version():
    version = make_live()

    refused(
        "community_saveditem_version_of_a_fact",
        "",
        lambda: SavedItemFactory(topic=TopicFactory(), seen_version=version),
    )
    SavedItemFactory(topic=None, fact=version.fact, seen_version=version)


def test_lists_and_notes_go_with_their_member():
    item = SavedItemFactory(reading_list=ReadingListFactory(member=MemberFactory()))

    item.reading_list.member.delete()

    assert not type(item).objects.exists()
