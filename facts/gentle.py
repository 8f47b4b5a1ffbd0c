"""Gentle reading: what is left out of a page until somebody asks for it. Plain functions.

Templates get `Shown` objects and never a version, so that what is covered cannot slip into a
response by mistake.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from facts.choices import Origin, Sensitivity
from facts.evidence import meaning_of
from facts.models import Citation, Fact, FactVersion, GlossaryTerm, Review
from facts.reading import count_words, minutes, split_short_version
from facts.terms import Marker

EVERYTHING = "all"
_TERM_LINK = re.compile(r'href="/glossary/#([\w-]+)"')


@dataclass(frozen=True)
class Asked:
    """What a request may show: `hidden` sensitivities are covered unless `slugs` names them."""

    hidden: frozenset[str]
    slugs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        """Read the reader's preferences and the address (`?show=<slug>` or `?show=all`)."""
        return cls(
            hidden=request.preferences.hidden,  # type: ignore[attr-defined]
            slugs=frozenset(request.GET.getlist("show")[:50]),
        )

    @property
    def is_explicit(self) -> bool:
        """Whether the address asks for something; such a page is not for search engines."""
        return bool(self.slugs)

    def covers(self, sensitivity: str, slug: str) -> bool:
        """Return whether a passage of `sensitivity` is left out."""
        return sensitivity in self.hidden and not self.slugs & {slug, EVERYTHING}


@dataclass(frozen=True)
class Shown:
    """A fact as it may stand on a page. While it is covered, its text is nowhere in here."""

    slug: str
    url: str
    save_key: str
    # What may stand in a title bar, a link preview or a list: always neutral.
    save_title: str
    heading: str
    label: str
    is_covered: bool
    kind_line: str = ""
    body: SafeString = field(default_factory=lambda: SafeString(""))
    # Its words that need no glossary.
    plain_words: str = ""
    # What cannot wait, for a box that stands out; plain text.
    call_now: str = ""
    evidence: str = ""
    # What such evidence is, in a sentence or two.
    evidence_meaning: str = ""
    citations: tuple[Citation, ...] = ()
    # The day on which staff approved it, unless nobody has.
    approved_on: date | None = None
    review: Review | None = None
    sources_checked_on: date | None = None
    is_starter: bool = False
    is_example: bool = False
    version: int = 0
    # The day on which this version began, if it has.
    since: date | None = None

    @property
    def has_notes(self) -> bool:
        """Whether staff have a word for readers on one of its sources."""
        return any(citation.source.public_note for citation in self.citations)

    @cached_property
    def _parts(self) -> tuple[SafeString, SafeString]:
        short, rest = split_short_version(self.body)
        return mark_safe(short), mark_safe(rest)  # noqa: S308  Parts of its body.

    @property
    def short_version(self) -> SafeString:
        """What says the whole in short, if the text is long: its first paragraph."""
        return self._parts[0]

    @property
    def rest(self) -> SafeString:
        """Its text without the short version."""
        return self._parts[1]

    @property
    def word_count(self) -> int:
        """How many words of it can be read."""
        return count_words(self.body) + count_words(self.call_now)

    @property
    def minutes(self) -> int:
        """How many minutes it takes to read; 0 while it is covered."""
        return minutes(self.word_count)

    @property
    def show_query(self) -> str:
        """The query that asks for this fact now."""
        return f"?show={self.slug}"


def kind_line(sensitivity: str) -> str:
    """Return, kindly, what a covered passage holds."""
    return {
        Sensitivity.STATISTICS.value: _("This part holds figures about large groups of people."),
        Sensitivity.PROGNOSIS.value: _("This part talks about what may happen over time."),
        Sensitivity.END_OF_LIFE.value: _("This part talks about care near the end of life."),
    }.get(sensitivity, "")


def label(sensitivity: str) -> str:
    """Return the label of a sensitive passage, or an empty string."""
    return {
        Sensitivity.STATISTICS.value: _("Has figures"),
        Sensitivity.PROGNOSIS.value: _("About what may happen over time"),
        Sensitivity.END_OF_LIFE.value: _("About care near the end of life"),
    }.get(sensitivity, "")


def show(fact: Fact, version: FactVersion, asked: Asked) -> Shown:
    """Return `version` of `fact` as it may stand on a page that was `asked` for."""
    common: dict[str, Any] = {
        "slug": fact.slug,
        "url": fact.get_absolute_url(),
        "save_key": f"{fact.topic.slug}/{fact.slug}",
        "save_title": version.heading,
        "review": version.last_review,
        "sources_checked_on": version.sources_checked_on,
        "is_starter": version.author_id is None and version.origin != Origin.EXAMPLE,
        "is_example": version.origin == Origin.EXAMPLE,
        "version": version.number,
        "since": timezone.localdate(version.live_from) if version.live_from else None,
    }
    if asked.covers(version.sensitivity, fact.slug):
        return Shown(
            heading=version.heading,
            label="",
            is_covered=True,
            kind_line=kind_line(version.sensitivity),
            **common,
        )
    return Shown(
        heading=version.title,
        label=label(version.sensitivity),
        is_covered=False,
        # Sanitised on every save (facts.fields).
        body=mark_safe(version.body),  # noqa: S308
        plain_words=version.plain_words,
        call_now=version.call_now,
        evidence=version.get_evidence_display(),
        evidence_meaning=meaning_of(version.evidence),
        citations=tuple(version.citations.all()),
        approved_on=timezone.localdate(version.approved_at)
        if version.approved_at and version.approver_id
        else None,
        **common,
    )


def mark_terms(shown: Iterable[Shown], terms: Iterable[GlossaryTerm]) -> list[Shown]:
    """Return the facts of a page with a link to the glossary at its first use of each term."""
    marker = Marker((term.slug, term.term, term.other_names) for term in terms)
    return [
        fact if fact.is_covered else replace(fact, body=marker.mark(fact.body, fact.plain_words))
        for fact in shown
    ]


def terms_in(shown: Iterable[Shown | str]) -> list[str]:
    """Return the slugs of the glossary terms that the visible texts link to, each once."""
    slugs: dict[str, None] = {}
    for text in shown:
        body = text if isinstance(text, str) else text.body
        slugs.update(dict.fromkeys(_TERM_LINK.findall(body)))
    return list(slugs)


@dataclass(frozen=True)
class ShownTerm:
    """A glossary term as it may stand on a page."""

    slug: str
    term: str
    is_covered: bool
    other_names: str = ""
    explanation: str = ""
    kind_line: str = ""


def show_term(term: GlossaryTerm, asked: Asked) -> ShownTerm:
    """Return `term`, its explanation covered if it is sensitive and was not asked for."""
    if asked.covers(term.sensitivity, term.slug):
        return ShownTerm(term.slug, term.term, True, kind_line=kind_line(term.sensitivity))
    return ShownTerm(term.slug, term.term, False, term.other_names, term.explanation)
