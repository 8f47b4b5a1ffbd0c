"""What has changed in saved things since their member saw them. Plain functions.

Better words alone are silent. Of a fact of which any version is sensitive, the editor's sentence
is left out like its text, until it is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from community.keeping.cards import Card, cards
from community.models import Meeting, Pause, SavedItem, SupportGroup
from facts.choices import ChangeKind
from facts.models import FactVersion
from facts.preferences import Preferences
from facts.prepared import prepared

STEP_WORDS = {
    ChangeKind.SAFETY.value: _lazy("Changed for safety"),
    ChangeKind.MEANING.value: _lazy("The meaning changed"),
}
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MOST_SHOWN = 10  # on the page of all lists
MOST_COUNTED = 100
URGENT = ("safety", "withdrawn", "topic-safety")
# What of a group is compared with what it was, besides its meetings and pauses.
GROUP_WORDS = {
    "is_in_person": _lazy("ways to attend"),
    "is_online": _lazy("ways to attend"),
    "is_by_phone": _lazy("ways to attend"),
    "place": _lazy("place"),
    "cost": _lazy("cost"),
    "attendance": _lazy("how to sign up"),
    "joining_policy": _lazy("how to join"),
    "how_to_ask": _lazy("how to join"),
}
GROUP_FIELDS = tuple(GROUP_WORDS)
_OF_A_VERSION = (
    *("fact", "language", "change_kind", "live_from", "live_until", "withdrawn_reason"),
)
_CHANGED = FactVersion.objects.filter(Q(change_kind__in=STEP_WORDS) | ~Q(withdrawn_reason=""))


@dataclass(frozen=True)
class Step:
    """One version that came since: its kind of change in words, and the editor's sentence."""

    number: int
    at: datetime
    label: str
    is_urgent: bool
    note: str = ""


@dataclass(frozen=True)
class Change:
    """What is to be said of a saved thing that has changed: its kind, in a line, and step by step.

    While `is_covered`, no step has its sentence.
    """

    kind: str
    words: str
    steps: tuple[Step, ...] = ()
    is_covered: bool = False

    @property
    def brief(self) -> str:
        """What has happened, in few words, where it is said already that something has."""
        return {
            "safety": _("Please read this one"),
            "meaning": _("It says something else now"),
            "withdrawn": _("Withdrawn: please do not rely on it"),
            "topic-safety": _("Please read what is new in it"),
            "new-facts": _("There are new facts"),
            "ended": _("It has ended"),
            "paused": _("It takes a break"),
            "group": _("How it meets has changed"),
        }[self.kind]

    @property
    def is_urgent(self) -> bool:
        """Whether it is a matter of safety."""
        return self.kind in URGENT


def _words(kind: str) -> str:
    return {
        "safety": _("Changed since you saw it. Please read this one."),
        "meaning": _("Changed since you saw it."),
        "withdrawn": _("Withdrawn since you saw it."),
        "topic-safety": _("A fact in this topic was changed for safety. Please read it."),
        "new-facts": _("There are new facts in this topic since you saw it."),
        "ended": _("This group has ended since you saw it."),
        "paused": _("This group takes a break, which you have not seen yet."),
        "group": _("How this group meets has changed since you saw it."),
    }[kind]


def with_changes(
    items: QuerySet[Any],
    at: datetime,
    language: str | None,
    since: Any = LONG_AGO,
    only: Iterable[str] = SavedItem.TARGETS,
    today: date | None = None,
) -> QuerySet[Any]:
    """Return `items` with `change`, what has happened to each since it was seen, as of `at`.

    It is one of the kinds of a Change, or "" for nothing. A fact is compared in the language in
    which it was seen, and a topic in `language`. With `since`, a moment or an
    expression, only what happened later counts. `only` names the kinds of things among `items`,
    `today` the day of `at`.
    """
    kinds: list[tuple[str, Any]] = []
    if "fact" in only:
        kinds += _fact_kinds(at, language)
    if "topic" in only:
        kinds += _topic_kinds(at, language)
    if "group" in only:
        kinds += _group_kinds(at, today or timezone.localdate(at))
    cases = [When(condition, then=Value(kind)) for kind, condition in kinds]
    moment = since if hasattr(since, "resolve_expression") else Value(since)
    items = items.annotate(told=ExpressionWrapper(moment, DateTimeField()))
    return items.annotate(change=Case(*cases, default=Value(""), output_field=CharField()))


