from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.cards import Card, cards
from community.forms.reading_lists import ReadingListForm
from community.models import ReadingList
from community.saving import taken_over, unsaved_note

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
    """A list of the member's own. POST gives it another title, or deletes it."""
    lists = request.user.reading_lists  # type: ignore[union-attr]
    reading_list = get_object_or_404(lists, pk=pk)
    if request.method == "POST" and "delete" in request.POST:
        return _delete(request, reading_list)
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
    shown = cards(page, request.preferences, timezone.now())  # type: ignore[attr-defined]
    kept = unsaved_note(request, reading_list)
    by_item = {card.item.pk: card for card in shown}
    for number, card in enumerate(shown, start=page.start_index()):
        card.number = number
        card.is_first = number == 1
        card.is_last = number == page.paginator.count
        card.based_on = str(card.item.note_number)
    if kept and kept["item"] in by_item:
        card = by_item[kept["item"]]
        card.typed, card.based_on = kept["text"], kept["based_on"]
    context = {
        "reading_list": reading_list,
        "page_obj": page,
        "cards": shown,
        "kept_card": by_item.get(kept["item"]) if kept else None,
        "form": form,
        "messages": list(_general_messages(request, by_item)),
    }
    return render(request, "community/reading_list_detail.html", context)


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
    notes = sum(1 for item in items if item.has_note)
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
    reading_list.delete()
    messages.success(request, _("The list is deleted."))
    return redirect("community:reading-list-list")


def _never_kept(response: HttpResponse) -> HttpResponse:
    """Mark a page that differs by who asks, although no cookie may say so."""
    response["Cache-Control"] = "private, no-store"
    return response
