"""What can be saved and what it is called; what waits in the session until somebody signs in.

Plain functions. A heading that they return may stand anywhere: of a sensitive fact it is the
neutral one.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from community.fields import Sealed, UndecipherableText
from community.models import ReadingList, SavedItem, SupportGroup
from community.models.reading_lists import Target
from facts.models import Fact, FactVersion, Topic
from facts.models.addresses import (
    FormerAddress,
    FormerTopicAddress,
    fact_formerly_at,
    topic_formerly_at,
)

KINDS = {"topic": _("Topic"), "fact": _("Fact"), "group": _("Support group")}
MAX_CHOICES = 20  # in one session
MAX_AT_ONCE = 100  # things that a device hands over
MAX_UNSAVED = 20  # notes in one session
MAX_UNSAVED_SIZE = 60_000  # characters of a session, for all of them, encrypted
UNSAVED_MAX_LENGTH = 20_000  # characters of one of them, as it was typed
THE_LIST = 0  # in place of an item's key: the note is on the list itself
_CHOICES = "chosen_to_save"
_UNSAVED_NOTES = "unsaved_notes"
_TAKEN_OVER = "taken_over"


@dataclass(frozen=True)
class Saveable:
    """A topic, fact or group as it is named in an address, on a page and on a device."""

    kind: str
    key: str
    title: str
    url: str

    @property
    def kind_label(self) -> str:
        """The kind, in words."""
        return str(KINDS[self.kind])

    @property
    def save_url(self) -> str:
        """The address of the page that saves it."""
        query = urlencode({self.kind: self.key}, safe="/")
        return f"{reverse('community:saved-item-create')}?{query}"


@dataclass(frozen=True)
class UnsavedNote:
    """What was typed as the note of the item with the key `item`, which may be gone by now.

    Of the list itself if `item` is THE_LIST.
    """

    item: int
    text: str
    based_on: str


def saveable(target: Target) -> Saveable:
    """Return how `target` is named. Of a fact, the live version is looked up."""
    url = target.get_absolute_url()
    if isinstance(target, Topic):
        return Saveable("topic", target.slug, target.title, url)
    if isinstance(target, SupportGroup):
        return Saveable("group", target.slug, target.name, url)
    version = target.live_version(timezone.now(), get_language())
    title = version.heading if version else str(target)
    return Saveable("fact", f"{target.topic.slug}/{target.slug}", title, url)


def find(kind: str, key: str, at: datetime) -> Target | None:
    """Return what readers find at `at` under `key`: a slug, or for a fact its topic's and its own.

    What is unpublished, withdrawn or unknown is not found.
    """
    if kind == "topic":
        topics = Topic.objects.published(at)
        return topics.filter(slug=key).first() or topic_formerly_at(key, at)
    if kind == "group":
        return SupportGroup.objects.published(at).filter(slug=key).first()
    topic, _slash, slug = key.partition("/")
    facts = Fact.objects.live(at, get_language()).select_related("topic")
    if fact := facts.filter(topic__slug=topic, slug=slug).first():
        return fact
    # A list on a device may know it by an address that it had before.
    moved = fact_formerly_at(topic, slug, at, get_language())
    return facts.filter(pk=moved.pk).first() if moved else None


def find_all(names: Iterable[tuple[str, str]], at: datetime) -> dict[tuple[str, str], Target]:
    """Return what `find` finds for each of `names`, in their order, with a handful of queries."""
    names = [name for name in dict.fromkeys(names) if name[0] in KINDS]
    keys = {kind: [key for each, key in names if each == kind] for kind in KINDS}
    found: dict[tuple[str, str], Target] = {}
    if keys["topic"]:
        for topic in Topic.objects.published(at).filter(slug__in=keys["topic"]):
            found["topic", topic.slug] = topic
    if keys["group"]:
        for group in SupportGroup.objects.published(at).filter(slug__in=keys["group"]):
            found["group", group.slug] = group
    if keys["fact"]:
        # More than was asked for: a slug may be in several topics.
        facts = Fact.objects.live(at, get_language()).select_related("topic")
        slugs = [key.partition("/") for key in keys["fact"]]
        named = facts.filter(
            topic__slug__in={topic for topic, _slash, _slug in slugs},
            slug__in={slug for _topic, _slash, slug in slugs},
        )
        for fact in named:
            found["fact", f"{fact.topic.slug}/{fact.slug}"] = fact
    for name in _formerly_elsewhere([name for name in names if name not in found]):
        if target := find(*name, at):
            found[name] = target
    return {name: found[name] for name in names if name in found}


def withdrawn_of(names: Iterable[tuple[str, str]], at: datetime) -> dict[tuple[str, str], Fact]:
    """Return those of `names` that are facts which readers found once and do not find at `at`."""
    keys = {key for kind, key in names if kind == "fact"}
    if not keys:
        return {}
    versions = FactVersion.objects.ever_live(at).filter(language=get_language())
    named = Fact.objects.filter(
        topic__published_at__lte=at,
        topic__slug__in={key.partition("/")[0] for key in keys},
        slug__in={key.partition("/")[2] for key in keys},
        pk__in=versions.values("fact"),
    ).select_related("topic", "replaced_by__topic")
    found = {f"{fact.topic.slug}/{fact.slug}": fact for fact in named}
    return {("fact", key): found[key] for key in keys if key in found}


def _formerly_elsewhere(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of `names` that may be addresses which something had before."""
    parts = {part for kind, key in names if kind != "group" for part in key.split("/")}
    if not parts:
        return []
    former = set(FormerTopicAddress.objects.filter(slug__in=parts).values_list("slug", flat=True))
    former |= set(FormerAddress.objects.filter(slug__in=parts).values_list("slug", flat=True))
    return [(kind, key) for kind, key in names if former.intersection(key.split("/"))]


