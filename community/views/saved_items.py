from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.cards import Card, cards
from community.forms.reading_lists import ListChoiceForm, number_or_none
from community.models import ReadingList, SavedItem
from community.saving import (
    MAX_AT_ONCE,
    Saveable,
    Target,
    find_or_404,
    remember_choice,
    remember_taken_over,
    save_all,
    saveable,
)
from community.views.reading_lists import PAGE_SIZE


@require_safe
def state(request: HttpRequest) -> JsonResponse:
    """Whether a member asks. The request says nothing of what is to be saved."""
    response = JsonResponse({"member": request.user.is_authenticated})
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def saved_item_create(request: HttpRequest) -> HttpResponse:
    """Show what will be saved, and save it: on a member's list, or in the session for later.

    POST saves one thing, or all that a member's device holds, as `kind` and `key`, repeated.
    """
    if request.method == "POST" and "key" in request.POST:
        return _take_over(request)
    if request.method == "POST":
        target = find_or_404(request.POST)
        if not request.user.is_authenticated:
            return _choose(request, target)
        reading_list = _chosen_list(request)
        item, is_new = reading_list.add(target)
        words = _("Saved.") if is_new else _("It was on your list already.")
        messages.success(request, words, f"item-{item.pk}")
        return redirect(address_of(item))
    target = find_or_404(request.GET)
    context: dict[str, Any] = {"saved": saveable(target)}
    if request.user.is_authenticated:
        lists = request.user.reading_lists
        key = SavedItem.key_for(target)
        context["on_lists"] = lists.filter(
            pk__in=SavedItem.objects.filter(**key).values("reading_list")
        )
        if lists.count() > 1:
            context["form"] = ListChoiceForm(
                member=request.user, initial={"list": request.GET.get("list")}
            )
    response = render(request, "community/saved_item_create.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _chosen_list(request: HttpRequest) -> ReadingList:
    """Return the list that the form names, or the default one; 404 if it is not the member's."""
    lists = request.user.reading_lists  # type: ignore[union-attr]
    if "list" not in request.POST:
        return ReadingList.objects.default_for(request.user)  # type: ignore[arg-type]
    try:
        return get_object_or_404(lists, pk=request.POST["list"])
    except ValidationError:
        raise Http404 from None


def _take_over(request: HttpRequest) -> HttpResponse:
    """Save what a device holds on the default list, and tell what became of it."""
    address = reverse("community:reading-list-list")
    if not request.user.is_authenticated:
        return redirect_to_login(address)
    pairs = zip(request.POST.getlist("kind"), request.POST.getlist("key"), strict=False)
    names = list(dict.fromkeys(pairs))
    if not names:
        raise Http404
    saved = save_all(request.user, names[:MAX_AT_ONCE])
    remember_taken_over(request, saved)
    new = sum(saved.values())
    old, gone = len(saved) - new, len(names[:MAX_AT_ONCE]) - len(saved)
    words = []
    if new:
        words.append(ngettext("%(count)d saved.", "%(count)d saved.", new) % {"count": new})
    if old:
        was = ngettext(
            "%(count)d was on your list already.", "%(count)d were on your list already.", old
        )
        words.append(was % {"count": old})
    if gone:
        left = ngettext(
            "%(count)d is no longer here, so it was left on this device.",
            "%(count)d are no longer here, so they were left on this device.",
            gone,
        )
        words.append(left % {"count": gone})
    if len(names) > MAX_AT_ONCE:
        words.append(_("The others did not fit. Press the button again to save them."))
    messages.add_message(request, messages.SUCCESS if saved else messages.INFO, " ".join(words))
    return redirect(address)


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


def address_of(item: SavedItem, anchor: str = "item") -> str:
    """Return the address of an item's card, or of a part of it, on the right page of its list.

    `anchor` "up" or "down" is the button that moves it; at an end of the list, the other one.
    """
    items = SavedItem.objects.filter(reading_list_id=item.reading_list_id)
    keys = list(items.values_list("pk", flat=True))
    place = keys.index(item.pk) if item.pk in keys else 0
    if anchor == "up" and place == 0:
        anchor = "down"
    elif anchor == "down" and place == len(keys) - 1:
        anchor = "up"
    page = place // PAGE_SIZE + 1
    address = reverse("community:reading-list-detail", args=[item.reading_list_id])
    query = f"?page={page}" if page > 1 else ""
    return f"{address}{query}#{anchor}-{item.pk}"


def item_or_404(request: HttpRequest, pk: UUID, item: int) -> SavedItem:
    """Return the member's own item. That of another is not found, as if it never was."""
    items = SavedItem.objects.with_targets().select_related("reading_list")
    return get_object_or_404(items, pk=item, reading_list=pk, reading_list__member=request.user)


def _sign_in_first(pk: UUID) -> HttpResponse:
    return redirect_to_login(reverse("community:reading-list-detail", args=[pk]))


def card_of(request: HttpRequest, item: SavedItem) -> Card:
    return cards([item], request.preferences, timezone.now())[0]  # type: ignore[attr-defined]


@require_POST
def saved_item_read(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Set the read mark, or clear it if `is_read` is 0."""
    if not request.user.is_authenticated:
        return _sign_in_first(pk)
    saved = item_or_404(request, pk, item)
    if not saved.mark_read(request.POST.get("is_read") != "0", timezone.now()):
        raise Http404
    return redirect(address_of(saved, "read"))


@require_POST
def saved_item_move(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Move the item one place up, or down. The button that was pressed has the focus again."""
    if not request.user.is_authenticated:
        return _sign_in_first(pk)
    saved = item_or_404(request, pk, item)
    is_up = request.POST.get("direction") == "up"
    saved.move("up" if is_up else "down")
    return redirect(address_of(saved, "up" if is_up else "down"))


@require_POST
def saved_item_delete(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Take the item off the list, after asking if a note goes with it."""
    if not request.user.is_authenticated:
        return _sign_in_first(pk)
    saved = item_or_404(request, pk, item)
    card = card_of(request, saved)
    place = SavedItem.objects.filter(
        reading_list=saved.reading_list, position__lt=saved.position
    ).count()
    # Asked again if the note has changed since the question was shown.
    if not saved.remove(number_or_none(request.POST.get("with_note", ""))):
        return render(request, "community/saved_item_delete.html", {"item": saved, "card": card})
    words = _("“%(heading)s” is off your list.") % {"heading": card.heading}
    messages.success(request, _with_way_back(words, card, saved))
    page = place // PAGE_SIZE + 1
    address = saved.reading_list.get_absolute_url()
    return redirect(f"{address}?page={page}" if page > 1 else address)


def _with_way_back(words: str, card: Card, item: SavedItem) -> str:
    """Return `words` with a link that puts back what was removed, if it can still be saved."""
    if not card.url or not item.target:
        return words
    key = f"{item.fact.topic.slug}/{item.fact.slug}" if item.fact else item.target.slug
    again = Saveable(item.kind, key, card.heading, card.url).save_url
    address = f"{again}&list={item.reading_list_id}"
    return format_html('{} <a href="{}">{}</a>', words, address, _("Put it back"))
