"""Reads lists out of a file that this portal made, says what they would become, and makes them.

Three steps: `read` takes a file apart without the database, `plan` compares it with what readers
find, `make` writes it, all or nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from community.keeping.files import FORMAT as LIST_FORMAT
from community.member_data.export import FORMAT as COPY_FORMAT
from community.models import (
    AppointmentSheet,
    ListImport,
    Member,
    ReadingList,
    SavedItem,
    SheetQuestion,
    SupportGroup,
)
from community.models.notes import NOTE_MAX_LENGTH
from community.models.sheets import (
    ANSWER_MAX_LENGTH,
    MAX_OWN_QUESTIONS,
    OWN_QUESTION_MAX_LENGTH,
    TOP_PLACES,
)
from facts.models import Fact, FactVersion, Question, Topic
from facts.models.addresses import fact_formerly_at, topic_formerly_at

MOST_BYTES = 8 * 1024 * 1024
MOST_LISTS = 50
MOST_ITEMS = 20_000  # in one file
MOST_QUESTIONS = 300  # of one list
TITLE_LENGTH = 80
FORMATS = (LIST_FORMAT, COPY_FORMAT)
VERSIONS = (1,)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KEY = re.compile(r"[\w-]{1,150}(/[\w-]{1,150})?")
_AT_ONCE = 400  # names in one query
MOST_MOVED = 50  # things that are looked for at former addresses, one by one


class NotOurs(Exception):
    """The file cannot be read; the words say why."""


# Reading


@dataclass
class ReadItem:
    """A thing on a list in a file."""

    kind: str
    key: str
    title: str = ""
    note: str = ""
    read_at: str = ""
    archived_at: str = ""
    saved_at: str = ""
    seen_at: str = ""
    seen_version: int = 0

    def take_over(self, double: "ReadItem") -> bool:
        """Take the note and the read mark of the same thing, which is there twice.

        Returns False if the two notes together do not fit; then it keeps its own.
        """
        self.read_at = self.read_at or double.read_at
        if not double.note or double.note in self.note:
            return True
        both = f"{self.note}\n\n{double.note}" if self.note else double.note
        if len(both) > NOTE_MAX_LENGTH:
            return False
        self.note = both
        return True


@dataclass
class ReadQuestion:
    """A question on the sheet of a list in a file: offered, by its `key`, or in one's own words."""

    key: str = ""
    text: str = ""
    answer: str = ""
    top_place: int = 0
    is_chosen: bool = True


@dataclass
class ReadList:
    """A list in a file."""

    title: str
    note: str = ""
    archived_at: str = ""
    items: list[ReadItem] = field(default_factory=list)
    questions: list[ReadQuestion] = field(default_factory=list)
    appointment_on: str = ""
    paper: str = ""
    # Rows that say too little, and things that were there twice.
    broken: int = 0
    doubles: int = 0
    # Words that are longer than fits, and questions that cannot come along.
    cut: int = 0
    questions_left: int = 0

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """Return what `packed` was made of."""
        return cls(
            **{
                **told,
                "items": [ReadItem(**item) for item in told["items"]],
                "questions": [ReadQuestion(**question) for question in told["questions"]],
            }
        )


def packed(lists: Iterable[ReadList]) -> str:
    """Return `lists` as text, to wait until somebody has looked through them."""
    return json.dumps([_as_dict(reading_list) for reading_list in lists])


def unpacked(text: str) -> list[ReadList]:
    """Return what `packed` was given."""
    return [ReadList.of(told) for told in json.loads(text)]


def _as_dict(reading_list: ReadList) -> dict[str, Any]:
    return {
        **vars(reading_list),
        "items": [vars(item) for item in reading_list.items],
        "questions": [vars(question) for question in reading_list.questions],
    }


def read(content: bytes) -> list[ReadList]:
    """Return the lists in a file. Raises NotOurs.

    It takes no number that is none, no key twice, and no text that cannot be written down, since
    a file that this portal made has none of them.
    """
    if len(content) > MOST_BYTES:
        raise NotOurs(_("The file is too large. 8 MB is the most."))
    data = _parsed(content)
    if not isinstance(data, dict) or data.get("format") not in FORMATS:
        raise NotOurs(
            _("This is not a file of lists. Choose a file that this site made as “data (JSON)”.")
        )
    if data.get("version") not in VERSIONS or isinstance(data.get("version"), bool):
        raise NotOurs(_("A newer kind of this site made the file, and it cannot be read here."))
    rows = _dicts(data.get("reading_lists"))
    if not rows:
        raise NotOurs(_("There is no list in this file."))
    if len(rows) > MOST_LISTS:
        raise NotOurs(_("There are too many lists in this file. 50 is the most."))
    if sum(len(_dicts(row.get("items"))) for row in rows) > MOST_ITEMS:
        raise NotOurs(_("There are too many things in this file. 20,000 is the most."))
    return [_list(row, data) for row in rows]


