"""Readers' reports at the desk: a list, a page to read and close, and who may do what."""

import re
import time
from threading import Barrier, Thread

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, connections
from django.urls import reverse
from django.utils import timezone

from facts.models import Event, Report
from tests.factories import (
    FactFactory,
    MemberFactory,
    ReportFactory,
    make_live,
    make_staff,
)

LIST = "/admin/facts/report/"
pytestmark = pytest.mark.django_db
RIGHT = {"outcome": "right", "note": "See the source."}


def page_of(report):
    return reverse("admin:facts_report_change", args=[report.pk])


def newer(version):
    """Return a second version, which took the place of `version` a moment ago."""
    now = timezone.now()
    type(version).objects.filter(pk=version.pk).update(live_until=now)
    return make_live(version.fact, number=2, since=now)


def listed(client, query=""):
    response = client.get(f"{LIST}{query}")
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


@pytest.fixture
def report():
    return ReportFactory(words="What is a lesion?")


class TestRoles:
    @pytest.mark.parametrize("role", ["Editor", "Reviewer"])
    def test_editors_and_reviewers_read_and_close(self, client, report, role):
        staff = make_staff(role)
        client.force_login(staff)

        assert listed(client) == [report]
        assert "What is a lesion?" in client.get(page_of(report)).text
        assert client.post(page_of(report), RIGHT).status_code == 302
        report.refresh_from_db()
        assert (report.outcome, report.closed_by) == ("right", staff)

    def test_superuser_reads_and_closes(self, client, report):
        staff = make_staff("Editor")
        staff.groups.clear()
        staff.is_superuser = True
        staff.save()
        client.force_login(staff)

        assert listed(client) == [report]
        assert client.post(page_of(report), RIGHT).status_code == 302

    def test_moderator_is_kept_out(self, client, report, moderator):
        client.force_login(moderator)

        for address in (LIST, page_of(report)):
            assert client.get(address).status_code == 403
            assert client.post(address, RIGHT).status_code == 403
        report.refresh_from_db()
        assert report.is_open
        with pytest.raises(PermissionDenied):
            report.close(moderator, outcome="right")

    @pytest.mark.parametrize("who", ["anonymous", "member", "no second step"])
    def test_nobody_else_opens_it(self, client, report, who):
        if who != "anonymous":
            client.force_login(MemberFactory(is_staff=who == "no second step"))

        for address in (LIST, page_of(report)):
            assert client.get(address).status_code == 302
            typed = client.post(address, RIGHT)
            assert typed.status_code == (403 if who == "anonymous" else 302)
        report.refresh_from_db()
        assert report.is_open

    @pytest.mark.parametrize("role", ["Editor", "Reviewer"])
    def test_nobody_writes_or_deletes_one(self, client, report, role):
        client.force_login(make_staff(role))

        assert client.get(f"{LIST}add/").status_code == 403
        assert client.post(f"{LIST}{report.pk}/delete/", {"post": "yes"}).status_code == 403
        assert Report.objects.count() == 1

    def test_who_may_only_look_is_offered_no_form(self, client, report, editor):
        editor.groups.get().permissions.remove(
            *editor.groups.get().permissions.filter(codename="change_report")
        )
        client.force_login(editor)

        assert "Close this report" not in client.get(page_of(report)).text
        assert client.post(page_of(report), RIGHT).status_code == 403


