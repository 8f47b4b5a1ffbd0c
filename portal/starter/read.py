"""Reads the starter library's files and finds everything that is wrong with them."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from community.models import Service
from facts.models import FactVersion, GlossaryTerm, Page, Question, Source, Topic
from portal.models import Synonym

FOLDER = Path(__file__).resolve().parent
ALLOWED_TAGS = {"p", "ul", "ol", "li", "strong", "em", "h3", "a", "blockquote", "br"}
GLOSSARY_ADDRESS = "/glossary/#"


class BrokenLibrary(Exception):
    """The files hold mistakes; `problems` names each with its file and its item."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Entry:
    """One thing of the library, as its model holds it, and what hangs on it.

    `place` is the file and the item, for messages. `others` holds what is no column: the
    citations of a fact, the facts of a question, the address of a fact's topic.
    """

    place: str
    key: str
    fields: dict[str, Any]
    others: dict[str, Any] = field(default_factory=dict)


@dataclass
class Library:
    """All that the files hold, in their order."""

    sources: list[Entry] = field(default_factory=list)
    terms: list[Entry] = field(default_factory=list)
    topics: list[Entry] = field(default_factory=list)
    facts: list[Entry] = field(default_factory=list)
    questions: list[Entry] = field(default_factory=list)
    services: list[Entry] = field(default_factory=list)
    pages: list[Entry] = field(default_factory=list)
    synonyms: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Shape:
    """What an item of a kind must and may hold, and the model that it becomes."""

    model: type[Model]
    key: str
    required: dict[str, type]
    optional: dict[str, type] = field(default_factory=dict)
    others: dict[str, type] = field(default_factory=dict)


SOURCE = Shape(
    Source,
    "reference",
    {
        "reference": str,
        "title": str,
        "is_title_description": bool,
        "publisher": str,
        "year": str,
        "url": str,
        "is_read_on_copy": bool,
        "accessed_on": date,
    },
    {"doi": str, "pmid": str, "kind": str},
)
TERM = Shape(
    GlossaryTerm,
    "slug",
    {"slug": str, "term": str, "explanation": str, "sensitivity": str},
    {"other_names": list},
)
TOPIC = Shape(
    Topic,
    "slug",
    {"slug": str, "title": str, "summary": str, "introduction": str, "position": int,
     "risk_class": str},
    others={"facts": list},
)  # fmt: skip
FACT = Shape(
    FactVersion,
    "slug",
    {"title": str, "neutral_heading": str, "sensitivity": str, "audiences": list,
     "evidence": str, "body": str},
    {"call_now": str, "grade_reason": str, "plain_words": list, "change_kind": str,
     "change_note": str},
    {"slug": str, "citations": list},
)  # fmt: skip
QUESTION = Shape(
    Question,
    "slug",
    {"slug": str, "theme": str, "text": str, "sensitivity": str},
    others={"facts": list},
)
SERVICE = Shape(
    Service,
    "slug",
    {"slug": str, "name": str, "country": str, "description": str, "hours": str,
     "languages": list, "phone": str, "url": str, "checked_on": date},
    {"is_crisis_line": bool, "position": int},
)  # fmt: skip
CITATION = {"source", "supports", "passages"}
# Lists of words that their models keep in one column, separated by commas.
LISTED_WORDS = {"other_names", "plain_words", "means"}
SYNONYM = Shape(Synonym, "words", {"words": str, "means": list})
PAGE = Shape(Page, "slug", {"slug": str, "title": str, "body": str})


