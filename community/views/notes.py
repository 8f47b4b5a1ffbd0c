from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.fields import UndecipherableText
from community.forms.reading_lists import NoteForm
from community.models import SavedItem
from community.saving import forget_unsaved_note, keep_unsaved_note
from community.views.saved_items import address_of, card_of, item_or_404


@require_POST
def saved_item_note(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Save the note, unless another tab has changed it meanwhile; then show both texts.

    If the item is not found, or has been removed meanwhile, what was typed is given back.
    """
    if not request.user.is_authenticated:
        return _keep_for_later(request, pk, item)
    typed = _typed(request)
    try:
        saved = item_or_404(request, pk, item)
    except Http404:
        if not typed.strip():
            raise
        return _gone_page(request, typed)
    form = NoteForm(request.POST, auto_id="note-%s")
    if not form.is_valid():
        return _note_page(request, saved, form)
    text, based_on = form.cleaned_data["note"], form.cleaned_data["based_on"]
    try:
        if "both" in request.POST and saved.note and saved.note_number == based_on:
            both = NoteForm({"note": f"{saved.note}\n\n{text}", "based_on": str(based_on)})
            if not both.is_valid():
                both.auto_id = "note-%s"
                return _note_page(request, saved, both)
            text = both.cleaned_data["note"]
        is_saved = saved.write_note(text, based_on)
    except UndecipherableText:
        return _note_page(request, saved, form, is_sealed=True, status=409)
    except SavedItem.DoesNotExist:
        return _gone_page(request, text)
    if not is_saved:
        try:
            saved.refresh_from_db(fields=["note", "note_number"])
        except SavedItem.DoesNotExist:
            return _gone_page(request, text)
        again = NoteForm(initial={"note": text, "based_on": saved.note_number}, auto_id="note-%s")
        again.fields["note"].label = _("What you typed just now")
        again.fields["note"].widget.attrs["rows"] = 8
        return _note_page(request, saved, again, is_conflict=True, status=409)
    forget_unsaved_note(request, pk, item)
    messages.success(request, _("Your note is saved."), f"item-{saved.pk}")
    return redirect(address_of(saved))


def _note_page(
    request: HttpRequest, item: SavedItem, form: NoteForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"item": item, "card": card_of(request, item), "form": form, **more}
    return render(request, "community/saved_item_note.html", context, status=status)


def _typed(request: HttpRequest) -> str:
    return request.POST.get("note", "").replace("\r\n", "\n")


def _gone_page(request: HttpRequest, text: str) -> HttpResponse:
    """Give back `text`, whose item is not there: the same for every list, to say nothing of it."""
    return render(request, "community/saved_item_gone.html", {"text": text}, status=404)


def _keep_for_later(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Give back the note of somebody whose session has ended, and keep it until they sign in.

    The same for a list that exists and for one that does not.
    """
    text = _typed(request)
    is_kept = keep_unsaved_note(request, pk, item, text, request.POST.get("based_on", "")[:10])
    address = reverse("community:reading-list-detail", args=[pk])
    context = {"text": text, "is_kept": is_kept, "next_url": f"{address}#note-{item}"}
    return render(request, "community/signed_out.html", context, status=403)
