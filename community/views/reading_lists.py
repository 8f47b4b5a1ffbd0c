from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.forms.reading_lists import ReadingListForm, SearchForm
from community.keeping.cards import Card, cards, count_read_facts
from community.keeping.changes import note_changes, tell_changes, waiting
from community.keeping.saving import (
    THE_LIST,
    UnsavedNote,
    forget_unsaved_note,
    taken_over,
    unsaved_notes,
)
from community.models import ReadingList, SavedItem, SharedList
from community.views.account import member_of
from facts.prepared import prepared

PAGE_SIZE = 20  # items
MAX_LISTS = 200  # of one member
TWO_PRESSES_APART = timedelta(seconds=10)
# What can be looked at of a list, besides the whole.
PARTS_OF_A_LIST = {
    "unread": gettext_lazy("Not read"),
    "topics": gettext_lazy("Topics"),
    "facts": gettext_lazy("Facts"),
    "groups": gettext_lazy("Groups"),
    "archived": gettext_lazy("Archive"),
}


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
    lists = request.user.reading_lists
    if is_post and (made := _just_made(request)):
        return redirect(made)
    if is_post and form.is_valid() and lists.count() >= MAX_LISTS:
        words = _("You have %(count)s lists, and more do not fit. Delete one first.")
        form.add_error(None, words % {"count": MAX_LISTS})
    if is_post and _save(form):
        messages.success(request, _("The list is made. Save what you like to it."))
        return redirect(form.instance)
    counted = _lists_with_counts(member_of(request).pk)
    active = [each for each in counted if not each.archived_at]
    titles = {each.pk: each.title for each in active} if len(active) > 1 else {}
    changed = waiting(request.user, request.preferences, timezone.now())  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "reading_lists": active,
        "archived_lists": [each for each in counted if each.archived_at],
        "waiting": changed,
        # One thing can be on several lists: then its name alone does not say which is meant.
        "changed": [
            (card, titles.get(card.item.reading_list_id, ""))
            for card in (changed.cards if changed else ())
        ],
        "form": form,
        "search_form": SearchForm(auto_id="search-%s"),
    }
    if request.method == "GET":
        context["taken_over"] = taken_over(request)
    return _never_kept(render(request, "community/reading_list_list.html", context))


def _just_made(request: HttpRequest) -> ReadingList | None:
    """Return the empty list that the same press has made already, if it was pressed twice."""
    lists: Any = request.user.reading_lists  # type: ignore[union-attr]
    same = lists.active().filter(title=request.POST.get("title", "").strip(), note_number=0)
    since = timezone.now() - TWO_PRESSES_APART
    found: ReadingList | None = same.filter(created_at__gt=since, saved_items=None).first()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reading_list_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A list of the member's own. POST gives it another title, deletes it, or drops a kept note."""
    member = member_of(request)
    reading_list = next(iter(_own_list(member.pk, pk)), None)
    if reading_list is None:
        raise Http404
    reading_list.member = member
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
        reading_list = _own_list(member.pk, pk)[0]
    else:
        form = ReadingListForm(instance=reading_list)
    return render_list(request, reading_list, form)


@prepared
def _lists_with_counts(member: int) -> QuerySet[ReadingList]:
    return ReadingList.objects.filter(member=member).with_item_counts()


@prepared
def _own_list(member: int, pk: UUID) -> QuerySet[ReadingList]:
    return ReadingList.objects.filter(member=member, pk=pk)