def read(folder: Path = FOLDER) -> Library:
    """Return what the files in `folder` hold. Raises BrokenLibrary with all that is wrong."""
    return _Reader(folder).read()


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self.library = Library()

    def read(self) -> Library:
        library = self.library
        for entries, name, table, shape in (
            (library.sources, "sources.toml", "sources", SOURCE),
            (library.terms, "glossary.toml", "terms", TERM),
            (library.questions, "questions.toml", "questions", QUESTION),
            (library.services, "services.toml", "services", SERVICE),
            (library.pages, "pages.toml", "pages", PAGE),
            (library.synonyms, "synonyms.toml", "synonyms", SYNONYM),
        ):
            data = self._file(self.folder / name)
            for extra in sorted(set(data) - {table}):
                self._problem(name, f"“{extra}” does not belong here, only [[{table}]] does.")
            entries += self._entries(name, data.get(table, []), shape)
        for number, question in enumerate(library.questions, start=1):
            question.fields["position"] = number
        for path in sorted((self.folder / "topics").glob("*.toml")):
            self._topic(path)
        self._check_references()
        if self.problems:
            raise BrokenLibrary(self.problems)
        return library

    def _problem(self, place: str, why: str) -> None:
        self.problems.append(f"{place}: {why}")

    def _file(self, path: Path) -> dict[str, Any]:
        name = str(path.relative_to(self.folder))
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._problem(name, "the file is missing.")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._problem(name, f"this is not TOML: {error}.")
        return {}

    def _topic(self, path: Path) -> None:
        name = f"topics/{path.name}"
        data = self._file(path)
        if not data:
            return
        topics = self._entries(name, [data], TOPIC)
        self.library.topics += topics
        if topics and topics[0].key != path.stem:
            self._problem(topics[0].place, f"the file should be called {topics[0].key}.toml.")
        facts = self._entries(name, data.get("facts", []), FACT)
        for number, fact in enumerate(facts, start=1):
            fact.others["topic"] = data.get("slug")
            fact.others["position"] = number
            self._check_fact(fact)
        self.library.facts += facts

    def _entries(self, file: str, items: Any, shape: Shape) -> list[Entry]:
        entries = []
        for number, item in enumerate(items if isinstance(items, list) else [items], start=1):
            if not isinstance(item, dict):
                self._problem(file, f"item {number} is not a table.")
                continue
            place = f"{file}, {item.get(shape.key) or f'item {number}'}"
            before = len(self.problems)
            self._check_shape(place, item, shape)
            if len(self.problems) == before:
                entries.append(self._entry(place, item, shape))
        return entries

    def _check_shape(self, place: str, item: dict[str, Any], shape: Shape) -> None:
        wanted = {**shape.required, **shape.optional, **shape.others}
        for name in sorted(set(item) - set(wanted)):
            self._problem(place, f"nothing is known of “{name}”.")
        for name in shape.required.keys() - item.keys():
            self._problem(place, f"“{name}” is missing.")
        for name, value in item.items():
            if name in wanted and type(value) is not wanted[name]:
                kind = wanted[name].__name__
                self._problem(place, f"“{name}” is {value!r}, which is no {kind}.")
            elif isinstance(value, str) and name in {"body", "introduction"}:
                for why in _html_problems(value):
                    self._problem(place, f"“{name}” {why}")

    def _entry(self, place: str, item: dict[str, Any], shape: Shape) -> Entry:
        """Return `item` with its values as the model cleans them, so that they compare equal."""
        columns = {n: item[n] for n in (*shape.required, *shape.optional) if n in item}
        for name, value in columns.items():
            if name in LISTED_WORDS:
                columns[name] = ", ".join(value)
        instance = shape.model(**columns)
        others = {f.name for f in shape.model._meta.fields} - set(columns)
        try:
            instance.clean_fields(exclude=others)
        except ValidationError as error:
            for name, words in error.message_dict.items():
                self._problem(place, f"“{name}”: {' '.join(words)}")
        fields = {name: getattr(instance, name) for name in columns}
        return Entry(place, item.get(shape.key, ""), fields, {n: item.get(n) for n in shape.others})

    def _check_fact(self, fact: Entry) -> None:
        fields = fact.fields
        for name in ("title", "body", "sensitivity", "evidence"):
            if not fields[name]:
                self._problem(fact.place, f"“{name}” is empty.")
        if fields["sensitivity"] != "none" and not fields["neutral_heading"]:
            self._problem(fact.place, "it is sensitive, so it needs a “neutral_heading”.")
        if bool(fields.get("change_kind")) != bool(fields.get("change_note")):
            self._problem(fact.place, "“change_kind” and “change_note” belong together.")
        citations = fact.others["citations"] or []
        if not citations:
            self._problem(fact.place, "no source is cited.")
        for citation in citations:
            if set(citation) != CITATION or not all(citation.values()):
                self._problem(
                    fact.place, "a citation holds “source”, “supports” and “passages”, no more."
                )
            elif not _is_list_of_lines(citation["passages"]):
                self._problem(fact.place, "“passages” is a list of words from the text.")

    def _check_references(self) -> None:
        library = self.library
        for entries in (library.sources, library.terms, library.topics, library.questions,
                        library.services, library.pages):  # fmt: skip
            self._check_once(entries, lambda entry: entry.key)
        self._check_once(library.facts, fact_address)
        sources = {entry.key for entry in library.sources}
        facts = {fact_address(entry) for entry in library.facts}
        terms = {entry.key for entry in library.terms}
        for fact in library.facts:
            for citation in fact.others["citations"] or []:
                if citation.get("source") not in sources:
                    self._problem(fact.place, f"there is no source “{citation.get('source')}”.")
        for question in library.questions:
            for address in question.others["facts"] or []:
                if address not in facts:
                    self._problem(question.place, f"there is no fact “{address}”.")
        for entry in (*library.topics, *library.facts, *library.pages):
            for address in _links(entry.fields.get("body") or entry.fields.get("introduction")):
                term = address.removeprefix(GLOSSARY_ADDRESS)
                if address.startswith(GLOSSARY_ADDRESS) and term not in terms:
                    self._problem(entry.place, f"there is no glossary term “{term}”.")

    def _check_once(self, entries: list[Entry], name_of: Any) -> None:
        seen = set()
        for entry in entries:
            if name_of(entry) in seen:
                self._problem(entry.place, f"“{name_of(entry)}” is there twice.")
            seen.add(name_of(entry))


def _is_list_of_lines(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(p, str) and "\n" not in p for p in value)


def fact_address(entry: Entry) -> str:
    """Return how questions name a fact: its topic's address and its own."""
    return f"{entry.others['topic']}/{entry.key}"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            self.problems.append(f"holds <{tag}>, which may not stand here.")
        for name, value in attrs:
            if tag != "a" or name != "href":
                self.problems.append(f"holds an attribute “{name}”, which may not stand here.")
            elif not (value or "").startswith(("https://", "http://", "/")):
                self.problems.append(f"links to “{value}”, which is no address.")
            else:
                self.links.append(value or "")


def _html_problems(html: str) -> Iterator[str]:
    tags = _Tags()
    tags.feed(html)
    yield from tags.problems


def _links(html: str | None) -> list[str]:
    tags = _Tags()
    tags.feed(html or "")
    return tags.links
