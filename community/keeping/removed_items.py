"""The item that was taken off a list last, kept in the session so that it can come back as it was.

Only one, without its note, until it is put back, another one is removed or the session is over.
"""

from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from community.models import SavedItem
from facts.models import FactVersion

_REMOVED_ITEM = "removed_item"
_MOMENTS = ("read_at", "seen_at", "created_at")


def keep_removed_item(request: HttpRequest, item: SavedItem) -> None:
    """Keep where `item`, which has just been removed, was on its list, and what it knew."""
    moments = {name: getattr(item, name) for name in _MOMENTS}
    request.session[_REMOVED_ITEM] = {
        "of": _name(item),
        "position": item.position,
        "seen_version": item.seen_version_id,
        **{name: moment.isoformat() if moment else "" for name, moment in moments.items()},
    }


def bring_back_removed_item(request: HttpRequest, item: SavedItem) -> None:
    """Let `item`, which has just been saved, be as it was, if it is the one that was removed."""
    kept = request.session.get(_REMOVED_ITEM)
    if not kept or kept["of"] != _name(item):
        return
    del request.session[_REMOVED_ITEM]
    changes: dict[str, Any] = {name: parse_datetime(kept[name]) for name in _MOMENTS if kept[name]}
    changes["position"] = kept["position"]
    if item.fact_id:
        seen = FactVersion.objects.filter(pk=kept["seen_version"], fact=item.fact_id)
        changes["seen_version"] = seen.values_list("pk", flat=True).first()
    SavedItem.objects.filter(pk=item.pk).update(**changes)


def _name(item: SavedItem) -> list[Any]:
    kind, target = item.key
    return [str(item.reading_list_id), kind, target]
