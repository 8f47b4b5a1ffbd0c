"""Who reads and who changes each field of a reading list: one reviewed table (Z1, Z2, Z4).

Each field is planted once with something that stands nowhere else. Then everybody reads all that
they can open, and tries every form there is. What is read and what has changed is compared with
the table; the owner's column shows that the trial finds what it looks for, and the last tests
that it finds an open door.
"""

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin import site
from django.db import models
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from community.models import (
    AppointmentSheet,
    ReadingList,
    SavedItem,
    SharedList,
    SharedNote,
    SheetQuestion,
)
from community.models.shared_lists import hashed
from community.urls import reading_list_urls
from tests.factories import (
    AppointmentSheetFactory,
    FactFactory,
    MemberFactory,
    QuestionFactory,
    ReadingListFactory,
    SavedItemFactory,
    SharedListFactory,
    SheetQuestionFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
    make_staff,
)
from tests.portal.world import undone

pytestmark = pytest.mark.django_db

VIEWERS = (
    *("owner", "holder", "holder who is a member", "member"),
    *("editor", "reviewer", "moderator", "superuser", "visitor"),
)
SECRET = "tZ3rM0mB5s2h1sQ4o8xY7w"
PUBLIC_PAGES = ("/", "/search/?q=CANARY", "/new/", "/facts/")
SHARED = f"/lists/shared/{SECRET}/"
YEAR = 2019  # in which nothing else happens

# r: reads it. w: changes it. Whoever is not named does neither.
READ_BY_HOLDERS = {"owner": "rw", "holder": "r", "holder who is a member": "r"}
OWNER_ALONE = {"owner": "rw"}
TABLE = {
    # Of the list
    "title": OWNER_ALONE,
    "note on the list": OWNER_ALONE,
    "where saves go": OWNER_ALONE,
    "archived list": OWNER_ALONE,
    # Of what is on it
    "items": READ_BY_HOLDERS,
    "order": READ_BY_HOLDERS,
    "note that is ticked": READ_BY_HOLDERS,
    "note that is not ticked": OWNER_ALONE,
    "read marks": OWNER_ALONE,
    "archived item": OWNER_ALONE,
    "version that was seen": OWNER_ALONE,
    "day of saving": {"owner": "r"},
    # Of its sheet
    "chosen questions": OWNER_ALONE,
    "own question": OWNER_ALONE,
    "first of them": OWNER_ALONE,
    "answer": OWNER_ALONE,
    "day of the appointment": OWNER_ALONE,
    "paper": OWNER_ALONE,
    # Of its links
    "links": OWNER_ALONE,
}
# The columns in which each field is. A new column needs a row above, or a reason below.
COLUMNS = {
    "title": ["ReadingList.title"],
    "note on the list": ["ReadingList.note", "ReadingList.note_number"],
    "where saves go": ["ReadingList.is_default"],
    "archived list": ["ReadingList.archived_at"],
    "items": ["SavedItem.reading_list", "SavedItem.topic", "SavedItem.fact", "SavedItem.group"],
    "order": ["SavedItem.position"],
    "note that is ticked": ["SavedItem.note", "SavedItem.note_number", "SharedNote.note_number"],
    "note that is not ticked": ["SavedItem.note"],
    "read marks": ["SavedItem.read_at"],
    "archived item": ["SavedItem.archived_at"],
    "version that was seen": ["SavedItem.seen_version", "SavedItem.seen_at"],
    "day of saving": ["SavedItem.created_at"],
    "chosen questions": ["SheetQuestion.question", "SheetQuestion.is_chosen"],
    "own question": ["SheetQuestion.text", "SheetQuestion.position"],
    "first of them": ["SheetQuestion.top_place"],
    "answer": ["SheetQuestion.answer", "SheetQuestion.answer_number"],
    "day of the appointment": ["AppointmentSheet.appointment_on"],
    "paper": ["AppointmentSheet.paper"],
    "links": ["SharedList.created_at", "SharedList.expires_at"],
}
EXCUSED = {
    "ReadingList.member": "Whose it is: no page says it.",
    "ReadingList.created_at": "Shown to nobody but in the owner's copy.",
    "ReadingList.edited_at": "The same.",
    "SharedList.secret_hash": "Opens nothing.",
    **{
        f"{model}.{column}": "A key."
        for model, columns in {
            "ReadingList": ["id"],
            "SavedItem": ["id"],
            "SheetQuestion": ["id", "reading_list"],
            "AppointmentSheet": ["id", "reading_list"],
            "SharedList": ["id", "reading_list"],
            "SharedNote": ["id", "shared_list", "item"],
        }.items()
        for column in columns
    },
}
# What is neither opened nor sent here, with the reason.
NOT_TRIED = {
    "calendar-settings": "Of the member, not of a list; test_calendar_feed.py",
    "calendar-feed": "The same.",
    "state": "Holds nothing of a list; test_saving.py",
    "from-device": "Writes to one's own lists, like saved-item-create; test_from_device.py",
    "list-import": "Makes lists of whoever sends it; test_list_files.py",
}


