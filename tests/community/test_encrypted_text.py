"""The notes' column: what the database holds, and what happens when a key is missing."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import connection

from community.fields import Sealed, UndecipherableText
from community.models import SavedItem
from tests.factories import SavedItemFactory

pytestmark = pytest.mark.django_db

SECRET = "Ask about the scan on Tuesday 🌻"


def raw_note(item):
    """What the database itself holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM community_saveditem WHERE id = %s", [item.pk])
        return cursor.fetchone()[0]


def test_column_never_holds_the_text():
    item = SavedItemFactory(note=SECRET)

    raw = raw_note(item)

    assert raw.startswith("gAAAAA")
    assert "scan" not in raw
    assert "🌻" not in raw


def test_text_comes_back_as_it_was():
    item = SavedItemFactory(note=SECRET)

    assert SavedItem.objects.get(pk=item.pk).note == SECRET


def test_same_text_is_stored_differently_each_time():
    first, second = SavedItemFactory(note=SECRET), SavedItemFactory(note=SECRET)

    assert raw_note(first) != raw_note(second)


def test_empty_note_stays_empty():
    item = SavedItemFactory(note="")

    assert raw_note(item) == ""
    assert SavedItem.objects.get(pk=item.pk).note == ""
    assert not SavedItem.objects.get(pk=item.pk).has_note


def test_longest_note_of_four_byte_characters_fits():
    text = "🌻" * 10_000
    item = SavedItemFactory(note=text)

    assert SavedItem.objects.get(pk=item.pk).note == text


def test_wrong_key_says_so_loudly(settings):
    item = SavedItemFactory(note=SECRET)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]

    fetched = SavedItem.objects.get(pk=item.pk)

    with pytest.raises(UndecipherableText):
        _ = fetched.note
    assert fetched.has_note


def test_wrong_key_never_overwrites_what_is_stored(settings):
    item = SavedItemFactory(note=SECRET)
    before = raw_note(item)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]

    fetched = SavedItem.objects.get(pk=item.pk)
    fetched.position = 7
    fetched.save()

    assert raw_note(item) == before
    with pytest.raises(UndecipherableText):
        fetched.write_note("another", based_on=0)
    assert raw_note(item) == before


def test_new_key_in_front_of_the_old_one_opens_both(settings):
    old, new = settings.NOTES_KEYS, [Fernet.generate_key().decode()]
    item = SavedItemFactory(note=SECRET)

    settings.NOTES_KEYS = new + old
    fetched = SavedItem.objects.get(pk=item.pk)
    assert fetched.note == SECRET
    fetched.write_note("a newer text", based_on=0)

    settings.NOTES_KEYS = new
    assert SavedItem.objects.get(pk=item.pk).note == "a newer text"


def test_tampered_text_is_not_opened():
    item = SavedItemFactory(note=SECRET)
    raw = raw_note(item)
    changed = raw[:-6] + ("A" if raw[-6] != "A" else "B") + raw[-5:]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE community_saveditem SET note = %s WHERE id = %s", [changed, item.pk])

    with pytest.raises(UndecipherableText):
        _ = SavedItem.objects.get(pk=item.pk).note


@pytest.mark.parametrize(
    "lookup", ["note", "note__exact", "note__icontains", "note__in", "note__startswith",
               "note__length", "note__gt"]
)  # fmt: skip
def test_comparing_in_the_database_is_refused(lookup):
    with pytest.raises(FieldError):
        list(SavedItem.objects.filter(**{lookup: ["x"] if lookup.endswith("in") else "x"}))


def test_values_give_a_sealed_text():
    item = SavedItemFactory(note=SECRET)

    value = SavedItem.objects.values_list("note", flat=True).get(pk=item.pk)

    assert isinstance(value, Sealed)
    assert SECRET not in repr(value)
    assert value.open() == SECRET


def test_deferred_note_is_fetched_and_opened():
    item = SavedItemFactory(note=SECRET)

    assert SavedItem.objects.defer("note").get(pk=item.pk).note == SECRET


def test_new_item_holds_what_was_given():
    assert SavedItem(note="plain").note == "plain"
