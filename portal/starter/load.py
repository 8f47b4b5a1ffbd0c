"""Puts the starter library into the database, and never over what staff have done since.

What staff have touched is known by the history that is kept anyway: a row that was saved last
with the reason "starter library" is as the library left it. For facts, it is known by whose
version is the newest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from community.models import Service
from facts.choices import Origin, Status
from facts.models import (
    Citation,
    Fact,
    FactVersion,
    FormerAddress,
    GlossaryTerm,
    Page,
    Question,
    Source,
    Topic,
)
from portal.models import Synonym
from portal.starter.read import BrokenLibrary, Entry, Library, fact_address

REASON = "starter library"
LANGUAGE = "en"
CHANGE_FIELDS = ("change_kind", "change_note")
# What helps staff to check a text; it changes nothing of what readers see.
STAFF_FIELDS = ("grade_reason", "plain_words")


class Outcome(StrEnum):
    """What became of an item, in the word that the report uses."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    LEFT_OUT = "left out"
    REFUSED = "refused"


@dataclass(frozen=True)
class Line:
    """One line of the report."""

    outcome: Outcome
    kind: str
    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.kind} “{self.name}”{f': {self.why}' if self.why else ''}"


@transaction.atomic
def load(library: Library, *, now: datetime, as_drafts: bool = False) -> list[Line]:
    """Load `library`, all of it or nothing, and return what was done with each item.

    With `as_drafts`, what is new stays unpublished and facts wait as drafts. Whether something
    is published is decided when it is first loaded; later it is for staff to say. Raises
    BrokenLibrary if a fact lacks what a text needs before readers may see it.
    """
    return _Loader(now, as_drafts).load(library)