class House:
    """A list with something in each field, and everybody who might look at it."""

    def __init__(self):
        then = datetime(YEAR, 3, 5, 12, tzinfo=UTC)
        self.owner = MemberFactory()
        self.list = ReadingListFactory(
            member=self.owner, title="CANARY-title", note="CANARY-list-note", note_number=1
        )
        self.second = ReadingListFactory(member=self.owner, title="CANARY-second", is_default=True)
        self.aside = ReadingListFactory(
            member=self.owner, title="CANARY-aside", archived_at=timezone.now()
        )
        fact = FactFactory(topic=TopicFactory(slug="bones", title="Bones"), slug="scans")
        old = make_live(fact, since=then, until=then + timedelta(days=9), title="Old words")
        make_live(fact, since=then + timedelta(days=9), title="Scans help", number=2)
        put = {"reading_list": self.list, "topic": None, "seen_at": then}
        self.fact = SavedItemFactory(
            **{**put, "fact": fact},
            position=1,
            seen_version=old,
            note="CANARY-ticked",
            note_number=1,
            read_at=datetime(YEAR, 4, 6, 12, tzinfo=UTC),
        )
        self.topic = SavedItemFactory(
            **{**put, "topic": TopicFactory(slug="pain", title="CANARY-pain")},
            position=2,
            note="CANARY-unticked",
            note_number=1,
        )
        group = SupportGroupFactory(slug="circle", name="CANARY-circle")
        self.group = SavedItemFactory(**{**put, "group": group}, position=3)
        self.put_aside = SavedItemFactory(
            **{**put, "topic": TopicFactory(slug="aside", title="CANARY-put-aside")},
            position=4,
            archived_at=timezone.now(),
        )
        SavedItem.objects.update(created_at=datetime(YEAR, 5, 7, 12, tzinfo=UTC))
        AppointmentSheetFactory(
            reading_list=self.list, appointment_on=date(YEAR, 6, 8), paper="letter"
        )
        offered = QuestionFactory(slug="why", text="CANARY-offered?")
        self.offered = SheetQuestionFactory(
            reading_list=self.list, question=offered, text=None, position=1
        )
        self.asked = SheetQuestionFactory(
            reading_list=self.list,
            text="CANARY-own?",
            answer="CANARY-answer",
            answer_number=1,
            position=2,
            top_place=1,
        )
        self.link = SharedListFactory(
            reading_list=self.list,
            secret_hash=hashed(SECRET),
            expires_at=datetime(2071, 7, 9, 12, tzinfo=UTC),
        )
        SharedNote.objects.create(shared_list=self.link, item=self.fact, note_number=1)
        self.new_topic = TopicFactory(slug="new", title="New")
        self.people = {
            "owner": self.owner,
            "member": MemberFactory(),
            "holder who is a member": MemberFactory(),
            "editor": make_staff("Editor"),
            "reviewer": make_staff("Reviewer"),
            "moderator": make_staff("Moderator"),
            "superuser": make_staff("Editor"),
        }
        self.people["superuser"].is_superuser = True
        self.people["superuser"].save()
        # Through a list of their own, nobody reaches what is on another's.
        self.own_list = {
            name: ReadingListFactory(member=person, title="Own")
            for name, person in self.people.items()
            if name != "owner"
        }

    def client(self, viewer):
        client = Client(raise_request_exception=False)
        if person := self.people.get(viewer):
            client.force_login(person)
        return client

    # Reading

    def pages(self):
        """The addresses of all that shows something of the list."""
        base, item = f"/lists/{self.list.pk}/", f"/lists/{self.list.pk}/items"
        items = [self.fact, self.topic, self.group, self.put_aside]
        return {
            "reading-list-list": ["/lists/"],
            "reading-list-detail": [base, f"{base}?show=archived", f"{base}?show=unread"],
            "appointment-sheet": [f"{base}sheet/"],
            "appointment-sheet-choose": [f"{base}sheet/choose/"],
            "appointment-sheet-answers": [f"{base}sheet/answers/"],
            "appointment-sheet-pdf": [f"{base}sheet.pdf"],
            "list-take-along": [f"{base}take-along/"],
            "list-page": [f"{base}list.html", f"{base}list.html?notes=1&show=all"],
            "list-data": [f"{base}list.json"],
            "list-table": [f"{base}list.csv"],
            "shared-list-create": [f"{base}share/"],
            "saved-item-changes": [f"{item}/{each.pk}/changes/" for each in items],
            "saved-item-to-list": [f"{item}/{each.pk}/to-list/" for each in items],
            "saved-item-create": ["/lists/save/?topic=pain", "/lists/save/?topic=new"],
        }

    def seen_by(self, viewer):
        """Return each page that `viewer` can open, as text, by its address."""
        client = self.client(viewer)
        addresses = [address for some in self.pages().values() for address in some]
        addresses += [*PUBLIC_PAGES, "/account/"]
        if "holder" in viewer:
            addresses += [SHARED, f"{SHARED}?show=all", f"{SHARED}?page=2"]
        if viewer in {"editor", "reviewer", "moderator", "superuser"}:
            addresses += self.rooms()
        texts = {}
        with undone():
            for address in addresses:
                response = client.get(address)
                if response.status_code == 200:
                    texts[address] = response.content.decode(errors="replace")
            texts["/lists/search/"] = client.post("/lists/search/", {"words": "CANARY"}).text
        return texts

    def rooms(self):
        """The pages of the desk on which something of a member might stand."""
        member = f"/admin/community/member/{self.owner.pk}"
        models = [m._meta.model_name for m in site._registry if m._meta.app_label == "community"]
        lists = [f"/admin/community/{name}/" for name in models]
        of_member = [f"{member}/{page}/" for page in ("change", "history", "delete")]
        return ["/admin/", *lists, f"{lists[0]}?q=CANARY", *of_member]

    def read(self, viewer):
        """Return the fields of which `viewer` reads something."""
        found = set()
        for address, text in self.seen_by(viewer).items():
            # Topics and groups are public: that they are there says nothing of a list.
            tells_titles = address.startswith((*PUBLIC_PAGES[1:], "/lists/save/", "/admin/"))
            passed_over = PUBLIC_WORDS if tells_titles or address == "/" else set()
            found |= {
                field
                for field, is_shown in DETECTORS.items()
                if field not in passed_over and is_shown(text)
            }
        return found

    # Writing

    def writes(self, viewer):
        """Yield the name of each address that writes, where to, and what to send, by field."""
        base = f"/lists/{self.list.pk}/"
        item = f"{base}items/{self.topic.pk}/"
        own = self.own_list.get(viewer, self.second)
        choice = {
            "paper": "letter",
            "appointment_on": f"{YEAR}-06-08",
            "question": "why",
            f"own_{self.asked.pk}": "CANARY-own?",
            f"initial-own_{self.asked.pk}": "CANARY-own?",
            f"on_{self.asked.pk}": "on",
        }
        note = {"note": "Written by another", "based_on": "1"}
        answer = {f"answer_{self.asked.pk}": "Another answer", f"based_on_{self.asked.pk}": "1"}
        choose = ("appointment-sheet-choose", f"{base}sheet/choose/")
        yield "title", "reading-list-detail", base, {"title": "Another title"}
        yield "note on the list", "reading-list-note", f"{base}note/", note
        yield "where saves go", "reading-list-default", f"{base}default/", {}
        yield "archived list", "reading-list-archive", f"{base}archive/", {"is_archived": "1"}
        yield "archived list", "reading-list-detail", base, {"delete": self.state()}
        yield "items", "saved-item-create", "/lists/save/", {"topic": "new", "list": self.list.pk}
        yield "items", "saved-item-delete", f"{item}remove/", {"with_note": "1"}
        yield "items", "saved-item-to-list", f"{item}to-list/", {"list": own.pk, "move": "1"}
        copied = {"list": own.pk, "copy": "1", "with_note": "on"}
        yield "items", "saved-item-to-list", f"{item}to-list/", copied
        yield "order", "saved-item-move", f"{item}move/", {"direction": "top"}
        ticked = f"{base}items/{self.fact.pk}/note/"
        yield "note that is ticked", "saved-item-note", ticked, note
        yield "note that is not ticked", "saved-item-note", f"{item}note/", note
        yield "read marks", "saved-item-read", f"{item}read/", {"is_read": "1"}
        yield "archived item", "saved-item-archive", f"{item}archive/", {"is_archived": "1"}
        changes = f"{base}items/{self.fact.pk}/changes/"
        yield (
            "version that was seen",
            "saved-item-changes",
            changes,
            {"seen": timezone.now().timestamp()},
        )
        yield "chosen questions", *choose, {**choice, "question": ""}
        yield "own question", *choose, {**choice, f"own_{self.asked.pk}": "Another?"}
        yield "own question", *choose, {**choice, "new_1": "One more?"}
        first = {"first_1": str(self.offered.pk)}
        yield "first of them", "appointment-sheet", f"{base}sheet/", first
        yield "answer", "appointment-sheet-answers", f"{base}sheet/answers/", answer
        yield "day of the appointment", *choose, {**choice, "appointment_on": f"{YEAR}-07-09"}
        yield "paper", *choose, {**choice, "paper": "a4"}
        share = ("shared-list-create", f"{base}share/")
        yield "links", *share, {"lasts": "always", "make": "1"}
        yield "links", *share, {"stop": self.link.pk}
        yield "links", *share, {"renew": self.link.pk}

    def state(self):
        """What the question before deleting carries."""
        items = self.list.saved_items.all()
        saves = self.list.note_number + sum(each.note_number for each in items)
        return f"{len(items)}-{saves}-1-1"

    def snapshot(self):
        """Return what each field of the owner's lists holds."""
        lists = ReadingList.objects.filter(member=self.owner).order_by("pk")
        items = SavedItem.objects.filter(reading_list__member=self.owner).order_by("pk")
        asked = SheetQuestion.objects.filter(reading_list=self.list).order_by("pk")
        sheet = AppointmentSheet.objects.filter(reading_list=self.list)
        links = SharedList.objects.filter(reading_list=self.list).order_by("pk")
        what = ("reading_list", "topic", "fact", "group")
        return {
            "title": list(lists.values_list("pk", "title")),
            "note on the list": [(each.pk, each.note) for each in lists],
            "where saves go": list(lists.values_list("pk", "is_default")),
            "archived list": list(lists.values_list("pk", "archived_at")),
            "items": list(items.values_list("pk", *what)),
            "order": list(items.order_by("position").values_list("pk", flat=True)),
            "note that is ticked": [each.note for each in items if each.fact],
            "note that is not ticked": [(each.pk, each.note) for each in items if each.topic],
            "read marks": list(items.values_list("pk", "read_at")),
            "archived item": list(items.values_list("pk", "archived_at")),
            "version that was seen": list(items.values_list("pk", "seen_version", "seen_at")),
            "day of saving": list(items.values_list("pk", "created_at")),
            "chosen questions": list(asked.values_list("question", "is_chosen")),
            "own question": [(each.pk, each.text) for each in asked],
            "first of them": list(asked.values_list("pk", "top_place")),
            "answer": [(each.pk, each.answer) for each in asked],
            "day of the appointment": list(sheet.values_list("appointment_on")),
            "paper": list(sheet.values_list("paper")),
            "links": list(links.values_list("pk", "secret_hash", "expires_at")),
        }

    def changed(self, viewer):
        """Return the fields that `viewer` changes by sending everything that can be sent."""
        client, before = self.client(viewer), self.snapshot()
        own = self.own_list.get(viewer)
        changed = set()
        for field, _name, address, data in self.writes(viewer):
            # Also through a list of one's own, and at the address of the link.
            addresses = [address, SHARED]
            if own:
                addresses.append(address.replace(str(self.list.pk), str(own.pk)))
            for where in addresses:
                with undone():
                    client.post(where, data)
                    after = self.snapshot()
                now = {name for name in before if before[name] != after[name]}
                assert viewer != "owner" or where != address or field in now, (field, data)
                changed |= now
        return changed


