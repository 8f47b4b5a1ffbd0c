"""Parts of pages that are the same for everybody are made once, and hold nothing of anybody."""

import pytest
from crispy_forms.templatetags.crispy_forms_filters import as_crispy_form
from django.template import engines
from django.utils import translation

from community.forms.reading_lists import ReadingListForm
from community.models import ReadingList
from facts import fixed
from facts.templatetags.fixed import section

HEADER = "includes/header.html"


@pytest.fixture(autouse=True)
def _nothing_kept():
    fixed._forget_parts()


def test_part_is_made_once_for_each_language_and_value(monkeypatch):
    asked = []
    load = fixed.get_template
    monkeypatch.setattr(fixed, "get_template", lambda name: asked.append(name) or load(name))

    for _time in range(2):
        fixed.fixed_part(HEADER, site_name="Ours", section="help")
        fixed.fixed_part(HEADER, site_name="Ours", section="")
        with translation.override("es"):
            fixed.fixed_part(HEADER, site_name="Ours", section="help")

    assert len(asked) == 3


def test_part_knows_nothing_of_the_page_around_it():
    page = engines["django"].from_string('{% load fixed %}{% fixed "includes/footer_links.html" %}')
    around = {"user": "SECRET", "csrf_token": "SECRET", "site_name": "SECRET"}

    assert page.render(around) == fixed.fixed_part("includes/footer_links.html")
    assert "SECRET" not in str(fixed._parts)


def test_values_are_escaped():
    part = fixed.fixed_part(HEADER, site_name="<b>", section="")

    assert "<b>" not in part
    assert "&lt;b&gt;" in part


def test_no_more_is_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(fixed, "MOST", 2)

    for number in range(5):
        assert str(number) in fixed.fixed_part(HEADER, site_name=str(number), section="")

    assert len(fixed._parts) == 2


@pytest.mark.parametrize(
    ("path", "open_section"),
    [
        ("/facts/pain/", "facts"),
        ("/lists/", "lists"),
        ("/lists", ""),
        ("/account/", ""),
        ("/", ""),
        ("", ""),
        ("/facts-and-more/", ""),
    ],
)
def test_header_names_the_open_section(path, open_section):
    assert section(path) == open_section
    page = engines["django"].from_string(
        '{% load fixed %}{% fixed "includes/header.html" section=path|section site_name="" %}'
    )

    assert page.render({"path": path}).count('aria-current="true"') == bool(open_section)


@pytest.mark.parametrize("title", ["", "Mine", "<b>&\"'</b>", "\ue001title\ue002", r"\1 %s {}"])
def test_form_that_was_not_sent_is_as_crispy_makes_it(title):
    form = ReadingListForm(instance=ReadingList(title="Another one"))
    fixed.fixed_form(form)
    form = ReadingListForm(instance=ReadingList(title=title))

    assert fixed.fixed_form(form) == as_crispy_form(form)
    assert "Another one" not in str(fixed._forms)
    assert len(fixed._forms) == (1 if title else 2)


def test_form_that_was_sent_keeps_what_was_typed():
    form = ReadingListForm({"title": ""}, instance=ReadingList(title="Mine"))
    form.add_error("title", "Not this one.")

    assert "Not this one." in fixed.fixed_form(form)
    assert fixed._forms == {}


def test_texts_are_filled_in_and_not_kept():
    texts = {"owner": "\ue001owner\ue002<b>"}

    part = fixed.filled_part("community/_note_script.html", texts, is_shared=False, most=9)

    assert 'data-owner="\ue001owner\ue002&lt;b&gt;"' in part
    assert "<b>" not in str(fixed._parts)