class TestPage:
    def test_opening_it_changes_nothing(self, client, report, editor):
        client.force_login(editor)

        client.get(page_of(report))
        client.head(page_of(report))

        report.refresh_from_db()
        assert report.is_open
        assert not Event.objects.filter(verb="report-closed").exists()

    def test_words_are_escaped_and_make_no_link(self, client, editor):
        words = "<script>alert(1)</script> https://evil.example/ javascript:x"
        report = ReportFactory(words=words)
        client.force_login(editor)

        for address in (LIST, page_of(report)):
            page = client.get(address).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)&lt;/script&gt; https://evil.example/" in page
            assert not re.search(r'href="[^"]*evil\.example', page)

    def test_it_shows_what_was_read_and_what_stands_now(self, client, report, editor):
        client.force_login(editor)
        assert "Readers see this version now." in client.get(page_of(report)).text

        newer(report.version)

        page = client.get(page_of(report)).text
        assert "Readers see version 2 now." in page
        assert f'href="{report.fact.get_history_url()}?from=1&amp;to=2"' in page

    def test_it_shows_other_open_reports_on_the_fact(self, client, report, editor):
        ReportFactory(version=report.version, words="Another on the same.")
        ReportFactory(words="Another fact.")
        client.force_login(editor)

        page = client.get(page_of(report)).text

        assert "Another on the same." in page
        assert "Another fact." not in page

    @pytest.mark.parametrize("pk", ["0", "-1", "x", "9" * 30, "١", "1.0"])
    def test_odd_numbers_are_no_fault(self, client, editor, pk):
        client.force_login(editor)

        assert client.get(f"{LIST}{pk}/change/").status_code in {302, 404}

    def test_twelve_queries_are_enough(self, client, report, editor, django_assert_max_num_queries):
        for _ in range(3):
            ReportFactory(version=report.version)
        client.force_login(editor)

        with django_assert_max_num_queries(12):
            client.get(page_of(report))