@require_POST
def reading_list_default(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let what the member saves go to this list from now on."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("community:reading-list-detail", args=[pk]))
    reading_list = get_object_or_404(request.user.reading_lists, pk=pk)
    reading_list.make_default()
    messages.success(request, _("What you save goes to this list from now on."))
    return redirect(reading_list)


@require_POST
def reading_list_archive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a list aside, with all that is on it; or bring it back if `is_archived` is 0."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("community:reading-list-detail", args=[pk]))
    reading_list = get_object_or_404(request.user.reading_lists, pk=pk)
    if request.POST.get("is_archived") == "0":
        reading_list.restore()
        messages.success(request, _("The list is back."))
        return redirect(reading_list)
    now = timezone.now()
    try:
        reading_list.archive(now)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return redirect(reading_list)
    words = _("“%(title)s” is archived, with all that is on it.")
    link = format_html('<a href="{}">{}</a>', reading_list.get_absolute_url(), _("See it"))
    words = format_html("{} {}", words % {"title": reading_list.title}, link)
    messages.success(request, words)
    if SharedList.objects.filter(reading_list=reading_list).open_at(now).exists():
        words = _("Whoever has a link to it can still read it.")
        address = reverse("community:shared-list-create", args=[reading_list.pk])
        link = format_html('<a href="{}">{}</a>', address, _("See its links, or stop them"))
        messages.info(request, format_html("{} {}", words, link))
    return redirect("community:reading-list-list")


def render_list(
    request: HttpRequest, reading_list: ReadingList, form: ReadingListForm
) -> HttpResponse:
    """Return the page of a list, with the messages of single items on their cards."""
    counts = _counts(reading_list)
    show = request.GET.get("show", "")
    if show not in PARTS_OF_A_LIST:
        show = ""
    now = timezone.now()
    paginator = Paginator(range(counts[show or "all"]), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    notes = unsaved_notes(request, reading_list)
    here = _ITEMS_OF_A_PAGE[show](reading_list.pk, (page.number - 1) * PAGE_SIZE)
    elsewhere = _elsewhere(reading_list, here, notes)
    all_cards = cards([*here, *elsewhere], request.preferences, now)  # type: ignore[attr-defined]
    shown = all_cards[: len(here)]
    by_item = {card.item.pk: card for card in shown}
    for number, card in enumerate(shown, start=page.start_index()):
        card.number, card.total = number, page.paginator.count
        card.is_first = number == 1
        card.is_last = number == page.paginator.count
        card.based_on = str(card.item.note_number)
    for card in all_cards[len(here) :]:
        card.number = card.item.number
    count_read_facts(shown, reading_list.member_id, now)
    note_changes(shown, now, get_language())
    tell_changes(shown, request.preferences, now)  # type: ignore[attr-defined]
    kept_cards, loose_notes = _place(notes, all_cards)
    here_page = None if show else page.number
    context = {
        "reading_list": reading_list,
        "list_url": reading_list.get_absolute_url(),
        "page_obj": page,
        "cards": shown,
        "show": show,
        "seen": now.timestamp(),
        "counts": counts,
        "parts": _parts(counts, show),
        "kept_links": [(card, _note_url(reading_list, card, here_page)) for card in kept_cards],
        "loose_notes": loose_notes,
        "form": form,
        "messages": list(_general_messages(request, by_item)),
    }
    return render(request, "community/reading_list_detail.html", context)


@prepared
def _counted(reading_list: UUID) -> QuerySet[Any]:
    return SavedItem.objects.filter(reading_list=reading_list).counted()


def _counts(reading_list: ReadingList) -> dict[str, int]:
    """Return how many there are of each part of a list, and how many of the whole are read."""
    found = _counted(reading_list.pk) or [[0] * len(SavedItem.COUNTED)]
    return dict(zip(SavedItem.COUNTED, found[0], strict=True))


def _part(show: str, reading_list: UUID, first: int) -> QuerySet[Any]:
    """Return a page of what `show` names of a list, in its order; the latest first in the archive.

    It begins after `first` items.
    """
    items = SavedItem.objects.filter(reading_list=reading_list).for_cards()
    if show == "archived":
        items = items.archived()
    elif show == "unread":
        items = items.active().unread()
    else:
        items = items.active().of_kind(show.removesuffix("s")) if show else items.active()
    return items[first : first + PAGE_SIZE]


_ITEMS_OF_A_PAGE = {show: prepared(partial(_part, show)) for show in ("", *PARTS_OF_A_LIST)}


def _parts(counts: dict[str, int], show: str) -> list[dict[str, Any]]:
    """Return the parts of a list that have something in them, and the one that is shown."""
    parts = {"": _("All"), **PARTS_OF_A_LIST}
    found: list[dict[str, Any]] = [
        {"show": name, "label": label, "count": counts[name or "all"], "is_shown": name == show}
        for name, label in parts.items()
    ]
    # A part that is the whole says nothing new.
    return [
        part
        for part in found
        if part["is_shown"]
        or not part["show"]
        or (part["count"] and (part["show"] == "archived" or part["count"] < counts["all"]))
    ]


def _elsewhere(
    reading_list: ReadingList, here: list[SavedItem], notes: list[UnsavedNote]
) -> list[SavedItem]:
    """Return the items of `notes` that are on other pages of the list, with their `number`."""
    # The numbers come from an address, and some are greater than a database takes.
    named = {note.item for note in notes if note.item <= BigIntegerField.MAX_BIGINT}
    missing = named - {item.pk for item in here}
    if not missing:
        return []
    items = reading_list.saved_items.for_cards()  # type: ignore[attr-defined]
    return list(items.with_numbers().filter(pk__in=missing))


def _place(notes: list[UnsavedNote], found: list[Card]) -> tuple[list[Card], list[UnsavedNote]]:
    """Put each of `notes` on its card, if it can be saved there.

    Returns those cards, in the order of the list, and the notes that have no such card.
    """
    if not notes:
        return [], []
    by_item = {card.item.pk: card for card in found if not card.is_sealed}
    for note in notes:
        if card := by_item.get(note.item):
            card.typed, card.based_on = note.text, note.based_on
    kept = [card for card in by_item.values() if card.typed is not None]
    loose = [note for note in notes if note.item not in by_item and note.item != THE_LIST]
    return sorted(kept, key=lambda card: card.number), loose


def page_address(
    reading_list: ReadingList, number: int, item: SavedItem | None = None, anchor: str = "item"
) -> str:
    """Return the address of the page on which the item with this number among the active ones is.

    With the item, that of its card or of another part of it; then it may also be archived.
    """
    page = (number - 1) // PAGE_SIZE + 1
    query = f"?page={page}" if page > 1 else ""
    if item and item.archived_at:
        query = "?show=archived"
    part = f"#{anchor}-{item.pk}" if item else ""
    return f"{reading_list.get_absolute_url()}{query}{part}"


def _note_url(reading_list: ReadingList, card: Card, shown_page: int | None) -> str:
    """Return the address of the note on `card`, seen from the page `shown_page` of its list."""
    address = page_address(reading_list, card.number, card.item, "note")
    is_here = not card.item.archived_at and (card.number - 1) // PAGE_SIZE + 1 == shown_page
    return f"#note-{card.item.pk}" if is_here else address


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
        words = _(
            "What you save goes to this list, so it stays. Choose another list for that first."
        )
        messages.warning(request, words)
        return redirect(reading_list)
    items = reading_list.saved_items.all()  # type: ignore[attr-defined]
    notes = sum(1 for noted in (reading_list, *items) if noted.has_note)
    notes += len(unsaved_notes(request, reading_list))
    # Asked again if a note or an item has come since the page was shown.
    saves = reading_list.note_number + sum(item.note_number for item in items)
    questions = reading_list.sheet_questions.own().count()  # type: ignore[attr-defined]
    links = reading_list.shared_lists.count()  # type: ignore[attr-defined]
    state = f"{len(items)}-{saves}-{questions}-{links}"
    if request.POST["delete"] != state:
        context = {
            "reading_list": reading_list,
            "item_count": len(items),
            "note_count": notes,
            "question_count": questions,
            "link_count": links,
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
