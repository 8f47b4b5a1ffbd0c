"""A list as a file: a page that needs no network, data, a table; and read in again."""

import csv
import html
import io
import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community.keeping.files import as_data
from community.keeping.imports import NotOurs, make, packed, plan, read, unpacked
from community.member_data.export import Copy
from community.models import ListImport, ReadingList, SavedItem, SheetQuestion
from community.tasks import forget_old_imports
from facts.models import FactVersion
from facts.preferences import Preferences
from tests.factories import (
    AppointmentSheetFactory,
    FactFactory,
    GlossaryTermFactory,
    MemberFactory,
    QuestionFactory,
    ReadingListFactory,
    SavedItemFactory,
    SheetQuestionFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
    make_staff,
)
from tests.yardstick import yardsticks

pytestmark = pytest.mark.django_db

MADE_UP = "5f1c8ea0-0000-4000-8000-000000000000"
FILES = ("take-along/", "list.html", "list.json", "list.csv")


@pytest.fixture
def mine(client, member):
    """A list of the member who is signed in: a fact, a topic with a fact of its own, a group."""
    client.force_login(member)
    now = timezone.now()
    reading_list = ReadingListFactory(member=member, title="For Thursday", note="About it all.")
    scans = make_live(
        FactFactory(topic=TopicFactory(slug="bones"), slug="scans"),
        title="Scans help",
        body='<p>A <a href="/glossary/#scan">scan</a> looks inside. '
        'See <a href="/facts/bones/">bones</a>.</p>',
    )
    GlossaryTermFactory(slug="scan", term="Scan", explanation="A picture of the inside.")
    topic = TopicFactory(slug="daily", title="Living with it", introduction="<p>Every day.</p>")
    make_live(FactFactory(topic=topic, slug="rest"), title="Rest helps", body="<p>Sit down.</p>")
    SavedItemFactory(
        reading_list=reading_list, topic=None, fact=scans.fact, seen_version=scans, position=1,
        note="=cmd|' /C calc'!A0", read_at=now - timedelta(days=2), seen_at=now - timedelta(days=3),
    )  # fmt: skip
    SavedItemFactory(
        reading_list=reading_list, topic=topic, position=2, archived_at=now - timedelta(days=1)
    )
    SavedItemFactory(
        reading_list=reading_list, topic=None, group=SupportGroupFactory(slug="circle"), position=3,
        note="Ask for Ana.\nShe knows.",
    )  # fmt: skip
    return reading_list


def text_of(response):
    return html.unescape(response.content.decode())


def upload(client, content, name="list.json"):
    content = content.encode() if isinstance(content, str) else content
    return client.post("/lists/import/", {"file": SimpleUploadedFile(name, content)})


def told(lists=(), **more):
    return json.dumps({"format": "waymark-list", "version": 1, "reading_lists": lists, **more})


# Who gets them


@pytest.mark.parametrize("role", ["visitor", "another member", "staff", "superuser"])
def test_nobody_else_gets_a_file(client, role):
    theirs = SavedItemFactory(note="CANARY").reading_list
    if role == "another member":
        client.force_login(MemberFactory())
    elif role != "visitor":
        somebody = make_staff("Editor")
        somebody.is_superuser = role == "superuser"
        somebody.save()
        client.force_login(somebody)

    for file in FILES:
        for pk in (theirs.pk, MADE_UP):
            response = client.get(f"/lists/{pk}/{file}")
            assert response.status_code == (302 if role == "visitor" else 404)
            assert b"CANARY" not in response.content


@pytest.mark.parametrize(
    ("file", "kind"),
    [("list.html", "text/html"), ("list.json", "application/json"), ("list.csv", "text/csv")],
)
def test_file_has_a_neutral_name_and_no_copy_is_kept(client, mine, file, kind):
    response = client.get(f"/lists/{mine.pk}/{file}")

    assert response["Content-Disposition"] == f'attachment; filename="{file}"'
    assert response["Content-Type"] == f"{kind}; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("file", FILES)
def test_it_asks_as_much_for_many_things_as_for_few(client, mine, file):
    counts = []
    for _time in range(2):
        for _number in range(3):
            fact = make_live().fact
            SavedItemFactory(reading_list=mine, topic=None, fact=fact)
            SavedItemFactory(reading_list=mine, topic=make_live().fact.topic)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/lists/{mine.pk}/{file}")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12