def find_or_404(params: QueryDict) -> Target:
    """Return the one thing that `params` names by `topic`, `fact` or `group`, or raise Http404."""
    named = [(kind, str(params[kind])) for kind in KINDS if kind in params]
    target = find(*named[0], timezone.now()) if len(named) == 1 else None
    if target is None:
        raise Http404
    return target


def save_all(
    user: Any, names: Iterable[tuple[str, str]], reading_list: ReadingList | None = None
) -> dict[tuple[str, str], bool]:
    """Put on a list of `user`, in this order, what `names` name by kind and key.

    Without a list, on the default one. Returns for each that is found whether it is new there.
    """
    targets = find_all(names, timezone.now())
    if not targets:
        return {}
    with transaction.atomic():
        reading_list = reading_list or ReadingList.objects.default_for(user)
        added = reading_list.add_all(targets.values())
        is_new = {item.key: new for item, new in added}
        return {
            name: is_new[SavedItem.name_of(target), target.pk] for name, target in targets.items()
        }


# What a device handed over


def remember_taken_over(request: HttpRequest, names: Iterable[tuple[str, str]]) -> None:
    """Keep `names`, which are on a list now, until a page tells the device of them."""
    request.session[_TAKEN_OVER] = list(names)


def taken_over(request: HttpRequest) -> list[list[str]]:
    """Return, once, the kinds and keys that the device need not keep any longer."""
    return request.session.pop(_TAKEN_OVER, [])


# What somebody chose before signing in


def remember_choice(request: HttpRequest, target: Target) -> bool:
    """Keep `target` in the session until somebody signs in.

    Returns False, and keeps what is there, if the session holds as many as it may.
    """
    chosen = saveable(target)
    choice = [chosen.kind, chosen.key]
    choices = request.session.get(_CHOICES, [])
    if choice in choices:
        return True
    if len(choices) >= MAX_CHOICES:
        return False
    request.session[_CHOICES] = [*choices, choice]
    return True


def save_chosen(request: HttpRequest | None, user: Any) -> None:
    """Put what the session kept on the default list of `user`, who has just signed in.

    What has been unpublished in the meantime is left out. The notes that somebody else was
    writing in this browser are forgotten.
    """
    session = getattr(request, "session", None)
    if request is None or session is None:
        return
    if notes := session.get(_UNSAVED_NOTES):
        named = user.reading_lists.filter(pk__in={note["list"] for note in notes})
        own = {str(pk) for pk in named.values_list("pk", flat=True)}
        session[_UNSAVED_NOTES] = [note for note in notes if note["list"] in own]
    choices = session.get(_CHOICES)
    if not choices:
        return
    count = sum(save_all(user, [(kind, key) for kind, key in choices]).values())
    del session[_CHOICES]
    if count and hasattr(request, "_messages"):
        words = ngettext(
            "Saved. What you chose is on your list.",
            "Saved. The %(count)d things that you chose are on your list.",
            count,
        )
        messages.success(request, words % {"count": count})


# Notes that were sent after their writer had been signed out


def keep_unsaved_note(
    request: HttpRequest, list_pk: Any, item_pk: int, text: str, based_on: str
) -> bool:
    """Keep `text`, encrypted, in the session of somebody who must sign in again first.

    It takes the place of an older text for the same item. Returns False, and keeps what is
    there, if the text is empty or the session cannot hold it.
    """
    if not 0 < len(text) <= UNSAVED_MAX_LENGTH:
        return False
    note = {
        "list": str(list_pk),
        "item": item_pk,
        "token": Sealed.of(text).token,
        "based_on": based_on,
    }
    notes = [*_without(request.session.get(_UNSAVED_NOTES, []), list_pk, item_pk), note]
    if len(notes) > MAX_UNSAVED or len(json.dumps(notes)) > MAX_UNSAVED_SIZE:
        return False
    request.session[_UNSAVED_NOTES] = notes
    return True


def unsaved_notes(request: HttpRequest, reading_list: ReadingList) -> list[UnsavedNote]:
    """Return the notes on `reading_list` that were kept and are not saved, oldest first."""
    return unsaved_notes_in(request.session, str(reading_list.pk))


def unsaved_notes_in(session: Mapping[str, Any], list_pk: str = "") -> list[UnsavedNote]:
    """Return the notes that `session` keeps, those of one list only if it is named."""
    notes = []
    for kept in session.get(_UNSAVED_NOTES, []):
        if list_pk and kept["list"] != list_pk:
            continue
        try:
            text = Sealed(kept["token"]).open()
        except UndecipherableText:
            continue
        notes.append(UnsavedNote(kept["item"], text, kept["based_on"]))
    return notes


def forget_unsaved_note(request: HttpRequest, list_pk: Any, item_pk: int | str) -> None:
    """Forget the kept text for an item: it is saved, or given up."""
    notes = request.session.get(_UNSAVED_NOTES, [])
    others = _without(notes, list_pk, item_pk)
    if len(others) < len(notes):
        request.session[_UNSAVED_NOTES] = others


def _without(notes: list[dict[str, Any]], list_pk: Any, item_pk: int | str) -> list[dict[str, Any]]:
    name = (str(list_pk), str(item_pk))
    return [note for note in notes if (note["list"], str(note["item"])) != name]
