"""What is filled into a mold is, letter for letter, what the template makes of the card."""

import pytest
from django.template import Context, engines
from django.utils import timezone, translation

from community.keeping import molds as card_molds
from community.keeping.cards import cards, count_read_facts
from community.keeping.cleared_notes import keep_cleared_note
from community.keeping.molds import cards_as_html
from facts.preferences import Preferences
from tests.factories import (
    FactFactory,
    ReadingListFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

pytestmark = pytest.mark.django_db

# Texts that mean something in HTML, in a pattern, or to the molds themselves.
HOSTILE = ["<b>&\"'</b>", r"\g<0> \1 %s {}", "\ue002\ue003\ue00a", str(card_molds._PK), "Plain"]


@pytest.fixture
def around(rf):
    """The context of a page of a list, whose session keeps nothing."""
    request = rf.get("/")
    request.session = {}
    around = Context({"request": request, "list_url": "/lists/x/", "csrf_token": "a-token"})
    around.template = engines["django"].from_string("").template
    return around


def by_template(card, around):
    with around.push(card=card):
        return card_molds._template(around).render(around)


@pytest.fixture
def shown(member):
    """Cards of every kind, some of them read, archived, with a note, or with hostile texts."""
    reading_list = ReadingListFactory(member=member)
    topics = [TopicFactory(title=title) for title in HOSTILE]
    fact = make_live(FactFactory(topic=topics[0])).fact
    gone = SupportGroupFactory(published_at=None)
    added = reading_list.add_all([*topics, fact, SupportGroupFactory(name=HOSTILE[0]), gone])
    items = [item for item, _is_new in added]
    for item, note in zip(items[1:], HOSTILE, strict=False):
        item.write_note(note, 0)
    items[5].mark_read(True, timezone.now())
    items[6].archive(timezone.now())
    found = reading_list.saved_items.with_targets()
    result = cards(found, Preferences(), timezone.now())
    count_read_facts(result, member.pk, timezone.now())
    for number, card in enumerate(result, start=1):
        card.number, card.total, card.based_on = number, len(result), str(card.item.note_number)
        card.is_first, card.is_last = number == 1, number == len(result)
    result[2].status = "Your note is saved."
    result[3].typed = "Typed before"
    return result


@pytest.mark.parametrize("show", ["", "unread", "archived"])
def test_filled_mold_is_what_the_template_makes(around, shown, show):
    around["show"] = show
    card_molds._molds.clear()

    for _time in range(2):
        for card in shown:
            assert cards_as_html([card], around) == by_template(card, around)
    # As many as there are shapes, however many cards.
    assert 0 < len(card_molds._molds) <= len(shown)


def test_mold_is_made_once_for_each_language(around, shown):
    card_molds._molds.clear()
    cards_as_html([shown[0]], around)
    with translation.override("es"):
        cards_as_html([shown[0]], around)

    assert {key[0] for key in card_molds._molds} == {"en", "es"}


def test_mold_keeps_nothing_of_anybody(around, shown):
    card_molds._molds.clear()
    for card in shown:
        cards_as_html([card], around)

    kept = str(card_molds._molds)

    for private in ("a-token", "/lists/x/", "Plain", str(shown[0].item.reading_list_id)):
        assert private not in kept


def test_note_that_was_just_emptied_can_be_put_back(around, shown):
    item = shown[0].item
    keep_cleared_note(around["request"], item.reading_list_id, item.pk, "what it was")

    assert cards_as_html([shown[0]], around) == by_template(shown[0], around)
    assert "hidden data-note-undo" not in cards_as_html([shown[0]], around)
