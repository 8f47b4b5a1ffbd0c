from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.cards import Card, cards
from community.forms.reading_lists import ReadingListForm
from community.models import ReadingList, SavedItem
from community.saving import UnsavedNote, forget_unsaved_note, taken_over, unsaved_notes

PAGE_SIZE = 50  # items


def _save(form: ReadingListForm) -> bool:
    """Save the list if the form is valid and no other tab has taken the title meanwhile."""
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError:
        form.add_error("title", _("One of your lists has this title."))
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def reading_list_list(request: HttpRequest) -> HttpResponse:
    """The member's lists, and the form that makes a new one; to others, why there are none.

    It also shows, where script runs, what is saved on this device.
    """
    if not request.user.is_authenticated:
        if request.method == "POST":
            return redirect_to_login(reverse("community:reading-list-list"))
        return _never_kept(render(request, "community/reading_list_anonymous.html"))
    is_post = request.method == "POST"
    form = ReadingListForm(
        request.POST if is_post else None, instance=ReadingList(member=request.user)
    )
    if is_post and _save(form):
        messages.success(request, _("The list is made. Save what you like to it."))
        return redirect(form.instance)
    lists = request.user.reading_lists.with_item_counts()
    context: dict[str, Any] = {"reading_lists": lists, "form": form}
    if request.method == "GET":
        context["taken_over"] = taken_over(request)
    return _never_kept(render(request, "community/reading_list_list.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reading_list_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A list of the member's own. POST gives it another title, deletes it, or drops a kept note."""
    lists = request.user.reading_lists  # type: ignore[union-attr]
    reading_list = get_object_or_404(lists, pk=pk)
    if request.method == "POST" and "delete" in request.POST:
        return _delete(request, reading_list)
    if request.method == "POST" and "forget" in request.POST:
        forget_unsaved_note(request, pk, request.POST["forget"])
        return redirect(reading_list)
    if request.method == "POST":
        form = ReadingListForm(request.POST, instance=reading_list)
        if _save(form):
            messages.success(request, _("The list has its new title."))
            return redirect(reading_list)
        # The page shows the title that the list still has.
        reading_list = lists.get(pk=pk)
    else:
        form = ReadingListForm(instance=reading_list)
    return render_list(request, reading_list, form)


def render_list(
    request: HttpRequest, reading_list: ReadingList, form: ReadingListForm
) -> HttpResponse:
    """Return the page of a list, with the messages of single items on their cards."""
    items = reading_list.saved_items.with_targets()  # type: ignore[attr-defined]
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    notes = unsaved_notes(request, reading_list)
    here = list(page)
    elsewhere = _elsewhere(reading_list, here, notes)
    all_cards = cards([*here, *elsewhere], request.preferences, timezone.now())  # type: ignore[attr-defined]
    shown = all_cards[: len(here)]
    by_item = {card.item.pk: card for card in shown}
    for number, card in enumerate(shown, start=page.start_index()):
        card.number = number
        card.is_first = number == 1
        card.is_last = number == page.paginator.count
        card.based_on = str(card.item.note_number)
    for card in all_cards[len(here) :]:
        card.number = card.item.number
    kept_cards, loose_notes = _place(notes, all_cards)
    context = {
        "reading_list": reading_list,
        "page_obj": page,
        "cards": shown,
        "kept_links": [(card, _note_url(reading_list, card, page.number)) for card in kept_cards],
        "loose_notes": loose_notes,
        "form": form,
        "messages": list(_general_messages(request, by_item)),
    }
    return render(request, "community/reading_list_detail.html", context)


def _elsewhere(
    reading_list: ReadingList, here: list[SavedItem], notes: list[UnsavedNote]
) -> list[SavedItem]:
    """Return the items of `notes` that are on other pages of the list, with their `number`."""
    # The numbers come from an address, and some are greater than a database takes.
    named = {note.item for note in notes if note.item <= BigIntegerField.MAX_BIGINT}
    missing = named - {item.pk for item in here}
    if not missing:
        return []
    items = reading_list.saved_items.with_targets()  # type: ignore[attr-defined]
    return list(items.with_numbers().filter(pk__in=missing))


def _place(notes: list[UnsavedNote], found: list[Card]) -> tuple[list[Card], list[UnsavedNote]]:
    """Put each of `notes` on its card, if it can be saved there.

    Returns those cards, in the order of the list, and the notes that have no such card.
    """
    by_item = {card.item.pk: card for card in found if not card.is_sealed}
    for note in notes:
        if card := by_item.get(note.item):
            card.typed, card.based_on = note.text, note.based_on
    kept = [card for card in by_item.values() if card.typed is not None]
    loose = [note for note in notes if note.item not in by_item]
    return sorted(kept, key=lambda card: card.number), loose


def _note_url(reading_list: ReadingList, card: Card, shown_page: int) -> str:
    """Return the address of the note on `card`, seen from the page `shown_page` of its list."""
    anchor = f"#note-{card.item.pk}"
    number = (card.number - 1) // PAGE_SIZE + 1
    if number == shown_page:
        return anchor
    query = f"?page={number}" if number > 1 else ""
    return f"{reading_list.get_absolute_url()}{query}{anchor}"


def _general_messages(request: HttpRequest, by_item: dict[int, Card]) -> Iterator[Any]:
    """Yield the messages that belong to no card, and put the others on theirs."""
    for message in messages.get_messages(request):
        tag = message.extra_tags or ""
        pk = tag.removeprefix("item-")
        if tag.startswith("item-") and pk.isdigit() and int(pk) in by_item:
            by_item[int(pk)].status = str(message)
        else:
            yield message


def _delete(request: HttpRequest, reading_list: ReadingList) -> HttpResponse:
    """Delete a list, after asking; the default one stays."""
    if reading_list.is_default:
        messages.warning(request, _("What you save goes to this list, so it stays."))
        return redirect(reading_list)
    items = reading_list.saved_items.all()  # type: ignore[attr-defined]
    notes = sum(1 for item in items if item.has_note) + len(unsaved_notes(request, reading_list))
    # Asked again if a note or an item has come since the page was shown.
    state = f"{len(items)}-{sum(item.note_number for item in items)}"
    if request.POST["delete"] != state:
        context = {
            "reading_list": reading_list,
            "item_count": len(items),
            "note_count": notes,
            "state": state,
        }
        return render(request, "community/reading_list_delete.html", context)
    for note in unsaved_notes(request, reading_list):
        forget_unsaved_note(request, reading_list.pk, note.item)
    reading_list.delete()
    messages.success(request, _("The list is deleted."))
    return redirect("community:reading-list-list")


def _never_kept(response: HttpResponse) -> HttpResponse:
    """Mark a page that differs by who asks, although no cookie may say so."""
    response["Cache-Control"] = "private, no-store"
    return response
