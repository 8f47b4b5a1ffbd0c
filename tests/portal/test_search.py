from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.models import SearchEntry, SearchWord, Synonym
from portal.search import index
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    ServiceFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db


def found(client, query):
    return client.get("/search/", {"q": query}).content.decode()


def test_every_kind_is_found_by_its_title(client):
    make_live(title="Walking helps")
    TopicFactory(title="Walking at home")
    GlossaryTermFactory(term="Walking frame")
    ServiceFactory(name="Walking line")
    SupportGroupFactory(name="Walking group")

    html = found(client, "walking")

    for title in ("helps", "at home", "frame", "line", "group"):
        assert f"Walking {title}" in html


def test_word_is_found_in_its_other_forms_and_by_its_beginning(client):
    make_live(title="Walking helps")

    assert "Walking helps" in found(client, "walks")
    assert "Walking helps" in found(client, "helps walk")
    assert "Walking helps" in found(client, "wal")


def test_words_on_what_cannot_wait_are_found(client):
    make_live(title="Spine", call_now="Call today if your legs feel wobbly.")

    assert "Spine" in found(client, "wobbly")


def test_title_comes_before_text(client):
    make_live(title="Something else", body="<p>Only the text says fatigue.</p>")
    make_live(title="Fatigue", body="<p>Rest.</p>")

    html = found(client, "fatigue")

    assert html.index(">Fatigue</a>") < html.index(">Something else</a>")


def test_hit_is_marked_and_everything_else_escaped(client):
    GlossaryTermFactory(term="Scan", explanation="A picture <b>of</b> you & me")

    html = found(client, "picture")

    assert "A <mark>picture</mark>" in html
    assert "you &amp; me" in html
    assert "<b>" not in html  # PostgreSQL leaves tags out of a snippet, SQLite does not.


def test_sensitive_fact_is_found_but_only_its_neutral_heading_shown(client):
    make_live(
        title="Canary heading",
        neutral_heading="Figures over five years",
        body="<p>The canary sings.</p>",
        sensitivity="prognosis",
    )

    html = found(client, "sings")

    assert "Figures over five years" in html
    assert "anary" not in html
    assert "<mark>" not in html


def test_sensitive_word_explained_shows_no_explanation(client):
    GlossaryTermFactory(
        term="Hospice", other_names="canary", explanation="Canary", sensitivity="end-of-life"
    )

    html = found(client, "hospice")

    assert ">Hospice</a>" in html
    assert "anary" not in html


def test_statistics_stay_covered_for_a_reader_who_chose_so(client):
    make_live(
        title="Canary one", neutral_heading="Gentle", body="<p>Of 100</p>", sensitivity="statistics"
    )
    client.cookies["preferences"] = "hide=statistics"

    assert "Canary" not in found(client, "gentle")


def test_figures_are_not_cut_out_of_their_sentence(client):
    make_live(
        title="Coming back",
        body="<p>Most do not. In one country, 14 in 100 did by 14 years.</p>",
        sensitivity="statistics",
    )

    html = found(client, "country")

    assert "<p>Most do not.</p>" in html
    assert "14 in 100" not in html


@pytest.mark.parametrize("query", ["am I going to", "what is it", "i", "The"])
def test_words_that_say_nothing_find_nothing(client, query):
    make_live(title="What I am going to do with it", body="<p>The is to it.</p>")

    assert "Nothing found" in found(client, query)


def test_words_that_say_nothing_do_not_stand_in_the_way(client):
    make_live(title="Walking helps", body="<p>Text</p>")
    make_live(title="Something else", body="<p>It does what it can.</p>")

    html = found(client, "does walking help")

    assert "Walking helps" in html
    assert "Something else" not in html


def test_text_that_is_no_longer_live_is_not_found(client, reviewer):
    version = make_live(title="Withdrawn thing")
    version.withdraw(reviewer, "It was wrong.")

    assert "Nothing found" in found(client, "withdrawn thing")


def test_scheduled_text_is_found_from_its_moment_on(client, time_machine):
    tomorrow = timezone.now() + timedelta(days=1)
    make_live(title="Coming thing", since=tomorrow)

    before = found(client, "coming")
    time_machine.move_to(tomorrow)
    after = found(client, "coming")

    assert "Nothing found" in before
    assert "Coming thing" in after


def test_taking_a_topic_off_the_site_takes_its_facts_out_of_the_index(client):
    fact = FactFactory()
    make_live(fact, title="Walking helps")

    fact.topic.published_at = None
    fact.topic.save()

    assert "Nothing found" in found(client, "walking")


def test_deleted_group_is_not_found(client):
    SupportGroupFactory(name="Walking group").delete()

    assert "Nothing found" in found(client, "walking")