def _fact_kinds(at: datetime, language: str | None) -> list[tuple[str, Any]]:
    versions = FactVersion.objects.ever_live(at).filter(
        fact=OuterRef("fact"),
        language=Coalesce(OuterRef("seen_version__language"), Value(language or "")),
    )
    came = versions.filter(
        Q(withdrawn_reason="") | Q(live_until__isnull=False, live_until__gt=at),
        live_from__gt=Coalesce(OuterRef("seen_version__live_from"), OuterRef("seen_at")),
    )
    is_here = Q(fact__topic__published_at__lte=at)
    is_live = is_here & Exists(versions.live(at))
    came = came.filter(live_from__gt=OuterRef("told"))
    taken_back = versions.filter(live_until__gt=Greatest(OuterRef("seen_at"), OuterRef("told")))
    taken_back = taken_back.exclude(withdrawn_reason="")
    return [
        ("withdrawn", is_here & ~Exists(versions.live(at)) & Exists(taken_back)),
        ("safety", is_live & Exists(came.filter(change_kind=ChangeKind.SAFETY))),
        ("meaning", is_live & Exists(came.filter(change_kind=ChangeKind.MEANING))),
    ]


def _topic_kinds(at: datetime, language: str | None) -> list[tuple[str, Any]]:
    """What of a topic is told: in `language`, or a change for safety in any if that is None."""
    since = Greatest(OuterRef("seen_at"), OuterRef("told"))
    live = FactVersion.objects.live(at).filter(fact__topic=OuterRef("topic"))
    of_the_fact = FactVersion.objects.ever_live(at).filter(fact=OuterRef("fact"))
    earlier = of_the_fact.filter(language=language, live_from__lte=OuterRef(OuterRef("seen_at")))
    new = live.filter(~Exists(earlier), language=language, live_from__gt=since)
    safer = safer_versions(at).filter(fact__topic=OuterRef("topic"), live_from__gt=since)
    if language is not None:
        safer = safer.filter(language=language)
    is_here = Q(topic__published_at__lte=at)
    return [("topic-safety", is_here & Exists(safer)), ("new-facts", is_here & Exists(new))]


def safer_versions(at: datetime) -> QuerySet[FactVersion]:
    """Return the versions that were a change for safety, of facts that are live."""
    stands = Q(withdrawn_reason="") | Q(live_until__isnull=False, live_until__gt=at)
    live = FactVersion.objects.live(at).filter(fact=OuterRef("fact"), language=OuterRef("language"))
    safer = FactVersion.objects.ever_live(at).filter(stands, change_kind=ChangeKind.SAFETY)
    return safer.filter(Exists(live))


def _group_kinds(at: datetime, today: date) -> list[tuple[str, Any]]:
    former = SupportGroup.history.model.objects
    row = former.filter(
        id=OuterRef(OuterRef("group")), history_date__lte=OuterRef(OuterRef("seen_at"))
    ).order_by("-history_date", "-history_id")
    was = former.filter(history_id=Subquery(row.values("history_id")[:1]))
    differs = was.exclude(**{name: OuterRef(f"group__{name}") for name in GROUP_FIELDS})
    is_later = Exists(former.filter(id=OuterRef("group"), history_date__gt=OuterRef("told")))
    seen = Greatest(OuterRef("seen_at"), OuterRef("told"))
    pauses = Pause.objects.filter(group=OuterRef("group"), edited_at__gt=seen)
    meetings = Meeting.objects.filter(group=OuterRef("group"), edited_at__gt=seen)
    removed = Meeting.history.model.objects.filter(
        group=OuterRef("group"), history_type="-", history_date__gt=seen
    )
    is_here = Q(group__published_at__lte=at)
    ended_since = is_later & Exists(was.filter(ended_on=None)) | Q(
        group__ended_on__gt=TruncDate(Greatest("seen_at", "told"))
    )
    goes_on = is_here & (Q(group__ended_on=None) | Q(group__ended_on__gt=today))
    return [
        ("ended", is_here & Q(group__ended_on__lte=today) & ended_since),
        ("paused", goes_on & Exists(pauses.exclude(last_on__lt=today))),
        ("group", goes_on & (Exists(meetings) | Exists(removed) | is_later & Exists(differs))),
    ]


