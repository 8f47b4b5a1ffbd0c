"""What the form of a note begins with, and where it is sent. Plain functions."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from community.fields import UndecipherableText
from community.models import ReadingList, SavedItem

LETTERS_IN_A_LINE = 32  # on a phone


class WithNote:
    """A saved item or a list with its note, as the note's form shows it."""

    item: Any
    # Where the note's form begins, if it is not what is stored.
    typed: str | None
    based_on: str

    @property
    def is_sealed(self) -> bool:
        """Whether its note opens with none of the present keys."""
        try:
            _opened = self.item.note
        except UndecipherableText:
            return True
        return False

    @property
    def stored_note(self) -> str:
        """The note, or an empty text if it cannot be opened."""
        return "" if self.is_sealed else self.item.note

    @property
    def note(self) -> str:
        """What the note's form begins with."""
        return self.stored_note if self.typed is None else self.typed

    @property
    def note_rows(self) -> int:
        """How many lines high the note's field is, so that a short note is seen whole."""
        lines = sum(1 + len(line) // LETTERS_IN_A_LINE for line in self.note.split("\n"))
        return max(3, min(lines, 14))


@dataclass
class ListNote(WithNote):
    """The note on a list."""

    item: ReadingList
    typed: str | None = None
    based_on: str = ""

    @property
    def heading(self) -> str:
        """What the note is about."""
        return self.item.title


def note_url(noted: ReadingList | SavedItem) -> str:
    """Return the address that takes the note on `noted`."""
    if isinstance(noted, SavedItem):
        return reverse("community:saved-item-note", args=[noted.reading_list_id, noted.pk])
    return reverse("community:reading-list-note", args=[noted.pk])


def is_for_script(request: HttpRequest) -> bool:
    """Return whether a script asks, which shows the answer itself."""
    return request.headers.get("Accept") == "application/json"