def test_index_written_anew_is_the_same():
    make_live(title="Walking helps")
    GlossaryTermFactory(term="Walking frame")
    fields = ("kind", "key", "url", "title", "body", "live_from")
    before = set(SearchEntry.objects.values_list(*fields))

    index.rebuild()

    assert set(SearchEntry.objects.values_list(*fields)) == before
    assert len(before) == 3


HOSTILE = [
    '"', "'", '""', "a AND", "NOT", "NEAR(a b)", "title:x", "*", "a*", "-a", "(", ")", "a:b",
    "%", "_", "\\", "a & b", "a | b", "!a", "<->", ":*", "'; DROP TABLE x; --", "' OR 1=1 --",
    "\x01", "a\u0000b"[:1], "😀", "é", "ａ", "ſ", "a" * 5000, " ".join("abcdefghijklmnop" * 9),
    "{a b}", "^a", "+", "^", "\u200b", "\u202e", "١٢٣", "a_b", "'''", "$$", "E'\\''",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_query_gets_an_ordinary_page(client, query):
    make_live(title="Walking helps")

    assert client.get("/search/", {"q": query}).status_code == 200


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    query=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
)
def test_any_query_gets_an_ordinary_page(client, query):
    assert client.get("/search/", {"q": query}).status_code == 200


@pytest.mark.parametrize("address", ["/search/?q=%00", "/search/?q=a%00b", "/search/?%00=a"])
def test_nul_is_refused(client, address):
    assert client.get(address).status_code == 400


def test_queries_do_not_grow_with_results(client, django_assert_max_num_queries):
    for number in range(15):
        make_live(title=f"Walking {number}")

    with django_assert_max_num_queries(3):
        found(client, "walking")


def test_six_queries_are_enough_for_slips_and_for_nothing(client, django_assert_max_num_queries):
    make_live(title="Walking helps")

    for query in ("walkin hepls xyzzy", "xyzzy plugh", "walking xyzzy"):
        with django_assert_max_num_queries(6):
            found(client, query)


class TestSlips:
    @pytest.mark.parametrize("typed", ["metastatis", "mestastasis", "metastasi", "metastasiss"])
    def test_mistyped_word_is_found_and_said(self, client, typed):
        GlossaryTermFactory(term="Metastasis")

        html = found(client, typed)

        assert ">Metastasis</a>" in html

    def test_what_was_looked_for_instead_is_said(self, client):
        GlossaryTermFactory(term="Fatigue")

        assert "We also looked for: fatigue." in found(client, "fatgiue")

    def test_word_that_stands_somewhere_is_left_as_it_is(self, client):
        GlossaryTermFactory(term="Median")
        GlossaryTermFactory(term="Medial")

        html = found(client, "medial")

        assert "We also looked for" not in html
        assert ">Median</a>" not in html

    def test_words_of_a_sensitive_text_are_never_offered(self, client):
        make_live(
            title="Canaryword", neutral_heading="Figures", body="<p>Canaryword</p>",
            sensitivity="prognosis",
        )  # fmt: skip

        assert "canaryword" not in found(client, "canarywrod").lower().replace("canarywrod", "")

    def test_words_are_learnt_for_an_index_that_is_older(self):
        GlossaryTermFactory(term="Fatigue")
        SearchWord.objects.all().delete()

        index.learn_all()

        assert SearchWord.objects.filter(word="fatigue").exists()


class TestSynonyms:
    def test_what_people_call_it_is_found(self, client):
        Synonym.objects.create(words="bone mets", means="bones, strong drug")
        make_live(title="Looking after bones")
        make_live(title="Something else", body="<p>Mets.</p>")

        html = found(client, "my bone mets")

        assert "Looking after bones" in html

    def test_all_words_of_a_meaning_must_be_there(self, client):
        Synonym.objects.create(words="xgeva", means="strong bones")
        make_live(title="Strong tea", body="<p>Text</p>")
        make_live(title="Strong and bones", body="<p>Text</p>")

        html = found(client, "xgeva")

        assert "Strong and bones" in html
        assert "Strong tea" not in html

    @pytest.mark.parametrize("field", [{"words": "…"}, {"means": " , "}, {"words": "a b c d e"}])
    def test_what_search_would_never_find_is_refused(self, field):
        synonym = Synonym(**{"words": "kids", "means": "children", **field})

        with pytest.raises(ValidationError) as refused:
            synonym.full_clean()

        assert set(refused.value.message_dict) == set(field)

    def test_words_are_kept_as_search_compares_them(self):
        synonym = Synonym(words="  Bone-METS ", means="bones")
        synonym.full_clean()

        assert synonym.words == "bone mets"

    @pytest.mark.parametrize(
        ("field", "constraint"),
        [("words", "portal_synonym_has_words"), ("means", "portal_synonym_has_meaning")],
    )
    def test_database_refuses_an_empty_one(self, field, constraint):
        with pytest.raises(IntegrityError, match=constraint):
            Synonym.objects.create(**{"words": "kids", "means": "children", field: ""})

    def test_editor_adds_one_from_a_search_that_found_nothing(self, client, editor):
        client.force_login(editor)
        make_live(title="Talking with children")

        client.post("/admin/portal/synonym/add/", {"words": "Kids", "means": "children"})

        assert "Talking with children" in found(client, "kids")

    def test_reviewer_reads_them_and_moderator_does_not(self, client, reviewer, moderator):
        client.force_login(reviewer)
        assert client.get("/admin/portal/synonym/").status_code == 200
        assert client.get("/admin/portal/synonym/add/").status_code == 403
        client.force_login(moderator)
        assert client.get("/admin/portal/synonym/").status_code == 403