class _Seen(NamedTuple):
    """What of a saved item says whether it can have changed since it was seen."""

    pk: int
    topic: int | None
    fact: int | None
    group: int | None
    seen_at: datetime
    seen_version: int | None
    published_at: datetime | None  # of the topic of the fact
    ended_on: date | None  # of the group


_OF_AN_ITEM = (
    *("pk", "topic", "fact", "group", "seen_at", "seen_version"),
    *("fact__topic__published_at", "group__ended_on"),
)


@dataclass(frozen=True)
class _Happened:
    """When something last happened to saved things, by their key."""

    versions: Mapping[int, Sequence[FactVersion]]  # of a fact, all that were ever live
    newest_from: Mapping[int, datetime | None]  # of a topic: when its newest text began
    touched: Mapping[int, datetime]  # of a group: when how it meets was last written

    def may_have_changed(self, seen: _Seen) -> bool:
        """Whether anything happened to a topic or a group since that could be a change of it."""
        if seen.group:
            touched_at = self.touched.get(seen.group)
            # It may have ended on the very day.
            is_ended = seen.ended_on and seen.ended_on >= timezone.localdate(seen.seen_at)
            return bool(is_ended) or (touched_at is not None and touched_at > seen.seen_at)
        newest_from = self.newest_from.get(seen.topic or 0)
        return newest_from is not None and newest_from > seen.seen_at

    def change_of_fact(self, seen: _Seen, at: datetime, language: str | None) -> str:
        """Return what `_fact_kinds` has for a fact: all that decides it is here already."""
        if seen.published_at is None or seen.published_at > at:
            return ""
        versions = self.versions.get(seen.fact or 0, ())
        version = next((v for v in versions if v.pk == seen.seen_version), None)
        own = [v for v in versions if v.language == (version.language if version else language)]
        if not any(v.is_live(at) for v in own):
            ends = (v.live_until for v in own if v.is_withdrawn)
            return "withdrawn" if any(end and end > seen.seen_at for end in ends) else ""
        since: Any = version.live_from if version else seen.seen_at
        came = {
            v.change_kind
            for v in own
            if v.live_from > since
            and (not v.is_withdrawn or (v.live_until is not None and v.live_until > at))
        }
        return next((kind for kind in STEP_WORDS if kind in came), "")

    def changes(self, seen: Sequence[_Seen], at: datetime, language: str | None) -> dict[int, str]:
        """Return what changed, by the keys of the items. Asks one query at most."""
        asked = {each.pk for each in seen if not each.fact and self.may_have_changed(each)}
        found: dict[int, str] = {}
        if asked:
            kinds = {"topic" if each.topic else "group" for each in seen if each.pk in asked}
            found = dict(_changed(sorted(asked), kinds, at, language))
        found |= {each.pk: self.change_of_fact(each, at, language) for each in seen if each.fact}
        return {pk: kind for pk, kind in found.items() if kind}


def _changed(
    items: list[int], kinds: set[str], at: datetime, language: str | None
) -> list[tuple[int, str]]:
    """Return the keys of `items`, which are of these `kinds`, each with its change. Asks once."""
    if kinds == {"topic"}:
        return _changed_topics(items, at, language)
    if kinds == {"group"}:
        return _changed_groups(items, at, timezone.localdate(at))
    return _changed_topics_and_groups(items, at, language, timezone.localdate(at))


@prepared
def _changed_topics(items: list[int], at: datetime, language: str | None) -> QuerySet[Any]:
    asked = SavedItem.objects.filter(pk__in=items).order_by()
    return with_changes(asked, at, language, only=["topic"]).values_list("pk", "change")


@prepared
def _changed_groups(items: list[int], at: datetime, today: date) -> QuerySet[Any]:
    asked = SavedItem.objects.filter(pk__in=items).order_by()
    return with_changes(asked, at, None, only=["group"], today=today).values_list("pk", "change")


@prepared
def _changed_topics_and_groups(
    items: list[int], at: datetime, language: str | None, today: date
) -> QuerySet[Any]:
    asked = SavedItem.objects.filter(pk__in=items).order_by()
    changed = with_changes(asked, at, language, only=["topic", "group"], today=today)
    return changed.values_list("pk", "change")


