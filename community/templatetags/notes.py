"""The note on a list, and what the script needs that saves notes while they are typed."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString

from community.accounts.sessions import Stay, stay_of
from community.keeping.cleared_notes import cleared_note
from community.keeping.notes import ListNote, WithNote, note_url
from community.keeping.saving import THE_LIST, unsaved_notes
from community.models import ReadingList
from community.models.notes import NOTE_MAX_LENGTH
from facts.fixed import filled_part, mark

register = template.Library()
_NOTE = "community/_saved_note.html"


@register.inclusion_tag(_NOTE, takes_context=True)
def saved_note(context: dict[str, Any], card: WithNote) -> dict[str, Any]:
    """Show a note in its form, with the way to put it back if it has just been emptied."""
    noted = card.item
    is_list = isinstance(noted, ReadingList)
    list_pk, key = (noted.pk, THE_LIST) if is_list else (noted.reading_list_id, noted.pk)
    was = cleared_note(context["request"].session, list_pk, key)
    return {
        "card": card,
        "key": key,
        "is_list": is_list,
        "note_url": note_url(noted),
        "is_cleared": bool(was) and not card.note,
    }


class _NoNote:
    """What a page shows of a list without a note: the same for all but the title of the list."""

    is_sealed, typed, note, note_rows = False, None, "", 3
    heading, based_on = mark("title"), mark("based_on")


_NO_NOTE = _NoNote()


@register.simple_tag(takes_context=True)
def list_note(context: Any, reading_list: ReadingList) -> SafeString:
    """Show the note on a list: what is stored, or what was typed over a session that had ended."""
    note = ListNote(reading_list, based_on=str(reading_list.note_number))
    for kept in unsaved_notes(context["request"], reading_list):
        if kept.item == THE_LIST and not note.is_sealed:
            note.typed, note.based_on = kept.text, kept.based_on
    shown = saved_note(context, note)
    if note.is_sealed or note.note or note.typed is not None or shown["is_cleared"]:
        with context.push(**shown):
            return context.template.engine.get_template(_NOTE).render(context)
    texts = {
        "title": reading_list.title,
        "based_on": note.based_on,
        "note_url": shown["note_url"],
        "csrf_token": str(context.get("csrf_token", "")),
    }
    return filled_part(_NOTE, texts, card=_NO_NOTE, key=THE_LIST, is_list=True)


@register.simple_tag(takes_context=True)
def note_script(context: dict[str, Any]) -> SafeString:
    """Load note.js with its words.

    What it keeps in the browser is marked by a number that says nothing of the member, so that
    nobody else finds it who signs in here.
    """
    request = context["request"]
    is_shared = stay_of(request.session) == Stay.SHARED
    owner = _owner(request)
    # Seventy words to translate are the same for everybody.
    return filled_part(
        "community/_note_script.html", {"owner": owner}, is_shared=is_shared, most=NOTE_MAX_LENGTH
    )


@register.inclusion_tag("community/_typed_script.html", takes_context=True)
def typed_script(context: dict[str, Any], reading_list: ReadingList) -> dict[str, Any]:
    """Load typed.js with its words, for the pages of the sheet of `reading_list`."""
    request = context["request"]
    return {
        "owner": _owner(request),
        "is_shared": stay_of(request.session) == Stay.SHARED,
        "sheet_url": reverse("community:appointment-sheet", args=[reading_list.pk]),
    }


def _owner(request: HttpRequest) -> str:
    """Return the mark of a member on what their browser keeps; it names nobody."""
    return salted_hmac("community.notes.owner", str(request.user.pk)).hexdigest()[:16]
