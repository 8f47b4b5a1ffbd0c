"""What search knows of a change: rows of `SearchEntry`, written in the change's transaction."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from html import unescape
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet, prefetch_related_objects
from django.utils import timezone

from community.models import Service, SupportGroup
from facts.choices import Sensitivity
from facts.models import Fact, GlossaryTerm, Question, Topic
from portal.models import SearchEntry, SearchWord
from portal.search.words import plain_words

# The tags of a text that stand within a line, and those that end one.
_INLINE_TAG = re.compile(r"</?(?:a|em|strong)\b[^>]*>")
_BLOCK_TAG = re.compile(r"<[^>]*>")
_STOPS = ".?!:;,…"
# So many rows are read and written at once.
BATCH = 500


def _plain(html: str) -> str:
    """Return the words of sanitised `html`; what stood in lines of its own ends with a stop."""
    blocks = _BLOCK_TAG.split(_INLINE_TAG.sub("", html))
    texts = [text for block in blocks if (text := " ".join(unescape(block).split()))]
    return " ".join(text if text[-1] in _STOPS else f"{text}." for text in texts)


def _topic(topic: Topic) -> Iterable[SearchEntry]:
    if topic.published_at:
        yield SearchEntry(
            url=topic.get_absolute_url(),
            title=topic.title,
            body=f"{topic.summary} {_plain(topic.introduction)}",
            live_from=topic.published_at,
        )


def _fact(fact: Fact) -> Iterable[SearchEntry]:
    if fact.topic.published_at is None:
        return
    for version in fact.versions.all():  # type: ignore[attr-defined]
        if version.live_from is None:
            continue
        live_from = max(version.live_from or fact.topic.published_at, fact.topic.published_at)
        if version.live_until is None or live_from < version.live_until:
            yield SearchEntry(
                language=version.language,
                url=fact.get_absolute_url(),
                title=version.title,
                neutral_title=version.neutral_heading,
                body=f"{_plain(version.body)} {version.call_now}".strip(),
                sensitivity=version.sensitivity,
                live_from=live_from,
                live_until=version.live_until,
            )


def _term(term: GlossaryTerm) -> Iterable[SearchEntry]:
    if term.published_at:
        yield SearchEntry(
            url=term.get_absolute_url(),
            title=f"{term.term} ({term.other_names})" if term.other_names else term.term,
            neutral_title=term.term,
            body=term.explanation,
            sensitivity=term.sensitivity,
            live_from=term.published_at,
        )


def _question(question: Question) -> Iterable[SearchEntry]:
    # A sensitive one has nothing gentle to be shown by: it waits on its own page.
    if question.published_at and question.sensitivity == Sensitivity.NONE:
        yield SearchEntry(
            url=question.get_absolute_url(),
            title=question.text,
            live_from=question.published_at,
        )


def _service(service: Service) -> Iterable[SearchEntry]:
    if service.published_at:
        yield SearchEntry(
            url=service.get_absolute_url(),
            title=service.name,
            body=f"{service.description} {service.get_country_display()}",
            live_from=service.published_at,
        )


def _group(group: SupportGroup) -> Iterable[SearchEntry]:
    if group.published_at is None:
        return
    words = [
        group.description,
        group.first_meeting,
        group.organisation,
        group.place,
        group.region_served,
        group.get_country_display(),
        *group.audience_labels,
        *group.language_labels,
        *group.signed,
        *group.access_labels,
    ]
    ends = None
    if group.ended_on:
        ends = timezone.make_aware(datetime.combine(group.ended_on, time.min))
    if ends is None or group.published_at < ends:
        yield SearchEntry(
            url=group.get_absolute_url(),
            title=group.name,
            body=" · ".join(word for word in words if word),
            live_from=group.published_at,
            live_until=ends,
        )


KINDS: dict[type[Model], tuple[str, Callable[[Any], Iterable[SearchEntry]]]] = {
    Topic: ("topic", _topic),
    Fact: ("fact", _fact),
    GlossaryTerm: ("term", _term),
    Question: ("question", _question),
    Service: ("service", _service),
    SupportGroup: ("group", _group),
}


def _words(entry: SearchEntry) -> list[str]:
    """Return the words of `entry` that stand where a gentle reader sees them."""
    if entry.sensitivity == Sensitivity.NONE:
        return plain_words(f"{entry.title} {entry.body}")
    return plain_words(entry.neutral_title)


def update(instance: Any) -> None:
    """Make the index say of `instance` what is true now; called inside the change's transaction.

    A deleted row has no entries left. A kind that search does not know is passed over.
    """
    if type(instance) not in KINDS:
        return
    with transaction.atomic(savepoint=False):
        _replace([instance])
        if isinstance(instance, Topic):
            facts = instance.facts.select_related("topic")  # type: ignore[attr-defined]
            _replace(list(facts.prefetch_related("versions")))


def _replace(instances: Sequence[Any]) -> None:
    """Write what is now another for rows of one kind, and nothing where all is as it was."""
    if not instances:
        return
    kind = KINDS[type(instances[0])][0]
    keys = [str(instance.pk) for instance in instances]
    there = list(SearchEntry.objects.filter(kind=kind, key__in=keys))
    wanted = _entries(instances)
    if wanted and len(instances) == 1 and not _exists(instances[0]):
        wanted = []
    if {_said(entry) for entry in there} == {_said(entry) for entry in wanted}:
        return
    if there:
        SearchEntry.objects.filter(kind=kind, key__in=keys).delete()
    _write(wanted)


def _exists(instance: Any) -> bool:
    return type(instance)._base_manager.filter(pk=instance.pk).exists()


def _entries(instances: Iterable[Any]) -> list[SearchEntry]:
    entries = []
    for instance in instances:
        kind, entries_of = KINDS[type(instance)]
        for entry in entries_of(instance):
            entry.kind, entry.key = kind, str(instance.pk)
            entries.append(entry)
    return entries


def _said(entry: SearchEntry) -> tuple[Any, ...]:
    """Return all that `entry` says, for comparing."""
    return tuple(
        getattr(entry, field.attname)
        for field in SearchEntry._meta.concrete_fields
        if not field.primary_key
    )


def _write(entries: list[SearchEntry]) -> None:
    SearchEntry.objects.bulk_create(entries, batch_size=BATCH)
    SearchWord.objects.learn(word for entry in entries for word in _words(entry))


def add(instances: Sequence[Any]) -> None:
    """Write the entries of rows of one kind that were just made together, and have none yet.

    It asks as much for many as for one.
    """
    if not instances:
        return
    if isinstance(instances[0], Fact):
        prefetch_related_objects(instances, "topic", "versions")
    _write(_entries(instances))


def forget(model: type[Model], rows: QuerySet[Any]) -> int:
    """Take the entries of `rows` of `model` out; return how many there were."""
    kind, _entries_of = KINDS[model]
    keys = [str(pk) for pk in rows.order_by().values_list("pk", flat=True)]
    gone = 0
    for start in range(0, len(keys), BATCH):
        some = SearchEntry.objects.filter(kind=kind, key__in=keys[start : start + BATCH])
        gone += some.delete()[0]
    return gone


def forget_missing(model: type[Model]) -> None:
    """Take out the entries of rows of `model` that went past all signals."""
    kind, _entries_of = KINDS[model]
    here = {str(pk) for pk in model._default_manager.values_list("pk", flat=True)}
    entries = SearchEntry.objects.filter(kind=kind)
    gone = [pk for pk, key in entries.values_list("pk", "key") if key not in here]
    for start in range(0, len(gone), BATCH):
        SearchEntry.objects.filter(pk__in=gone[start : start + BATCH]).delete()


def rebuild() -> int:
    """Write the whole index anew and return the number of entries."""
    with transaction.atomic():
        SearchEntry.objects.all().delete()
        SearchWord.objects.all().delete()
        for model in KINDS:
            rows = model._default_manager.order_by("pk").iterator(BATCH)
            while batch := list(islice(rows, BATCH)):
                add(batch)
    return SearchEntry.objects.count()


def learn_all() -> None:
    """Keep the words of every entry, for those who mistype them."""
    for entry in SearchEntry.objects.iterator():
        SearchWord.objects.learn(_words(entry))
