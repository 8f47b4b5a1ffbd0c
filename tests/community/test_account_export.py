"""P4: a member's copy is whole, can be read back, and is taken away once."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from allauth.account.models import EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.keeping.saving import find
from community.member_data.export import Copy
from community.member_data.held import PARTS, item_key
from community.models import (
    ChangeNotice,
    Consent,
    DataExport,
    Event,
    ListImport,
    ReadingList,
    SavedItem,
    SharedNote,
    Suggestion,
)
from community.views.member_data import until_done
from facts.preferences import Preferences
from tests.community.account_steps import sign_in
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

SCHEMA = Path(django_settings.BASE_DIR, "docs", "member-data.schema.json")


@pytest.fixture
def signed_in(client, member):
    """A member who has just proved who they are."""
    sign_in(client, member)
    return client


def fill(member):
    """Give `member` a canary in every column that a copy shows."""
    now = timezone.now()
    topic = TopicFactory(slug="bones", title="TITLE-topic")
    fact = FactFactory(topic=topic, slug="scans")
    version = make_live(fact, title="TITLE-fact")
    group = SupportGroupFactory(slug="circle", name="TITLE-group")
    first = ReadingListFactory(
        member=member, title="CANARY-list", is_default=True, note="CANARY-note-of-list"
    )
    ChangeNotice.objects.create(member=member, told_at=now)
    second = ReadingListFactory(member=member, title="CANARY-second")
    SavedItemFactory(
        reading_list=first,
        topic=topic,
        position=2,
        note="CANARY-note one\n<b>bold</b>",
        read_at=now,
    )
    SavedItemFactory(
        reading_list=first,
        topic=None,
        fact=fact,
        seen_version=version,
        position=1,
        note="CANARY-two",
    )
    third = SavedItemFactory(reading_list=second, topic=None, group=group, note="CANARY-three")
    AppointmentSheetFactory(reading_list=first, appointment_on="2031-05-06", paper="letter")
    SheetQuestionFactory(reading_list=first, text="CANARY-asked", answer="CANARY-answer")
    SheetQuestionFactory(reading_list=first, question=QuestionFactory(text="CANARY-offered"))
    link = SharedListFactory(reading_list=second, expires_at=now + timedelta(days=7))
    SharedNote.objects.create(shared_list=link, item=third, note_number=0)
    ListImport.objects.create(member=member, content="SECRET-file", created_at=now)
    type(member).objects.filter(pk=member.pk).update(
        display_name="CANARY-name",
        preferences="text=largest&zone=Asia%2FTokyo&hide=nothing",
        language="CANARY-in",
        mail_about_changes="safety",
        mail_bounced_on="2026-01-03",
        idle_notices=1,
        idle_noticed_on="2026-01-02",
        last_login=now,
    )
    member.refresh_from_db()
    Consent.objects.create(member=member, version="CANARY-version", given_at=now)
    address = member.emailaddress_set.get()
    EmailConfirmation.objects.create(email_address=address, sent=now, key="SECRET-key")
    Authenticator.objects.create(
        user=member, type="webauthn", data={"name": "CANARY-passkey", "credential": "SECRET-c"}
    )
    Authenticator.objects.create(user=member, type="totp", data={"secret": "SECRET-totp"})
    Event.objects.create(
        at=now,
        actor=make_staff("Editor"),
        action="member-seen",
        subject_kind="member",
        subject_key=member.pk,
        detail="CANARY-detail",
    )
    Event.objects.create(
        at=now, actor=member, action="member-seen", subject_kind="x", subject_key=1
    )
    Suggestion.objects.create(
        kind="correction",
        group=group,
        changes={"name": {"was": "x", "new": "CANARY-suggested"}},
        joining="CANARY-joining",
        words="CANARY-words",
        reply_address=member.email.upper(),
        created_on=now.date(),
    )
    Suggestion.objects.create(
        kind="correction",
        group=group,
        words="OTHER-words",
        reply_address="other@example.org",
        created_on=now.date(),
    )


CANARIES = (
    "Size of the text: Very large; ", "Tokyo",
    "CANARY-list", "CANARY-note-of-list", "CANARY-second", "CANARY-note one", "CANARY-two",
    "CANARY-three", "CANARY-name", "CANARY-in", "CANARY-version", "CANARY-passkey",
    "CANARY-detail", "CANARY-suggested", "CANARY-joining", "CANARY-words", "TITLE-topic",
    "TITLE-fact", "TITLE-group", "CANARY-asked", "CANARY-answer", "CANARY-offered", "2031-05-06",
)  # fmt: skip


def copy_of(member, shape="data", preferences=None):
    copy = Copy(member, preferences or Preferences(), timezone.now())
    return "".join(copy.written(shape))


def make_link(client, shape="data"):
    """Ask for a copy and return the address of its page."""
    return client.post("/account/export/", {"shape": shape}).headers["Location"]


def received(response):
    return b"".join(response.streaming_content).decode()


# What is in it


def test_p4_copy_holds_what_was_planted_in_every_column(member):
    fill(member)

    data = copy_of(member)

    for canary in (*CANARIES, member.email):
        assert canary in data, canary


def test_p4_every_declared_column_is_in_the_data_under_its_name(member):
    fill(member)

    data = json.loads(copy_of(member))

    for part in PARTS:
        names = [key for key, _how, _column in part.shown]
        rows = data.get(part.key)
        if part.key == "items":
            rows = data["reading_lists"][0]["items"]
        elif part.is_one:
            rows = [rows]
        assert isinstance(rows, list), part.key
        for row in rows:
            assert set(names) <= set(row), part.key


def test_p4_copy_fits_the_schema_in_the_docs(member):
    fill(member)

    schema = json.loads(SCHEMA.read_text())

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(copy_of(member)), schema)
    jsonschema.validate(json.loads(copy_of(MemberFactory())), schema)


def test_p4_lists_can_be_made_again_from_the_data_with_equal_counts(member, db):
    """What an import needs is in it: kind and key, order, note and read mark."""
    fill(member)
    data = json.loads(copy_of(member))
    other = MemberFactory()

    for told in data["reading_lists"]:
        made = ReadingList.objects.create(
            member=other, title=told["title"], is_default=told["is_default"]
        )
        for item in told["items"]:
            saved, _is_new = made.add(find(item["kind"], item["key"], timezone.now()))
            saved.write_note(item["note"], 0)
            SavedItem.objects.filter(pk=saved.pk).update(read_at=item["read_at"])

    again = json.loads(copy_of(other))
    assert again["counts"]["reading_lists"] == data["counts"]["reading_lists"] == 2
    assert again["counts"]["items"] == data["counts"]["items"] == 3
    for one, two in zip(data["reading_lists"], again["reading_lists"], strict=True):
        same = ("kind", "key", "note", "read_at", "title")
        assert [[i[k] for k in same] for i in one["items"]] == [
            [i[k] for k in same] for i in two["items"]
        ]


def test_items_come_in_the_order_of_the_list(member):
    reading_list = ReadingListFactory(member=member)
    items = [SavedItemFactory(reading_list=reading_list, position=p) for p in (3, 1, 2)]

    told = json.loads(copy_of(member))["reading_lists"][0]["items"]

    assert [item["key"] for item in told] == [item_key(items[i]) for i in (1, 2, 0)]
    assert [item["position"] for item in told] == [1, 2, 3]


def test_copy_holds_no_secret_and_nothing_of_others(member):
    fill(member)
    SavedItemFactory(note="OTHER-note", reading_list=ReadingListFactory(title="OTHER-list"))

    for shape in ("data", "pages"):
        text = copy_of(member, shape)
        assert "SECRET" not in text
        assert "OTHER" not in text
        assert member.password not in text


def test_copy_says_what_it_leaves_out_and_why(member):
    left_out = json.loads(copy_of(member))["left_out"]

    assert {"password", "data", "session_key", "secret_hash"} <= {row["what"] for row in left_out}
    assert all(row["why"] for row in left_out)


def test_note_that_no_key_opens_is_told_of_and_stops_nothing(member, settings):
    fill(member)
    settings.NOTES_KEYS = [Fernet.generate_key().decode()]

    items = json.loads(copy_of(member))["reading_lists"][0]["items"]

    assert [item["note"] for item in items] == [None, None]
    assert "the portal cannot open it at the moment" in copy_of(member, "pages")


def test_note_that_waits_in_a_session_is_in_it(client, member):
    reading_list = ReadingListFactory(member=member)
    item = SavedItemFactory(reading_list=reading_list)
    address = f"/lists/{reading_list.pk}/items/{item.pk}/note/"
    # Sent when the session was over already; kept until somebody signs in here again.
    client.post(address, {"note": "CANARY-waiting", "based_on": "0"})
    sign_in(client, member)
    client.get("/account/")

    data = json.loads(copy_of(member))

    assert data["unsaved_notes"] == [{"note": "CANARY-waiting"}]
    assert Session.objects.exists()


def test_sensitive_fact_stands_under_its_neutral_heading(member):
    version = make_live(
        sensitivity="prognosis", title="How long people live", neutral_heading="What may come"
    )
    SavedItemFactory(reading_list=ReadingListFactory(member=member), topic=None, fact=version.fact)

    for shape in ("data", "pages"):
        text = copy_of(member, shape)
        assert "What may come" in text
        assert "How long people live" not in text


def test_work_of_staff_is_in_their_copy(editor):
    version = make_live(author=editor)

    did = json.loads(copy_of(editor))["did_as_staff"]

    assert {
        "what": "wrote a version of a fact",
        "where": "version of a fact",
        "number": str(version.pk),
        "at": json.loads(copy_of(editor))["did_as_staff"][0]["at"],
    } in did


# As a page


def test_page_holds_what_the_data_holds(member):
    fill(member)

    page = copy_of(member, "pages")

    for canary in (*CANARIES, member.email):
        assert canary.replace("2031-05-06", "6 May 2031") in page, canary
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold" not in page


def test_page_stands_alone_and_tells_nothing_in_its_title(member):
    fill(member)

    page = copy_of(member, "pages")

    assert "<title>My data</title>" in page
    for word in ("cancer", "Waymark", django_settings.SITE_URL):
        assert word not in page.partition("</head>")[0]
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert "<script" not in page


def test_page_is_well_formed(member):
    fill(member)
    opened = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in {"meta", "br"}:
                opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

    parser = Parser()
    parser.feed(copy_of(member, "pages"))

    assert opened == []


def test_page_tells_times_in_the_members_zone(member):
    type(member).objects.filter(pk=member.pk).update(joined_at="2026-07-01T23:30:00Z")
    member.refresh_from_db()

    page = copy_of(member, "pages", Preferences(zone="America/New_York"))

    assert "1 July 2026, 19:30 (EDT)" in page


# The way to it


def test_visitor_is_asked_to_sign_in(client, db):
    assert client.get("/account/export/").headers["Location"].startswith("/accounts/login/")


def test_s10_proof_is_asked_again_after_five_minutes(client, member, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z")
    sign_in(client, member)
    link = make_link(client)
    time_machine.move_to("2026-11-22 10:05:01Z")

    for address in ("/account/export/", link):
        for answer in (client.get(address), client.post(address, {"shape": "data"})):
            assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not DataExport.objects.filter(begun_at__isnull=False).exists()


def test_copy_comes_as_a_file_that_nobody_keeps(signed_in, member):
    fill(member)
    link = make_link(signed_in)

    response = signed_in.post(link)

    assert re.fullmatch(
        r'attachment; filename="my-data-\d{4}-\d\d-\d\d\.json"',
        response.headers["Content-Disposition"],
    )
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        "CANARY-note one" in json.loads(received(response))["reading_lists"][0]["items"][1]["note"]
    )


def test_copy_as_a_page_comes_as_a_file(signed_in):
    response = signed_in.post(make_link(signed_in, "pages"))

    assert response.headers["Content-Disposition"].endswith('.html"')
    assert "What we keep about you" in received(response)


def test_opening_the_link_spends_nothing(signed_in):
    link = make_link(signed_in)

    for _number in range(3):
        assert signed_in.get(link).status_code == 200
        assert signed_in.head(link).status_code == 200

    assert signed_in.post(link).status_code == 200


def test_link_works_once(signed_in):
    link = make_link(signed_in)
    received(signed_in.post(link))

    again, seen = signed_in.post(link), signed_in.get(link)

    assert again.status_code == seen.status_code == 410
    assert "This link is used up" in again.text
    assert "You did nothing wrong" in seen.text


def test_link_dies_after_15_minutes(client, member, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z")
    sign_in(client, member)
    link = make_link(client)
    time_machine.move_to("2026-11-22 10:14:59Z")
    sign_in(client, member)
    client.post("/accounts/reauthenticate/", {"password": "correct horse battery staple"})
    assert client.get(link).status_code == 200
    time_machine.move_to("2026-11-22 10:15:01Z")

    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410


def test_newer_link_ends_the_older_one(signed_in):
    older = make_link(signed_in)

    make_link(signed_in)

    assert signed_in.get(older).status_code == 404


def test_z2_link_of_another_session_or_member_is_as_one_that_never_was(signed_in, member):
    link = make_link(signed_in)
    elsewhere, stranger = Client(), Client()
    sign_in(elsewhere, member)
    sign_in(stranger, MemberFactory())

    for browser in (elsewhere, stranger):
        for address in (link, "/account/export/made-up/", "/account/export/" + "9" * 300 + "/"):
            assert browser.get(address).status_code == 404
            assert browser.post(address).status_code == 404
    assert signed_in.get(link).status_code == 200


def test_only_a_hash_of_the_link_is_kept(signed_in):
    secret = make_link(signed_in).split("/")[-2]

    row = DataExport.objects.get()

    assert len(secret) >= 43  # 32 bytes
    assert secret not in str(vars(row))


def test_link_outlives_a_new_key_of_its_session(signed_in):
    """A proof asked for in between changes the session's key."""
    link = make_link(signed_in)

    session = signed_in.session
    old = session.session_key
    session.cycle_key()
    session.save()
    signed_in.cookies["session"] = session.session_key

    assert session.session_key != old
    assert signed_in.get(link).status_code == 200


