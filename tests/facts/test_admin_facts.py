"""Topics and facts at the desk: adding them, finding them, and what stays as it is."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from facts.models import Fact, FactVersion, GlossaryTerm, Page, Question, Topic
from tests.factories import (
    DraftFactory,
    FactFactory,
    GlossaryTermFactory,
    PageFactory,
    QuestionFactory,
    SourceFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def desk(client, editor):
    client.force_login(editor)
    return client


class TestTopic:
    def form(self, **changes):
        return {
            "title": "Living day to day",
            "slug": "living-day-to-day",
            "summary": "Six things that help.",
            "introduction": "<p>Kind words.</p><script>x</script>",
            "position": 1,
            "risk_class": "practical",
            **changes,
        }

    def test_is_added_and_not_published(self, desk):
        desk.post("/admin/facts/topic/add/", self.form())

        topic = Topic.objects.get()
        assert (topic.published_at, topic.introduction) == (None, "<p>Kind words.</p>")

    def test_is_published_from_the_list(self, desk, editor):
        drafts = [TopicFactory(published_at=None), TopicFactory(published_at=None)]
        done = TopicFactory()

        response = desk.post(
            "/admin/facts/topic/",
            {"action": "publish_now", "_selected_action": [t.pk for t in [*drafts, done]]},
            follow=True,
        )

        assert "2 are published now." in words_of(response)
        assert Topic.objects.published(timezone.now()).count() == 3
        assert drafts[0].history.first().history_user == editor

    def test_unfinished_topic_is_not_published_and_that_is_said(self, desk):
        topic = TopicFactory(published_at=None, summary="")

        response = desk.post(
            "/admin/facts/topic/",
            {"action": "publish_now", "_selected_action": [topic.pk]},
            follow=True,
        )

        assert "Not published" in words_of(response)
        topic.refresh_from_db()
        assert topic.published_at is None

    def test_address_of_a_published_topic_stays(self, desk):
        topic = TopicFactory(slug="first")

        desk.post(f"/admin/facts/topic/{topic.pk}/change/", self.form(slug="second"))

        topic.refresh_from_db()
        assert (topic.slug, topic.title) == ("first", "Living day to day")

    def test_address_of_an_unpublished_topic_changes(self, desk):
        topic = TopicFactory(slug="first", published_at=None)

        desk.post(f"/admin/facts/topic/{topic.pk}/change/", self.form(slug="second"))

        topic.refresh_from_db()
        assert topic.slug == "second"

    def test_link_to_the_page_is_there_when_the_page_is(self, desk):
        published, draft = TopicFactory(), TopicFactory(published_at=None)

        assert "View on site" in words_of(desk.get(f"/admin/facts/topic/{published.pk}/change/"))
        assert "View on site" not in words_of(desk.get(f"/admin/facts/topic/{draft.pk}/change/"))

    def test_page_shows_its_facts_in_order_with_their_state(self, desk, editor):
        topic = TopicFactory()
        make_live(fact__topic=topic, fact__position=2, title="Second")
        draft = DraftFactory(fact__topic=topic, fact__position=1, title="First", author=editor)

        response = desk.get(f"/admin/facts/topic/{topic.pk}/change/")

        words = words_of(response)
        assert words.index("First") < words.index("Second")
        assert "Draft by you" in words
        assert "Live since" in words
        page = response.content.decode()
        assert f"/admin/facts/factversion/{draft.pk}/change/" in page
        assert f"/admin/facts/fact/add/?topic={topic.pk}" in page

    def test_page_needs_few_queries_whatever_the_number(
        self, desk, editor, django_assert_max_num_queries
    ):
        topic = TopicFactory()
        for _number in range(20):
            DraftFactory(fact__topic=topic, author=editor)
        address = f"/admin/facts/topic/{topic.pk}/change/"
        desk.get(address)  # What a process asks once (content types) is not counted.

        with django_assert_max_num_queries(12):
            desk.get(address)

    def test_reviewer_reads_it(self, client, reviewer):
        client.force_login(reviewer)
        topic = TopicFactory()

        page = client.get(f"/admin/facts/topic/{topic.pk}/change/").content.decode()
        response = client.post(f"/admin/facts/topic/{topic.pk}/change/", self.form())

        assert 'name="title"' not in page
        assert "Add a fact" not in page
        assert response.status_code == 403


class TestNewFact:
    def test_begins_with_its_first_draft(self, desk, editor):
        topic = TopicFactory()
        FactFactory(topic=topic, position=4)

        response = desk.post(
            "/admin/facts/fact/add/",
            {"topic": topic.pk, "subject": "Figures over five years", "slug": "", "position": ""},
        )

        fact = Fact.objects.get(slug="figures-over-five-years")
        draft = fact.versions.get()
        assert fact.position == 5
        assert (draft.number, draft.author) == (1, editor)
        assert draft.neutral_heading == "Figures over five years"
        assert draft.events.get().verb == "created"
        assert response["Location"] == f"/admin/facts/factversion/{draft.pk}/change/"

    def test_topic_is_chosen_already(self, desk):
        topic = TopicFactory()

        page = desk.get("/admin/facts/fact/add/", {"topic": topic.pk}).content.decode()

        assert f'<option value="{topic.pk}" selected>' in page

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"slug": "taken"}, "Another fact of this topic has this address."),
            ({"subject": "Taken"}, "Another fact of this topic has this address."),
            ({"subject": "???"}, "letters and hyphens"),
            ({"subject": ""}, "required"),
            ({"topic": ""}, "required"),
            ({"position": "-1"}, "greater than or equal"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, desk, changes, words):
        topic = TopicFactory()
        FactFactory(topic=topic, slug="taken")
        data = {"topic": topic.pk, "subject": "Tiredness", "slug": "", "position": "", **changes}

        response = desk.post("/admin/facts/fact/add/", data)

        assert response.status_code == 200
        assert words in words_of(response)
        assert f'value="{data["subject"]}"' in response.content.decode() or not data["subject"]
        assert (Fact.objects.count(), FactVersion.objects.count()) == (1, 0)

    @pytest.mark.parametrize("role", ["reviewer", "moderator"])
    def test_is_for_editors(self, client, role, request):
        client.force_login(request.getfixturevalue(role))

        assert client.get("/admin/facts/fact/add/").status_code == 403


class TestFact:
    def test_place_and_address_stay_once_readers_saw_it(self, desk):
        fact = make_live().fact

        desk.post(
            f"/admin/facts/fact/{fact.pk}/change/",
            {"topic": TopicFactory().pk, "slug": "other", "position": 7, "replaced_by": ""},
        )

        changed = Fact.objects.get(pk=fact.pk)
        assert (changed.slug, changed.topic_id) == (fact.slug, fact.topic_id)
        assert changed.position == 7

    def test_they_stay_after_it_was_withdrawn(self, desk, reviewer):
        live = make_live()
        live.withdraw(reviewer, "Wrong.")

        desk.post(f"/admin/facts/fact/{live.fact_id}/change/", {"slug": "other", "position": 1})

        assert Fact.objects.get().slug == live.fact.slug

    def test_they_change_before(self, desk):
        fact = DraftFactory().fact

        desk.post(
            f"/admin/facts/fact/{fact.pk}/change/",
            {"topic": fact.topic_id, "slug": "other", "position": 1, "replaced_by": ""},
        )

        fact.refresh_from_db()
        assert fact.slug == "other"

    def test_does_not_replace_itself(self, desk):
        fact = make_live().fact

        response = desk.post(
            f"/admin/facts/fact/{fact.pk}/change/", {"position": 1, "replaced_by": fact.pk}
        )

        assert "cannot replace itself" in words_of(response)

    def test_page_lists_its_versions(self, desk):
        old = make_live(until=timezone.now())
        make_live(fact=old.fact, number=2, since=timezone.now())

        words = words_of(desk.get(f"/admin/facts/fact/{old.fact_id}/change/"))

        assert "Replaced on" in words
        assert "Live since" in words
        assert "Start a new version" in words

    def test_only_one_version_at_a_time(self, desk):
        draft = DraftFactory()

        page = words_of(desk.get(f"/admin/facts/fact/{draft.fact_id}/change/"))
        response = desk.post(f"/admin/facts/fact/{draft.fact_id}/start/")

        assert "Start a new version" not in page
        assert response.status_code == 409
        assert "already working on this fact" in words_of(response)
        assert FactVersion.objects.count() == 1

    def test_nobody_deletes_it(self, desk):
        fact = make_live().fact

        assert desk.post(f"/admin/facts/fact/{fact.pk}/delete/", {"post": "yes"}).status_code == 403

    @pytest.mark.parametrize("pk", ["0", "-1", "9" * 400, "١٢", "x"])
    def test_odd_numbers_are_not_found(self, desk, pk):
        assert desk.get(f"/admin/facts/fact/{pk}/start/").status_code in {302, 400, 404}

    def test_starting_is_not_done_by_reading(self, desk):
        fact = make_live().fact

        assert desk.get(f"/admin/facts/fact/{fact.pk}/start/").status_code == 200
        assert desk.put(f"/admin/facts/fact/{fact.pk}/start/").status_code == 405

        assert fact.versions.count() == 1


class TestFactList:
    def test_finds_what_is_due_for_review(self, desk, reviewer):
        today = timezone.localdate()
        never, soon, later = make_live(), make_live(), make_live()
        DraftFactory()
        for version, days in ((soon, 60), (later, 300)):
            version.record_review(
                reviewer,
                reviewer_name="Ada Wells",
                reviewer_role="Oncologist",
                reviewed_on=today,
                review_due=today + timedelta(days=days),
            )

        now = desk.get("/admin/facts/fact/", {"due": "now"})
        in_three_months = desk.get("/admin/facts/fact/", {"due": "soon"})

        assert list(now.context["cl"].result_list) == [never.fact]
        assert set(in_three_months.context["cl"].result_list) == {never.fact, soon.fact}
        assert "Never reviewed" in words_of(now)

    def test_finds_by_state(self, desk):
        live, draft = make_live(), DraftFactory()
        waiting = DraftFactory(status="in-review")

        found = {
            state: set(desk.get("/admin/facts/fact/", {"state": state}).context["cl"].result_list)
            for state in ("live", "draft", "in-review", "none")
        }

        assert found == {
            "live": {live.fact},
            "draft": {draft.fact},
            "in-review": {waiting.fact},
            "none": {draft.fact, waiting.fact},
        }

    def test_finds_by_words_once(self, desk):
        live = make_live(title="Tiredness is common")
        DraftFactory(fact=live.fact, number=2, title="Tiredness is very common")

        found = desk.get("/admin/facts/fact/", {"q": "tiredness"})

        assert found.context["cl"].result_count == 1

    def test_needs_few_queries_whatever_the_number(self, desk, django_assert_max_num_queries):
        topic = TopicFactory()
        for _number in range(25):
            make_live(fact__topic=topic)

        for query in ({}, {"due": "soon"}, {"q": "heading"}):
            with django_assert_max_num_queries(12):
                assert desk.get("/admin/facts/fact/", query).status_code == 200


class TestTheOthers:
    def test_source_is_found_by_reference_title_and_publisher(self, desk):
        source = SourceFactory(reference="nice-81", title="Advanced cancer", publisher="NICE")
        SourceFactory(reference="other", publisher="Somebody")

        for term in ("nice-81", "advanced", "NICE"):
            field = {"app_label": "facts", "model_name": "citation", "field_name": "source"}
            found = desk.get("/admin/autocomplete/", {"term": term, **field}).json()
            assert [result["id"] for result in found["results"]] == [str(source.pk)]

    @pytest.mark.parametrize("factory", [GlossaryTermFactory, QuestionFactory])
    def test_address_stays_once_published(self, desk, factory):
        thing = factory(slug="first")
        model = type(thing)._meta.model_name
        data = {
            "slug": "second",
            "term": "Biopsy",
            "text": "What is it?",
            "explanation": "A test.",
            "theme": "about-treatment",
            "sensitivity": "none",
            "position": 1,
        }

        desk.post(f"/admin/facts/{model}/{thing.pk}/change/", data)

        thing.refresh_from_db()
        assert thing.slug == "first"
        assert str(thing) in {"Biopsy", "What is it?"}

    def test_pages_are_rewritten_only(self, desk):
        page = PageFactory()

        desk.post(
            f"/admin/facts/page/{page.pk}/change/",
            {"title": "Who we are", "body": "<p>Us.</p><script>x</script>", "slug": "privacy"},
        )

        page.refresh_from_db()
        assert (page.title, page.slug, page.body) == ("Who we are", "about", "<p>Us.</p>")
        assert desk.get("/admin/facts/page/add/").status_code == 403
        assert desk.post(f"/admin/facts/page/{page.pk}/delete/").status_code == 403

    @pytest.mark.parametrize("model", ["review", "event"])
    def test_records_are_read_only(self, client, reviewer, model):
        live = make_live()
        today = timezone.localdate()
        live.record_review(
            reviewer,
            reviewer_name="Ada Wells",
            reviewer_role="Oncologist",
            reviewed_on=today,
            review_due=today + timedelta(days=9),
        )
        row = getattr(live, f"{model}s").get()
        client.force_login(reviewer)

        assert client.get(f"/admin/facts/{model}/").status_code == 200
        assert client.get(f"/admin/facts/{model}/{row.pk}/change/").status_code == 200
        assert client.get(f"/admin/facts/{model}/add/").status_code == 403
        for step in ("change", "delete"):
            response = client.post(f"/admin/facts/{model}/{row.pk}/{step}/", {"post": "yes"})
            assert response.status_code == 403

    def test_history_tells_who_changed_what_without_an_address(self, desk, editor):
        term = GlossaryTermFactory()
        data = {"term": "Biopsy", "explanation": "A test.", "sensitivity": "none"}
        desk.post(f"/admin/facts/glossaryterm/{term.pk}/change/", data)

        response = desk.get(f"/admin/facts/glossaryterm/{term.pk}/history/")

        page = response.content.decode()
        assert "Biopsy" in page
        assert editor.email not in page
        assert "style=" not in page

    def test_earlier_wording_can_be_opened_and_brought_back(self, desk):
        term = GlossaryTermFactory(explanation="First words.")
        data = {
            "term": term.term,
            "explanation": "Second.",
            "sensitivity": "none",
            "published_at_0": "2026-01-01",
            "published_at_1": "08:00",
        }
        desk.post(f"/admin/facts/glossaryterm/{term.pk}/change/", data)
        first = term.history.earliest().pk

        address = f"/admin/facts/glossaryterm/{term.pk}/history/{first}/"
        assert b"First words." in desk.get(address).content
        desk.post(address, {**data, "explanation": "First words."})

        term.refresh_from_db()
        assert term.explanation == "First words."

    def test_lists_need_few_queries_whatever_the_number(self, desk, django_assert_max_num_queries):
        for _number in range(15):
            make_live()
            GlossaryTermFactory()
            QuestionFactory()

        for model in (
            "topic", "source", "glossaryterm", "question", "page", "review", "event",
        ):  # fmt: skip
            with django_assert_max_num_queries(12):
                assert desk.get(f"/admin/facts/{model}/").status_code == 200


def test_every_model_of_the_app_is_at_the_desk(desk):
    for model in (Topic, Fact, FactVersion, GlossaryTerm, Question, Page):
        assert desk.get(f"/admin/facts/{model._meta.model_name}/").status_code == 200