def _parsed(content: bytes) -> Any:
    wrong = _("The file is damaged: it is not whole JSON text.")
    try:
        data = json.loads(
            content.decode("utf-8-sig"), parse_constant=_refused, object_pairs_hook=_once
        )
        # A half of a sign, as JSON can name it, is no text.
        json.dumps(data, ensure_ascii=False).encode()
    except NotOurs:
        raise
    # RecursionError: brackets within brackets, many thousands deep.
    except (ValueError, RecursionError):
        raise NotOurs(wrong) from None
    return data


def _refused(name: str) -> Any:
    raise NotOurs(_("The file is damaged: “%(name)s” is no number.") % {"name": name})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise NotOurs(_("The file is damaged: it says something twice."))
    return made


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text(row: dict[str, Any], key: str, most: int) -> str:
    value = row.get(key)
    return _CONTROL.sub("", value)[:most] if isinstance(value, str) else ""


def _is_cut(row: dict[str, Any], key: str, most: int) -> bool:
    """Return whether the text under `key` is longer than `most`, so that its end is lost."""
    return len(_text(row, key, most + 1)) > most


def _number(row: dict[str, Any], key: str, most: int) -> int:
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 < value <= most else 0


def _list(row: dict[str, Any], data: dict[str, Any]) -> ReadList:
    name = row.get("id")
    made = ReadList(
        title=" ".join(_text(row, "title", TITLE_LENGTH).split()) or _("A list from a file"),
        note=_text(row, "note", NOTE_MAX_LENGTH),
        archived_at=_text(row, "archived_at", 40),
        cut=_is_cut(row, "note", NOTE_MAX_LENGTH),
    )
    seen: dict[tuple[str, str], ReadItem] = {}
    rows = row.get("items")
    for told in rows if isinstance(rows, list) else ():
        item = _item(told) if isinstance(told, dict) else None
        if item is None:
            made.broken += 1
            continue
        made.cut += _is_cut(told, "note", NOTE_MAX_LENGTH)
        if (item.kind, item.key) in seen:
            made.doubles += 1
            made.cut += not seen[item.kind, item.key].take_over(item)
        else:
            seen[item.kind, item.key] = item
            made.items.append(item)
    own = [q for q in _dicts(data.get("sheet_questions")) if q.get("list") == name]
    made.questions = list(_questions(own[:MOST_QUESTIONS]))
    made.questions_left = len(own) - len(made.questions)
    made.cut += sum(
        _is_cut(q, "question", OWN_QUESTION_MAX_LENGTH) + _is_cut(q, "answer", ANSWER_MAX_LENGTH)
        for q in own
    )
    for sheet in _dicts(data.get("appointment_sheets")):
        if sheet.get("list") == name:
            made.appointment_on = _text(sheet, "appointment_on", 40)
            made.paper = _text(sheet, "paper", 8)
    return made


def _item(told: dict[str, Any]) -> ReadItem | None:
    kind, key = told.get("kind"), told.get("key")
    if kind not in SavedItem.TARGETS or not isinstance(key, str) or not _KEY.fullmatch(key):
        return None
    return ReadItem(
        kind=str(kind),
        key=key,
        title=_text(told, "title", 300),
        note=_text(told, "note", NOTE_MAX_LENGTH),
        read_at=_text(told, "read_at", 40),
        archived_at=_text(told, "archived_at", 40),
        saved_at=_text(told, "saved_at", 40),
        seen_at=_text(told, "seen_at", 40),
        seen_version=_number(told, "seen_version", 30_000),
    )


