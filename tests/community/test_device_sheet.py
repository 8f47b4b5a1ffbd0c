"""The sheet without an account: what a device holds is sent, used once, and kept nowhere."""

import html

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from community.models import SheetQuestion
from tests.factories import FactFactory, QuestionFactory, TopicFactory, make_live

pytestmark = pytest.mark.django_db
ADDRESS = "/lists/sheet/"


@pytest.fixture
def scans():
    """A question of a fact that a device may hold."""
    version = make_live(FactFactory(topic=TopicFactory(slug="bones"), slug="scans"))
    question = QuestionFactory(slug="do-scans-hurt", text="Do scans hurt?")
    question.facts.add(version.fact)
    return question


def text_of(response):
    return html.unescape(response.content.decode())


def test_anybody_may_choose_from_all_questions(client, scans):
    response = client.get(ADDRESS)

    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    assert "Do scans hurt?" in text_of(response)
    assert 'name="robots" content="noindex' in text_of(response)


@pytest.mark.parametrize(("kind", "key"), [("fact", "bones/scans"), ("topic", "bones")])
def test_questions_of_what_the_device_holds_come_first(client, scans, kind, key):
    QuestionFactory(text="Another?", theme="about-the-cancer")

    page = text_of(client.post(ADDRESS, {"action": "choose", "kind": kind, "key": key}))

    assert page.index("Do scans hurt?") < page.index("More questions") < page.index("Another?")
    assert f'name="key" value="{key}"' in page


def test_sheet_is_made_and_nothing_is_kept(client, scans):
    sent = {
        "action": "show", "question": "do-scans-hurt", "new_1": "Can I fly?", "paper": "a4",
        "appointment_on": "2026-12-03", "kind": "fact", "key": "bones/scans",
    }  # fmt: skip

    with CaptureQueriesContext(connection) as queries:
        response = client.post(ADDRESS, sent)

    page = text_of(response)
    assert "Thursday, 3 December 2026" in page
    assert page.index("Can I fly?") < page.index("Do scans hurt?")
    assert not [q for q in queries if not q["sql"].startswith("SELECT")]
    assert not SheetQuestion.objects.exists()
    assert "sessionid" not in response.cookies
    assert len(queries) <= 6


def test_three_come_first_on_the_page_and_in_the_file(client, scans):
    sent = {"question": "do-scans-hurt", "new_1": "Can I fly?", "paper": "letter"}

    page = text_of(
        client.post(ADDRESS, {**sent, "action": "first", "first_1": "offered-do-scans-hurt"})
    )

    paper = page[page.index("<article") :]
    assert paper.index("Most important to me") < paper.index("Do scans hurt?")
    assert paper.index("Do scans hurt?") < paper.index("Can I fly?")
    response = client.post(ADDRESS, {**sent, "action": "pdf", "first_1": "offered-do-scans-hurt"})
    assert response["Content-Disposition"] == 'attachment; filename="sheet.pdf"'
    assert response.content.startswith(b"%PDF")


def test_going_back_loses_nothing(client, scans):
    sent = {"question": "do-scans-hurt", "new_1": "Can I fly?", "paper": "letter"}

    page = text_of(client.post(ADDRESS, {**sent, "action": "choose"}))

    assert 'value="do-scans-hurt" checked' in page
    assert "Can I fly?" in page
    assert 'value="letter"' in page


def test_empty_sheet_is_said_in_words(client, scans):
    page = text_of(client.post(ADDRESS, {"action": "show", "paper": "a4"}))

    assert "Choose a question, or write one." in page


def test_too_long_a_question_comes_back_whole(client, scans):
    page = text_of(client.post(ADDRESS, {"action": "show", "new_2": "x" * 501}))

    assert "501 characters, and 500 fit" in page
    assert "x" * 501 in page


def test_sensitive_question_is_not_there_until_it_is_asked_for(client, scans):
    QuestionFactory(slug="how-long", text="How long?", sensitivity="prognosis")
    sent = {"action": "show", "question": ["how-long", "do-scans-hurt"], "paper": "a4"}

    assert "How long?" not in text_of(client.get(ADDRESS))
    assert "How long?" not in text_of(client.post(ADDRESS, sent))
    assert "How long?" in text_of(client.get(f"{ADDRESS}?show=all"))
    assert "How long?" in text_of(client.post(f"{ADDRESS}?show=how-long", sent))


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "fact", "key": ["bones/scans"] * 200},
        {"kind": ["planet", "fact"], "key": ["x", "/"]},
        {"kind": "fact", "key": "\x00"},
        {"kind": "fact"},
        {"action": "first", "new_1": "Why?", "first_1": "own-2"},
        {"action": "pdf"},
        {"action": "explode", "paper": "x"},
    ],
)
def test_bad_input_is_no_error_of_ours(client, scans, sent):
    assert client.post(ADDRESS, sent).status_code in {200, 400}


def test_files_are_made_only_so_often(client, scans, settings):
    limits = {**settings.ACCOUNT_RATE_LIMITS, "sheet_pdf_device": "1/10m/ip"}
    settings.ACCOUNT_RATE_LIMITS = limits
    cache.clear()
    sent = {"action": "pdf", "new_1": "Why?", "paper": "a4"}

    responses = [client.post(ADDRESS, sent) for _time in range(2)]

    assert [response.status_code for response in responses] == [200, 429]
    assert "Why?" in text_of(responses[1])


def test_form_of_another_site_is_refused(scans):
    client = Client(enforce_csrf_checks=True)

    assert client.post(ADDRESS, {"action": "show", "new_1": "Why?"}).status_code == 403
