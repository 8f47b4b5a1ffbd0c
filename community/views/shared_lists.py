"""A list for others to read: the links that a member makes, and the page that they open."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from community.fields import UndecipherableText
from community.forms.reading_lists import number_or_none
from community.forms.shared_lists import SharedListForm
from community.keeping.cards import cards
from community.keeping.entries import Entry, entries
from community.models import ReadingList, SavedItem, SharedList, SharedNote
from community.models.shared_lists import MAX_LINKS
from community.views.reading_lists import TWO_PRESSES_APART
from facts.gentle import Asked
from facts.views.mailed_links import NO_ADDRESS, for_one_person

PAGE_SIZE = 20  # things, with the whole text of each fact


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def shared_list_create(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the links of a list; make one after a preview, give one a new address, or end one."""
    lists = request.user.reading_lists  # type: ignore[union-attr]
    reading_list: ReadingList = get_object_or_404(lists, pk=pk)
    if request.method == "POST" and ("stop" in request.POST or "renew" in request.POST):
        return _change(request, reading_list)
    now = timezone.now()
    items = SavedItem.objects.active().filter(reading_list=reading_list).for_cards()
    if request.method != "POST":
        # The page has the notes alone, and a preview everything.
        items = items.noted()
    found = cards(items, request.preferences, now)  # type: ignore[attr-defined]
    form = SharedListForm(request.POST if request.method == "POST" else None, cards=found)
    is_full = SharedList.objects.filter(reading_list=reading_list).open_at(now).count() >= MAX_LINKS
    if request.method != "POST" or is_full or not form.is_valid():
        return _links_page(request, reading_list, form)
    if "make" in request.POST and not form.has_newer:
        return _made(request, reading_list, _make(reading_list, form))
    return render(
        request,
        "community/shared_list_preview.html",
        {"reading_list": reading_list, "form": form, "cards": found},
    )


@transaction.atomic
def _make(reading_list: ReadingList, form: SharedListForm) -> str:
    """Make the link that `form` describes, and return its secret.

    Of two presses, whose answers cannot both be read, the second gives the link of the first
    another address.
    """
    now = timezone.now()
    ReadingList.objects.select_for_update().get(pk=reading_list.pk)
    if link := _just_made(reading_list, form, now):
        secret = link.change_secret()
        link.save(update_fields=["secret_hash"])
        return secret
    link = SharedList(reading_list=reading_list, created_at=now, expires_at=form.expires_at(now))
    secret = link.change_secret()
    link.save()
    SharedNote.objects.bulk_create(
        SharedNote(shared_list=link, item=card.item, note_number=card.item.note_number)
        for card in form.chosen
    )
    return secret


def _just_made(reading_list: ReadingList, form: SharedListForm, now: datetime) -> SharedList | None:
    """Return the link that was made of the same `form` a moment ago."""
    chosen = {(card.item.pk, card.item.note_number) for card in form.chosen}
    recent = SharedList.objects.filter(
        reading_list=reading_list, created_at__gt=now - TWO_PRESSES_APART
    )
    for link in recent.prefetch_related("shared_notes"):
        notes = {(note.item_id, note.note_number) for note in link.shared_notes.all()}  # type: ignore[attr-defined]
        if notes == chosen and link.expires_at == form.expires_at(link.created_at):
            return link
    return None


def _change(request: HttpRequest, reading_list: ReadingList) -> HttpResponse:
    """End a link, or give it another address, after which the old one leads nowhere."""
    is_end = "stop" in request.POST
    number = number_or_none(request.POST["stop" if is_end else "renew"])
    links = SharedList.objects.filter(reading_list=reading_list).open_at(timezone.now())
    link = links.filter(pk=number or 0).first()
    if link is None:
        messages.info(request, _("This link has ended already."))
    elif is_end:
        link.delete()
        messages.success(request, _("The link leads nowhere any more."))
    else:
        secret = link.change_secret()
        link.save(update_fields=["secret_hash"])
        return _made(request, reading_list, secret)
    return redirect("community:shared-list-create", reading_list.pk)


def _made(request: HttpRequest, reading_list: ReadingList, secret: str) -> HttpResponse:
    """Show the address, this once: it is kept nowhere."""
    address = f"{settings.SITE_URL}{reverse('community:shared-list', args=[secret])}"
    context = {"reading_list": reading_list, "address": address}
    return render(request, "community/shared_list_made.html", context)


def _links_page(
    request: HttpRequest, reading_list: ReadingList, form: SharedListForm
) -> HttpResponse:
    links = list(
        SharedList.objects.filter(reading_list=reading_list)
        .open_at(timezone.now())
        .prefetch_related("shared_notes__item")
    )
    told = []
    for link in links:
        notes = list(link.shared_notes.all())  # type: ignore[attr-defined]
        current = sum(note.note_number == note.item.note_number for note in notes)
        told.append((link, current, len(notes) - current))
    context: dict[str, Any] = {
        "reading_list": reading_list,
        "form": form,
        "links": told,
        "is_full": len(links) >= MAX_LINKS,
    }
    return render(request, "community/shared_list_create.html", context)


@require_safe
@for_one_person
def shared_list(request: HttpRequest, secret: str) -> HttpResponse:
    """A list, for whoever has its link. Nothing here tells whose it is, or that it was opened.

    A link that has ended, was taken back or never was opens the same page.
    """
    now = timezone.now()
    links = SharedList.objects.opened_by(secret, now)
    link = links.prefetch_related("shared_notes").first()
    if link is None:
        return _private(render(request, "community/shared_list_gone.html", NO_ADDRESS, status=404))
    numbers = {note.item_id: note.note_number for note in link.shared_notes.all()}  # type: ignore[attr-defined]
    items = SavedItem.objects.active().filter(reading_list=link.reading_list_id).with_targets()
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    here = list(page)
    asked = Asked.of(request)
    found = entries(
        here,
        preferences=request.preferences,  # type: ignore[attr-defined]
        asked=asked,
        at=now,
        notes={item.pk: _note(item) for item in here if numbers.get(item.pk) == item.note_number},
    )
    context = {
        **NO_ADDRESS,
        "entries": _with_queries(found, request, page.number),
        "page_obj": page,
    }
    return _private(render(request, "community/shared_list.html", context))


def _shown_query(request: HttpRequest, *more: tuple[str, str]) -> str:
    """Return what the address asks for, with `more`, as a query without its question mark."""
    shown = [("show", slug) for slug in request.GET.getlist("show")[:50]]
    return urlencode([*shown, *more])


def _with_queries(
    found: Iterable[Entry], request: HttpRequest, number: int
) -> Iterator[tuple[Entry, str]]:
    """Yield each of the entries on page `number` with the query that shows it on this page.

    Of two facts of one name, from two topics, the second gets another one to lead to.
    """
    on_page = [("page", str(number))] if number > 1 else []
    seen: set[str] = set()
    for entry in found:
        if entry.fact is None:
            yield entry, ""
            continue
        slug = entry.fact.slug
        query = f"?{_shown_query(request, *on_page, ('show', slug))}"
        fact = replace(entry.fact, slug=f"{slug}-{len(seen)}") if slug in seen else entry.fact
        seen.add(slug)
        yield replace(entry, fact=fact), query


def _private(response: HttpResponse) -> HttpResponse:
    """Let no page that is opened from here learn the address."""
    response["Referrer-Policy"] = "no-referrer"
    return response


def _note(item: SavedItem) -> str:
    try:
        return item.note
    except UndecipherableText:
        return ""
