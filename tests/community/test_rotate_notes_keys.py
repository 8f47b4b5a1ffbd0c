"""Encrypting everything anew: nothing is lost, whatever happens in the middle."""

import json
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from community import key_rotation
from community.fields import Sealed, UndecipherableText
from community.key_rotation import encrypted_columns, rotate
from community.models import CalendarFeed, ReadingList, SavedItem
from tests.factories import ReadingListFactory, SavedItemFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db

OLD, NEW, LOST = (Fernet.generate_key().decode() for _key in range(3))


@pytest.fixture(autouse=True)
def keys(settings):
    """Everything is made with the old key."""
    settings.NOTES_KEYS = [OLD]
    return settings


def rotated(*arguments):
    out = StringIO()
    call_command("rotate_notes_keys", *arguments, stdout=out)
    return out.getvalue()


def notes():
    return [item.note for item in SavedItem.objects.order_by("pk")]


def new_keys(keys):
    keys.NOTES_KEYS = [NEW, OLD]


def test_every_encrypted_column_is_found():
    names = {f"{model._meta.label}.{column}" for model, column in encrypted_columns()}

    assert {
        "community.SavedItem.note",
        "community.ReadingList.note",
        "community.CalendarFeed.secret",
        "community.ChangeNotice.secret",
        "community.Suggestion.reply_address",
        "community.SupportGroup.owner_email",
    } <= names


def test_everything_opens_with_the_new_key_alone(keys):
    SavedItemFactory(note="of an item 🌻")
    SavedItemFactory(note="")
    ReadingListFactory(note="of a list")
    SupportGroupFactory(owner_email="owner@example.org")
    feed = CalendarFeed(member=ReadingListFactory().member)
    feed.change_secret()
    feed.save()
    new_keys(keys)

    said = rotated()

    keys.NOTES_KEYS = [NEW]
    assert notes() == ["of an item 🌻", ""]
    assert [row.note for row in ReadingList.objects.exclude(saved_items__isnull=False)] == [
        "of a list",
        "",
    ]
    assert CalendarFeed.objects.get().secret == feed.secret
    assert "community.SavedItem.note: 1 rows, 1 encrypted anew" in said
    for private in ("of an item", "of a list", "owner@", "gAAAA"):
        assert private not in said


def test_dry_run_writes_nothing(keys):
    SavedItemFactory(note="words")
    new_keys(keys)

    said = rotated("--dry-run")

    assert "1 to encrypt anew" in said
    keys.NOTES_KEYS = [OLD]
    assert notes() == ["words"]


def test_second_run_has_nothing_to_do(keys):
    SavedItemFactory(note="words")
    new_keys(keys)
    rotated()
    (before,) = SavedItem.objects.values_list("note", flat=True)

    assert "community.SavedItem.note: 1 rows, 0 encrypted anew" in rotated()

    assert SavedItem.objects.values_list("note", flat=True).get().token == before.token


def test_broken_off_in_the_middle_it_goes_on_where_it_was(keys):
    texts = [f"note {number}" for number in range(7)]
    for text in texts:
        SavedItemFactory(note=text)
    new_keys(keys)

    def power_cut(count):
        if count.column == "community.SavedItem.note" and count.seen == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(batch=2, tell=power_cut)
    assert notes() == texts
    (count,) = [c for c in rotate(batch=2) if c.column == "community.SavedItem.note"]

    assert (count.seen, count.renewed) == (7, 3)
    keys.NOTES_KEYS = [NEW]
    assert notes() == texts


@pytest.mark.parametrize("writes_with", [OLD, NEW], ids=["old-key", "new-key"])
def test_note_that_is_saved_meanwhile_wins(keys, monkeypatch, writes_with):
    item = SavedItemFactory(note="before")
    new_keys(keys)
    opens = key_rotation._opens
    written = []

    def save_first(key, token):
        if not written:
            written.append(Sealed.of("after"))
            token_now = Fernet(writes_with).encrypt(b"after").decode()
            SavedItem.objects.filter(pk=item.pk).update(note=Sealed(token_now))
        return opens(key, token)

    monkeypatch.setattr(key_rotation, "_opens", save_first)
    rotated()

    keys.NOTES_KEYS = [NEW]
    assert notes() == ["after"]


def test_row_that_is_deleted_meanwhile_is_passed_over(keys, monkeypatch):
    item = SavedItemFactory(note="before")
    new_keys(keys)
    opens = key_rotation._opens

    def delete_first(key, token):
        SavedItem.objects.filter(pk=item.pk).delete()
        return opens(key, token)

    monkeypatch.setattr(key_rotation, "_opens", delete_first)

    assert "Everything in the tables has the newest key." in rotated()


def test_what_no_key_opens_is_counted_and_left_alone(keys):
    keys.NOTES_KEYS = [LOST]
    lost = SavedItemFactory(note="of a lost key")
    keys.NOTES_KEYS = [OLD]
    SavedItemFactory(note="words")
    new_keys(keys)
    out = StringIO()

    with pytest.raises(CommandError, match="Keep the older keys"):
        call_command("rotate_notes_keys", stdout=out)

    assert "community.SavedItem.note: 2 rows, 1 encrypted anew, 1 that no key opens" in (
        out.getvalue()
    )
    with pytest.raises(UndecipherableText):
        _closed = SavedItem.objects.get(pk=lost.pk).note
    keys.NOTES_KEYS = [LOST, NEW]
    assert notes() == ["of a lost key", "words"]


def test_nothing_else_of_a_row_changes(keys):
    item = SavedItemFactory(note="words")
    reading_list = ReadingListFactory(note="words")
    before = json.dumps([item.note_number, reading_list.edited_at.isoformat()])
    new_keys(keys)

    rotated()

    item.refresh_from_db()
    reading_list.refresh_from_db()
    assert json.dumps([item.note_number, reading_list.edited_at.isoformat()]) == before


def test_queries_grow_by_batches_not_by_rows(keys, django_assert_max_num_queries):
    for _number in range(20):
        SavedItemFactory(note="words")
    rotated()
    columns = len(list(encrypted_columns()))

    with django_assert_max_num_queries(columns + 10):
        rotated()