class _Loader:
    def __init__(self, now: datetime, as_drafts: bool) -> None:
        self.now = now
        self.as_drafts = as_drafts
        self.report: list[Line] = []
        self.sources: dict[str, Source | None] = {}
        self.topics: dict[str, Topic | None] = {}
        self.facts: dict[str, Fact | None] = {}

    def load(self, library: Library) -> list[Line]:
        self.sources = self._rows(Source, "reference", library.sources)
        self._rows(GlossaryTerm, "slug", library.terms)
        self.topics = self._rows(Topic, "slug", library.topics)
        for entry in library.facts:
            self.facts[fact_address(entry)] = self._fact(entry)
        self._rows(Question, "slug", library.questions)
        self._rows(Service, "slug", library.services)
        self._rows(Page, "slug", library.pages)
        self._rows(Synonym, "words", library.synonyms)
        return self.report

    def _say(self, outcome: Outcome, kind: type[Model], name: Any, why: str = "") -> None:
        self.report.append(Line(outcome, str(kind._meta.verbose_name), str(name), why))

    # Rows with a history

    def _rows(self, model: Any, key: str, entries: Iterable[Entry]) -> dict[str, Any]:
        """Do so for all of `entries`; what is there is read at once, since each start does this."""
        keys = [entry.key for entry in entries]
        found = model.objects.filter(**{f"{key}__in": keys})
        if model is Question:
            found = found.prefetch_related("facts")
        there = {getattr(row, key): row for row in found}
        history = model.history.filter(id__in=[row.pk for row in there.values()])
        reasons = dict(
            history.order_by("history_date", "history_id").values_list(
                "id", "history_change_reason"
            )
        )
        return {
            entry.key: self._row(model, key, entry, there.get(entry.key), reasons)
            for entry in entries
        }

    def _row(
        self, model: Any, key: str, entry: Entry, row: Any, reasons: dict[Any, str | None]
    ) -> Any:
        """Make `entry` a row, or bring `row` up to date; return the row that stands for it.

        `reasons` say why each row was saved last.
        """
        if row is None:
            return self._new_row(model, key, entry)
        if reasons.get(row.pk) != REASON:
            self._say(Outcome.KEPT, model, row, "staff have changed it")
            return row
        changed = {n: v for n, v in entry.fields.items() if getattr(row, n) != v}
        facts = self._facts_of(entry) if model is Question else None
        if facts is not None and facts == set(row.facts.all()):
            facts = None
        if not changed and facts is None:
            self._say(Outcome.UNCHANGED, model, row)
            return row
        for name, value in changed.items():
            setattr(row, name, value)
        self._save(row, facts)
        self._say(Outcome.UPDATED, model, row)
        return row

    def _new_row(self, model: Any, key: str, entry: Entry) -> Any:
        last = self._last_history(model, **{key: entry.key})
        if last is not None:
            renamed = model.objects.filter(pk=last.id).first()
            if renamed is not None:
                self._say(Outcome.KEPT, model, renamed, "staff have changed its address")
            else:
                self._say(Outcome.LEFT_OUT, model, entry.key, "staff have deleted it")
            return renamed
        row = model(**entry.fields)
        if not self.as_drafts and hasattr(row, "published_at"):
            row.published_at = self.now
        self._save(row, self._facts_of(entry) if model is Question else None)
        self._say(Outcome.NEW, model, row, "not published yet" if self._is_waiting(row) else "")
        return row

    def _save(self, row: Any, facts: set[Fact] | None) -> None:
        row._change_reason = REASON
        row.save()
        if facts is not None:
            row.facts.set(facts)

    def _is_waiting(self, row: Any) -> bool:
        return getattr(row, "published_at", self.now) is None

    def _last_history(self, model: Any, **lookup: Any) -> Any:
        return model.history.filter(**lookup).order_by("-history_date", "-history_id").first()

    def _facts_of(self, entry: Entry) -> set[Fact]:
        found = (self.facts.get(address) for address in entry.others["facts"] or [])
        return {fact for fact in found if fact is not None}

    # Facts and their versions

    def _fact(self, entry: Entry) -> Fact | None:
        topic = self.topics[entry.others["topic"]]
        if topic is None:
            self._say(Outcome.LEFT_OUT, Fact, entry.key, "staff have deleted its topic")
            return None
        fact = Fact.objects.select_for_update().filter(topic=topic, slug=entry.key).first()
        if fact is None:
            # Staff may have moved it; its old address still leads to it.
            moved = FormerAddress.objects.filter(topic=topic, slug=entry.key).values("fact")
            fact = Fact.objects.select_for_update().filter(pk__in=moved).first()
        if fact is not None:
            self._existing_fact(fact, entry)
            return fact
        if not self._has_sources(entry):
            return None
        fact = Fact.objects.create(topic=topic, slug=entry.key, position=entry.others["position"])
        # The first wording changes nothing, so it does not say what it changes.
        fields = {n: v for n, v in entry.fields.items() if n not in CHANGE_FIELDS}
        self._new_version(fact, 1, fields, entry)
        self._say(Outcome.NEW, Fact, fact, "a draft" if self.as_drafts else "")
        return fact

    def _existing_fact(self, fact: Fact, entry: Entry) -> None:
        newest = (
            FactVersion.objects.filter(fact=fact, language=LANGUAGE).order_by("-number").first()
        )
        if newest is None or newest.origin != Origin.STARTER_LIBRARY:
            self._say(Outcome.KEPT, Fact, fact, "staff have written a version of their own")
        elif self._says_the_same(newest, entry):
            self._say(Outcome.UNCHANGED, Fact, fact)
        elif newest.is_withdrawn:
            self._say(Outcome.KEPT, Fact, fact, "staff have withdrawn it")
        elif newest.status == Status.DRAFT:
            self._rewrite_draft(newest, entry)
        elif not newest.is_live(self.now):
            self._say(Outcome.KEPT, Fact, fact, "staff are deciding, or have decided, about it")
        elif not entry.fields.get("change_kind"):
            self._say(
                Outcome.REFUSED,
                Fact,
                fact,
                f"{entry.place} holds another text, but neither “change_kind” nor “change_note”",
            )
        elif self._has_sources(entry):
            self._new_version(fact, newest.number + 1, entry.fields, entry)
            self._say(Outcome.UPDATED, Fact, fact, entry.fields["change_note"])

    def _says_the_same(self, version: FactVersion, entry: Entry) -> bool:
        unseen = (*CHANGE_FIELDS, *STAFF_FIELDS)
        text = {n: v for n, v in entry.fields.items() if n not in unseen}
        # Passages are for staff, too.
        cited = [(c.source_id, c.supports) for c in Citation.objects.filter(version=version)]
        return cited == [c[:2] for c in self._citations(entry)] and all(
            getattr(version, name) == value for name, value in text.items()
        )

    def _citations(self, entry: Entry) -> list[tuple[Any, str, str]]:
        """Return the citations of `entry`: the key of the source, None if it is gone; what it
        supports; and the passages that rest on it, one a line.
        """
        return [
            (
                getattr(self.sources[c["source"]], "pk", None),
                c["supports"],
                "\n".join(c["passages"]),
            )
            for c in entry.others["citations"]
        ]

    def _has_sources(self, entry: Entry) -> bool:
        """Return whether staff have left all sources of `entry` in place; if not, say so."""
        gone = [c["source"] for c in entry.others["citations"] if self.sources[c["source"]] is None]
        if gone:
            why = f"staff have deleted its source {', '.join(gone)}"
            self._say(Outcome.LEFT_OUT, Fact, entry.key, why)
        return not gone

    def _new_version(self, fact: Fact, number: int, fields: dict[str, Any], entry: Entry) -> None:
        version = FactVersion.objects.create(
            fact=fact,
            language=LANGUAGE,
            number=number,
            origin=Origin.STARTER_LIBRARY,
            edited_at=self.now,
            **fields,
        )
        self._cite(version, entry)
        if not self.as_drafts:
            try:
                version.publish_from_starter_library()
            except ValidationError as error:
                problems = [f"{entry.place}: {why}" for why in error.messages]
                raise BrokenLibrary(problems) from error

    def _rewrite_draft(self, draft: FactVersion, entry: Entry) -> None:
        """Give a draft that no staff have touched the library's newer text."""
        if not self._has_sources(entry):
            return
        for name, value in entry.fields.items():
            if draft.number > 1 or name not in CHANGE_FIELDS:
                setattr(draft, name, value)
        draft.edited_at = self.now
        draft.save()
        for citation in Citation.objects.filter(version=draft):
            citation.delete()
        self._cite(draft, entry)
        self._say(Outcome.UPDATED, Fact, draft.fact, "still a draft")

    def _cite(self, version: FactVersion, entry: Entry) -> None:
        for position, (source_id, supports, passages) in enumerate(self._citations(entry), start=1):
            Citation.objects.create(
                version=version,
                source_id=source_id,
                supports=supports,
                passages=passages,
                position=position,
            )
