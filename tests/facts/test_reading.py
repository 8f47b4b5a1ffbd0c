"""How long a text takes to read, and its short version."""

import pytest

from facts.bench import Glossary, Text, examine
from facts.fields import sanitise
from facts.reading import count_words, minutes, split_short_version
from tests.factories import FactFactory, TopicFactory, make_live

SHORT = "<p>It helps most people.</p>"
MORE = f"<p>{'Some words more. ' * 40}</p>"


@pytest.mark.parametrize(("words", "expected"), [(0, 0), (1, 1), (175, 1), (176, 2), (1750, 10)])
def test_minutes_are_rounded_up(words, expected):
    assert minutes(words) == expected


def test_words_of_neighbouring_elements_are_counted_apart():
    assert count_words("<p>One.</p><ul><li>Two</li><li>three &amp; four</li></ul>") == 5


@pytest.mark.parametrize(
    "html",
    [
        SHORT,  # short as it is
        MORE,  # nothing follows
        MORE + SHORT,  # begins at length
        f"<ul><li>It helps.</li></ul>{MORE}",  # begins otherwise
        "",
    ],
)
def test_text_without_a_short_beginning_stays_whole(html):
    assert split_short_version(html) == ("", html)


def test_short_version_is_the_first_paragraph_of_a_long_text():
    html = sanitise(f"{SHORT}\n{MORE}")

    short, rest = split_short_version(html)

    assert short == SHORT
    assert rest.strip() == MORE


@pytest.fixture
def fact(db):
    return FactFactory(topic=TopicFactory(slug="bones", introduction=""), slug="rest")


@pytest.mark.parametrize("address", ["/facts/bones/", "/facts/bones/rest/"])
def test_short_version_and_reading_time_stand_first(client, fact, address):
    make_live(fact, body=f"{SHORT}{MORE * 3}")

    html = client.get(address).content.decode()

    assert "About 3 minutes to read." in html
    assert html.index("In short") < html.index(SHORT) < html.index("Some words more")
    assert html.count(SHORT) == 1


@pytest.mark.parametrize("address", ["/facts/bones/", "/facts/bones/rest/"])
def test_covered_text_takes_no_time_and_has_no_short_version(client, fact, address):
    make_live(fact, body=f"{SHORT}{MORE * 3}", sensitivity="prognosis")

    html = client.get(address).content.decode()
    asked = client.get(f"{address}?show=rest").content.decode()

    assert "to read." not in html
    assert "In short" not in html
    assert "About 3 minutes to read." in asked


def test_editor_is_told_to_begin_with_the_answer():
    def advice(body):
        return " ".join(f.advice for f in examine(Text(body=body), Glossary()).findings)

    assert "short version" in advice(MORE + SHORT)
    assert "short version" not in advice(SHORT + MORE)