class TestClose:
    def test_all_of_it_is_kept(self, client, report, editor):
        mended = newer(report.version)
        answer = make_live().fact
        client.force_login(editor)

        response = client.post(
            page_of(report),
            {
                "outcome": "mended",
                "mended_in": mended.pk,
                "answered_by": answer.pk,
                "note": " The word is explained now. ",
            },
        )

        assert response["Location"] == LIST
        report.refresh_from_db()
        assert (report.outcome, report.mended_in, report.answered_by) == ("mended", mended, answer)
        assert (report.note, report.closed_by) == ("The word is explained now.", editor)
        assert report.words == "What is a lesion?"
        event = Event.objects.get(verb="report-closed")
        assert (event.version, event.actor, event.note) == (report.version, editor, "Put right")
        page = client.get(page_of(report)).text
        for words in ("Put right", "by you", "The word is explained now.", str(mended)):
            assert words in page
        assert "Close this report" not in page

    def test_the_next_open_one_is_offered(self, client, report, editor):
        ReportFactory()
        client.force_login(editor)

        assert client.post(page_of(report), RIGHT)["Location"] == f"{LIST}?state=open"

    def test_words_that_tell_who_wrote_can_go_at_once(self, client, report, editor):
        client.force_login(editor)

        client.post(page_of(report), {**RIGHT, "is_emptied": "on"})

        report.refresh_from_db()
        assert report.words == ""
        assert "deleted by now" in client.get(page_of(report)).text
        assert "Deleted" in client.get(LIST).text

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"outcome": ""}, "Choose what came of it."),
            ({"outcome": "lost"}, "not one of the available choices"),
            ({"answered_by": "0"}, "not one of the available choices"),
            ({"note": "w" * 2001}, "at most 2000 characters"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
        self, client, report, editor, change, said
    ):
        client.force_login(editor)

        response = client.post(page_of(report), {**RIGHT, **change})

        assert response.status_code == 200
        assert said in response.text
        assert (RIGHT | change)["note"] in response.text
        report.refresh_from_db()
        assert report.is_open

    def test_fact_that_readers_do_not_see_answers_nothing(self, client, report, editor):
        client.force_login(editor)

        response = client.post(page_of(report), {**RIGHT, "answered_by": FactFactory().pk})

        assert "Readers do not see this fact." in response.text
        report.refresh_from_db()
        assert report.is_open

    def test_only_a_newer_version_of_the_same_fact_puts_it_right(self, report, editor):
        other = make_live()
        draft = type(other).start(report.fact, editor)

        for version in (report.version, other, draft):
            with pytest.raises(ValidationError):
                report.close(editor, outcome="mended", mended_in=version)
        report.close(editor, outcome="mended")

    def test_version_is_asked_for_only_if_there_is_a_newer_one(self, client, report, editor):
        client.force_login(editor)
        assert "mended_in" not in client.get(page_of(report)).context["form"].fields

        mended = newer(report.version)

        response = client.post(page_of(report), {**RIGHT, "mended_in": mended.pk})
        assert "Choose a version only for what was put right." in response.text

    def test_second_of_two_is_told_and_keeps_the_note(self, client, report, editor, reviewer):
        report.close(reviewer, outcome="cannot")
        client.force_login(editor)

        response = client.post(page_of(report), RIGHT)

        assert response.status_code == 409
        assert "Somebody closed this report while you were reading it" in response.text
        assert "See the source." in response.text
        assert "We cannot help it" in response.text
        report.refresh_from_db()
        assert (report.outcome, report.closed_by, report.note) == ("cannot", reviewer, "")

    def test_it_is_closed_once(self, report, editor):
        report.close(editor, outcome="right")

        with pytest.raises(ValidationError) as refused:
            Report.objects.get().close(editor, outcome="cannot")

        assert refused.value.code == "closed"
        assert Event.objects.filter(verb="report-closed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins():
    report = ReportFactory()
    staff = [make_staff("Editor"), make_staff("Reviewer")]
    barrier, said = Barrier(2), []

    def close(person):
        mine = Report.objects.get(pk=report.pk)
        barrier.wait()
        while True:
            try:
                mine.close(person, outcome="right")
                said.append("done")
            except ValidationError as error:
                said.append(error.code)
            except OperationalError:
                # SQLite's database in memory refuses at once what the one on disk waits for.
                time.sleep(0.01)
                continue
            break
        connections.close_all()

    threads = [Thread(target=close, args=[person]) for person in staff]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["closed", "done"]
    assert Event.objects.filter(verb="report-closed").count() == 1


class TestList:
    def test_open_ones_come_first_and_filters_work(self, client, report, editor):
        shut = ReportFactory(kind="wrong")
        shut.close(editor, outcome="mended")
        client.force_login(editor)

        assert listed(client) == [report, shut]
        assert listed(client, "?state=open") == [report]
        assert listed(client, "?state=closed") == [shut]
        assert listed(client, "?state=mended") == [shut]
        assert listed(client, "?kind__exact=wrong") == [shut]
        assert listed(client, f"?fact={report.fact.pk}") == [report]
        assert listed(client, "?q=lesion") == [report]
        day = timezone.localdate()
        assert len(listed(client, f"?created_on__gte={day}&created_on__lt=9999-01-01")) == 2

    @pytest.mark.parametrize(
        "query", ["?fact=x", "?fact=-1", f"?fact={'9' * 40}", "?fact=١", "?state=lost", "?fact="]
    )
    def test_odd_filters_are_no_fault(self, client, report, editor, query):
        client.force_login(editor)

        assert client.get(f"{LIST}{query}").status_code in {200, 302}

    def test_many_are_closed_at_once_with_a_word_on_each(self, client, report, editor):
        other, shut = ReportFactory(), ReportFactory()
        shut.close(editor, outcome="right")
        client.force_login(editor)

        page = client.post(
            LIST,
            {
                "action": "close_as_off_topic",
                "_selected_action": [report.pk, other.pk, shut.pk],
            },
            follow=True,
        ).text

        assert "2 reports are closed." in page
        assert "1 was closed before, and stays as it is." in page
        shut.refresh_from_db()
        assert shut.outcome == "right"
        assert Report.objects.filter(outcome="off-topic").count() == 2

    def test_list_needs_twelve_queries_however_long_it_is(
        self, client, editor, django_assert_max_num_queries
    ):
        version = make_live()
        for _ in range(60):
            ReportFactory(version=version)
        for _ in range(5):
            ReportFactory()
        client.force_login(editor)

        with django_assert_max_num_queries(12):
            client.get(LIST)
