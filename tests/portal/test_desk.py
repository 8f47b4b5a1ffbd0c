"""The first page of the desk: what it counts, for whom, and in which words."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from community.models import Member
from community.models.worklist import Todo
from facts.models import Event, Report, ReviewRequest
from portal.models import EmptySearch
from tests.factories import (
    DraftFactory,
    FactFactory,
    MeetingFactory,
    MemberFactory,
    NewGroupFactory,
    ServiceFactory,
    SupportGroupFactory,
    VerificationFactory,
    make_live,
    make_staff,
)
from tests.facts.many import make_many

pytestmark = [pytest.mark.once, pytest.mark.django_db]
EDITORIAL = {"sent-back", "drafts", "answers", "overdue", "due", "scheduled", "flagged"}
READERS = {"reports", "searches"}
WORKLIST = {f"groups-{todo}" for todo in Todo.values if todo != "waiting"}
GROUPS = WORKLIST | {"groups-without-date", "suggestions"}
PANELS = {
    "Editor": EDITORIAL | READERS | {"my-due", "dead-links", "services-to-check"},
    "Reviewer": EDITORIAL | READERS | {"to-decide"},
    "Moderator": GROUPS | {"services-to-check"},
}
EVERYTHING = set.union(*PANELS.values()) | {"missed-staff", "mail"}


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def panels_of(client):
    sections = client.get("/admin/").context["desk"]
    return {panel.key: panel for section in sections for panel in section.panels}


def make_worklist():
    """Make a group for each kind of thing that is left to do for one."""
    now = timezone.now()
    VerificationFactory(group__name="Disputed", answer="not-mine", answered_at=now)
    VerificationFactory(group__name="Bounced", bounced_at=now)
    VerificationFactory(group__name="Silent", sent_at=now - timedelta(weeks=5))
    VerificationFactory(group__name="Asked")
    SupportGroupFactory(name="Never")
    SupportGroupFactory(name="Due", checked_on=timezone.localdate() - timedelta(weeks=25))
    SupportGroupFactory(name="Fresh", checked_on=timezone.localdate())


def asked_of(version, by, **fields):
    now = timezone.now()
    return ReviewRequest.objects.create(
        version=version,
        asked_by=by,
        asked_of="Dr. Wells",
        sent_at=now - timedelta(days=3),
        expires_at=now + timedelta(days=9),
        secret_hash=f"{version.pk}-{by.pk}",
        text_edited_at=version.edited_at,
        **fields,
    )


@pytest.fixture
def superuser(db):
    person = make_staff("Editor")
    person.groups.clear()
    person.is_superuser = True
    person.save()
    return person


@pytest.mark.parametrize("role", PANELS)
def test_each_role_finds_its_panels(client, role):
    client.force_login(make_staff(role))

    assert set(panels_of(client)) == PANELS[role]


def test_superuser_finds_all(client, superuser):
    client.force_login(superuser)

    assert set(panels_of(client)) == EVERYTHING


def test_account_without_a_role_finds_none(client, superuser):
    person = make_staff("Editor")
    person.groups.clear()
    client.force_login(person)

    assert panels_of(client) == {}


def test_role_that_changes_changes_the_page_at_once(client, editor):
    client.force_login(editor)
    DraftFactory(author=editor, title="A secret draft")
    assert "A secret draft" in words_of(client.get("/admin/"))

    editor.groups.set([Group.objects.get(name="Moderator")])

    assert set(panels_of(client)) == PANELS["Moderator"]
    assert "A secret draft" not in words_of(client.get("/admin/"))


@pytest.mark.parametrize("role", PANELS)
def test_empty_panels_say_so_kindly(client, role):
    client.force_login(make_staff(role))

    response = client.get("/admin/")

    for panel in panels_of(client).values():
        assert panel.count == 0
        assert panel.empty in words_of(response)
    assert ("Nothing waits for you." in words_of(response)) == (role == "Reviewer")


@pytest.mark.parametrize("path", ["/admin/", "/admin/facts/fact/", "/admin/facts/event/"])
def test_people_are_numbers(client, superuser, path):
    colleague = MemberFactory(is_staff=True, display_name="Canary")
    make_many(30, superuser, colleague)
    client.force_login(superuser)

    page = client.get(path).content.decode()

    assert f"M{colleague.pk}" in page
    for person in Member.objects.all():
        assert person.email not in page
    assert "Canary" not in page


@pytest.mark.parametrize("who", ["superuser", "editor", "reviewer", "moderator"])
def test_every_link_leads_to_a_list_of_as_many(client, who, request):
    viewer = request.getfixturevalue(who)
    make_many(30, viewer, MemberFactory(is_staff=True))
    make_live(since=timezone.now() + timedelta(days=1))
    SupportGroupFactory(name="No date")
    make_worklist()
    NewGroupFactory()
    MemberFactory(is_staff=True, joined_at=timezone.now() - timedelta(days=200))
    client.force_login(viewer)

    for panel in panels_of(client).values():
        if panel.months:
            for month in panel.months:
                found = client.get(month.url).context["cl"].result_count
                assert found == month.number, month
            assert panel.count == sum(month.number for month in panel.months)
            continue
        if panel.key == "mail":  # A number and no list.
            continue
        assert client.get(panel.url).context["cl"].result_count == panel.count > 0, panel.key
        assert len(panel.lines) == min(panel.count, 4)
        for line in panel.lines:
            assert client.get(line.url).status_code == 200, line


def test_what_was_sent_back_has_its_note(client, editor, reviewer):
    draft = DraftFactory(author=editor, title="Scans")
    draft.submit(editor)
    draft.return_to_author(reviewer, "Say what a scan is.")
    client.force_login(editor)

    assert "Scans Say what a scan is." in words_of(client.get("/admin/"))


def test_own_facts_that_are_due_stand_apart(client, editor):
    make_live(title="Mine", fact__owner=editor)
    make_live(title="Another's", fact__owner=MemberFactory(is_staff=True))
    client.force_login(editor)

    panels = panels_of(client)

    assert [line.words for line in panels["my-due"].lines] == ["Mine"]
    assert panels["overdue"].count == 2
    assert panels["overdue"].lines[0].beside == "never reviewed"


def test_only_what_this_person_may_decide_waits(client, reviewer):
    DraftFactory(status="in-review", title="Theirs")
    DraftFactory(status="in-review", author=reviewer, title="Own")
    touched = DraftFactory(status="in-review", title="Touched")
    Event.objects.create(
        version=touched, verb="created", actor=reviewer, happened_at=timezone.now()
    )
    asked_of(DraftFactory(status="in-review", title="Asked"), reviewer)
    client.force_login(reviewer)

    assert [line.words for line in panels_of(client)["to-decide"].lines] == ["Theirs"]


def test_answers_come_to_whoever_asked(client, editor, reviewer):
    answer = {
        "answer": "change",
        "note": "Newer figures.",
        "answered_at": timezone.now(),
        "answerer_name": "Ada Wells",
        "answerer_role": "Oncologist",
    }
    asked_of(DraftFactory(status="in-review", title="Scans"), editor, **answer)
    long_ago = {**answer, "answered_at": timezone.now() - timedelta(days=31)}
    asked_of(DraftFactory(status="in-review"), editor, **long_ago)
    asked_of(DraftFactory(status="in-review"), reviewer, **answer)
    asked_of(DraftFactory(status="in-review"), editor)
    client.force_login(editor)

    lines = panels_of(client)["answers"].lines

    assert [(line.words, line.beside) for line in lines] == [("Scans", "Ada Wells: Change wanted")]


def test_chart_is_a_table_with_a_link_for_each_month(client, editor, reviewer):
    live = make_live()
    today = timezone.localdate()
    live.record_review(
        reviewer,
        reviewer_name="Ada Wells",
        reviewer_role="Oncologist",
        reviewed_on=today - timedelta(days=300),
        review_due=today + timedelta(days=60),
    )
    client.force_login(editor)

    page = client.get("/admin/").content.decode()

    table = page[page.index('<table class="months">') : page.index("</table>")]
    assert table.count('scope="col"') == table.count("/admin/facts/fact/?due=20") == 12
    assert table.count("<td>") == 12
    assert re.findall(r'class="number">(\d+)<', table).count("1") == 1
    assert 'height="100"' in table
    assert "style=" not in page


def test_dead_link_names_the_texts_that_readers_see(client, editor):
    colleague = MemberFactory(is_staff=True)
    make_many(3, editor, colleague)
    client.force_login(editor)

    panel = panels_of(client)["dead-links"]

    assert panel.count == 1
    assert panel.lines[0].beside == "used by: Heading 0 0"


def test_searches_are_shown_from_three_on_and_reports_while_open(client, editor):
    today = timezone.localdate()
    EmptySearch.objects.create(words="lost words", searched_on=today, times=3)
    EmptySearch.objects.create(words="rare words", searched_on=today, times=2)
    Report.objects.create(
        version=make_live(title="Scans"), kind="unclear", words="Which?", created_on=today
    )
    client.force_login(editor)

    panels = panels_of(client)

    assert [line.words for line in panels["searches"].lines] == ["lost words"]
    assert panels["reports"].lines[0].words == "Scans"


def test_moderator_finds_each_listing_in_one_place(client, moderator):
    make_worklist()
    client.force_login(moderator)

    panels = panels_of(client)

    for todo, name in (
        ("disputed", "Disputed"),
        ("bounced", "Bounced"),
        ("silent", "Silent"),
        ("never-checked", "Never"),
        ("due", "Due"),
    ):
        assert [line.words for line in panels[f"groups-{todo}"].lines] == [name]
        assert client.get(panels[f"groups-{todo}"].lines[0].url).status_code == 200


def test_moderator_finds_what_has_no_date_or_was_not_checked(client, moderator):
    today = timezone.localdate()
    SupportGroupFactory(name="Lately", checked_on=today)
    ServiceFactory(name="Line", checked_on=today - timedelta(days=91))
    MeetingFactory(group__name="With a date", group__checked_on=today)
    client.force_login(moderator)

    panels = panels_of(client)

    assert [line.words for line in panels["services-to-check"].lines] == ["Line"]
    assert [line.words for line in panels["groups-without-date"].lines] == ["Lately"]


def test_fact_without_a_text_is_no_fault(client, editor):
    FactFactory(owner=editor)
    client.force_login(editor)

    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/facts/fact/").status_code == 200
