from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.forms.reading_lists import ListChoiceForm, OtherListForm, number_or_none
from community.keeping.cards import Card, cards
from community.keeping.removed_items import bring_back_removed_item, keep_removed_item
from community.keeping.saving import (
    Saveable,
    Target,
    find_or_404,
    remember_choice,
    saveable,
)
from community.models import ReadingList, SavedItem
from community.views.reading_lists import PAGE_SIZE, PARTS_OF_A_LIST

DIRECTIONS = {"up", "down", "top", "bottom"}
NO_SUCH_LIST = gettext_lazy("That list is not here any more. Nothing was saved yet.")
OwnItemView = Callable[[HttpRequest, SavedItem], HttpResponse]


@require_safe
def state(request: HttpRequest) -> JsonResponse:
    """Whether a member asks. The request says nothing of what is to be saved.

    A member gets the token that a form of ours would carry: the page where the button was
    pressed is public and holds none. No other site can read this answer.
    """
    answer: dict[str, Any] = {"member": request.user.is_authenticated}
    if request.user.is_authenticated:
        answer["token"] = get_token(request)
    return _private(JsonResponse(answer))


def wants_json(request: HttpRequest) -> bool:
    """Whether a script of ours asks, which stays on its page and tells what became of it."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _private(response: Any) -> Any:
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def saved_item_create(request: HttpRequest) -> HttpResponse:
    """Show what will be saved, and save it: on a member's list, or in the session for later."""
    is_script = wants_json(request)
    try:
        target = find_or_404(request.POST if request.method == "POST" else request.GET)
    except Http404:
        page = render(request, "404.html", {"is_not_to_be_saved": True}, status=404)
        return _private(page)  # type: ignore[no-any-return]
    if request.method == "POST":
        if not request.user.is_authenticated:
            # A script then follows its link, which leads to this page.
            return JsonResponse({}, status=403) if is_script else _choose(request, target)
        reading_list = _chosen_list(request)
        if reading_list is None and is_script:
            return _private(JsonResponse({"words": str(NO_SUCH_LIST)}, status=404))
        if reading_list is None:
            return _save_page(request, target, is_astray=True)
        item, is_new = reading_list.add(target)
        if is_new and not item.was_archived:
            bring_back_removed_item(request, item)
        if is_script:
            return _saved_answer(request, item, is_new)
        words = _("Saved.") if is_new else _("It was on your list already.")
        messages.success(request, words, f"item-{item.pk}")
        return redirect(address_of(item))
    return _save_page(request, target)


def _save_page(request: HttpRequest, target: Target, *, is_astray: bool = False) -> HttpResponse:
    """Show what will be saved; if it was sent to a list that is not there, say so."""
    context: dict[str, Any] = {"saved": saveable(target)}
    if request.user.is_authenticated:
        lists = request.user.reading_lists
        key = SavedItem.key_for(target)
        context["on_lists"] = lists.filter(
            pk__in=SavedItem.objects.active().filter(**key).values("reading_list")
        )
        if lists.active().count() > 1:
            context["form"] = ListChoiceForm(
                member=request.user, initial={"list": request.GET.get("list")}
            )
    if is_astray:
        context["error"] = NO_SUCH_LIST
    page = render(request, "community/saved_item_create.html", context)
    page.status_code = 404 if is_astray else 200
    return _private(page)


def _saved_answer(request: HttpRequest, item: SavedItem, is_new: bool) -> JsonResponse:
    """Say to a script where the thing is saved, and how to take that back."""
    if not is_new:
        return _answer(request, item, _("It is on “%(list)s” already."))
    way_back = "saved-item-archive" if item.was_archived else "saved-item-delete"
    return _answer(request, item, _("Saved to “%(list)s”."), way_back)


def _answer(request: HttpRequest, item: SavedItem, words: str, way_back: str = "") -> JsonResponse:
    """Return `words`, and where the item is, on which lists it could be, and what undoes it."""
    member: Any = request.user
    others = member.reading_lists.active().exclude(pk=item.reading_list_id)
    address = [item.reading_list_id, item.pk]
    answer = {
        "words": words % {"list": item.reading_list.title},
        "url": address_of(item),
        "undo": reverse(f"community:{way_back}", args=address) if way_back else "",
        "move": reverse("community:saved-item-to-list", args=address),
        "lists": [{"id": str(other.pk), "title": other.title} for other in others],
    }
    return _private(JsonResponse(answer))


def _chosen_list(request: HttpRequest) -> ReadingList | None:
    """Return the list that the form names, or the default one; None if it is not the member's."""
    member: Any = request.user
    lists = member.reading_lists.active()
    if "list" not in request.POST:
        return ReadingList.objects.default_for(request.user)  # type: ignore[arg-type]
    try:
        found: ReadingList | None = lists.filter(pk=request.POST["list"]).first()
    except ValidationError:
        return None
    return found