def test_unknown_shape_is_an_error_in_words(signed_in):
    for shape in ("", "clay", "-1", "\u0661\u0662"):
        page = signed_in.post("/account/export/", {"shape": shape}).text
        assert 'class="error-summary"' in page
        assert "Please choose one of the two." in page


def test_l7_second_copy_waits_for_the_first(signed_in, member):
    first, _secret = DataExport.objects.ask(member, "data", timezone.now())
    first.begin(timezone.now())
    link = make_link(signed_in)

    waiting = signed_in.post(link)
    first.end(timezone.now())
    now = signed_in.post(link)

    assert waiting.status_code == 429
    assert "One copy at a time" in waiting.text
    assert now.status_code == 200


def test_download_that_is_broken_off_makes_room(member):
    asked, _secret = DataExport.objects.ask(member, "data", timezone.now())
    asked.begin(timezone.now())
    # What the server closes when the other side is gone.
    sent = until_done(asked, Copy(member, Preferences(), timezone.now()))
    next(sent)
    asked.refresh_from_db()
    assert asked.ended_at is None

    sent.close()

    asked.refresh_from_db()
    assert asked.ended_at is not None


def test_l7_sixth_copy_of_a_day_is_refused_in_words(signed_in):
    for _number in range(5):
        received(signed_in.post(make_link(signed_in)))

    refused = signed_in.post("/account/export/", {"shape": "data"})

    assert refused.status_code == 429
    assert "You can take 5 copies a day." in refused.text


