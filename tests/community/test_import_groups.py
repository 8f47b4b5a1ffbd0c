"""The command that imports support groups: it looks first, and writes only if it is told to."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from community.care.verification_mails import ask
from community.models import SupportGroup
from tests.community.import_files import csv_file, feed, real_feed

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the command on a file and returns what it says."""

    def run(data, *arguments, kind="csv", name="hope.csv"):
        path = tmp_path / name
        path.write_bytes(data)
        said = StringIO()
        call_command("import_groups", str(path), f"--format={kind}", *arguments, stdout=said)
        return said.getvalue()

    return run


def test_nothing_is_written_unasked(run):
    said = run(csv_file({}, {"key": "8", "name": "Bad", "begins": "evening"}))

    assert "new       Tuesday circle" in said
    assert "refused   row 3, begins: “evening” is no time." in said
    assert "2 rows read, 1 of them refused. 1 listings: 1 new, 0 changed" in said
    assert "Nothing was written." in said
    assert not SupportGroup.objects.exists()


def test_apply_writes_and_a_second_run_changes_nothing(run):
    said = run(csv_file({"cost": "Free"}), "--apply")
    again = run(csv_file({"cost": "Free"}), "--apply")

    assert "Written: 1 new listings, which wait unpublished, and 0 changed ones." in said
    assert "1 unchanged" in again
    assert "Written: 0 new listings" in again
    # The file's name, if nothing else is said.
    assert SupportGroup.objects.get().import_source == "hope"


def test_change_is_said_field_by_field_and_a_way_in_never(run):
    run(csv_file({"cost": "Free", "passcode": "lavender"}), "--apply", "--source=Hope House")
    SupportGroup.objects.update(description="Edited")

    said = run(csv_file({"cost": "£3", "passcode": "marigold"}), "--source=Hope House")

    assert "changed   Tuesday circle, cost: Free → £3" in said
    assert "kept      Tuesday circle, what it is: Edited → We drink tea." in said
    assert "changed   Tuesday circle, passcode: (private)" in said
    assert "marigold" not in said


def test_another_address_of_the_organizer_closes_the_link_of_the_old_one(run):
    run(csv_file({"organizer’s address": "old@mail.example"}), "--apply")
    SupportGroup.objects.update(published_at=timezone.now())
    asking = ask(SupportGroup.objects.get())

    said = run(csv_file({"organizer’s address": "new@mail.example"}), "--apply")

    asking.refresh_from_db()
    assert SupportGroup.objects.get().owner_email == "new@mail.example"
    assert asking.state(timezone.now()) == "withdrawn"
    assert "mail.example" not in said


def test_listing_that_is_gone_from_the_file_is_said(run):
    run(csv_file({}, {"key": "8", "name": "Other"}), "--apply")

    said = run(csv_file())

    assert "gone      Other (it stays; nothing is deleted)" in said


def test_feed_is_read_with_a_time_zone_and_a_language(run):
    said = run(
        feed({"timezone": ""}),
        "--time-zone=america/chicago",
        "--language=en",
        "--apply",
        kind="meeting-guide",
    )

    assert "1 new" in said
    group = SupportGroup.objects.get()
    assert group.meetings.get().time_zone == "America/Chicago"
    assert group.languages == ["en"]


def test_b6_real_feed_is_reported_row_by_row(run):
    said = run(real_feed("edmonton"), kind="meeting-guide")

    assert "315 rows read, 315 of them refused. 0 listings" in said
    assert said.count("timezone: It names no time zone") == 315


@pytest.mark.parametrize(
    ("data", "arguments", "words"),
    [
        (b"", [], "The file is empty."),
        (b"x\ny\n", [], "no column called “name”"),
        (csv_file(), ["--time-zone=Nowhere"], "“Nowhere” is not a time zone."),
        (csv_file(), ["--language=Klingon"], "“Klingon” is not one of the choices"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(run, data, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(data, *arguments)


def test_file_that_is_not_there_is_said():
    with pytest.raises(CommandError, match="cannot be opened: No such file"):
        call_command("import_groups", "no-such-file.csv", "--format=csv")
