from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.keeping.changes import tell_changes, with_changes
from community.keeping.changes_in_full import difference, group_news, topic_news
from community.models import SavedItem
from community.views.reading_lists import TWO_PRESSES_APART
from community.views.saved_items import address_of, card_of, of_own_item, part_looked_at
from facts.gentle import Asked, kind_line
from facts.models import FactVersion
from facts.views.history import strictest


@require_http_methods(["GET", "HEAD", "POST"])
@of_own_item
def saved_item_changes(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """What has changed in a saved thing since it was seen. POST says that it is seen now.

    Or, with `replace`, puts in its place the fact that replaces it. What is sensitive is shown
    when the address asks for it (`?show=`), as everywhere.
    """
    now = timezone.now()
    if request.method == "POST":
        return _replace(request, saved) if "replace" in request.POST else _see(request, saved)
    own = SavedItem.objects.filter(pk=saved.pk)
    changed = with_changes(own, now, get_language(), only=[saved.kind])
    saved.change = changed.values_list("change", flat=True).first() or ""
    card = card_of(request, saved)
    tell_changes([card], request.preferences, now)  # type: ignore[attr-defined]
    context: dict[str, Any] = {"item": saved, "card": card, "seen": now.timestamp()}
    if saved.fact:
        context |= _of_fact(request, saved, card, now)
    elif card.change and saved.topic:
        context["topic_news"] = topic_news(saved, request.preferences, now)  # type: ignore[attr-defined]
    elif card.change:
        context["news"] = group_news(saved, now)
    return render(request, "community/saved_item_changes.html", context)


def _of_fact(request: HttpRequest, saved: SavedItem, card: Any, at: datetime) -> dict[str, Any]:
    """Return what the page shows of a fact, gently; steps with their sentences if asked for."""
    fact = saved.fact
    assert fact is not None  # noqa: S101  Only for facts.
    asked = Asked.of(request)
    versions = list(FactVersion.objects.ever_live(at).filter(fact=fact).defer("body"))
    covered = [v for v in versions if asked.covers(v.sensitivity, fact.slug)]
    if asked.is_explicit and not covered:
        preferences = request.preferences  # type: ignore[attr-defined]
        tell_changes([card], preferences, at, is_asked=True)
    is_told = card.change is not None and card.change.kind != "withdrawn"
    return {
        "is_covered": bool(covered) and is_told,
        "kind_line": kind_line(strictest(covered)) if covered else "",
        "show_query": f"?show={fact.slug}",
        "difference": difference(saved, at) if is_told and not covered else None,
        "history_url": reverse("facts:fact-history", args=[fact.topic.slug, fact.slug])
        if card.url
        else "",
    }


def _see(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """Note what was on the page as seen. What came after the page was made is not."""
    now = timezone.now()
    try:
        shown = datetime.fromtimestamp(float(request.POST.get("seen", "")[:20]), tz=UTC)
    except (ValueError, OverflowError, OSError):
        shown = now
    saved.see(min(shown, now))
    messages.success(request, _("You have seen this."), f"item-{saved.pk}")
    return redirect(address_of(saved, part=part_looked_at(request)))


def _replace(request: HttpRequest, saved: SavedItem) -> HttpResponse:
    """Put in the place of a withdrawn fact the one that replaces it, with the note."""
    card = card_of(request, saved)
    if not card.gone and saved.seen_at > timezone.now() - TWO_PRESSES_APART:
        # The first of two presses has put it there, and said so.
        return redirect(address_of(saved, part=part_looked_at(request)))
    other = saved.fact.replaced_by if saved.fact else None
    words = _("There is nothing here now that replaces it.")
    if card.replacement_url and other:
        words = _("It is on this list already. Your note stays where it is.")
        if saved.replace_with(other, timezone.now()):
            words = _("It is in its place now, with your note.")
    messages.success(request, words, f"item-{saved.pk}")
    return redirect(address_of(saved, part=part_looked_at(request)))
