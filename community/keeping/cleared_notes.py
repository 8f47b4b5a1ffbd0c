"""The note that was emptied last, kept in the session so that it can be put back.

Only one, encrypted as it was in the database, and only until another note is emptied, this one is
written anew, or the session is over.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from community.fields import Sealed, UndecipherableText

_CLEARED_NOTE = "cleared_note"


def keep_cleared_note(request: HttpRequest, list_pk: UUID, item: int, text: str) -> None:
    """Keep `text`, which was the note of an item, or of the list itself if `item` is 0."""
    token = Sealed.of(text).token
    request.session[_CLEARED_NOTE] = {"list": str(list_pk), "item": item, "token": token}


def cleared_note(session: Mapping[str, Any], list_pk: UUID, item: int) -> str:
    """Return what the note was before it was emptied, or "" if that is not kept."""
    kept = session.get(_CLEARED_NOTE)
    if not kept or (kept["list"], kept["item"]) != (str(list_pk), item):
        return ""
    return cleared_note_in(session)


def cleared_note_in(session: Mapping[str, Any]) -> str:
    """Return the text that `session` keeps, whatever it was written on."""
    try:
        return Sealed(session[_CLEARED_NOTE]["token"]).open()
    except (KeyError, UndecipherableText):
        return ""


def forget_cleared_note(request: HttpRequest, list_pk: UUID, item: int) -> None:
    """Forget the text of this item: there is another one."""
    kept = request.session.get(_CLEARED_NOTE)
    if kept and (kept["list"], kept["item"]) == (str(list_pk), item):
        del request.session[_CLEARED_NOTE]
