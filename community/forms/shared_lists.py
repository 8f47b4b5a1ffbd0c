"""The form of a link under which others read a list."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from crispy_forms.helper import FormHelper
from django import forms
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from community.forms.reading_lists import number_or_none
from community.keeping.cards import Card


class Lasts(models.TextChoices):
    """How long a link leads to its list."""

    WEEK = "week", _("One week")
    MONTH = "month", _("One month")
    ALWAYS = "always", _("Until I stop it")


DAYS = {Lasts.WEEK: 7, Lasts.MONTH: 30}


EXCERPT_LENGTH = 80  # characters of a note, by which to know it


class OfferedNote(NamedTuple):
    """A note as it is offered to be shared."""

    item: str
    number: str
    heading: str
    excerpt: str
    is_ticked: bool


def _excerpt(note: str) -> str:
    return note if len(note) <= EXCERPT_LENGTH else f"{note[: EXCERPT_LENGTH - 1]}…"


class SharedListForm(forms.Form):
    """How long the link lasts, and which notes can be read under it.

    A tick names a note and its number, so that only the text that was seen is shared.
    """

    lasts = forms.ChoiceField(
        label=_("How long does the link work?"),
        choices=Lasts.choices,
        initial=Lasts.MONTH,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how long the link works.")},
    )

    def __init__(self, *args: Any, cards: Iterable[Card] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {card.item.pk: card for card in cards}
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    @cached_property
    def ticks(self) -> dict[int, int]:
        """The items whose notes are ticked, each with the number of the note that was seen."""
        ticked = {}
        data: Any = self.data
        for tick in data.getlist("note") if self.is_bound else ():
            item, number = (number_or_none(part) for part in f"{tick}-".split("-")[:2])
            if item is not None and number is not None and item in self.cards:
                ticked[item] = number
        return ticked

    @cached_property
    def noted(self) -> list[Card]:
        """The cards that have a note which can be shared."""
        return [card for card in self.cards.values() if card.stored_note]

    @cached_property
    def chosen(self) -> list[Card]:
        """The cards whose note is ticked, and still is what it was when it was ticked."""
        return [
            card for card in self.noted if self.ticks.get(card.item.pk) == card.item.note_number
        ]

    @cached_property
    def chosen_keys(self) -> frozenset[int]:
        """The items of what is chosen. A page of many notes asks for each whether it is ticked."""
        return frozenset(card.item.pk for card in self.chosen)

    @cached_property
    def offered(self) -> list["OfferedNote"]:
        """The notes that can be ticked. There may be hundreds, so all that a page says is text."""
        return [
            OfferedNote(
                str(card.item.pk),
                str(card.item.note_number),
                card.heading,
                _excerpt(card.stored_note),
                card.item.pk in self.chosen_keys,
            )
            for card in self.noted
        ]

    @property
    def has_newer(self) -> bool:
        """Whether a note that is ticked has changed since it was seen."""
        return len(self.chosen) < len(self.ticks)

    def expires_at(self, now: datetime) -> datetime | None:
        """Return when the link ends, or None."""
        days = DAYS.get(Lasts(self.cleaned_data["lasts"]))
        return now + timedelta(days=days) if days else None