def note_changes(shown: Iterable[Card], at: datetime, language: str | None) -> None:
    """Give the items of the cards `shown` their `change`, as `with_changes` has it.

    To ask that of everything costs more than the rest of a page, and mostly nothing has happened.
    Of facts the cards know all versions. Of topics and groups it is asked where a look at some
    dates does not rule it out; the cards know since when their topics have had their newest text
    (`count_read_facts`). Asks twice at most.
    """
    shown = list(shown)
    seen = [_seen(card.item) for card in shown if not card.item.archived_at]
    groups = {each.group for each in seen if each.group}
    happened = _Happened(
        {card.item.fact_id: card.versions for card in shown if card.item.fact_id},
        {card.item.topic_id: card.newest_from for card in shown if card.item.topic_id},
        _newest(_touched(sorted(groups), min(each.seen_at for each in seen))) if groups else {},
    )
    changes = happened.changes(seen, at, language)
    for card in shown:
        card.item.change = changes.get(card.item.pk, "")


def _seen(item: SavedItem) -> _Seen:
    return _Seen(
        item.pk,
        item.topic_id,
        item.fact_id,
        item.group_id,
        item.seen_at,
        item.seen_version_id,
        item.fact.topic.published_at if item.fact else None,
        item.group.ended_on if item.group else None,
    )


def _when_touched(groups: Any, since: datetime) -> QuerySet[Any]:
    """Return when something of how `groups` meet was written, where that was `since`."""
    history, removed = SupportGroup.history.model.objects, Meeting.history.model.objects
    written = [
        history.filter(id__in=groups, history_date__gt=since).values_list("id", "history_date"),
        removed.filter(group__in=groups, history_type="-", history_date__gt=since).values_list(
            "group", "history_date"
        ),
        *(
            model.objects.filter(group__in=groups, edited_at__gt=since).values_list(
                "group", "edited_at"
            )
            for model in (Meeting, Pause)
        ),
    ]
    first, *others = (rows.order_by() for rows in written)
    return first.union(*others)


_touched = prepared(_when_touched)


def _newest(touches: Iterable[tuple[int, datetime]]) -> dict[int, datetime]:
    touched: dict[int, datetime] = {}
    for group, at in touches:
        touched[group] = max(at, touched.get(group, at))
    return touched


def tell_changes(
    shown: Iterable[Card], preferences: Preferences, at: datetime, *, is_asked: bool = False
) -> None:
    """Tell the cards of items with their `change` what has changed. Asks one query at most.

    `is_asked` uncovers what is sensitive: somebody asked for it.
    """
    changed = [card for card in shown if card.item.change and not card.item.archived_at]
    facts = {card.item.fact_id for card in changed if card.item.fact_id}
    versions = _versions(sorted(facts), at) if facts else []
    hidden = frozenset() if is_asked else preferences.hidden
    for card in changed:
        own = [version for version in versions if version.fact_id == card.item.fact_id]
        card.change = describe(card.item, card.item.change, own, hidden)


@dataclass(frozen=True)
class Waiting:
    """What has changed on all lists of a member: how much, and the first of it."""

    count: int
    cards: tuple[Card, ...]


def waiting_items(
    member: Any, at: datetime, language: str | None, since: datetime = LONG_AGO
) -> QuerySet[Any]:
    """Return what has changed on the lists of `member` since it was seen.

    Not what is archived, or on a list that is. With `since`, only what happened later.
    """
    # Most facts have never changed. This is asked once, and what follows for each item.
    items = _on_lists_of(member)
    items = items.filter(Q(fact=None) | Q(fact__in=_CHANGED.values("fact")))
    return with_changes(items, at, language, since).exclude(change="")


def _on_lists_of(member: Any) -> QuerySet[Any]:
    return SavedItem.objects.active().filter(
        reading_list__member=member, reading_list__archived_at__isnull=True
    )