def _choose(request: HttpRequest, target: Target) -> HttpResponse:
    """Keep the choice of somebody without a session of their own, and ask them to sign in."""
    if remember_choice(request, target):
        words = _(
            "We keep your choice while you sign in. Your list belongs to you alone, so we have "
            "to know that it is you. If you have no account yet, you can make one."
        )
    else:
        words = _(
            "You have chosen many things already, and this one does not fit. Sign in, or make "
            "an account: then all the others are on your list, and you can add this one."
        )
    messages.info(request, words)
    is_new = request.POST.get("then") == "sign-up"
    page = reverse("account_signup" if is_new else "account_login")
    query = urlencode({"next": reverse("community:reading-list-list")}, safe="/")
    return redirect(f"{page}?{query}")


def part_looked_at(request: HttpRequest) -> str:
    """Return the query of the part of a list, and of its page, on which a button was pressed."""
    show = request.POST.get("show", "")
    page = number_or_none(request.POST.get("page", "")) or 1
    if show not in PARTS_OF_A_LIST:
        return ""
    return f"?show={show}&page={page}" if page > 1 else f"?show={show}"


def address_of(item: SavedItem, anchor: str = "item", part: str = "") -> str:
    """Return the address of an item's card, or of a part of it, on the right page of its list.

    `anchor` "up" or "down" is the button that moves it; at an end of the list, the other one.
    `part` is the query of the part that was looked at: there the card may be gone.
    """
    address = reverse("community:reading-list-detail", args=[item.reading_list_id])
    if item.archived_at:
        return f"{address}?show=archived#{anchor}-{item.pk}"
    if part:
        return f"{address}{part}#{anchor}-{item.pk}"
    items = SavedItem.objects.active().filter(reading_list_id=item.reading_list_id)
    keys = list(items.values_list("pk", flat=True))
    place = keys.index(item.pk) if item.pk in keys else 0
    if anchor == "up" and place == 0:
        anchor = "down"
    elif anchor == "down" and place == len(keys) - 1:
        anchor = "up"
    page = place // PAGE_SIZE + 1
    query = f"?page={page}" if page > 1 else ""
    return f"{address}{query}#{anchor}-{item.pk}"


def item_or_404(request: HttpRequest, pk: UUID, item: int) -> SavedItem:
    """Return the member's own item. That of another is not found, as if it never was."""
    items = SavedItem.objects.with_targets().select_related("reading_list")
    return get_object_or_404(items, pk=item, reading_list=pk, reading_list__member=request.user)


def item_elsewhere(request: HttpRequest, item: int) -> SavedItem | None:
    """Return the member's own item, whichever list it is on by now."""
    items = SavedItem.objects.with_targets().select_related("reading_list")
    member: Any = request.user
    return items.filter(pk=item, reading_list__member=member).first()


def of_own_item(view: OwnItemView) -> Callable[[HttpRequest, UUID, int], HttpResponse]:
    """Hand `view` the member's own item. Of one that is not on its list, say what became of it.

    A page may have stood open while another window moved the item or removed it, and a button
    may have been pressed twice.
    """

    @wraps(view)
    def for_item(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("community:reading-list-detail", args=[pk]))
        try:
            return view(request, item_or_404(request, pk, item))
        except (Http404, SavedItem.DoesNotExist):
            return _not_on_the_list(request, pk, item)

    return for_item


