"""“Something wrong or unclear?”: taken without an account, with the day and nobody's name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from facts.models import Event, Fact, Report
from facts.plain_text import clean_text
from facts.tasks import forget_old_words
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    ReportFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db
PAGE = "/facts/bones/scans/report/"
THANKS = "/facts/bones/scans/report/thanks/"
GOOD = {"kind": "unclear", "words": "What is a “lesion”?", "version": "1"}
REQUIRED = "Tell us in a few words what you noticed."


@pytest.fixture
def version():
    fact = FactFactory(topic=TopicFactory(slug="bones", title="Bones"), slug="scans")
    return make_live(fact, title="Scans help")


@pytest.fixture
def sensitive():
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="scans")
    return make_live(fact, title="Canary answer", neutral_heading="Scans", sensitivity="prognosis")


class TestPage:
    def test_every_fact_leads_to_it(self, client, version):
        for address in ("/facts/bones/", "/facts/bones/scans/"):
            assert f'href="{PAGE}" rel="nofollow"' in client.get(address).text

    def test_it_names_the_fact_and_asks_for_nothing_of_the_reader(self, client, version):
        response = client.get(PAGE)

        assert response.status_code == 200
        assert "Scans help" in response.text
        assert "they cannot answer you" in response.text
        assert "no name, no phone number and no diagnosis" in response.text
        assert set(response.context["form"].fields) == {"kind", "words", "version"}
        assert 'type="email"' not in response.text

    def test_nobody_keeps_it_and_no_search_engine_lists_it(self, client, version):
        response = client.get(PAGE)

        assert response["Cache-Control"] == "private, no-store"
        assert set(response.cookies) == {"csrf"}
        assert '<meta name="robots" content="noindex, nofollow">' in response.text
        assert PAGE not in client.get("/sitemap.xml").text

    def test_opening_it_changes_nothing(self, client, version):
        client.get(PAGE)
        client.head(PAGE)
        client.get(THANKS)

        assert not Report.objects.exists()
        assert not client.session.keys()

    def test_of_a_sensitive_fact_it_shows_the_neutral_heading_only(self, client, sensitive):
        for address in (PAGE, f"{PAGE}?show=scans", f"{PAGE}?show=all", THANKS):
            assert "Canary" not in client.get(address).text
        assert "Canary" not in client.post(PAGE, {**GOOD, "words": ""}).text
        assert "Scans" in client.get(PAGE).text

    def test_six_queries_are_enough(self, client, version, django_assert_max_num_queries):
        for address in (PAGE, THANKS):
            with django_assert_max_num_queries(6):
                client.get(address)


class TestSend:
    def test_words_are_kept_with_the_version_and_the_day(self, client, version, time_machine):
        time_machine.move_to(datetime(2031, 11, 24, 2, 15, tzinfo=UTC))

        response = client.post(PAGE, GOOD)

        assert (response.status_code, response["Location"]) == (302, THANKS)
        report = Report.objects.get()
        assert (report.fact, report.version, report.kind) == (version.fact, version, "unclear")
        assert report.words == "What is a “lesion”?"
        assert report.created_on == date(2031, 11, 24)
        assert report.is_open
        assert "Thank you" in client.get(THANKS).text

    def test_nothing_is_kept_of_who_sent_it(self, client, version, member):
        client.force_login(member)

        client.post(PAGE, GOOD, REMOTE_ADDR="203.0.113.77", headers={"user-agent": "Canary/1"})

        kept = Report.objects.values().get()
        assert set(kept) == {
            "id", "version_id", "kind", "words", "created_on", "outcome", "mended_in_id",
            "answered_by_id", "note", "closed_by_id", "closed_at",
        }  # fmt: skip
        assert kept["closed_by_id"] is None
        assert not isinstance(kept["created_on"], datetime)
        assert "203.0.113.77" not in str(kept)

    def test_pressing_twice_is_one_report(self, client, version):
        client.post(PAGE, GOOD)
        client.post(PAGE, GOOD)
        client.post(PAGE, {**GOOD, "words": "Something else."})

        assert Report.objects.count() == 2

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"kind": ""}, "Choose what it is about."),
            ({"kind": "praise"}, "praise is not one of the available choices"),
            ({"words": ""}, REQUIRED),
            ({"words": " \n\t "}, REQUIRED),
            ({"words": "\u202e\u200b\ufeff"}, REQUIRED),
            ({"words": "w" * 2001}, "This is 2001 characters long. Please use 2000 at most."),
        ],
    )
    def test_what_is_missing_is_said_and_nothing_typed_is_lost(self, client, version, change, said):
        response = client.post(PAGE, {**GOOD, **change})

        assert response.status_code == 400
        assert said in response.text
        assert "There is something to put right" in response.text
        assert not Report.objects.exists()
        form = response.context["form"]
        for name, value in (GOOD | change).items():
            assert form[name].value() == value
        if "kind" in change:
            assert "What is a “lesion”?" in response.text

    def test_two_thousand_characters_are_taken(self, client, version):
        words = "é\r\n" * 666 + "ab"

        response = client.post(PAGE, {**GOOD, "words": words})

        assert response.status_code == 302
        assert len(Report.objects.get().words) == 666 * 2 + 2

    def test_marks_that_turn_the_writing_are_left_out(self, client, version):
        client.post(PAGE, {**GOOD, "words": "abc\u202egnp.exe\u2066 de\x07f"})

        assert Report.objects.get().words == "abcgnp.exe def"

    @pytest.mark.parametrize(
        ("sent", "status", "kept"),
        [("a%00b", 400, None), ("a%ED%A0%80b", 302, "a\ufffd\ufffd\ufffdb")],
    )
    def test_bytes_that_are_no_words_do_no_harm(self, client, version, sent, status, kept):
        body = f"kind=unclear&words={sent}"

        response = client.post(PAGE, body, content_type="application/x-www-form-urlencoded")

        assert response.status_code == status
        assert [report.words for report in Report.objects.all()] == [kept] * (status == 302)

    def test_form_of_a_stranger_is_refused(self, version):
        response = Client(enforce_csrf_checks=True).post(PAGE, GOOD)

        assert response.status_code == 403
        assert not Report.objects.exists()

    def test_markup_is_kept_as_words(self, client, version):
        words = "<script>alert(1)</script> https://example.org/"

        client.post(PAGE, {**GOOD, "words": words})

        assert Report.objects.get().words == words


class TestVersion:
    def test_it_is_the_one_that_was_read(self, client, version):
        version.live_until = timezone.now() - timedelta(minutes=5)
        version.save()
        make_live(version.fact, number=2, since=version.live_until)

        client.post(PAGE, GOOD)
        client.post(PAGE, {**GOOD, "version": "2"})

        assert sorted(Report.objects.values_list("version__number", flat=True)) == [1, 2]

    @pytest.mark.parametrize("number", ["", "0", "-1", "3", "9" * 30, "١", "1.0", "x"])
    def test_what_is_no_number_counts_as_the_newest(self, client, version, number):
        response = client.post(PAGE, {**GOOD, "version": number})

        assert response.status_code == 302
        assert Report.objects.get().version == version

    def test_draft_is_nothing_that_anybody_read(self, client, version, editor):
        type(version).start(version.fact, editor)

        client.post(PAGE, {**GOOD, "version": "2"})

        assert Report.objects.get().version == version


class TestGone:
    @pytest.mark.parametrize(
        "address", ["/facts/bones/nothing/report/", "/facts/nothing/scans/report/"]
    )
    def test_what_never_was_is_not_found(self, client, version, address):
        assert client.get(address).status_code == 404
        assert client.post(address, GOOD).status_code == 404
        assert client.get(f"{address}thanks/").status_code == 404

    def test_draft_is_not_found(self, client):
        FactFactory(topic=TopicFactory(slug="bones"), slug="scans")

        assert client.get(PAGE).status_code == 404
        assert client.post(PAGE, GOOD).status_code == 404

    def test_fact_of_an_unpublished_topic_is_not_found(self, client, version):
        topic = version.fact.topic
        topic.published_at = None
        topic.save()

        assert client.get(PAGE).status_code == 404
        assert client.post(PAGE, GOOD).status_code == 404

    def test_withdrawn_fact_says_why_on_its_own_page(self, client, version, reviewer):
        version.withdraw(reviewer, "The study was retracted.")

        response = client.get(PAGE, follow=True)

        assert response.redirect_chain == [("/facts/bones/scans/", 302)]
        assert response.status_code == 410
        assert "The study was retracted." in response.text

    def test_words_that_come_after_the_withdrawal_are_taken(self, client, version, reviewer):
        version.withdraw(reviewer, "The study was retracted.")

        refused = client.post(PAGE, {**GOOD, "kind": ""})
        response = client.post(PAGE, GOOD)

        assert "Scans help" not in refused.text
        assert response.status_code == 302
        assert Report.objects.get().version == version

    def test_moved_fact_is_led_to(self, client, version, reviewer):
        version.fact.move(reviewer, version.fact.topic, "bone-scans")

        response = client.get(PAGE)

        assert response.status_code == 301
        assert response["Location"] == "/facts/bones/bone-scans/report/"

    def test_words_that_come_after_the_move_are_taken(self, client, version, reviewer):
        version.fact.move(reviewer, version.fact.topic, "bone-scans")

        response = client.post(PAGE, GOOD)

        assert response["Location"] == "/facts/bones/bone-scans/report/thanks/"
        assert Report.objects.get().version == version


class TestFlood:
    def test_twenty_first_in_a_minute_is_told_to_wait_and_keeps_its_words(self, client, version):
        for number in range(20):
            response = client.post(PAGE, {**GOOD, "words": f"Sentence {number}"})
            assert response.status_code == 302

        response = client.post(PAGE, {**GOOD, "words": "The last <b>words</b>"})

        assert response.status_code == 429
        assert "Please wait a little" in response.text
        assert "people’s accounts" not in response.text
        assert "The last &lt;b&gt;words&lt;/b&gt;" in response.text
        assert f'action="{PAGE}"' in response.text
        assert response["Cache-Control"] == "private, no-store"
        assert Report.objects.count() == 20

    def test_others_are_let_through(self, client, version):
        for _ in range(21):
            client.post(PAGE, {}, REMOTE_ADDR="203.0.113.7")

        assert client.post(PAGE, GOOD, REMOTE_ADDR="203.0.113.8").status_code == 302

    def test_after_a_minute_it_goes_on(self, client, version, time_machine):
        time_machine.move_to(datetime(2030, 1, 1, 12, 0, tzinfo=UTC))
        cache.clear()
        for _ in range(21):
            response = client.post(PAGE, {})
        assert response.status_code == 429

        time_machine.move_to(datetime(2030, 1, 1, 12, 1, 1, tzinfo=UTC))

        assert client.post(PAGE, GOOD).status_code == 302


class TestForgetting:
    def test_words_of_closed_reports_go_after_180_days(self, editor, time_machine):
        time_machine.move_to(datetime(2030, 1, 1, 12, 0, tzinfo=UTC), tick=False)
        old, still_open = ReportFactory(), ReportFactory()
        old.close(editor, outcome="cannot", note="Nothing to be done.")

        kept = forget_old_words(datetime(2030, 6, 30, 11, 59, tzinfo=UTC))
        gone = forget_old_words(datetime(2030, 6, 30, 12, 0, tzinfo=UTC))
        again = forget_old_words(datetime(2031, 6, 30, 12, 0, tzinfo=UTC))

        assert (kept, gone, again) == (0, 1, 0)
        old.refresh_from_db()
        still_open.refresh_from_db()
        assert (old.words, old.note, old.outcome) == ("", "Nothing to be done.", "cannot")
        assert still_open.words

    def test_what_came_of_it_outlives_the_words(self, editor):
        report = ReportFactory()

        report.close(editor, outcome="right", is_emptied=True)

        assert (report.words, report.outcome) == ("", "right")
        assert Event.objects.get(verb="report-closed").version == report.version
        assert Fact.objects.filter(pk=report.fact.pk).exists()


@given(st.text(st.characters(codec=None)))
def test_cleaned_words_hold_nothing_that_harms(text):
    clean = clean_text(text)

    assert clean_text(clean) == clean
    assert not any("\ud800" <= c <= "\udfff" or c == "\x00" for c in clean)
    assert not set(clean) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200f")
    assert "\n\n\n" not in clean


@given(st.text("abc éß漢字.,?\n", max_size=80))
def test_ordinary_words_stay_as_they_are(text):
    assert clean_text(text).split() == text.split()


def test_glossary_words_have_no_report_page(client):
    GlossaryTermFactory()

    assert "/report/" not in client.get("/glossary/").text
