"""What has changed in one saved thing, told in full on a page of its own. Plain functions."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from community.keeping.cards import heading_for
from community.keeping.changes import GROUP_FIELDS, GROUP_WORDS, STEP_WORDS, safer_versions
from community.models import Meeting, SavedItem, SupportGroup
from facts.choices import ChangeKind
from facts.differences import Comparison, compare_versions
from facts.models import FactVersion
from facts.preferences import Preferences


@dataclass(frozen=True)
class Difference:
    """How the text that was seen became the one of today; `language` is that of both."""

    comparison: Comparison
    language: str
    old: int
    new: int


def difference(item: SavedItem, at: datetime) -> Difference | None:
    """Return the difference between the version that was seen and the live one.

    None if one of the two may not be shown, because its text was withdrawn, or they are the same.
    """
    if item.seen_version_id is None or item.fact_id is None:
        return None
    versions = FactVersion.objects.ever_live(at).filter(fact=item.fact_id).with_evidence()
    by_pk = {version.pk: version for version in versions}
    old = by_pk.get(item.seen_version_id)
    own = [v for v in by_pk.values() if old and v.language == old.language]
    new = next((version for version in own if version.is_live(at)), None)
    taken_back = {version.body for version in own if version.is_withdrawn and version != new}
    if old is None or new is None or old == new or old.body in taken_back:
        return None
    return Difference(compare_versions(old, new), new.language, old.number, new.number)


@dataclass(frozen=True)
class News:
    """A fact of a saved topic that is new, or another for safety: its heading and address."""

    heading: str
    url: str
    label: str  # "" if it is new


def topic_news(item: SavedItem, preferences: Preferences, at: datetime) -> list[News]:
    """Return what has come into a saved topic since it was seen, what is for safety first."""
    language = get_language()
    own = Q(fact=OuterRef("fact"), language=language)
    earlier = FactVersion.objects.ever_live(at).filter(own, live_from__lte=item.seen_at)
    safer = safer_versions(at).filter(own, live_from__gt=item.seen_at)
    versions = FactVersion.objects.live(at).filter(fact__topic=item.topic_id, language=language)
    versions = versions.annotate(is_safer=Exists(safer))
    versions = versions.filter(Q(is_safer=True) | ~Exists(earlier), live_from__gt=item.seen_at)
    versions = versions.select_related("fact__topic")
    return [
        News(
            heading_for(version, preferences),
            version.fact.get_absolute_url(),
            str(STEP_WORDS[ChangeKind.SAFETY.value]) if version.is_safer else "",  # type: ignore[attr-defined]
        )
        for version in versions.order_by("-is_safer", "-live_from", "fact__position")
    ]


def group_news(item: SavedItem, at: datetime) -> list[str]:
    """Return, in words, what has changed in how a saved group meets since it was seen."""
    group = item.group
    assert group is not None  # noqa: S101  Only for groups.
    news = []
    today = timezone.localdate(at)
    pauses = group.pauses.filter(edited_at__gt=item.seen_at).exclude(last_on__lt=today)  # type: ignore[attr-defined]
    for pause in pauses:
        words = _("Nobody meets from %(day)s until further notice.")
        days = {"day": date_format(pause.first_on, "j F Y")}
        if pause.last_on:
            words = _("Nobody meets from %(day)s until %(last)s.")
            days["last"] = date_format(pause.last_on, "j F Y")
        news.append(f"{words % days} {pause.reason}".strip())
    meetings = Meeting.history.filter(group=group.pk, history_date__gt=item.seen_at)
    if meetings.exists():
        news.append(_("The meetings are at other times, or in another way."))
    was = (
        SupportGroup.history.filter(id=group.pk, history_date__lte=item.seen_at)
        .order_by("-history_date", "-history_id")
        .first()
    )
    changed = [name for name in GROUP_FIELDS if was and getattr(was, name) != getattr(group, name)]
    labels = dict.fromkeys(str(GROUP_WORDS[name]) for name in changed)
    if labels:
        news.append(_("Changed: %(what)s.") % {"what": ", ".join(labels)})
    return news
