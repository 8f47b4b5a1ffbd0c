"""The note on a list, and what the script needs that saves notes while they are typed."""

from typing import Any

from django import template
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString, mark_safe

from community.cleared_notes import cleared_note
from community.models import ReadingList
from community.models.notes import NOTE_MAX_LENGTH
from community.notes import ListNote, WithNote, note_url
from community.saving import THE_LIST, unsaved_notes
from community.sessions import Stay, stay_of
from facts.fixed import fixed_part

register = template.Library()
_OWNER = "\ue001"  # in the place of a member's mark


@register.inclusion_tag("community/_saved_note.html", takes_context=True)
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


@register.inclusion_tag("community/_saved_note.html", takes_context=True)
def list_note(context: dict[str, Any], reading_list: ReadingList) -> dict[str, Any]:
    """Show the note on a list: what is stored, or what was typed over a session that had ended."""
    note = ListNote(reading_list, based_on=str(reading_list.note_number))
    for kept in unsaved_notes(context["request"], reading_list):
        if kept.item == THE_LIST and not note.is_sealed:
            note.typed, note.based_on = kept.text, kept.based_on
    return saved_note(context, note)


@register.simple_tag(takes_context=True)
def note_script(context: dict[str, Any]) -> SafeString:
    """Load note.js with its words.

    What it keeps in the browser is marked by a number that says nothing of the member, so that
    nobody else finds it who signs in here.
    """
    request = context["request"]
    is_shared = stay_of(request.session) == Stay.SHARED
    owner = salted_hmac("community.notes.owner", str(request.user.pk)).hexdigest()[:16]
    # Seventy words to translate are the same for everybody.
    part = fixed_part(
        "community/_note_script.html", owner=_OWNER, is_shared=is_shared, most=NOTE_MAX_LENGTH
    )
    # Hexadecimal digits need no escaping.
    return mark_safe(part.replace(_OWNER, owner))  # noqa: S308
