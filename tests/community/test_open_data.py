"""Open data: CSV, Meeting Guide and HSDS 3.1 of what is public. Never a way in (Z3). B18."""

import csv as table
import io
import json
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from community.cells import undo_defuse
from community.imports import csv, meeting_guide
from community.imports.plan import compare, import_reading
from community.models import Meeting, SupportGroup
from tests.factories import JoiningDetailsFactory, MeetingFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
SCHEMAS = Path(__file__).resolve().parent.parent / "data" / "hsds" / "schema"
ALL = ["/api/groups.csv", "/api/groups.json", "/api/hsds/services"]
CANARY = "q7Zr2mX9canary4Lk8"


@cache
def validator(name):
    """Return what checks a record against a schema; they name each other by their files."""
    registry = Registry().with_resources(
        (path.name, DRAFT202012.create_resource(json.loads(path.read_text(encoding="utf-8"))))
        for path in SCHEMAS.glob("*.json")
    )
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return Draft202012Validator(
        {**schema, "$id": f"{name}.json"}, registry=registry, format_checker=FormatChecker()
    )


@pytest.fixture
def groups():
    """Groups of every kind, with rules of every kind."""
    full = SupportGroupFactory(
        slug="full",
        name="Tuesday circle",
        description="We talk.\nAnd drink tea.",
        first_meeting="Sam meets you.",
        organisation="Hope House",
        audiences=["men", "young-adults"],
        is_metastatic_only=True,
        languages=["en", "es"],
        sign_languages=["ase"],
        is_in_person=True,
        place="Hope House, 12 Mill Lane, Leeds",
        country="GB",
        region_served="Leeds",
        latitude=53.8008123,
        longitude=-1.5491,
        access_features=["step-free"],
        access="The door is at the back.",
        attendance="drop-in",
        size="small",
        cost="Free",
        website="https://hope.example.org/",
        public_contact="Sam",
        how_to_ask="Write to us.",
        checked_on=date(2026, 1, 6),
    )
    MeetingFactory(
        group=full, frequency="monthly", ordinals=["2", "4"], weekday="1", starts_at=time(18, 30)
    )
    MeetingFactory(group=full, weekday="6", starts_at=time(23, 30), duration_minutes=120)
    MeetingFactory(
        group=SupportGroupFactory(slug="bare"),
        interval=2,
        last_on=timezone.localdate() + timedelta(days=90),
    )
    SupportGroupFactory(slug="no-meeting", is_online=False, is_by_phone=True)
    return SupportGroup.objects.all()


def test_hsds_records_keep_to_the_schema(client, groups):
    page = client.get("/api/hsds/services").json()

    assert page["total_items"] == page["size"] == 3
    for record in page["contents"]:
        assert list(validator("service").iter_errors(record)) == []
        assert client.get(f"/api/hsds/services/{record['id']}").json() == record
        for place in record["service_at_locations"]:
            assert list(validator("location").iter_errors(place["location"])) == []
    full = page["contents"][0]
    assert full["name"] == "Tuesday circle"
    assert full["assured_date"] == "2026-01-06"
    assert [schedule["byday"] for schedule in full["schedules"]] == ["2TU,4TU", "SU"]
    assert [schedule["closes_at"] for schedule in full["schedules"]] == ["20:00", "01:30"]
    assert page["contents"][1]["schedules"][0]["interval"] == 2


def test_schema_would_find_what_is_wrong(client, groups):
    record = client.get("/api/hsds/services").json()["contents"][0]

    assert list(validator("service").iter_errors(record | {"id": "x"}))
    assert list(validator("service").iter_errors(record | {"status": "open"}))
    wrong = record | {"languages": [{"id": "x"}]}
    assert list(validator("service").iter_errors(wrong))


@pytest.mark.parametrize(
    ("query", "number", "size"),
    [
        ("?per_page=2", 1, 2),
        ("?per_page=2&page=2", 2, 1),
        ("?per_page=2&page=99", 2, 1),
        ("?page=-1", 1, 3),
        ("?page=0&per_page=0", 1, 3),
        ("?page=٢&per_page=x", 1, 3),
        (f"?page={2**63}&per_page={10**30}", 1, 3),
    ],
)
def test_hsds_comes_in_pages(client, groups, query, number, size):
    page = client.get(f"/api/hsds/services{query}").json()

    assert (page["page_number"], page["size"]) == (number, size)
    assert page["first_page"] is (number == 1)


def test_hsds_without_groups_is_an_empty_page(client):
    page = client.get("/api/hsds/services").json()

    assert (page["empty"], page["total_pages"], page["contents"]) == (True, 1, [])


def test_csv_that_goes_out_comes_in_again_unchanged(client, groups):
    reading = csv.read(client.get("/api/groups.csv").content)

    plan = compare(reading, "anything", timezone.localdate())

    assert reading.refused == reading.remarks == []
    assert {item.kind for item in plan.items} == {"unchanged"}
    assert len(plan.items) == 3


def test_csv_of_imported_groups_comes_in_again_unchanged(client):
    reading = csv.read(b"key,name,description,run by,online\n7,One,=1+1 is two,peer,yes\n")
    import_reading(reading, "Hope House", timezone.now())
    SupportGroup.objects.update(published_at=timezone.now())

    again = csv.read(client.get("/api/groups.csv").content)
    plan, done = import_reading(again, "Hope House", timezone.now())

    assert done == {"new": 0, "changed": 0}
    assert plan.items[0].kind == "unchanged"