def _not_on_the_list(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Lead to the list and say where the item is, if that is known; another's list is not found."""
    lists: Any = request.user.reading_lists  # type: ignore[union-attr]
    reading_list = get_object_or_404(lists, pk=pk)
    words = _(
        "This is not on the list any more, so nothing was changed. Perhaps you pressed twice, "
        "or removed it in another window."
    )
    if there := item_elsewhere(request, item):
        words = _("“%(heading)s” is on “%(list)s” now, so nothing was changed here.") % {
            "heading": card_of(request, there).heading,
            "list": there.reading_list.title,
        }
    if wants_json(request):
        return _private(JsonResponse({"words": words}, status=409))
    link = ""
    if there:
        link = format_html('<a href="{}">{}</a>', address_of(there), _("Go to it"))
    messages.info(request, format_html("{} {}", words, link))
    return redirect(f"{reading_list.get_absolute_url()}{part_looked_at(request)}")


def card_of(request: HttpRequest, item: SavedItem) -> Card:
    return cards([item], request.preferences, timezone.now())[0]  # type: ignore[attr-defined]


@require_POST
@of_own_item
def saved_item_read(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """Set the read mark, or clear it if `is_read` is 0."""
    if not saved.mark_read(request.POST.get("is_read") != "0", timezone.now()):
        raise SavedItem.DoesNotExist
    return redirect(address_of(saved, "read", part_looked_at(request)))


@require_POST
@of_own_item
def saved_item_move(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """Move the item up, down or to an end. A button that moves it has the focus again.

    `direction` may name the place that the page showed ("up-3"): from another place the item is
    not moved, since then the button was pressed twice, or the page is old.
    """
    direction, _dash, shown = request.POST.get("direction", "").partition("-")
    place = number_or_none(shown)
    is_moved = saved.move(direction if direction in DIRECTIONS else "down", place)
    if not is_moved and place and not saved.archived_at:
        found = SavedItem.objects.with_numbers().filter(pk=saved.pk).first()
        if found and found.number != place:
            words = _("This is where it stands now. Press again to move it on.")
            messages.info(request, words, f"item-{saved.pk}")
    return redirect(address_of(saved, "up" if direction in {"up", "top"} else "down"))


@require_POST
@of_own_item
def saved_item_archive(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """Put the item aside with its note, or bring it back if `is_archived` is 0."""
    if request.POST.get("is_archived") == "0":
        saved.bring_back()
        messages.success(request, _("It is back in its place."), f"item-{saved.pk}")
        return redirect(address_of(saved))
    address = _address_after(saved, part_looked_at(request))
    saved.archive(timezone.now())
    if wants_json(request):
        return _private(JsonResponse({"words": _("It is in the archive of your list again.")}))
    words = _("“%(heading)s” is archived, with your note if it has one.") % {
        "heading": card_of(request, saved).heading
    }
    archive = f"{saved.reading_list.get_absolute_url()}?show=archived"
    link = format_html('{} <a href="{}">{}</a>', words, archive, _("See the archive"))
    messages.success(request, link)
    return redirect(address)


@require_POST
@of_own_item
def saved_item_delete(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """Take the item off the list, after asking if a note goes with it."""
    card = card_of(request, saved)
    address = _address_after(saved, part_looked_at(request))
    # Asked again if the note has changed since the question was shown.
    if not saved.remove(number_or_none(request.POST.get("with_note", ""))):
        page = number_or_none(request.POST.get("page", "")) or 1
        show = request.POST.get("show", "")
        context = {"item": saved, "card": card, "show": show, "page": page}
        if wants_json(request):
            words = _("It has a note of yours by now, so it is still on your list.")
            return _private(JsonResponse({"words": words}, status=409))
        return render(request, "community/saved_item_delete.html", context)
    if wants_json(request):
        return _private(JsonResponse({"words": _("It is off your list again.")}))
    keep_removed_item(request, saved)
    words = _("“%(heading)s” is off your list.") % {"heading": card.heading}
    messages.success(request, _with_way_back(words, card, saved))
    return redirect(address)


@require_http_methods(["GET", "HEAD", "POST"])
@of_own_item
def saved_item_to_list(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """Ask to which other list the item goes; move it there, or copy it."""
    card = card_of(request, saved)
    form = OtherListForm(
        request.POST if request.method == "POST" else None,
        here=saved.reading_list,
        can_copy_note=saved.has_note and not card.is_sealed,
    )
    address = _address_after(saved, "?show=archived" if saved.archived_at else "")
    if request.method == "POST" and form.is_valid():
        there = form.cleaned_data["list"]
        is_copy = "copy" in request.POST
        if is_copy:
            is_done = saved.copy_to(there, with_note=form.cleaned_data.get("with_note", False))
        else:
            is_done = saved.move_to(there)
        if is_done:
            return _told_of_list(request, card, there, address, is_copy=is_copy)
        form.add_error("list", _("It is on that list already, so nothing was changed."))
    if wants_json(request):
        words = [str(error) for errors in form.errors.values() for error in errors]
        return _private(JsonResponse({"words": " ".join(words)}, status=409))
    context = {"item": saved, "card": card, "form": form, "address": address}
    return render(request, "community/saved_item_to_list.html", context)


def _told_of_list(
    request: HttpRequest, card: Card, there: ReadingList, address: str, *, is_copy: bool
) -> HttpResponse:
    """Say that the thing of `card` is on the list `there`, and lead back to `address`."""
    if wants_json(request):
        return _answer(request, card.item, _("Moved to “%(list)s”."), "saved-item-delete")
    if is_copy:
        words = _("“%(heading)s” is on “%(list)s” too.")
    else:
        words = _("“%(heading)s” is on “%(list)s” now.")
    words %= {"heading": card.heading, "list": there.title}
    link = format_html('<a href="{}">{}</a>', there.get_absolute_url(), _("Go to that list"))
    messages.success(request, format_html("{} {}", words, link))
    return redirect(address)


def _address_after(item: SavedItem, part: str) -> str:
    """Return the address of where the item is on its list, for when it will be gone from there."""
    address = item.reading_list.get_absolute_url()
    if part:
        return f"{address}{part}"
    items = SavedItem.objects.active().filter(reading_list=item.reading_list)
    page = items.filter(position__lt=item.position).count() // PAGE_SIZE + 1
    return f"{address}?page={page}" if page > 1 else address


def _with_way_back(words: str, card: Card, item: SavedItem) -> str:
    """Return `words` with a link that puts back what was removed, if it can still be saved."""
    if not card.url or not item.target:
        return words
    key = f"{item.fact.topic.slug}/{item.fact.slug}" if item.fact else item.target.slug
    again = Saveable(item.kind, key, card.heading, card.url).save_url
    address = f"{again}&list={item.reading_list_id}"
    return format_html('{} <a href="{}">{}</a>', words, address, _("Put it back"))
