from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.fields import UndecipherableText
from community.forms.reading_lists import NoteForm
from community.keeping.cleared_notes import cleared_note, forget_cleared_note, keep_cleared_note
from community.keeping.notes import ListNote, is_for_script, note_url
from community.keeping.saving import THE_LIST, forget_unsaved_note, keep_unsaved_note
from community.models import ReadingList, SavedItem
from community.views.saved_items import address_of, card_of, item_elsewhere, item_or_404


@require_POST
def saved_item_note(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Save the note on an item."""
    return _note(request, pk, item, item_or_404)


@require_POST
def reading_list_note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Save the note on a list."""
    return _note(request, pk, THE_LIST, _list_or_404)


def _list_or_404(request: HttpRequest, pk: UUID, item: int) -> ReadingList:
    lists = request.user.reading_lists  # type: ignore[union-attr]
    found: ReadingList = get_object_or_404(lists, pk=pk)
    return found


def _note(
    request: HttpRequest, pk: UUID, item: int, find_or_404: Callable[[HttpRequest, UUID, int], Any]
) -> HttpResponse:
    """Save the note, unless another tab has changed it meanwhile; then show both texts.

    If what it belongs to is not found, or has been removed meanwhile, what was typed is given
    back. note.js saves in the same way, asks for JSON, and is told what became of it.
    """
    if not request.user.is_authenticated:
        return _keep_for_later(request, pk, item)
    typed = _typed(request)
    try:
        noted = find_or_404(request, pk, item)
    except Http404:
        # Another window may have moved it; its note is the same.
        noted = item_elsewhere(request, item) if item != THE_LIST else None
        if noted is None and not typed.strip():
            raise
        if noted is None:
            return _gone(request, typed)
    if "undo" in request.POST:
        return _put_back(request, noted, pk, item)
    form = NoteForm(request.POST, auto_id="note-%s")
    if not form.is_valid():
        return _page(request, noted, form)
    text, based_on = form.cleaned_data["note"], form.cleaned_data["based_on"]
    try:
        if "both" in request.POST and noted.note and noted.note_number == based_on:
            both = NoteForm({"note": f"{noted.note}\n\n{text}", "based_on": str(based_on)})
            if not both.is_valid():
                both.auto_id = "note-%s"
                return _page(request, noted, both)
            text = both.cleaned_data["note"]
        before = noted.note
        is_saved = noted.write_note(text, based_on)
    except UndecipherableText:
        return _page(request, noted, form, is_sealed=True, status=409)
    except (ReadingList.DoesNotExist, SavedItem.DoesNotExist):
        return _gone(request, text)
    if not is_saved:
        try:
            noted.refresh_from_db(fields=["note", "note_number"])
        except (ReadingList.DoesNotExist, SavedItem.DoesNotExist):
            return _gone(request, text)
        return _conflict(request, noted, text)
    forget_unsaved_note(request, pk, item)
    if text:
        forget_cleared_note(request, pk, item)
    elif before:
        keep_cleared_note(request, pk, item, before)
    words = _("Your note is saved.") if text else _("Your note is empty now.")
    if isinstance(noted, SavedItem) and noted.reading_list_id != pk:
        is_on = _("This is on “%(list)s” now.") % {"list": noted.reading_list.title}
        words = f"{words} {is_on}"
    return _saved(request, noted, words)


def _put_back(
    request: HttpRequest, noted: ReadingList | SavedItem, pk: UUID, item: int
) -> HttpResponse:
    """Give an emptied note its text back, unless there is a new one."""
    text = cleared_note(request.session, pk, item)
    try:
        is_back = bool(text) and not noted.note and noted.write_note(text, noted.note_number)
    except (UndecipherableText, ReadingList.DoesNotExist, SavedItem.DoesNotExist):
        is_back = False
    if not is_back:
        return _saved(request, noted, _("There was nothing to put back."))
    forget_cleared_note(request, pk, item)
    return _saved(request, noted, _("Your note is back."))


def _saved(request: HttpRequest, noted: ReadingList | SavedItem, words: str) -> HttpResponse:
    if is_for_script(request):
        is_empty = not noted.has_note
        return JsonResponse({"saved": True, "number": noted.note_number, "is_empty": is_empty})
    if isinstance(noted, SavedItem):
        messages.success(request, words, f"item-{noted.pk}")
        return redirect(address_of(noted))
    messages.success(request, words)
    return redirect(noted)


def _conflict(request: HttpRequest, noted: ReadingList | SavedItem, text: str) -> HttpResponse:
    if is_for_script(request):
        return JsonResponse({"note": noted.note, "number": noted.note_number}, status=409)
    form = NoteForm(initial={"note": text, "based_on": noted.note_number}, auto_id="note-%s")
    form.fields["note"].label = _("What you typed just now")
    form.fields["note"].widget.attrs["rows"] = 8
    return _page(request, noted, form, is_conflict=True, status=409)


def _page(
    request: HttpRequest,
    noted: ReadingList | SavedItem,
    form: NoteForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    if is_for_script(request):
        reason = "sealed" if "is_sealed" in more else "too_long"
        return JsonResponse({"reason": reason}, status=max(status, 400))
    if isinstance(noted, SavedItem):
        card: Any = card_of(request, noted)
        address = f"{noted.reading_list.get_absolute_url()}#item-{noted.pk}"
    else:
        card, address = ListNote(noted), noted.get_absolute_url()
    context = {
        "card": card,
        "form": form,
        "note_url": note_url(noted),
        "list_url": address,
        **more,
    }
    return render(request, "community/saved_item_note.html", context, status=status)


def _typed(request: HttpRequest) -> str:
    return request.POST.get("note", "").replace("\r\n", "\n")


def _gone(request: HttpRequest, text: str) -> HttpResponse:
    """Give back `text`, whose item is not there: the same for every list, to say nothing of it."""
    if is_for_script(request):
        return JsonResponse({"reason": "gone"}, status=404)
    return render(request, "community/saved_item_gone.html", {"text": text}, status=404)


def _keep_for_later(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Give back the note of somebody whose session has ended, and keep it until they sign in.

    The same for a list that exists and for one that does not.
    """
    text = _typed(request)
    is_kept = keep_unsaved_note(request, pk, item, text, request.POST.get("based_on", "")[:10])
    address = reverse("community:reading-list-detail", args=[pk])
    next_url = f"{address}#note-{item}"
    if is_for_script(request):
        login = f"{reverse('account_login')}?{urlencode({'next': next_url})}"
        return JsonResponse({"reason": "signed_out", "url": login}, status=403)
    context = {"text": text, "is_kept": is_kept, "next_url": next_url}
    return render(request, "community/signed_out.html", context, status=403)