class TestSuggest:
    def offers(self, client, typed):
        return client.get("/search/suggest/", {"q": typed}).content.decode()

    def test_titles_are_offered_by_the_beginnings_of_their_words(self, client):
        make_live(title="Talking with children")
        make_live(title="Something else", body="<p>Talking.</p>")

        assert 'value="Talking with children"' in self.offers(client, "chil tal")
        assert "Something else" not in self.offers(client, "chil tal")

    def test_sensitive_title_is_never_offered(self, client):
        make_live(
            title="Canary rate", neutral_heading="Figures over five years", sensitivity="prognosis"
        )
        client.cookies["preferences"] = "hide=nothing"

        assert "Canary" not in self.offers(client, "canary")
        assert "Canary" not in self.offers(client, "figures")
        assert 'value="Figures over five years"' in self.offers(client, "fig")

    @pytest.mark.parametrize("typed", ["", "a", *HOSTILE])
    def test_anything_may_be_typed(self, client, typed):
        make_live(title="Walking helps")

        assert client.get("/search/suggest/", {"q": typed}).status_code == 200

    def test_two_queries_are_enough(self, client, django_assert_max_num_queries):
        make_live(title="Walking helps")

        with django_assert_max_num_queries(2):
            self.offers(client, "walk")

    def test_it_is_the_same_for_everybody_and_sets_no_cookie(self, client):
        response = client.get("/search/suggest/", {"q": "walk"})

        assert response["Cache-Control"] == "no-cache"
        assert not response.cookies


@pytest.mark.parametrize(
    "typed",
    [
        "I want to die",
        "suicide",
        "sucide",
        "thinking of ending my life",
        "I can’t go on",
        "they are better off without me",
        "i just dont want to be here any more",
        "quiero morir",
    ],
)
def test_somebody_in_danger_sees_first_whom_to_call(client, typed):
    html = found(client, typed)

    assert "Do you need somebody right now?" in html
    assert "See whom to call" in html


@pytest.mark.parametrize(
    "typed",
    ["cant breathe", "I can’t breathe", "mum has chest pain", "coughing up blood", "Seizure"],
)
def test_a_sign_that_cannot_wait_is_answered_first(client, typed):
    html = found(client, typed)

    assert "Is this happening now?" in html
    assert html.index("See whom to call") < html.index("Nothing found for")
    assert "Do you need somebody right now?" not in html


@pytest.mark.parametrize(
    "typed", ["waiting is killing me", "am i going to die", "die", "breast pain"]
)
def test_fear_alone_is_answered_in_the_ordinary_way(client, typed):
    html = found(client, typed)

    assert "Do you need somebody right now?" not in html
    assert "Is this happening now?" not in html


def test_snippet_keeps_lines_apart_and_brackets_together(client, db):
    signs = '<p>Signs (of <a href="/glossary/#a">calcium</a>):</p>'
    make_live(body=f"{signs}<ul><li>new thirst</li><li>pain</li></ul>")

    html = client.get("/search/?q=thirst").content.decode()

    assert "Signs (of calcium): new <mark>thirst</mark>. pain." in html


class TestIndexing:
    def test_what_is_as_it_was_is_not_written_again(self):
        live = make_live(FactFactory())
        before = list(SearchEntry.objects.order_by("pk").values())

        live.fact.save()
        live.fact.topic.save()

        assert list(SearchEntry.objects.order_by("pk").values()) == before

    def test_topic_of_many_facts_asks_as_much_as_one_of_few(self, django_assert_num_queries):
        few, many = TopicFactory(), TopicFactory()
        for topic in (few, *[many] * 9):
            make_live(FactFactory(topic=topic))

        with CaptureQueriesContext(connection) as asked:
            index.update(withdrawn(few))
        with django_assert_num_queries(len(asked)):
            index.update(withdrawn(many))

        assert not SearchEntry.objects.filter(kind="fact").exists()


def withdrawn(topic):
    type(topic).objects.filter(pk=topic.pk).update(published_at=None)
    topic.refresh_from_db()
    return topic
