"""“Tell us what you looked for”: words and a day, never who, and nothing by opening a page."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from portal.forms import SearchTellForm, normalise, tells_who
from portal.jobs import JOBS, forget_empty_searches, run_due_jobs
from portal.models import EMPTY_SEARCH_LENGTH, EmptySearch
from tests.factories import EmptySearchFactory, ReportFactory, TopicFactory

PAGE = "/search/tell/"
THANKS = "/search/tell/thanks/"
TELLS = "Please leave it out"
REQUIRED = "Tell us in a few words what you looked for."
LONG = "A few words are enough"


@pytest.mark.django_db
class TestPage:
    def test_empty_result_leads_on(self, client):
        TopicFactory(title="Bones")

        page = client.get("/search/", {"q": "help with <rent> & more"}).text

        assert 'href="/search/tell/?q=help%20with%20%3Crent%3E%20%26%20more" rel="nofollow"' in page
        assert "Bones" in page
        assert 'href="/facts/"' in page
        assert 'href="/help/"' in page

    def test_result_with_something_in_it_does_not_ask(self, client):
        TopicFactory(title="Bones")

        assert PAGE not in client.get("/search/?q=bones").text
        assert PAGE not in client.get("/search/").text

    def test_words_of_the_search_are_there_to_be_changed(self, client):
        response = client.get(PAGE, {"q": ' help with "<rent>" '})

        assert response.status_code == 200
        assert 'value="help with &quot;&lt;rent&gt;&quot;"' in response.text

    @pytest.mark.parametrize("query", ["", "w" * 5000, "٣", "%", "\u202eabc", "a@b.example 12345"])
    def test_odd_queries_are_no_fault(self, client, query):
        response = client.get(PAGE, {"q": query})

        assert response.status_code == 200
        assert len(response.context["form"]["words"].value()) <= 200

    @pytest.mark.parametrize("query", ["%00", "a%00b"])
    def test_nul_is_refused(self, client, query):
        assert client.get(f"{PAGE}?q={query}").status_code == 400

    def test_nobody_keeps_it_and_no_search_engine_lists_it(self, client):
        response = client.get(PAGE)

        assert response["Cache-Control"] == "private, no-store"
        assert set(response.cookies) == {"csrf"}
        assert '<meta name="robots" content="noindex, nofollow">' in response.text
        assert PAGE not in client.get("/sitemap.xml").text

    def test_opening_pages_changes_nothing(self, client):
        for address in ("/search/?q=rent", f"{PAGE}?q=rent", THANKS):
            client.get(address)
            client.head(address)

        assert not EmptySearch.objects.exists()
        assert not client.session.keys()

    def test_no_query_is_needed(self, client, django_assert_num_queries):
        with django_assert_num_queries(0):
            client.get(f"{PAGE}?q=rent")


@pytest.mark.django_db
class TestSend:
    def test_words_are_counted_by_day(self, client, time_machine):
        for day, words in [(1, "Help with RENT"), (1, " help  with rent "), (2, "help with rent")]:
            time_machine.move_to(datetime(2030, 1, day, 12, 0, tzinfo=UTC))
            response = client.post(PAGE, {"words": words})
            assert (response.status_code, response["Location"]) == (302, THANKS)

        assert list(EmptySearch.objects.order_by("pk").values("words", "searched_on", "times")) == [
            {"words": "help with rent", "searched_on": date(2030, 1, 1), "times": 2},
            {"words": "help with rent", "searched_on": date(2030, 1, 2), "times": 1},
        ]

    def test_thanks_repeats_nothing(self, client):
        response = client.post(PAGE, {"words": "canary"}, follow=True)

        assert response.redirect_chain == [(THANKS, 302)]
        assert "canary" not in response.text

    def test_nothing_is_kept_of_who_sent_it(self, client, member):
        client.force_login(member)

        client.post(PAGE, {"words": "rent"}, REMOTE_ADDR="203.0.113.77")

        assert set(EmptySearch.objects.values().get()) == {"id", "words", "searched_on", "times"}

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("", REQUIRED),
            ("  ", REQUIRED),
            ("???", REQUIRED),
            ("1234", REQUIRED),
            ("\u200b\u202e", REQUIRED),
            ("ada@example.org", TELLS),
            ("write to ada ＠ home", TELLS),
            ("ada﹫example.org", TELLS),
            ("call 01234", TELLS),
            ("1 a 2 b 3 c 4 d 5", TELLS),
            ("born 1.2.1970", TELLS),
            ("call ٠١٢٣٤", TELLS),
            ("call ０１２３４", TELLS),
            ("call ①②③④⑤", TELLS),
            ("0\u200b1\u200b2\u200b3\u200b4 rent", TELLS),
            ("ada at gmail dot com", TELLS),
            ("Ada AT example DOT co DOT uk please", TELLS),
            ("ada [at] example [dot] org", TELLS),
            ("ada (at) example.org", TELLS),
            ("ada at example.org", TELLS),
            ("ada arroba example punto es", TELLS),
            ("ada gmail", TELLS),
            ("my hotmail is ada lovelace", TELLS),
            ("zero seven seven double nine one", TELLS),
            ("call oh-seven, seven nine one", TELLS),
            ("call 07 seven nine one", TELLS),
            ("w" * 101, LONG),
            ("ﷺ" * 20, LONG),
        ],
    )
    def test_what_is_refused_is_said_kindly_and_stays_in_the_box(self, client, words, said):
        response = client.post(PAGE, {"words": words})

        assert response.status_code == 400
        assert said in response.text
        assert response.context["form"]["words"].value() == words
        assert not EmptySearch.objects.exists()

    @pytest.mark.parametrize(
        "words",
        [
            "brca 1 and 2",
            "her2",
            "cdk4/6",
            "stage 4",
            "w" * 100,
            "乳がん",
            "café",
            "breastcancer.org",
            "pain at night",
            "what to eat at home",
            "dot",
            "one or two groups",
            "one two three four",
            "aimed at spot dots",
            "at dot com",
        ],
    )
    def test_ordinary_words_are_taken(self, client, words):
        assert client.post(PAGE, {"words": words}).status_code == 302
        assert EmptySearch.objects.get().words == words

    def test_form_of_a_stranger_is_refused(self):
        response = Client(enforce_csrf_checks=True).post(PAGE, {"words": "rent"})

        assert response.status_code == 403
        assert not EmptySearch.objects.exists()

    def test_twenty_first_in_a_minute_is_told_to_wait_and_keeps_its_words(self, client):
        for _ in range(20):
            client.post(PAGE, {"words": "rent"})

        response = client.post(PAGE, {"words": "canary words"})

        assert response.status_code == 429
        assert "Please wait a little" in response.text
        assert "canary words" in response.text
        assert EmptySearch.objects.get().times == 20

    def test_reports_and_searches_share_one_limit(self, client):
        report = ReportFactory()
        for _ in range(20):
            client.post(PAGE, {})

        response = client.post(f"{report.fact.get_absolute_url()}report/", {})

        assert response.status_code == 429


@pytest.mark.django_db
class TestRows:
    def test_words_are_worth_showing_from_three_times_on(self):
        today = timezone.localdate()
        EmptySearchFactory(words="rent", times=1, searched_on=today - timedelta(days=2))
        newest = EmptySearchFactory(words="rent", times=2, searched_on=today)
        EmptySearchFactory(words="wigs", times=2)
        often = EmptySearchFactory(words="scalp cooling", times=9)

        rows = list(EmptySearch.objects.worth_showing())

        assert rows == [often, newest]
        assert [row.times_in_all for row in rows] == [9, 3]
        assert rows[1].first_on == today - timedelta(days=2)
        assert EmptySearch.objects.worth_showing().count() == 2

    def test_what_is_worth_showing_takes_one_query(self, django_assert_num_queries):
        for _ in range(5):
            EmptySearchFactory()

        with django_assert_num_queries(1):
            assert len(EmptySearch.objects.worth_showing()) == 5

    def test_words_go_after_90_days(self):
        now = datetime(2030, 4, 1, 0, 30, tzinfo=UTC)
        EmptySearchFactory(searched_on=now.date() - timedelta(days=91))
        kept = EmptySearchFactory(searched_on=now.date() - timedelta(days=90))

        forget_empty_searches(now)

        assert list(EmptySearch.objects.all()) == [kept]

    def test_jobs_forget_what_is_old_each_day(self, editor, time_machine):
        time_machine.move_to(datetime(2030, 1, 1, 12, 0, tzinfo=UTC), tick=False)
        report = ReportFactory()
        report.close(editor, outcome="right")
        EmptySearchFactory()
        jobs = tuple(
            job for job in JOBS if job.name in {"forget-old-words", "forget-empty-searches"}
        )
        assert len(jobs) == 2

        run_due_jobs(timezone.now(), jobs)
        report.refresh_from_db()
        assert report.words
        assert EmptySearch.objects.exists()

        time_machine.move_to(datetime(2030, 7, 1, 12, 0, tzinfo=UTC), tick=False)
        run_due_jobs(timezone.now(), jobs)
        report.refresh_from_db()
        assert not report.words
        assert not EmptySearch.objects.exists()

    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("portal_emptysearch_one_row_a_day", {"words": "rent"}),
            ("portal_emptysearch_has_words", {"words": ""}),
            ("portal_emptysearch_happened", {"words": "wigs", "times": 0}),
        ],
    )
    def test_database_refuses_bad_rows(self, name, row):
        EmptySearchFactory(words="rent")

        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            EmptySearchFactory(**row)

        said = str(refused.value)
        assert name in said or "portal_emptysearch.words" in said
        constraints = apps.get_model("portal", "EmptySearch")._meta.constraints
        assert name in {constraint.name for constraint in constraints}


TEXTS = st.text(st.characters(codec=None), max_size=120)


@given(TEXTS)
def test_normalising_twice_changes_nothing_more(text):
    once = normalise(text)

    assert normalise(once) == once
    assert not any("\ud800" <= c <= "\udfff" or c in "\x00\n\u202e\u200b" for c in once)


@given(TEXTS)
def test_what_the_form_takes_tells_nobody(text):
    form = SearchTellForm({"words": text})

    if form.is_valid():
        words = form.cleaned_data["words"]
        assert "@" not in words
        assert sum(c.isdigit() for c in words) < 5
        assert 0 < len(words) <= EMPTY_SEARCH_LENGTH
        assert words == normalise(words)


@given(TEXTS, TEXTS, st.sampled_from("@＠﹫"))
def test_no_address_gets_through(before, after, sign):
    assert tells_who(normalise(f"{before}x{sign}x{after}"))
    assert not SearchTellForm({"words": f"{before}x{sign}x{after}"}).is_valid()


@given(
    st.lists(st.sampled_from("0123456789٠٩०९０９①⁵"), min_size=5, max_size=12),
    st.lists(st.sampled_from(["", " ", "-", ".", "\u200b", " or ", "\u2066"]), min_size=12),
)
def test_no_five_digits_get_through(digits, gaps):
    text = "call " + "".join(digit + gap for digit, gap in zip(digits, gaps, strict=False))

    assert tells_who(normalise(text))
    assert not SearchTellForm({"words": text}).is_valid()
