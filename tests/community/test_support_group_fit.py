"""Which group fits me? Four questions, none of which needs an answer."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.core.exceptions import ValidationError

from tests.factories import MeetingFactory, PlaceFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTHING_SAID = "/groups/fit/?you=&way=&near=&in="


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def read(client, address="/groups/fit/"):
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(unescape(response.content.decode()).split())


def test_four_questions_are_asked_and_no_answer_is_the_default(client):
    SupportGroupFactory(name="Not shown yet")

    text = read(client)

    assert len(re.findall(r"<legend>|<label class=\"form-label\" for=\"in\">", text)) == 4
    assert text.count("rather not say") >= 4
    assert (
        '<input class="form-check-input" type="radio" id="you-none" name="you" value="" checked>'
        in text
    )
    assert (
        '<input class="form-check-input" type="radio" id="way-none" name="way" value="" checked>'
        in text
    )
    assert text.count(" checked>") == 2
    assert " selected>" not in text
    assert "Not shown yet" not in text
    assert "csrfmiddlewaretoken" not in text


def test_no_answer_at_all_shows_every_group(client):
    MeetingFactory(group__name="Later", weekday="4")
    MeetingFactory(group__name="Sooner", weekday="0")

    text = read(client, NOTHING_SAID)

    assert "2 groups that may fit" in text
    assert text.index("Sooner") < text.index("Later")


def test_best_match_comes_first_and_says_why(client):
    SupportGroupFactory(name="Open to all", languages=["es"])
    SupportGroupFactory(
        name="Made for him", audiences=["men"], is_metastatic_only=True, languages=["es"]
    )
    SupportGroupFactory(name="In English", audiences=["men"], languages=["en"])

    text = read(client, "/groups/fit/?you=metastatic&like=men&like=de-novo&way=online&in=es")

    assert text.index("Made for him") < text.index("Open to all")
    assert "In English" not in text
    assert "Metastatic only · Men · in Spanish · online" in text
    for choice in ("you-metastatic", "like-men", "like-de-novo", "way-online"):
        assert re.search(rf'id="{choice}"[^>]* checked>', text), choice
    assert "2 groups that may fit, the best match first" in text


def test_answers_stand_in_the_address_alone_and_no_copy_is_kept(client):
    response = client.get(NOTHING_SAID)

    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not response.cookies
    # The questions alone are a page like others.
    assert client.get("/groups/fit/")["Cache-Control"] == "no-cache"


def test_place_keeps_the_other_answers(client):
    PlaceFactory(key="t1", name="Leeds", names=["leeds"], population=500_000)

    response = client.get("/groups/fit/?you=metastatic&like=men&like=young-adults&near=leeds&in=es")

    assert response["Location"] == (
        "/groups/fit/?you=metastatic&like=men&like=young-adults&near=t1&in=es"
    )
    assert response["Cache-Control"] == "private, no-store"
    text = read(client, response["Location"])
    assert 'value="Leeds, England, UK"' in text


def test_place_that_several_have_is_asked_back_with_the_other_answers(client):
    for key, region in (("t1", "England"), ("t2", "Wales")):
        PlaceFactory(key=key, name="Newport", region=region, names=["newport"], population=9)

    text = read(client, "/groups/fit/?you=metastatic&like=men&near=Newport")

    assert "Which “Newport” do you mean?" in text
    assert 'href="/groups/fit/?you=metastatic&like=men&near=t2#found"' in text


def test_more_pages_keep_the_answers(client):
    SupportGroupFactory.create_batch(25)

    text = read(client, "/groups/fit/?you=metastatic&like=men&like=young-adults&way=online")

    assert "?you=metastatic&like=men&like=young-adults&way=online&page=2" in text


def test_empty_result_is_no_dead_end(client):
    SupportGroupFactory(name="By wire", is_online=False, is_by_phone=True)

    text = read(client, "/groups/fit/?you=&way=online")

    assert "No group meets online." in text
    assert "These meet by phone." in text
    assert "By wire" in text


@pytest.mark.parametrize(
    "query",
    ["you=somebody", "you=" + "x" * 200, "like=x&like=" + "y" * 200, "&".join(["like=men"] * 50),
     "way=1e400&you=", "in=%27&you=", "you=%25", "page=1e400&you=", "within=-1&you=",
     "you=&you=metastatic"],
)  # fmt: skip
def test_odd_answers_count_as_none(client, query):
    SupportGroupFactory(name="Still here")

    response = client.get(f"/groups/fit/?{query}")

    assert response.status_code == 200


@pytest.mark.parametrize("number", [2, 30])
def test_queries_do_not_grow_with_groups(client, number, django_assert_num_queries):
    for _ in range(number):
        MeetingFactory(group__languages=["en"])

    with django_assert_num_queries(4):
        client.get("/groups/fit/?you=metastatic&like=men&in=en")
    with django_assert_num_queries(0):
        client.get("/groups/fit/")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)("/groups/fit/").status_code == 405


def test_no_group_can_take_the_address():
    group = SupportGroupFactory.build(slug="fit")
    with pytest.raises(ValidationError, match="slug"):
        group.full_clean()