def test_z6_form_changes_nothing_but_the_shape(signed_in, member):
    other = MemberFactory()
    signed_in.post(
        "/account/export/", {"shape": "data", "member": other.pk, "is_staff": "on", "id": 99}
    )

    row = DataExport.objects.get()

    assert row.member == member
    assert row.pk != 99


def test_queries_of_a_copy_do_not_grow_with_its_entries(member):
    fill(member)
    reading_list = member.reading_lists.get(title="CANARY-list")

    def count():
        with CaptureQueriesContext(connection) as queries:
            copy_of(member, "pages")
        return len(queries)

    few = count()
    for position in range(10, 60):
        SavedItemFactory(reading_list=reading_list, position=position)

    assert count() == few


def test_pages_cost_few_queries(signed_in, django_assert_max_num_queries):
    link = make_link(signed_in)
    signed_in.get("/account/")  # Where somebody is signed in is written down once.

    for address in ("/account/export/", link):
        with django_assert_max_num_queries(10):
            signed_in.get(address)


def test_pages_say_that_they_are_private(signed_in):
    for address in ("/account/export/", make_link(signed_in)):
        response = signed_in.get(address)
        assert response.headers["Cache-Control"] == "private, no-store"
        assert '<meta name="robots" content="noindex' in response.text


def test_where_one_is_signed_in_is_in_it(signed_in, member):
    signed_in.get("/account/")
    assert UserSession.objects.filter(user=member).exists()

    data = json.loads(copy_of(member))

    assert data["counts"]["signed_in"] == 1
    assert "session_key" not in data["signed_in"][0]


def test_old_rows_of_copies_go(signed_in):
    received(signed_in.post(make_link(signed_in)))

    DataExport.objects.old(timezone.now() + timedelta(days=2)).delete()

    assert not DataExport.objects.exists()