def test_csv_comes_into_an_empty_directory_under_the_same_addresses(client, groups):
    data = client.get("/api/groups.csv").content
    before = times()
    SupportGroup.objects.all().delete()

    _plan, done = import_reading(csv.read(data), "elsewhere", timezone.now())

    assert done["new"] == 3
    assert set(SupportGroup.objects.values_list("slug", flat=True)) == {
        "full",
        "bare",
        "no-meeting",
    }
    assert times() == before


def times():
    names = (
        "group__name", "frequency", "interval", "weekday", "ordinals", "starts_at",
        "duration_minutes", "time_zone", "first_on", "last_on",
    )  # fmt: skip
    return sorted(str(row) for row in Meeting.objects.values_list(*names))


def test_meeting_guide_comes_into_an_empty_directory_with_the_same_times(client, groups):
    data = client.get("/api/groups.json").content
    before = times()
    SupportGroup.objects.all().delete()

    reading = meeting_guide.read(data)
    import_reading(reading, "elsewhere", timezone.now())

    assert reading.refused == []
    assert times() == before
    full = SupportGroup.objects.get(name="Tuesday circle")
    assert full.place == "Hope House, 12 Mill Lane, Leeds"
    assert (full.is_in_person, full.is_online) == (True, True)
    assert full.languages == ["en", "es"]


def test_meeting_that_is_not_weekly_names_no_day(client, groups):
    records = client.get("/api/groups.json").json()

    monthly = next(r for r in records if r["slug"] == "full-1")
    assert "day" not in monthly
    assert monthly["rrule"] == "FREQ=MONTHLY;BYDAY=2TU,4TU"
    assert monthly["notes"].startswith("Second and fourth Tuesday of the month, 6:30 p.m.")
    assert next(r for r in records if r["slug"] == "full-2")["day"] == 0


@pytest.mark.parametrize("opener", ["=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝"])
def test_b18_every_exported_cell_is_defused(client, opener):
    words = f"{opener}cmd|' /C calc'!A0"
    names = ("name", "description", "first_meeting", "organisation", "cost", "access", "how_to_ask")
    SupportGroupFactory(**dict.fromkeys(names, words), place=words, region_served=words)

    text = client.get("/api/groups.csv").content.decode("utf-8-sig")

    rows = list(table.DictReader(io.StringIO(text, newline="")))
    cells = [cell for cell in rows[0].values() if "calc" in cell]
    assert len(cells) == 9
    assert all(cell.startswith("'") for cell in cells)
    assert {undo_defuse(cell) for cell in cells} == {words}


@pytest.mark.parametrize("address", ALL)
def test_z3_nothing_private_is_open_data(client, address):
    group = SupportGroupFactory(
        staff_contact=f"{CANARY} staff",
        owner_email=f"{CANARY}@example.org",
        import_source=f"{CANARY} source",
        import_key=f"{CANARY} key",
    )
    JoiningDetailsFactory(
        group=group,
        link=f"https://zoom.us/j/{CANARY}",
        meeting_number=CANARY,
        passcode=CANARY,
        phone=CANARY,
        door_code=CANARY,
        note=CANARY,
    )
    MeetingFactory(group=group)

    text = client.get(address).content.decode()

    assert group.name in text
    assert CANARY not in text


@pytest.mark.parametrize("address", ALL)
def test_only_public_groups_that_exist_and_go_on_are_open_data(client, address):
    SupportGroupFactory(name="Shown")
    SupportGroupFactory(name="Waits", published_at=None)
    SupportGroupFactory(name="Later", published_at=timezone.now() + timedelta(days=1))
    SupportGroupFactory(name="Example", is_example=True)
    SupportGroupFactory(name="Ended", ended_on=date(2026, 1, 1))

    text = client.get(address).content.decode()

    assert "Shown" in text
    assert not any(name in text for name in ("Waits", "Later", "Example", "Ended"))


@pytest.mark.parametrize(
    "address", ["/api/groups.csv", "/api/groups.json", "/api/hsds/services?per_page=500"]
)
def test_l1_queries_do_not_grow_with_groups(client, django_assert_max_num_queries, address):
    for number in (3, 40):
        for _n in range(number):
            MeetingFactory()
        with django_assert_max_num_queries(5):
            client.get(address)


def test_group_that_is_not_open_data_is_not_found(client, groups):
    record = client.get("/api/hsds/services").json()["contents"][0]
    SupportGroup.objects.filter(slug="full").update(published_at=None)

    assert client.get(f"/api/hsds/services/{record['id']}").status_code == 404
    assert client.get("/api/hsds/services/x").status_code == 404


def test_page_explains_what_there_is(client):
    text = client.get("/api/").content.decode()

    for address in ALL:
        assert f'href="{address}"' in text
    assert 'href="/api/"' in client.get("/").content.decode()
    assert client.get("/api/hsds/").json()["version"] == "3.1"


@pytest.mark.parametrize("address", ["/api/", *ALL])
def test_open_data_is_the_same_for_everybody(client, address):
    response = client.get(address)

    assert response["Cache-Control"] == "no-cache"
    assert response.has_header("ETag")
    assert not response.cookies