def waiting(member: Any, preferences: Preferences, at: datetime) -> Waiting | None:
    """Return what the page of all lists says, the urgent first, or None. Asks seven times."""
    language = get_language()
    seen = [_Seen(*row) for row in _seen_by(member.pk)]
    changes = _happened_to(member.pk, seen, at, language).changes(seen, at, language)
    if not changes:
        return None
    keys = [each.pk for each in seen if each.pk in changes]
    keys.sort(key=lambda pk: changes[pk] not in URGENT)
    by_key = SavedItem.objects.for_cards().in_bulk(keys[:MOST_SHOWN])
    shown = cards([by_key[pk] for pk in keys if pk in by_key], preferences, at)
    for card in shown:
        card.item.change = changes[card.item.pk]
        card.change = Change(card.item.change, _words(card.item.change))
    return Waiting(min(len(keys), MOST_COUNTED), tuple(shown))


def _happened_to(
    member: int, seen: Sequence[_Seen], at: datetime, language: str | None
) -> _Happened:
    """Return what happened to what `member` has `seen`. Asks a query for each kind of things."""
    versions: dict[int, list[FactVersion]] = {}
    if any(each.fact for each in seen):
        for version in _changed_versions(member, at):
            versions.setdefault(version.fact_id, []).append(version)
    newest_from: dict[int, datetime | None] = {}
    if any(each.topic for each in seen):
        newest_from = dict(_newest_texts(member, language, at))
    touched: dict[int, datetime] = {}
    if any(each.group for each in seen):
        touched = _newest(_touched_for(member, min(each.seen_at for each in seen)))
    return _Happened(versions, newest_from, touched)


@prepared
def _seen_by(member: int) -> QuerySet[Any]:
    # Most facts have never changed.
    items = _on_lists_of(member).filter(Q(fact=None) | Q(fact__in=_CHANGED.values("fact")))
    return items.order_by("reading_list", "position", "pk").values_list(*_OF_AN_ITEM)


@prepared
def _changed_versions(member: int, at: datetime) -> QuerySet[FactVersion]:
    facts = _on_lists_of(member).order_by().filter(fact__isnull=False).values("fact")
    ever_live = FactVersion.objects.ever_live(at).filter(fact__in=facts)
    return ever_live.filter(fact__in=_CHANGED.values("fact")).only(*_OF_A_VERSION)


@prepared
def _newest_texts(member: int, language: str | None, at: datetime) -> QuerySet[Any]:
    topics = _on_lists_of(member).order_by().filter(topic__isnull=False).values("topic")
    live = FactVersion.objects.live(at).filter(language=language, fact__topic__in=topics)
    newest = live.order_by().values("fact__topic").annotate(newest=Max("live_from"))
    return newest.values_list("fact__topic", "newest")


@prepared
def _touched_for(member: int, since: datetime) -> QuerySet[Any]:
    groups = _on_lists_of(member).order_by().filter(group__isnull=False).values("group")
    return _when_touched(groups, since)


@prepared
def _versions(facts: list[int], at: datetime) -> QuerySet[Any]:
    """Return the versions of `facts` that were ever live, the newest first, without their text."""
    others = FactVersion.objects.filter(fact=OuterRef("fact"), language=OuterRef("language"))
    taken_back = others.exclude(withdrawn_reason="").filter(body=OuterRef("body"))
    versions = FactVersion.objects.ever_live(at).filter(fact__in=facts)
    return versions.annotate(was_taken_back=Exists(taken_back)).defer("body")


def describe(
    item: SavedItem, kind: str, versions: list[FactVersion], hidden: frozenset[str]
) -> Change:
    """Return what is to be said of `item`, given all `versions` of its fact that were ever live.

    The strictest of them decides what is covered: an older one may hold what the newest does not.
    `hidden` are the sensitivities that are left out.
    """
    seen = next((v for v in versions if v.pk == item.seen_version_id), None)
    language = seen.language if seen else get_language()
    own = [version for version in versions if version.language == language]
    since = seen.live_from if seen else item.seen_at
    is_covered = any(version.sensitivity in hidden for version in own)
    steps = tuple(
        Step(
            version.number,
            version.live_from,
            str(STEP_WORDS[version.change_kind]),
            version.change_kind == ChangeKind.SAFETY,
            "" if is_covered or version.was_taken_back else version.change_note,  # type: ignore[attr-defined]
        )
        for version in own
        if version.live_from and since and version.live_from > since
        if version.change_kind in STEP_WORDS and kind != "withdrawn"
    )
    return Change(kind, _words(kind), steps, is_covered)
