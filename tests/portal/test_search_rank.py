"""What of several texts comes first, and what does not fit at all; the words it is told by."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from portal import receivers
from portal.models import SearchEntry, SearchWord, Synonym
from portal.search import index
from portal.search.query import search
from portal.search.snippets import piece
from portal.search.stems import Stems
from portal.search.terms import splits
from portal.search.words import forms, telling, with_ages
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    QuestionFactory,
    TopicFactory,
    make_live,
)


def titles(text):
    return [result.title for result in search(text, timezone.now(), "en", []).results]


@pytest.mark.django_db
class TestOrder:
    def test_the_rare_word_decides(self):
        for number in range(12):
            make_live(title=f"Treatment {number}")
        make_live(title="Something on teeth", body="<p>Ask about treatment.</p>")

        assert titles("treatment and teeth")[0] == "Something on teeth"

    def test_a_word_that_means_many_things_counts_once(self):
        Synonym.objects.create(words="stage 4", means="metastatic, metastasis, advanced, spread")
        make_live(title="Metastatic, advanced", body="<p>Metastasis: it has spread.</p>")
        make_live(title="Talking with children", body="<p>About metastatic cancer.</p>")
        for number in range(12):
            make_live(title=f"Advanced {number}", body="<p>It has spread.</p>")

        assert titles("children stage 4")[0] == "Talking with children"

    def test_words_side_by_side_come_before_words_apart(self):
        make_live(title="Bone and what a scan is")
        make_live(title="What a bone scan is")

        assert titles("bone scan")[0] == "What a bone scan is"

    def test_a_question_to_ask_is_found_after_the_fact(self):
        QuestionFactory(slug="trial", text="Is there a trial for me?")
        make_live(title="About trials", body="<p>A trial is a study.</p>")

        assert titles("trial") == ["About trials", "Is there a trial for me?"]

    def test_questions_are_added_to_an_index_that_is_older(self):
        QuestionFactory(text="Is there a trial for me?")
        SearchEntry.objects.all().delete()

        for _time in range(2):
            receivers.complete_index()

        assert titles("trial") == ["Is there a trial for me?"]

    @pytest.mark.parametrize("field", [{"published_at": None}, {"sensitivity": "prognosis"}])
    def test_a_question_that_waits_is_not_found(self, field):
        QuestionFactory(text="How long have I got?", **field)

        assert titles("how long have i got") == []

    @pytest.mark.parametrize("typed", ["cdk4", "inhibitor 6", "cdk4/6", "hands feet"])
    def test_words_around_a_stroke_are_words(self, typed):
        GlossaryTermFactory(term="CDK4/6 inhibitor", explanation="For hands/feet.")

        assert titles(typed) == ["CDK4/6 inhibitor"]


@pytest.mark.django_db
class TestHonesty:
    def test_what_only_comes_closest_asks_what_was_missed(self, client):
        make_live(title="Bone scans")

        close = client.get("/search/?q=bone+scans+xyzzy").text
        whole = client.get("/search/?q=bone+scans").text

        assert "These come closest" in close
        assert "/search/tell/?q=bone%20scans%20xyzzy" in close
        assert "/search/tell/" not in whole

    def test_nearest_topics_stand_first_where_nothing_fits(self, client):
        for number in range(8):
            TopicFactory(title=f"Topic {number}", position=number)
        near = TopicFactory(title="Daily life", position=9)
        make_live(FactFactory(topic=near), title="Eating", body="<p>Hair is not told of.</p>")

        html = client.get("/search/?q=hair+falling+wigs+xyzzy").text

        assert "Nothing found" in html
        links = re.findall(r'<li><a href="/facts/([^"/]+)/"', html.split("Nothing found")[1])
        assert links[0] == near.slug
        assert len(links) == 6

    def test_a_long_question_is_not_repeated_at_length(self, client):
        html = client.get("/search/", {"q": "bones " * 30}).text

        assert "Nothing found for “bones bones" in html
        assert "bones" * 11 not in html.split("Nothing found")[1].split("</h2>")[0].replace(" ", "")

    def test_a_common_word_alone_is_no_answer(self):
        for number in range(12):
            make_live(title=f"Ways {number}", body="<p>Ask about treatment.</p>")

        assert titles("wigs and insurance after treatment") == []

    def test_what_holds_all_of_the_words_is_always_an_answer(self):
        make_live(title="One", body=f"<p>{'word ' * 300} wigs insurance</p>")

        assert titles("insurance wigs") == ["One"]


@pytest.mark.django_db
class TestSlips:
    @pytest.mark.parametrize(
        "typed", ["cchildren", "hildren", "vhildren", "hcildren", "bonechildren", "children s"]
    )
    def test_slips_at_the_beginning_and_joined_words_are_mended(self, typed):
        make_live(title="Bone, children")

        assert titles(typed) == ["Bone, children"]

    def test_no_slip_is_taken_for_a_word_that_says_nothing(self):
        make_live(title="One bone")

        assert search("vone", timezone.now(), "en", []).mended == ["bone"]

    def test_two_words_are_looked_for_as_one(self):
        make_live(title="Radiotherapy")

        assert titles("radio therapy") == ["Radiotherapy"]

    def test_another_letter_at_the_beginning_is_one_from_beside_it(self):
        make_live(title="Feeling low")

        assert titles("peeling") == []
        assert titles("deeling") == ["Feeling low"]

    @pytest.mark.parametrize("typed", ["worrying", "worries", "worried", "worry"])
    def test_what_staff_wrote_is_known_in_its_other_forms(self, typed):
        Synonym.objects.create(words="worry", means="scanxiety")
        make_live(title="Scanxiety")

        assert titles(typed) == ["Scanxiety"]

    @pytest.mark.parametrize("typed", ["stagefour", "stage four", "stage-four"])
    def test_what_staff_wrote_as_two_words_is_known_as_one(self, typed):
        Synonym.objects.create(words="stage four", means="metastatic")
        make_live(title="Metastatic")

        assert titles(typed) == ["Metastatic"]

    def test_a_word_of_a_sensitive_text_is_not_offered_by_any_slip(self):
        make_live(
            title="Canaryword", neutral_heading="Figures", body="<p>Canaryword</p>",
            sensitivity="end-of-life",
        )  # fmt: skip

        for typed in ("vanaryword", "anaryword", "canaryworda", "canarywordfigures"):
            found = search(typed, timezone.now(), "en", ["end-of-life"])
            assert "canaryword" not in found.mended

    @pytest.mark.parametrize("kind", ["statistics", "prognosis", "end-of-life"])
    def test_no_word_of_a_sensitive_text_is_ever_learnt(self, kind):
        text = {"sensitivity": kind, "body": "<p>Canarybody</p>", "call_now": "Canarycall"}
        begun = timezone.now() - timedelta(days=2)
        make_live(title="Canaryfirst", neutral_heading="Plain", since=begun, **text)
        make_live(title="Canarycoming", since=timezone.now() + timedelta(days=1), **text)
        GlossaryTermFactory(
            term="Plainterm", other_names="Canaryname", explanation="Canaryword", sensitivity=kind
        )
        QuestionFactory(text="Canaryquestion?", sensitivity=kind)

        index.rebuild()
        index.learn_all()

        assert not SearchWord.objects.filter(word__startswith="canary").exists()
        assert SearchWord.objects.filter(word="plainterm").exists()

    def test_a_word_of_a_text_to_come_is_not_offered(self):
        make_live(title="Canaryword", since=timezone.now() + timedelta(days=1))
        make_live(title="Walking")

        found = search("walking canarywrod", timezone.now(), "en", [])

        assert [result.title for result in found.results] == ["Walking"]
        assert found.mended == []

    def test_a_word_of_a_withdrawn_text_is_not_offered(self, reviewer):
        make_live(title="Canaryword").withdraw(reviewer, "It was wrong.")
        make_live(title="Walking helps with sleep", body="<p>Walking, sleep.</p>")

        found = search("walking sleep canarywrod", timezone.now(), "en", [])

        assert [result.title for result in found.results] == ["Walking helps with sleep"]
        assert found.mended == []

    def test_statements_stay_five(self, django_assert_max_num_queries):
        SearchWord.objects.learn(["bones", "scan"])
        make_live(title="Bones, scan")

        with django_assert_max_num_queries(5):
            titles("vone bonescanz radio therapy xyzzyplugh im 32")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("im 32 with stage 4", "im younger with stage 4"),
        ("i am 38", "i am younger"),
        ("in my 20s", "in my younger"),
        ("a 5 year old", "a children year old"),
        ("im 70", "im 70"),
        ("5 year survival", "5 year survival"),
        ("38 on chemo", "38 on chemo"),
        ("im ٣٢", "im ٣٢"),
        ("aged ²", "aged ²"),
    ],
)
def test_an_age_is_the_people_of_that_age(typed, meant):
    assert " ".join(with_ages(typed.split())) == meant


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("phase 3 trial", "phase 3 trial"),
        ("example 3", "example 3"),
        ("cancer 12 years ago", "cancer years"),
        ("chemo 3 weeks", "chemo"),
        ("my 2 children", "children"),
        ("5", "5"),
    ],
)
def test_a_number_says_something_after_a_word(typed, said):
    assert " ".join(telling(typed.split())) == said


def test_forms_of_a_word():
    assert {"worry", "worries", "worried", "worrying"} <= set(forms("worrying"))
    assert {"stop", "stopping"} <= set(forms("stopped"))
    assert forms("er") == ["er"]


def test_only_a_long_word_may_be_two():
    assert splits("cancer") == []
    assert ("bone", "scan") in splits("bonescan")


def marked(text, *words):
    return piece(text, Stems.all_of((word, False) for word in words))


class TestPiece:
    def test_short_text_is_shown_whole(self):
        assert marked("A scan <b> & more.", "scan") == "A <mark>scan</mark> &lt;b&gt; &amp; more."

    def test_it_begins_with_its_sentence(self):
        text = f"{'Word ' * 40}end. Here is the bone pain. {'Word ' * 40}"

        assert marked(text, "pain").startswith("…Here is the bone <mark>pain</mark>. Word")
        assert marked(text, "pain").endswith("…")

    def test_the_place_with_more_of_the_words_is_shown(self):
        text = f"A bone. {'Word ' * 40}. Now bone and pain."

        assert "<mark>bone</mark> and <mark>pain</mark>" in marked(text, "bone", "pain")

    @pytest.mark.parametrize("text", ["", " ", "—", "a" * 4000, "scan" * 900, "<script>scan"])
    def test_any_text_will_do(self, text):
        assert "<script" not in marked(text, "scan")

    def test_a_sentence_that_has_ended_leaves_nothing_open(self):
        text = f"A scan {'of it ' * 26}ends here. {'Word ' * 40}"

        assert marked(text, "scan").endswith("ends here.")

    def test_without_a_hit_it_is_the_beginning(self):
        assert marked("One two.", "scan") == "One two."

    def test_marks_are_not_nested(self):
        assert marked("Metastases", "metastases", "metastasis") == "<mark>Metastases</mark>"

    def test_letters_that_grow_when_they_are_small(self):
        assert marked("İİİİ scan", "scan") == "İİİİ <mark>scan</mark>"