# To read without a network


def test_page_holds_the_texts_and_the_words(client, mine):
    SavedItem.objects.update(archived_at=None)

    page = text_of(client.get(f"/lists/{mine.pk}/list.html"))

    for part in ("For Thursday", "Scans help", "looks inside", "Living with it", "Every day.",
                 "Rest helps", "Sit down.", "A picture of the inside.", "We talk and drink tea.",
                 "/facts/bones/scans/", "Not yet clinically reviewed", "A study"):  # fmt: skip
        assert part in page, part
    assert re.search(r"This file was made on \d+ \w+ 2\d{3}", page)
    assert "may have changed since" in page
    assert "Ask for Ana." not in page
    assert "About it all." not in page


def test_page_holds_notes_only_if_they_are_ticked(client, mine):
    page = text_of(client.get(f"/lists/{mine.pk}/list.html?notes=1"))

    assert "Ask for Ana." in page
    assert "About it all." in page
    assert "It holds your notes" in page


def test_page_leaves_out_what_is_sensitive_until_it_is_asked_for(client, mine):
    version = make_live(
        sensitivity="prognosis", title="How long people live", neutral_heading="What may come",
        body="<p>HIDDEN-words</p>",
    )  # fmt: skip
    SavedItemFactory(reading_list=mine, topic=None, fact=version.fact)
    SavedItemFactory(reading_list=mine, topic=version.fact.topic)

    gentle = text_of(client.get(f"/lists/{mine.pk}/list.html"))
    asked = text_of(client.get(f"/lists/{mine.pk}/list.html?show=all"))

    assert "What may come" in gentle
    assert "HIDDEN" not in gentle
    assert "How long people live" not in gentle
    assert asked.count("HIDDEN-words") == 1


def test_page_does_not_hold_what_was_withdrawn(client, mine):
    FactVersion.objects.filter(fact__slug="scans").update(
        live_until=timezone.now(), withdrawn_reason="It was retracted."
    )

    page = text_of(client.get(f"/lists/{mine.pk}/list.html"))

    assert "This fact was withdrawn" in page
    assert "looks inside" not in page


