from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.models import SearchEntry
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

    with django_assert_max_num_queries(2):
        found(client, "walking")
