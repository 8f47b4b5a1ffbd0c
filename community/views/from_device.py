"""Taking over to a list what was saved on a device without an account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from community.forms.reading_lists import ListChoiceForm
from community.keeping.cards import cards
from community.keeping.saving import (
    KINDS,
    MAX_AT_ONCE,
    find_all,
    remember_taken_over,
    save_all,
    withdrawn_of,
)
from community.models import ReadingList, SavedItem

TITLE_LENGTH = 200  # characters that are shown of a title that comes from the device


@require_http_methods(["GET", "HEAD", "POST"])
def from_device(request: HttpRequest) -> HttpResponse:
    """Show what the device holds beside what is on the lists; save what is ticked.

    The device sends `kind`, `key` and `title`, repeated, when its button is pressed. Nothing is
    saved before the member has seen what it would be. GET leads to the lists: the server knows
    of no device.
    """
    address = reverse("community:reading-list-list")
    if not request.user.is_authenticated:
        return redirect_to_login(address)
    if request.method != "POST":
        return redirect(address)
    if "take" not in request.POST:
        fields = (request.POST.getlist(name) for name in ("kind", "key", "title"))
        kinds, keys, titles = fields
        titles += [""] * (len(keys) - len(titles))
        names = dict(zip(zip(kinds, keys, strict=False), titles, strict=False))
        return _preview(request, names) if names else redirect(address)
    form = ListChoiceForm(request.POST, member=request.user)
    names = {_name(text): "" for text in request.POST.getlist("shown")[:MAX_AT_ONCE]}
    ticked = [name for text in request.POST.getlist("thing") if (name := _name(text)) in names]
    there = [name for name, on in _on_lists(request, find_all(names, timezone.now())).items() if on]
    has_choice = "list" in request.POST
    if not (ticked or there) or (has_choice and not form.is_valid()):
        error = "" if ticked or there else _("Tick at least one thing to save.")
        return _preview(request, names, ticked, form if has_choice else None, error)
    reading_list = form.cleaned_data["list"] if has_choice else None
    saved = save_all(request.user, ticked[:MAX_AT_ONCE], reading_list)
    remember_taken_over(request, dict.fromkeys([*saved, *there]))
    _tell(request, saved, gone=len(ticked) - len(saved), there=len(set(there) - set(saved)))
    return redirect(address)


def _name(text: str) -> tuple[str, str]:
    kind, _space, key = text.partition(" ")
    return kind, key


def _preview(
    request: HttpRequest,
    names: dict[tuple[str, str], str],
    ticked: list[tuple[str, str]] | None = None,
    form: ListChoiceForm | None = None,
    error: str = "",
) -> HttpResponse:
    """Show what `names` name, each with what would become of it."""
    shown = dict(list(names.items())[:MAX_AT_ONCE])
    found = find_all(shown, timezone.now())
    on_lists = _on_lists(request, found)
    # They cannot be saved, but what became of them can be said.
    told = {**found, **withdrawn_of([name for name in shown if name not in found], timezone.now())}
    items = [SavedItem(**SavedItem.key_for(target)) for target in told.values()]
    by_name = dict(zip(told, cards(items, request.preferences, timezone.now()), strict=True))  # type: ignore[attr-defined]
    things = []
    for name, title in shown.items():
        card = by_name.get(name)
        lists = on_lists.get(name, [])
        things.append(
            {
                "value": " ".join(name),
                "kind_label": KINDS.get(name[0], ""),
                "title": card.heading if card else title[:TITLE_LENGTH] or name[1][:TITLE_LENGTH],
                "url": card.url if card else "",
                "lists": lists,
                "is_gone": name not in found,
                "card": card,
                "is_ticked": name in ticked if ticked is not None else not lists,
            }
        )
    member: Any = request.user
    lists = member.reading_lists.active()
    if form is None and len(lists) > 1:
        form = ListChoiceForm(member=request.user, initial={"list": lists[0].pk})
    context = {
        "things": things,
        "is_on_a_list": any(thing["lists"] for thing in things),
        "can_be_saved": any(
            not thing["is_gone"] and (thing["is_ticked"] or not thing["lists"]) for thing in things
        ),
        "form": form,
        "error": error,
        "left_out": len(names) - len(shown),
    }
    return render(request, "community/from_device.html", context, status=200)


def _on_lists(
    request: HttpRequest, found: dict[tuple[str, str], Any]
) -> dict[tuple[str, str], list[ReadingList]]:
    """Return for each that was found the lists of the member on which it is and not archived."""
    member: Any = request.user
    items = SavedItem.objects.active().filter(
        reading_list__member=member, reading_list__archived_at__isnull=True
    )
    here: dict[tuple[str, int], list[ReadingList]] = {}
    for item in items.of_any(found.values()).select_related("reading_list"):
        here.setdefault(item.key, []).append(item.reading_list)
    return {
        name: here.get((SavedItem.name_of(target), target.pk), []) for name, target in found.items()
    }


def _tell(request: HttpRequest, saved: dict[tuple[str, str], bool], gone: int, there: int) -> None:
    """Say how many are new on the list, were on a list already, and are gone from the portal."""
    new = sum(saved.values())
    old = len(saved) - new + there
    words = []
    if new:
        is_on = ngettext(
            "%(count)d thing is on your list now.", "%(count)d things are on your list now.", new
        )
        words.append(is_on % {"count": new})
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
    level = messages.SUCCESS if saved or there else messages.INFO
    messages.add_message(request, level, " ".join(words))