class Outline(HTMLParser):
    """Collects what a page asks for, leads to and names, and fails on a wrong nesting."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.ids, self.headings, self.loads = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in {"meta", "br", "hr", "link", "img"}:
            self.open.append(tag)
        self.links += [attrs["href"]] if "href" in attrs else []
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.loads += [tag] if tag in {"link", "script", "img", "iframe"} or "src" in attrs else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_asks_nobody_for_anything(client, mine):
    SavedItem.objects.update(archived_at=None)
    page = client.get(f"/lists/{mine.pk}/list.html?notes=1").content.decode()
    outline = Outline()

    outline.feed(page)

    assert outline.open == []
    assert outline.loads == []
    assert "url(" not in page
    assert "@import" not in page
    assert len(outline.ids) == len(set(outline.ids))
    for link in outline.links:
        assert link.startswith("http") or link[1:] in outline.ids, link
    assert '<html lang="en">' in page
    assert outline.headings[0] == 1
    assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False))
    head = page.partition("</head>")[0]
    assert "cancer" not in head
    assert "Waymark" not in head


# As a table


def test_b18_table_holds_the_list_and_no_formula(client, mine):
    content = client.get(f"/lists/{mine.pk}/list.csv").content.decode()

    assert content.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
    assert [row["Kind"] for row in rows] == ["Fact", "Topic", "Support group"]
    assert rows[0]["Note"] == "'=cmd|' /C calc'!A0"
    assert rows[2]["Note"] == "Ask for Ana.\nShe knows."
    assert rows[0]["Address"].endswith("/facts/bones/scans/")
    assert rows[1]["Archived"]


# As data, and back


def again(member, content):
    """Read `content` in as somebody does, for `member`, and return the list that was made."""
    client = Client()
    client.force_login(member)
    assert upload(client, content).status_code == 302
    assert client.post("/lists/import/", {"make": "1"}).status_code == 302
    return ReadingList.objects.filter(member=member).latest("created_at")


SAME = ("kind", "key", "title", "note", "read_at", "archived_at", "seen_version", "seen_at",
        "saved_at", "position")  # fmt: skip


def test_list_comes_back_as_it_was(client, mine):
    question = QuestionFactory()
    SheetQuestionFactory(
        reading_list=mine, question=question, answer="Yes.", top_place=2, position=1
    )
    SheetQuestionFactory(reading_list=mine, text="Can I fly?", is_chosen=False, position=2)
    AppointmentSheetFactory(reading_list=mine, appointment_on="2027-01-02", paper="letter")
    content = client.get(f"/lists/{mine.pk}/list.json").content

    made = again(MemberFactory(), content)

    client.force_login(made.member)
    one, two = json.loads(content), client.get(f"/lists/{made.pk}/list.json").json()
    for first, second in zip(one["reading_lists"], two["reading_lists"], strict=True):
        assert first["title"] == second["title"]
        assert first["note"] == second["note"] == "About it all."
        assert [[i[k] for k in SAME] for i in first["items"]] == [
            [i[k] for k in SAME] for i in second["items"]
        ]
    for part in ("sheet_questions", "appointment_sheets"):
        without = [
            [{**row, "list": "", "answer_saves": 0} for row in data[part]] for data in (one, two)
        ]
        assert without[0] == without[1]


def test_copy_of_an_account_can_be_read_in(client, mine):
    ReadingListFactory(member=mine.member, title="Empty one")
    content = "".join(Copy(mine.member, Preferences(), timezone.now()).written("data"))
    other = MemberFactory()
    client.force_login(other)

    upload(client, content)
    client.post("/lists/import/", {"make": "1"})

    assert {made.title for made in other.reading_lists.all()} == {"For Thursday", "Empty one"}
    assert SavedItem.objects.filter(reading_list__member=other).count() == 3


def test_preview_says_what_would_be_made_and_makes_nothing(client, mine):
    items = [
        {"kind": "topic", "key": "daily"},
        {"kind": "topic", "key": "daily"},
        {"kind": "topic", "key": "nowhere", "title": "Old page", "note": "My thought."},
        {"kind": "planet", "key": "x"},
        "nonsense",
    ]

    upload(client, told([{"title": "For Thursday", "items": items}]))
    page = text_of(client.get("/lists/import/"))

    assert "For Thursday 2" in page
    assert "1 thing is in the file twice" in page
    assert "2 rows say too little" in page
    assert "1 thing is not here" in page
    assert "Old page" in page
    assert "My thought." in page
    assert ReadingList.objects.count() == 1


def test_thing_that_is_there_twice_keeps_both_notes(client, mine):
    thing = {"kind": "topic", "key": "daily"}
    items = [
        {**thing, "note": "One."},
        {**thing, "note": "Two.", "read_at": "2026-01-02T03:04:05Z"},
    ]

    upload(client, told([{"title": "Twice", "items": [*items, items[0]]}]))
    assert "2 things are in the file twice" in text_of(client.get("/lists/import/"))
    client.post("/lists/import/", {"make": "1"})

    item = ReadingList.objects.get(title="Twice").saved_items.get()
    assert item.note == "One.\n\nTwo."
    assert item.read_at is not None


def test_what_does_not_fit_is_said_before_anything_is_made(client, mine):
    long = "x" * 10_001
    items = [
        {"kind": "topic", "key": "daily", "note": long},
        {"kind": "topic", "key": "daily", "note": "And this."},
    ]
    lists = [{"id": "a", "title": "Long", "items": items}]
    questions = [
        {"list": "a", "key": "", "question": "Why?", "answer": long},
        {"list": "a", "key": "", "question": " ", "answer": "To nothing."},
        {"list": "a", "key": "no-longer", "question": "Gone?", "answer": "To that."},
    ]

    upload(client, told(lists, sheet_questions=questions))
    page = text_of(client.get("/lists/import/"))

    assert "3 texts of yours are longer than fit here" in page
    assert "1 question is left out" in page
    assert "1 question is not offered here" in page


def test_withdrawn_fact_comes_along_and_says_so(client, mine):
    content = client.get(f"/lists/{mine.pk}/list.json").content
    FactVersion.objects.filter(fact__slug="scans").update(live_until=timezone.now())

    upload(client, content)

    assert "1 of them is a fact that was withdrawn" in text_of(client.get("/lists/import/"))
    assert again(MemberFactory(), content).saved_items.count() == 3


def test_what_nobody_has_ever_read_cannot_be_found_out(client, mine):
    hidden = TopicFactory(slug="hidden", published_at=None)
    FactFactory(topic=TopicFactory(slug="open"), slug="draft")
    make_live(FactFactory(topic=hidden, slug="live"))
    names = [("topic", "hidden"), ("fact", "open/draft"), ("fact", "hidden/live")]
    items = [{"kind": kind, "key": key} for kind, key in names]

    (planned,) = plan(read(told([{"items": items}]).encode()), mine.member, timezone.now())

    assert planned.items == []
    assert len(planned.unknown) == 3


def test_pressing_twice_makes_the_lists_once(client, mine):
    upload(client, told([{"title": "Once"}]))

    for _time in range(2):
        client.post("/lists/import/", {"make": "1"})

    assert ReadingList.objects.filter(title__startswith="Once").count() == 1


def test_nothing_is_half_written(client, mine, monkeypatch):
    upload(client, told([{"title": "One"}, {"title": "Two"}]))
    real, calls = ReadingList.objects.create, []

    def fail_second(**fields):
        calls.append(fields)
        if len(calls) == 2:
            raise RuntimeError
        return real(**fields)

    monkeypatch.setattr(type(ReadingList.objects), "create", lambda _self, **f: fail_second(**f))
    client.raise_request_exception = False
    response = client.post("/lists/import/", {"make": "1"})

    assert response.status_code == 500
    assert not ReadingList.objects.filter(title__in=["One", "Two"]).exists()
    assert ListImport.objects.exists()


def test_file_can_be_forgotten_and_is_after_an_hour(client, mine):
    upload(client, told([{"title": "One"}]))
    client.post("/lists/import/", {"drop": "1"})
    assert not ListImport.objects.exists()

    upload(client, told([{"title": "One"}]))
    later = timezone.now() + timedelta(hours=1, seconds=1)
    ListImport.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert "Nothing is made yet" not in text_of(client.get("/lists/import/"))
    client.post("/lists/import/", {"make": "1"})
    assert ReadingList.objects.count() == 1
    forget_old_imports(later)
    assert not ListImport.objects.exists()


def test_what_waits_is_encrypted_and_nobody_elses(client, mine):
    upload(client, told([{"title": "CANARY"}]))

    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM community_listimport")
        assert "CANARY" not in cursor.fetchone()[0]
    client.force_login(MemberFactory())
    assert "CANARY" not in text_of(client.get("/lists/import/"))


def test_import_asks_as_much_for_many_things_as_for_few(client, mine):
    counts = []
    for many in (2, 8):
        items = []
        for _number in range(many):
            fact = make_live().fact
            items.append({"kind": "fact", "key": f"{fact.topic.slug}/{fact.slug}", "note": "x"})
        upload(client, told([{"title": "Many", "items": items}]))
        with CaptureQueriesContext(connection) as queries:
            client.get("/lists/import/")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 10


def test_files_are_read_only_so_often(client, mine, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "list_import": "1/h/user"}
    cache.clear()

    assert [upload(client, told([{}])).status_code for _time in range(2)] == [302, 429]


# B5: what is no file of ours


HUGE = b'{"a": "' + b"x" * (9 * 1024 * 1024) + b'"}'
BOMBS = {
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "9 MB": HUGE,
    "NaN": told([{}]).replace('"version": 1', '"version": NaN').encode(),
    "Infinity": b'{"a": -Infinity}',
    "a key twice": b'{"format": "waymark-list", "format": "waymark-list"}',
    "half of a sign": told([{"title": "x"}]).replace('"x"', '"\\ud800"').encode(),
    "10^5000": b'{"a": 1' + b"0" * 5000 + b"}",
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": told([{}]).encode("utf-16"),
    "cut off": told([{}])[:-1].encode(),
    "more behind it": told([{}]).encode() + b"[]",
    "nothing": b"",
    "spaces": b"   ",
    "null": b"null",
    "a number": b"1e400",
    "a list": b"[]",
    "another program's": b'{"format": "other", "version": 1}',
    "a newer kind": told([{}]).replace('"version": 1', '"version": 2').encode(),
    "true for 1": told([{}]).replace('"version": 1', '"version": true').encode(),
    "no lists": told().encode(),
    "lists that are none": told({"a": 1}).encode(),
    "51 lists": told([{}] * 51).encode(),
    "20,001 things": told([{"items": [{}] * 20_001}]).encode(),
    "a page": b"<!doctype html><p>Hello",
}


@pytest.mark.parametrize("name", BOMBS)
def test_b5_what_is_no_file_of_ours_is_refused_in_words(client, mine, name):
    responses = []
    took = yardsticks(lambda: responses.append(upload(client, BOMBS[name])))

    assert responses[0].status_code == 200
    assert "There is something to put right" in text_of(responses[0])
    assert not ListImport.objects.exists()
    assert took < 60


@pytest.mark.parametrize("sent", [{}, {"file": "no file"}, {"make": "1"}, {"drop": "1"}])
def test_forms_without_a_file_are_no_error_of_ours(client, mine, sent):
    assert client.post("/lists/import/", sent).status_code in {200, 302}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["topic", "fact", "group"]) | json_values,
        "key": st.sampled_from(["daily", "bones/scans", "circle", "/", "a\0b"]) | json_values,
        **dict.fromkeys(("title", "note", "read_at", "seen_version", "saved_at"), json_values),
        "archived_at": st.sampled_from(["2026-01-02T03:04:05Z", "9999-99-99", "0001-01-01T00:00Z"]),
    },
)
LIST = st.fixed_dictionaries(
    {"id": st.just("a")},
    optional={"title": json_values, "note": json_values, "items": st.lists(ROW, max_size=5)},
)
ASKED = st.fixed_dictionaries(
    {"list": st.just("a")},
    optional={
        "key": st.sampled_from(["", "no-such"]) | json_values,
        "question": st.text(max_size=20) | json_values,
        "top_place": st.sampled_from([1, 2, 3]) | json_values,
        "is_chosen": json_values,
        "answer": json_values,
    },
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(LIST, min_size=1, max_size=3), asked=st.lists(ASKED, max_size=5))
def test_whatever_a_file_says_it_is_read_or_refused(mine, rows, asked):
    ReadingList.objects.exclude(pk=mine.pk).delete()
    try:
        lists = read(told(rows, sheet_questions=asked).encode())
    except (NotOurs, UnicodeEncodeError):
        return
    now = timezone.now()
    ListImport.objects.update_or_create(
        member=mine.member, defaults={"content": packed(lists), "created_at": now}
    )
    assert unpacked(packed(lists)) == lists
    assert len(make(mine.member, now)) == len(rows)
    assert SheetQuestion.objects.filter(top_place=1).count() <= len(rows)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    notes=st.lists(texts, min_size=3, max_size=3),
    order=st.permutations([1, 2, 3]),
    is_read=st.lists(st.booleans(), min_size=3, max_size=3),
    is_archived=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_every_list_comes_back_as_it_was(mine, notes, order, is_read, is_archived):
    now = timezone.now().replace(microsecond=0)
    ReadingList.objects.exclude(pk=mine.pk).delete()
    items = list(mine.saved_items.order_by("pk"))
    for item, note, place, read_it, put_aside in zip(
        items, notes, order, is_read, is_archived, strict=True
    ):
        item.note, item.position = note, place
        item.read_at = now if read_it else None
        item.archived_at = now if put_aside else None
        item.save()

    content = as_data(mine, Preferences())
    ListImport.objects.update_or_create(
        member=mine.member,
        defaults={"content": packed(read(content.encode())), "created_at": now},
    )
    make(mine.member, timezone.now())

    made = mine.member.reading_lists.exclude(pk=mine.pk).get()
    one, two = (json.loads(as_data(each, Preferences())) for each in (mine, made))
    assert [[i[k] for k in SAME] for i in one["reading_lists"][0]["items"]] == [
        [i[k] for k in SAME] for i in two["reading_lists"][0]["items"]
    ]
