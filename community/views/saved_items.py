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
from community.fields import UndecipherableText
from community.forms.reading_lists import ListChoiceForm, NoteForm, number_or_none
from community.models import ReadingList, SavedItem
from community.saving import (
    MAX_AT_ONCE,
    Saveable,
    Target,
    find_or_404,
    forget_unsaved_note,
    keep_unsaved_note,
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
        return redirect(_address_of(item))
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


def _address_of(item: SavedItem, anchor: str = "item") -> str:
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


def _item_or_404(request: HttpRequest, pk: UUID, item: int) -> SavedItem:
    """Return the member's own item. That of another is not found, as if it never was."""
    items = SavedItem.objects.with_targets().select_related("reading_list")
    return get_object_or_404(items, pk=item, reading_list=pk, reading_list__member=request.user)


def _sign_in_first(pk: UUID) -> HttpResponse:
    return redirect_to_login(reverse("community:reading-list-detail", args=[pk]))


def _card(request: HttpRequest, item: SavedItem) -> Card:
    return cards([item], request.preferences, timezone.now())[0]  # type: ignore[attr-defined]


@require_POST
def saved_item_note(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Save the note, unless another tab has changed it meanwhile; then show both texts.

    If the item is not found, or has been removed meanwhile, what was typed is given back.
    """
    if not request.user.is_authenticated:
        return _keep_for_later(request, pk, item)
    typed = _typed(request)
    try:
        saved = _item_or_404(request, pk, item)
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
    return redirect(_address_of(saved))


def _note_page(
    request: HttpRequest, item: SavedItem, form: NoteForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"item": item, "card": _card(request, item), "form": form, **more}
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


@require_POST
def saved_item_read(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Set the read mark, or clear it if `is_read` is 0."""
    if not request.user.is_authenticated:
        return _sign_in_first(pk)
    saved = _item_or_404(request, pk, item)
    if not saved.mark_read(request.POST.get("is_read") != "0", timezone.now()):
        raise Http404
    return redirect(_address_of(saved, "read"))


@require_POST
def saved_item_move(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Move the item one place up, or down. The button that was pressed has the focus again."""
    if not request.user.is_authenticated:
        return _sign_in_first(pk)
    saved = _item_or_404(request, pk, item)
    is_up = request.POST.get("direction") == "up"
    saved.move(-1 if is_up else 1)
    return redirect(_address_of(saved, "up" if is_up else "down"))


@require_POST
def saved_item_delete(request: HttpRequest, pk: UUID, item: int) -> HttpResponse:
    """Take the item off the list, after asking if a note goes with it."""
    if not request.user.is_authenticated:
        return _sign_in_first(pk)
    saved = _item_or_404(request, pk, item)
    card = _card(request, saved)
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