def _questions(rows: Iterable[dict[str, Any]]) -> Iterator[ReadQuestion]:
    seen, places, own = set(), set(), 0
    for row in rows:
        key, text = _text(row, "key", 80), _text(row, "question", OWN_QUESTION_MAX_LENGTH).strip()
        if (key and key in seen) or (not key and (not text or own >= MAX_OWN_QUESTIONS)):
            continue
        seen.add(key)
        own += not key
        is_chosen = row.get("is_chosen") is not False
        place = _number(row, "top_place", max(TOP_PLACES)) if is_chosen else 0
        place = 0 if place in places else place
        places.add(place)
        answer = _text(row, "answer", ANSWER_MAX_LENGTH)
        yield ReadQuestion(key, "" if key else text, answer, place, is_chosen)


# Comparing


@dataclass
class PlannedList:
    """What a list of a file would become."""

    read: ReadList
    title: str
    items: list[tuple[ReadItem, Topic | Fact | SupportGroup]]
    # What is not here, and what was withdrawn and stays on the list as such.
    unknown: list[ReadItem]
    withdrawn: list[ReadItem]
    questions: list[tuple[ReadQuestion, Question | None]]

    @property
    def notes(self) -> int:
        """How many notes come with it."""
        return sum(bool(item.note) for item, _target in self.items) + bool(self.read.note)

    @property
    def questions_gone(self) -> int:
        """How many questions of the file are not offered here."""
        return len(self.read.questions) - len(self.questions)

    @property
    def unknown_with_notes(self) -> list[ReadItem]:
        """What is not here although there is a note on it, which stays in the file alone."""
        return [item for item in self.unknown if item.note]


def plan(lists: Iterable[ReadList], member: Member, at: datetime) -> list[PlannedList]:
    """Return what `lists` would become for `member` at `at`. Asks as much for many as for few."""
    lists = list(lists)
    names = {(item.kind, item.key) for told in lists for item in told.items}
    found, withdrawn = _targets(names, at)
    slugs = {asked.key for told in lists for asked in told.questions if asked.key}
    questions = {q.slug: q for q in _in(Question.objects.published(at), "slug", slugs)}
    taken = set(member.reading_lists.values_list("title", flat=True))  # type: ignore[attr-defined]
    planned = []
    for told in lists:
        title = _free(told.title, taken)
        taken.add(title)
        items, unknown, gone = [], [], []
        targets: dict[tuple[str, int], ReadItem] = {}
        for item in told.items:
            target = found.get((item.kind, item.key))
            if target is None:
                unknown.append(item)
                continue
            # Two addresses of one thing, the present and a former one.
            if (item.kind, target.pk) in targets:
                told.doubles += 1
                told.cut += not targets[item.kind, target.pk].take_over(item)
                continue
            targets[item.kind, target.pk] = item
            items.append((item, target))
            if item.kind == "fact" and target.pk in withdrawn:
                gone.append(item)
        asked = [(q, questions.get(q.key)) for q in told.questions]
        kept = [(q, question) for q, question in asked if question or not q.key]
        planned.append(PlannedList(told, title, items, unknown, gone, kept))
    return planned


def _free(title: str, taken: set[str]) -> str:
    number, made = 1, title
    while made in taken:
        number += 1
        made = f"{title[: TITLE_LENGTH - 1 - len(str(number))]} {number}"
    return made


def _targets(
    names: set[tuple[str, str]], at: datetime
) -> tuple[dict[tuple[str, str], Any], set[int]]:
    """Return what readers find, or found once, under `names`; and which facts are withdrawn."""
    keys = {kind: {key for k, key in names if k == kind} for kind in SavedItem.TARGETS}
    found: dict[tuple[str, str], Any] = {}
    for topic in _in(Topic.objects.published(at), "slug", keys["topic"]):
        found["topic", topic.slug] = topic
    for group in _in(SupportGroup.objects.published(at), "slug", keys["group"]):
        found["group", group.slug] = group
    slugs = {key.partition("/")[2] for key in keys["fact"]}
    facts = {}
    published = Fact.objects.filter(topic__published_at__lte=at).select_related("topic")
    for fact in _in(published, "slug", slugs):
        if f"{fact.topic.slug}/{fact.slug}" in keys["fact"]:
            facts[fact.pk] = fact
    versions = FactVersion.objects.ever_live(at).filter(language=get_language())
    known = set(_in(versions.values_list("fact", flat=True), "fact__in", facts))
    live = Fact.objects.live(at, get_language()).values_list("pk", flat=True)
    is_live = set(_in(live, "pk", facts))
    for fact in facts.values():
        if fact.pk in known:
            found["fact", f"{fact.topic.slug}/{fact.slug}"] = fact
    for kind, key in sorted(names - found.keys())[:MOST_MOVED]:
        if target := _formerly(kind, key, at):
            found[kind, key] = target
    return found, known - is_live


