"""Example rows, many and always the same."""

from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.mail import send_mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from community.demo import RULES, TOWNS, example
from community.languages import LANGUAGE_CHOICES
from community.models import (
    Consent,
    JoiningDetails,
    Meeting,
    MeetingException,
    Member,
    Occurrence,
    Pause,
    ReadingList,
    SavedItem,
    SupportGroup,
)
from community.models.groups import ACCESS_FEATURES, GROUP_AUDIENCES
from facts import demo as facts
from facts.choices import Origin, Sensitivity
from facts.models import Citation, Fact, FactVersion, Source, Topic
from portal.examples import hide_examples
from portal.models import SearchEntry
from portal.search import index
from tests.factories import ReadingListFactory, SupportGroupFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MODELS = (SupportGroup, Meeting, MeetingException, Pause, JoiningDetails)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


class Terminal(StringIO):
    def isatty(self):
        return True


def make(number, out=None, kind="groups"):
    out = out or StringIO()
    call_command("make_demo", stdout=out, **{kind: number})
    return out.getvalue()


@pytest.mark.django_db
def test_groups_are_made_published_and_marked():
    text = make(120)

    assert text == "120 example groups made; 0 were here already.\n"
    groups = SupportGroup.objects.published(NOW)
    assert groups.count() == 120
    assert all(group.is_example and group.name.startswith("Example ") for group in groups)
    assert not SupportGroup.objects.real().exists()


@pytest.mark.django_db
@pytest.mark.once
def test_every_row_keeps_the_rules():
    make(150)

    for model in MODELS:
        assert model.objects.exists()
        for row in model.objects.all():
            row.full_clean()


@pytest.mark.django_db
def test_dates_are_those_that_saving_would_make():
    make(150)
    made = {row.pk: str(row) for row in Occurrence.objects.all()}

    for pk in SupportGroup.objects.values_list("pk", flat=True):
        Occurrence.objects.rebuild_group(pk, NOW)

    assert {row.pk: str(row) for row in Occurrence.objects.all()} == made


@pytest.mark.django_db
def test_search_finds_what_a_new_index_would():
    make(60)
    make(120, kind="facts")
    fields = ("kind", "key", "url", "title", "body", "live_from", "live_until")
    made = set(SearchEntry.objects.values_list(*fields))

    index.rebuild()

    assert set(SearchEntry.objects.values_list(*fields)) == made
    assert len(made) > 170


@pytest.mark.django_db
def test_new_index_asks_as_much_for_many_facts_as_for_few():
    asked = []
    for number in (10, 90):
        make(number, kind="facts")
        with CaptureQueriesContext(connection) as queries:
            index.rebuild()
        asked.append(len(queries))

    # SQLite takes so many values in a statement, no more.
    assert asked[1] <= asked[0] + 2


@pytest.mark.django_db
def test_facts_are_made_live_and_marked(client):
    assert make(120, kind="facts") == "120 example facts made; 0 were here already.\n"
    assert make(130, kind="facts") == "10 example facts made; 120 were here already.\n"

    versions = FactVersion.objects.live(NOW)
    assert versions.count() == 130
    assert all(version.origin == Origin.EXAMPLE and not version.author for version in versions)
    assert all(version.heading.startswith("Example ") for version in versions)
    assert {version.sensitivity for version in versions} == set(Sensitivity)
    for row in [*Topic.objects.all(), *Fact.objects.all(), *versions, *Citation.objects.all()]:
        row.full_clean()
    assert all(topic.is_example for topic in Topic.objects.all())
    assert "This is an example, not a real fact." in page(client, "/facts/example-topic-1/")
    fact = page(client, "/facts/example-topic-1/example-3/")
    assert "This is an example, not a real fact." in fact
    assert "starter library" not in fact
    assert "This is an example" in page(client, "/facts/example-topic-1/example-3/history/")
    assert "Example 3:" in page(client, "/search/?q=example+3")


def page(client, address):
    return client.get(address).content.decode()


def test_fact_of_a_number_is_always_the_same():
    topic = facts.example_topic(1, NOW)
    made = [facts.example(number, topic, NOW).version for number in range(1, 60)]

    again = [
        facts.example(number, facts.example_topic(1, NOW), NOW).version for number in range(1, 60)
    ]

    assert [(v.title, v.body, v.sensitivity) for v in made] == [
        (v.title, v.body, v.sensitivity) for v in again
    ]
    assert len({version.title for version in made}) == 59


@pytest.mark.django_db
def test_second_run_makes_only_what_is_missing():
    make(20)
    SupportGroup.objects.get(slug="example-3-leeds").delete()
    before = set(SupportGroup.objects.values_list("pk", "slug"))

    assert make(20) == "1 example groups made; 19 were here already.\n"
    assert make(20) == "0 example groups made; 20 were here already.\n"
    assert make(25) == "5 example groups made; 20 were here already.\n"
    assert before < set(SupportGroup.objects.values_list("pk", "slug"))


def fields_of(made):
    rows = [made.group, *made.meetings, *made.pauses, *made.exceptions]
    return [{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields} for row in rows]


def test_group_of_a_number_is_always_the_same():
    assert all(fields_of(example(n, NOW)) == fields_of(example(n, NOW)) for n in range(1, 60))
    assert fields_of(example(7, NOW)) != fields_of(example(8, NOW))