def shows(*words):
    return lambda text: any(word in text for word in words)


def in_order(text):
    """Whether the page has the three things of the list, in its order."""
    places = [text.find(words) for words in ("Scans help", "CANARY-pain", "CANARY-circle")]
    return -1 not in places and places == sorted(places)


# What tells that somebody reads a field.
DETECTORS = {
    "title": shows("CANARY-title"),
    "note on the list": shows("CANARY-list-note"),
    "where saves go": shows("What you save goes here"),
    "archived list": shows("CANARY-aside"),
    "items": shows("CANARY-pain"),
    "order": in_order,
    "note that is ticked": shows("CANARY-ticked"),
    "note that is not ticked": shows("CANARY-unticked"),
    "read marks": shows(f"6 April {YEAR}", f"{YEAR}-04-06", "marked 1"),
    "archived item": shows("CANARY-put-aside"),
    "version that was seen": shows("seen_version", "I have seen this"),
    "day of saving": shows(f"7 May {YEAR}", f"{YEAR}-05-07"),
    "chosen questions": lambda text: bool(
        re.search(r'"is_chosen": true', text)
        or re.search(r'value="why"[^>]* checked', text)
        or ("CANARY-offered" in text and "CANARY-own" in text)
    ),
    "own question": shows("CANARY-own"),
    "first of them": shows('"top_place": 1', "Most important to me"),
    "answer": shows("CANARY-answer"),
    "day of the appointment": shows(f"8 June {YEAR}", f"{YEAR}-06-08"),
    "paper": shows('"paper": "letter"'),
    "links": shows("9 July 2071", "Links that work now"),
}
# These fields are made of words that stand on public pages too.
PUBLIC_WORDS = {"items", "order", "archived item"}


