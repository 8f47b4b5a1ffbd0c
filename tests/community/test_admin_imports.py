"""Importing groups on the desk: choose a file, look at what it would change, press once."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from community.imports import csv
from community.models import Event, ImportPreview, SupportGroup
from community.tasks import forget_old_imports
from tests.community.import_files import csv_file, feed, many_rows, real_feed
from tests.factories import SupportGroupFactory, make_staff

pytestmark = pytest.mark.django_db
IMPORT = "/admin/community/supportgroup/import/"


@pytest.fixture
def desk(client, moderator):
    """The browser of a moderator."""
    client.force_login(moderator)
    return client


def upload(desk, data, kind="csv", source="Hope House", **fields):
    """Send a file; return what the page answers."""
    file = SimpleUploadedFile("groups.csv", data)
    return desk.post(IMPORT, {"file": file, "kind": kind, "source": source, **fields})


def preview(desk, data, **how):
    """Send a file, and return the page that shows what it would change."""
    response = upload(desk, data, **how)
    assert response.status_code == 302, response.context["form"].errors
    return desk.get(response.url)


def press(desk, page, *tokens, address=None):
    """Press the button of a preview."""
    fingerprint = page.context["fingerprint"]
    address = address or f"{IMPORT}{page.context['preview'].pk}/"
    return desk.post(address, {"fingerprint": fingerprint, "take": tokens})


def test_file_is_shown_first_and_one_press_imports_it(desk, moderator):
    page = preview(desk, csv_file({}, {"key": "8", "begins": "evening"}))

    text = page.content.decode()
    assert "2 rows were read. 1 listing was found. 1 row is refused." in text
    assert "Nothing is written yet." in text
    assert "“evening” is no time." in text
    assert 'value="Import 1 new"' in text
    assert not SupportGroup.objects.exists()

    done = press(desk, page)

    assert done.status_code == 302
    assert "1 new listing was written." in desk.get(done.url).content.decode()
    group = SupportGroup.objects.get()
    assert (group.name, group.published_at, group.import_source) == (
        "Tuesday circle",
        None,
        "Hope House",
    )
    assert group.history.get().history_user == moderator
    event = Event.objects.get()
    assert (event.actor, event.action, event.subject_key, event.detail) == (
        moderator,
        "groups-imported",
        "Hope House",
        "new: 1, changed: 0",
    )


def test_second_press_imports_nothing_more(desk):
    page = preview(desk, csv_file())

    first, second = press(desk, page), press(desk, page)

    assert first.status_code == 302
    assert second.status_code == 200
    assert "1 new listing was written." in second.content.decode()
    assert SupportGroup.objects.count() == 1
    assert Event.objects.count() == 1


def test_what_was_read_is_gone_once_it_is_applied(desk):
    press(desk, preview(desk, csv_file({"passcode": "lavender"})))

    row = ImportPreview.objects.get()
    assert row.content == ""
    assert row.counts["new"] == 1


def test_looking_changes_nothing(desk):
    page = preview(desk, csv_file())
    before = ImportPreview.objects.values().get()

    for address in ("", "?show=new", "?show=no-such-part&page=x", "?page=99"):
        assert desk.get(f"{IMPORT}{page.context['preview'].pk}/{address}").status_code == 200

    after = ImportPreview.objects.values().get()
    assert {n: v for n, v in before.items() if n != "content"} == {
        n: v for n, v in after.items() if n != "content"
    }
    assert not SupportGroup.objects.exists()


def test_change_is_shown_field_by_field(desk):
    press(desk, preview(desk, csv_file({"cost": "Free"})))

    page = preview(desk, csv_file({"cost": "£3", "day": "Friday"}))

    text = page.content.decode()
    assert "<del>Free</del>" in text
    assert "<ins>£3</ins>" in text
    assert "<ins>Every Friday, 6:30\xa0p.m. London time, 90 minutes</ins>" in text
    press(desk, page)
    assert SupportGroup.objects.get().cost == "£3"


def test_edit_of_staff_is_kept_unless_it_is_ticked(desk):
    press(desk, preview(desk, csv_file({"cost": "Free"})))
    SupportGroup.objects.update(cost="Free, with tea")
    data = csv_file({"cost": "£3"})

    page = preview(desk, data)

    (conflict,) = page.context["conflicts"]
    assert (conflict["label"], conflict["old"], conflict["new"]) == ("Cost", "Free, with tea", "£3")
    press(desk, page)
    assert SupportGroup.objects.get().cost == "Free, with tea"
    page = preview(desk, data)
    press(desk, page, page.context["conflicts"][0]["token"])
    assert SupportGroup.objects.get().cost == "£3"


@pytest.mark.parametrize(
    "token", ["", "x", "0.cost", "1.is_example", "-1.published_at", "\x00", "9" * 400]
)
def test_ticks_that_are_none_change_nothing(desk, token):
    press(desk, preview(desk, csv_file({"cost": "Free"})))
    SupportGroup.objects.update(cost="Free, with tea")
    page = preview(desk, csv_file({"cost": "£3"}))

    response = press(desk, page, token)

    assert response.status_code in {302, 400}
    group = SupportGroup.objects.get()
    assert (group.cost, group.is_example, group.published_at) == ("Free, with tea", False, None)


def test_plan_that_is_out_of_date_is_compared_again_and_said(desk):
    page = preview(desk, csv_file())
    SupportGroupFactory(import_source="Hope House", import_key="7", cost="x", published_at=None)

    response = press(desk, page)

    assert response.status_code == 409
    assert "The directory has changed since you looked." in response.content.decode()
    assert SupportGroup.objects.get().cost == "x"
    assert press(desk, response).status_code == 302


def test_ticks_that_break_a_rule_are_refused_in_words(desk):
    data = csv_file({"in person": "yes", "place": "Hall"})
    press(desk, preview(desk, data))
    SupportGroup.objects.update(is_in_person=False, place="")
    page = preview(desk, data)
    token = next(c["token"] for c in page.context["conflicts"] if "in_person" in c["token"])

    response = press(desk, page, token)

    assert response.status_code == 409
    assert "would break a rule" in response.content.decode()


def test_preview_is_for_its_own_member_and_for_a_day(desk, client, moderator):
    page = preview(desk, csv_file())
    address = f"{IMPORT}{page.context['preview'].pk}/"
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert desk.get(address).status_code in {302, 404}
        forget_old_imports(timezone.now())
    assert not ImportPreview.objects.exists()

    client.force_login(moderator)
    page = preview(desk, csv_file())
    client.force_login(make_staff("Moderator"))
    address = f"{IMPORT}{page.context['preview'].pk}/"
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404


@pytest.mark.parametrize("role", ["Editor", "Reviewer"])
def test_others_may_not_import(client, role):
    client.force_login(make_staff(role))

    for address in ("", "template.csv", "columns/", "00000000-0000-4000-8000-00000000000a/"):
        assert client.get(f"{IMPORT}{address}").status_code == 403
        assert client.post(f"{IMPORT}{address}").status_code in {403, 405}


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", "csv", "The file is empty."),
        (b"x\ny\n", "csv", "no column called “name”"),
        (b"name,slug\nx,1\n", "meeting-guide", "The file is not JSON"),
        (b"[" * 100_000, "meeting-guide", "nested too deeply"),
        (b"{}", "meeting-guide", "not a list of meetings"),
        (b"x" * 5_300_000, "csv", "too large"),
    ],
)
def test_file_of_which_nothing_can_be_made_is_said_beside_it(desk, data, kind, words):
    response = upload(desk, data, kind=kind)

    assert response.status_code == 400
    assert words in response.content.decode()
    # What was typed is kept.
    assert 'value="Hope House"' in response.content.decode()
    assert not ImportPreview.objects.exists()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"source": ""}, "source"),
        ({"source": "x" * 61}, "source"),
        ({"kind": "xlsx"}, "kind"),
        ({"time_zone": "Nowhere"}, "time_zone"),
        ({"language": "xx"}, "language"),
    ],
)
def test_form_says_what_is_wrong(desk, fields, name):
    response = upload(desk, csv_file(), **fields)

    assert response.status_code == 400
    assert name in response.context["form"].errors


def test_form_without_a_file_says_so(desk):
    response = desk.post(IMPORT, {"kind": "csv", "source": "x"})

    assert response.status_code == 400
    assert "file" in response.context["form"].errors


def test_time_zone_and_language_of_the_form_are_for_rows_that_name_none(desk):
    page = preview(
        desk,
        feed({"timezone": ""}),
        kind="meeting-guide",
        time_zone="America/Chicago",
        language="es",
    )
    press(desk, page)

    group = SupportGroup.objects.get()
    assert group.languages == ["es"]
    assert group.meetings.get().time_zone == "America/Chicago"


def test_b6_real_feed_is_imported_on_the_desk(desk, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    how = {"kind": "meeting-guide", "time_zone": "America/Edmonton", "language": "en"}
    page = preview(desk, real_feed("edmonton"), **how)

    press(desk, page)
    again = preview(desk, real_feed("edmonton"), **how)

    assert SupportGroup.objects.count() == 256
    assert again.context["counts"]["unchanged"] == 256
    assert "The file would change nothing." in again.content.decode()


def test_template_can_be_read_and_holds_one_row_that_is_never_imported(desk):
    response = desk.get(f"{IMPORT}template.csv")

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    reading = csv.read(response.content)
    assert reading.remarks == []
    assert reading.listings == []
    assert [problem.reason for problem in reading.refused] == [
        "The example of the template: never imported."
    ]


def test_every_column_is_explained(desk):
    text = desk.get(f"{IMPORT}columns/").content.decode()

    for column in csv.COLUMNS:
        assert re.search(rf"<th scope=\"row\">{re.escape(column.heading)}</th>", text)


def test_list_of_groups_leads_to_the_import_and_tells_sources(desk):
    press(desk, preview(desk, csv_file()))
    SupportGroupFactory(name="Ours")

    text = desk.get("/admin/community/supportgroup/").content.decode()
    filtered = desk.get("/admin/community/supportgroup/?source=Hope+House").content.decode()

    assert f'href="{IMPORT}"' in text
    assert "Tuesday circle" in filtered
    assert "Ours" not in filtered


@pytest.mark.parametrize("number", [10, 300])
def test_preview_takes_as_many_queries_for_many_rows(desk, django_assert_max_num_queries, number):
    page = preview(desk, many_rows(number))

    with django_assert_max_num_queries(14):
        desk.get(f"{IMPORT}{page.context['preview'].pk}/?show=new")


def test_preview_of_2000_rows_is_cut_into_pages(desk):
    page = preview(desk, many_rows(2000))

    assert len(page.context["rows"]) == 50
    assert page.context["page"].paginator.num_pages == 40
    assert len(page.content) < 200_000


def test_markup_in_a_file_is_shown_as_typed(desk):
    page = preview(
        desk, csv_file({"name": "<b>x</b>", "begins": "<i>y</i>"}, {"key": "8", "name": "<u>z</u>"})
    )

    text = (
        page.content.decode() + desk.get(f"{page.request['PATH_INFO']}?show=new").content.decode()
    )
    assert "&lt;i&gt;y&lt;/i&gt;" in text
    assert "&lt;u&gt;z&lt;/u&gt;" in text
    assert "<u>z" not in text
