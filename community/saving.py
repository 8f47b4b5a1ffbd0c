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
from community.models import ReadingList, SupportGroup
from facts.models import Fact, Topic
from facts.models.addresses import fact_formerly_at, topic_formerly_at

Target = Topic | Fact | SupportGroup

KINDS = {"topic": _("Topic"), "fact": _("Fact"), "group": _("Support group")}
MAX_CHOICES = 20  # in one session
MAX_AT_ONCE = 100  # things that a device hands over
MAX_UNSAVED = 20  # notes in one session
MAX_UNSAVED_SIZE = 60_000  # characters of a session, for all of them, encrypted
UNSAVED_MAX_LENGTH = 20_000  # characters of one of them, as it was typed
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
    """What was typed as the note of the item with the key `item`, which may be gone by now."""

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


def find_or_404(params: QueryDict) -> Target:
    """Return the one thing that `params` names by `topic`, `fact` or `group`, or raise Http404."""
    named = [(kind, str(params[kind])) for kind in KINDS if kind in params]
    target = find(*named[0], timezone.now()) if len(named) == 1 else None
    if target is None:
        raise Http404
    return target


def save_all(user: Any, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bool]:
    """Put on the default list of `user`, in this order, what `names` name by kind and key.

    Returns for each that is found whether it is new on the list.
    """
    now = timezone.now()
    targets = {name: find(*name, now) for name in names if name[0] in KINDS}
    found = {name: target for name, target in targets.items() if target}
    if not found:
        return {}
    with transaction.atomic():
        reading_list = ReadingList.objects.default_for(user)
        return {name: reading_list.add(target)[1] for name, target in found.items()}


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