@pytest.fixture
def house(db):
    return House()


def expected(viewer, letter):
    return {field for field, row in TABLE.items() if letter in row.get(viewer, "")}


@pytest.mark.parametrize("viewer", VIEWERS)
def test_z2_each_field_is_read_by_whom_the_table_names(house, viewer):
    assert house.read(viewer) == expected(viewer, "r")


@pytest.mark.parametrize("viewer", VIEWERS)
def test_z2_each_field_is_changed_by_whom_the_table_names(house, viewer):
    changed = house.changed(viewer)

    # A list that is deleted, or a thing that is moved, takes other fields along.
    assert changed - {"day of saving"} == expected(viewer, "w")


def test_every_field_and_column_is_in_the_table():
    rows = {name for some in COLUMNS.values() for name in some} | set(EXCUSED)
    tables = (ReadingList, SavedItem, AppointmentSheet, SheetQuestion, SharedList, SharedNote)
    there = {f"{t.__name__}.{column.name}" for t in tables for column in t._meta.fields}

    assert rows == there
    assert set(COLUMNS) == set(TABLE) == set(DETECTORS)
    assert all(isinstance(column, models.Field) for t in tables for column in t._meta.fields)


def test_every_address_of_lists_is_tried(house):
    def names(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield pattern.name
            else:
                yield from names(pattern.url_patterns)

    tried = set(house.pages()) | {name for _field, name, *_rest in house.writes("owner")}
    elsewhere = {"shared-list", "device-sheet", "list-search"}

    assert set(names(reading_list_urls)) == tried | set(NOT_TRIED) | elsewhere


# Teeth: a door that stands open is found


@contextmanager
def anybody(monkeypatch, *doors):
    """Let the functions at `doors`, which fetch what is one's own, hand out anybody's."""
    with monkeypatch.context() as patch:
        for door, anybodys in doors:
            patch.setattr(door, anybodys)
        yield


def any_item(request, pk, item):
    return SavedItem.objects.with_targets().select_related("reading_list").get(pk=item)


def any_list(request, pk, item=None):
    return ReadingList.objects.get(pk=pk)


@pytest.mark.parametrize(
    ("door", "anybodys", "opened"),
    [
        (
            "community.views.saved_items.item_or_404",
            any_item,
            {"items", "order", "read marks", "archived item", "version that was seen"},
        ),
        ("community.views.notes.item_or_404", any_item, {"note that is not ticked"}),
        ("community.views.notes._list_or_404", any_list, {"note on the list"}),
        (
            "community.views.sheets._own_list",
            any_list,
            {"own question", "answer", "chosen questions", "day of the appointment", "paper"},
        ),
    ],
)
def test_open_door_to_writing_is_found(house, monkeypatch, door, anybodys, opened):
    with anybody(monkeypatch, (door, anybodys)):
        assert opened <= house.changed("member")


@pytest.mark.parametrize(
    ("door", "opened"),
    [
        (
            "community.views.list_files._own_list",
            {"title", "items", "order", "read marks", "answer"},
        ),
        ("community.views.sheets._own_list", {"own question", "answer", "first of them"}),
    ],
)
def test_open_door_to_reading_is_found(house, monkeypatch, door, opened):
    with anybody(monkeypatch, (door, any_list)):
        assert opened <= house.read("superuser")


def test_note_that_is_shown_unticked_is_found(house):
    SharedNote.objects.create(shared_list=house.link, item=house.topic, note_number=1)

    assert "note that is not ticked" in house.read("holder")
