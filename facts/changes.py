"""What has changed for readers, the newest first: for the page of what is new, and the feed.

Always gentle: of a fact of which any version was sensitive it says which, when and what kind of
change, and not the editor's sentence. Of what was withdrawn it says that alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from facts.choices import ChangeKind, Sensitivity
from facts.models import FactVersion
from facts.models.version_queries import FactVersionQuerySet

NEWEST = 40


@dataclass(frozen=True)
class Change:
    """One thing that readers may want to know. `note` is the editor's sentence on it, or ""."""

    heading: str
    topic: str
    url: str
    key: str  # the same for ever
    at: datetime
    kind: str
    note: str = ""
    is_urgent: bool = False


def newest_changes(at: datetime, language: str | None) -> list[Change]:
    """Return the last changes that readers can see at `at`. Asks the database twice."""
    visible = FactVersion.objects.filter(language=language, fact__topic__published_at__lte=at)
    is_here = Exists(FactVersion.objects.live(at).filter(fact=OuterRef("fact")))
    begun = visible.ever_live(at).news(at, language).filter(is_here, withdrawn_reason="")
    ended = visible.filter(live_until__lte=at, live_from__lte=at).exclude(withdrawn_reason="")
    changes = [
        *(_begun(version) for version in _first(begun, at, language)),
        *(_ended(version) for version in _first(ended.order_by("-live_until", "pk"), at, language)),
    ]
    return sorted(changes, key=lambda change: change.at, reverse=True)[:NEWEST]


def _first(versions: FactVersionQuerySet, at: datetime, language: str | None) -> Any:
    """Return the first of `versions`, with what decides how much is said of each.

    They are chosen before: PostgreSQL would look that up for all versions at once.
    """
    others = FactVersion.objects.ever_live(at).filter(fact=OuterRef("fact"), language=language)
    chosen = FactVersion.objects.filter(pk__in=versions.values("pk")[:NEWEST])
    return (
        chosen.select_related("fact__topic")
        .annotate(
            is_sensitive=Exists(others.exclude(sensitivity=Sensitivity.NONE)),
            was_taken_back=Exists(
                others.exclude(withdrawn_reason="").filter(body=OuterRef("body"))
            ),
        )
        .order_by(*versions.query.order_by)
    )


def _begun(version: FactVersion) -> Change:
    assert version.live_from is not None  # noqa: S101  Only versions that have begun.
    is_silent = version.is_sensitive or version.was_taken_back  # type: ignore[attr-defined]
    kind = {
        ChangeKind.WORDING.value: _("Better words, the same meaning"),
        ChangeKind.MEANING.value: _("It says something else than before"),
        ChangeKind.SAFETY.value: _("Please read this one"),
    }
    return Change(
        heading=version.subject if is_silent else version.heading,
        topic=version.fact.topic.title,
        url=version.fact.get_absolute_url(),
        key=f"{version.pk}",
        at=version.live_from,
        kind=kind.get(version.change_kind, _("New")),
        note="" if is_silent else version.change_note,
        is_urgent=version.change_kind == ChangeKind.SAFETY,
    )


def _ended(version: FactVersion) -> Change:
    assert version.live_until is not None  # noqa: S101  Only versions that have ended.
    return Change(
        heading=version.subject,
        topic=version.fact.topic.title,
        url=version.fact.get_absolute_url(),
        key=f"{version.pk}-withdrawn",
        at=version.live_until,
        kind=_("Withdrawn: please do not rely on it"),
        is_urgent=True,
    )