def _formerly(kind: str, key: str, at: datetime) -> Topic | Fact | None:
    """Return what once had the address `key`, if readers have ever seen it."""
    if kind == "topic":
        return topic_formerly_at(key, at)
    topic, _slash, slug = key.partition("/")
    return fact_formerly_at(topic, slug, at, get_language()) if kind == "fact" else None


def _in(rows: Any, column: str, values: Iterable[Any]) -> Iterator[Any]:
    """Yield of `rows` those whose `column` is one of `values`, which may be many."""
    column = column.removesuffix("__in")
    values = list(values)
    for first in range(0, len(values), _AT_ONCE):
        yield from rows.filter(**{f"{column}__in": values[first : first + _AT_ONCE]})


# Making


@transaction.atomic
def make(member: Member, at: datetime) -> list[PlannedList] | None:
    """Make the lists that wait for `member`, all of them or none; return what they became.

    None if nothing waits, as when somebody pressed twice.
    """
    Member.objects.select_for_update().get(pk=member.pk)
    waiting = ListImport.objects.open_at(at).filter(member=member).first()
    if waiting is None:
        return None
    planned = plan(unpacked(waiting.content), member, at)
    for one in planned:
        _make(one, member, at)
    waiting.delete()
    return planned


def _make(planned: PlannedList, member: Member, at: datetime) -> None:
    told = planned.read
    made = ReadingList.objects.create(
        member=member,
        title=planned.title,
        note=told.note,
        note_number=int(bool(told.note)),
        archived_at=_moment(told.archived_at, at),
    )
    versions = _seen_versions(planned, at)
    items = [
        SavedItem(
            reading_list=made,
            position=position,
            note=item.note,
            note_number=int(bool(item.note)),
            read_at=_moment(item.read_at, at),
            archived_at=_moment(item.archived_at, at),
            seen_version=versions.get((item.kind, target.pk, item.seen_version)),
            seen_at=_moment(item.seen_at, at) or at,
            **{item.kind: target},
        )
        for position, (item, target) in enumerate(planned.items, start=1)
    ]
    SavedItem.objects.bulk_create(items, batch_size=500)
    # The moment of making is set by itself when a row is made.
    for row, (item, _target) in zip(items, planned.items, strict=True):
        row.created_at = _moment(item.saved_at, at) or at
    SavedItem.objects.bulk_update(items, ["created_at"], batch_size=500)
    SheetQuestion.objects.bulk_create(
        SheetQuestion(
            reading_list=made,
            question=question,
            text=None if question else asked.text,
            position=position,
            top_place=asked.top_place or None,
            is_chosen=asked.is_chosen,
            answer=asked.answer,
            answer_number=int(bool(asked.answer)),
        )
        for position, (asked, question) in enumerate(planned.questions, start=1)
    )
    if told.appointment_on or told.paper:
        papers = AppointmentSheet.Paper
        AppointmentSheet.objects.create(
            reading_list=made,
            appointment_on=_day(told.appointment_on),
            paper=told.paper if told.paper in papers.values else papers.A4,
        )


def _seen_versions(planned: PlannedList, at: datetime) -> dict[tuple[str, int, int], FactVersion]:
    wanted = {t.pk: item.seen_version for item, t in planned.items if item.kind == "fact"}
    versions = FactVersion.objects.ever_live(at).filter(language=get_language()).defer("body")
    found = _in(versions, "fact", wanted)
    return {("fact", v.fact_id, v.number): v for v in found if wanted[v.fact_id] == v.number}


def _moment(text: str, latest: datetime) -> datetime | None:
    """Return the moment that `text` names, if it is one, and not later than `latest`."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    # The first and the last years are none in every time zone.
    if moment is None or timezone.is_naive(moment) or not 1970 < moment.year < 9000:
        return None
    return min(moment, latest)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def counts(planned: Iterable[PlannedList]) -> Counter[str]:
    """Return how many lists, things and notes there are in all."""
    told: Counter[str] = Counter()
    for one in planned:
        told.update(lists=1, items=len(one.items), notes=one.notes)
    return told