def test_2000_groups_have_everything_that_there_can_be():
    made = [example(number, NOW) for number in range(1, 2001)]
    groups = [one.group for one in made]
    meetings = [meeting for one in made for meeting in one.meetings]

    assert {g.country for g in groups} == {town.country for town in TOWNS}
    assert {a for g in groups for a in g.audiences} == {a for a, _label in GROUP_AUDIENCES}
    assert {code for g in groups for code in g.languages} == {c for c, _n in LANGUAGE_CHOICES}
    assert {f for g in groups for f in g.access_features} == {f for f, _label in ACCESS_FEATURES}
    assert len({(g.is_in_person, g.is_online, g.is_by_phone) for g in groups}) >= 6
    assert {(m.frequency, m.interval, tuple(m.ordinals)) for m in meetings} == {
        (frequency, interval, tuple(ordinals)) for frequency, interval, ordinals in RULES
    }
    assert {m.weekday for m in meetings} == set("0123456")
    assert len({m.time_zone for m in meetings}) > 60
    assert any(g.sign_languages for g in groups)
    assert any(g.ended_on for g in groups)
    assert any(g.checked_on is None for g in groups)
    assert any(m.last_on for m in meetings)
    assert any(m.first_on > NOW.date() for m in meetings)
    pauses = [pause for one in made for pause in one.pauses]
    assert any(p.last_on is None for p in pauses)
    assert any(p.first_on > NOW.date() for p in pauses)
    exceptions = [exception for one in made for exception in one.exceptions]
    for name in ("is_cancelled", "new_on", "new_starts_at", "new_duration_minutes", "place"):
        assert any(getattr(e, name) for e in exceptions), name
    assert len({g.slug for g in groups}) == 2000


@pytest.mark.django_db
def test_members_keep_lists_and_nobody_can_be_one(client):
    make(30, kind="facts")
    make(20)

    assert make(7, kind="members") == "7 example members made; 0 were here already.\n"
    assert make(20, kind="lists") == "20 example lists made; 0 were here already.\n"
    before = set(kept_on_lists())
    assert make(22, kind="lists") == "2 example lists made; 20 were here already.\n"
    assert before < set(kept_on_lists())

    for model in (Member, EmailAddress, Consent, ReadingList, SavedItem):
        for row in model.objects.all():
            row.full_clean(exclude=["password"])
    members = list(Member.objects.all())
    assert all(m.email.endswith("@members.example.org") and not m.is_active for m in members)
    assert not any(m.has_usable_password() for m in members)
    assert ReadingList.objects.filter(is_default=True).count() == 7
    assert any(item.has_note for item in SavedItem.objects.all())
    assert all(item.target for item in SavedItem.objects.all())


def kept_on_lists():
    items = SavedItem.objects.order_by("reading_list", "position")
    return items.values_list("reading_list__title", "fact", "topic", "group")


@pytest.mark.django_db
def test_examples_are_off_a_portal_that_others_can_read(client, settings):
    make(20, kind="facts")
    make(20)
    assert not hide_examples()
    settings.IS_LOCAL = False

    assert hide_examples()

    assert not Topic.objects.published(NOW).exists()
    assert client.get("/facts/example-topic-1/example-3/").status_code == 404
    assert not SearchEntry.objects.exists()
    assert not hide_examples()


@pytest.mark.django_db
def test_no_mail_is_sent_to_an_example(mailoutbox, settings):
    settings.EMAIL_BACKEND = "portal.mail.QueuedEmailBackend"

    send_mail("Hello", "Text", None, ["example-1@members.example.org"])
    send_mail("Hello", "Text", None, ["somebody@example.org"])

    assert [mail.to for mail in mailoutbox] == [["somebody@example.org"]]


@pytest.mark.django_db
def test_lists_need_members():
    with pytest.raises(CommandError, match="Lists need members"):
        make(5, kind="lists")


@pytest.mark.django_db
def test_everything_is_removed_but_what_a_member_wrote_about(client):
    make(120, kind="facts")
    make(10)
    make(5, kind="members")
    make(10, kind="lists")
    fact = Fact.objects.get(slug="example-3")
    mine = ReadingListFactory()
    mine.add_all([fact, Fact.objects.get(slug="example-4"), SupportGroup.objects.first()])
    mine.saved_items.filter(fact=fact).update(note="Mine")

    out = StringIO()
    call_command("remove_examples", stdout=out)

    assert "5 example members removed.\n119 example facts removed.\n" in out.getvalue()
    assert list(Fact.objects.all()) == [fact]
    assert [item.fact for item in SavedItem.objects.all()] == [fact]
    assert client.get(fact.get_absolute_url()).status_code == 404
    assert not SearchEntry.objects.exists()
    assert list(Member.objects.all()) == [mine.member]
    assert Source.objects.count() == 1


@pytest.mark.django_db
def test_nothing_is_made_where_others_can_read(settings):
    settings.IS_LOCAL = False

    with pytest.raises(CommandError, match="SITE_URL is not localhost"):
        make(5)
    assert not SupportGroup.objects.exists()


@pytest.mark.parametrize("number", [0, -1, 100_001])
def test_odd_number_is_refused_in_words(number):
    with pytest.raises(CommandError, match="From 1 to 100000"):
        make(number)


@pytest.mark.django_db
def test_bar_is_drawn_on_a_terminal_alone():
    terminal = Terminal()

    assert "█" in make(5, terminal)
    assert "5 of 5\n5 example groups made" in terminal.getvalue()
    assert "█" not in make(5)


@pytest.mark.django_db
def test_examples_are_removed_by_the_one_command():
    real = SupportGroupFactory(name="Real")
    make(40)

    call_command("remove_examples", stdout=StringIO())

    assert list(SupportGroup.objects.all()) == [real]
    assert not Occurrence.objects.exists()
    assert not JoiningDetails.objects.exists()
    assert SearchEntry.objects.filter(kind="group").count() == 1
