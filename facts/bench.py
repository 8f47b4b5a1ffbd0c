"""The plain-language bench: what an editor is told about a text while writing it.

Everything here is advice, found by rules of thumb; what must be mended before anybody approves a
text is decided in facts.gate, from the same findings. Findings hold plain text, never HTML.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

from django.utils import timezone
from django.utils.html import escape
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facts.choices import SourceFlag
from facts.fields import sanitise
from facts.figures import has_figure, missing_frame
from facts.medical_words import abbreviations, is_medical, split_list, unexplained
from facts.models.glossary import GlossaryTerm
from facts.passages import Cover, cover, split_passages
from facts.readability import (
    WORD,
    Grades,
    Sentence,
    find_phrases,
    grades,
    phrases,
    sentences,
    stem,
    word_count,
)
from facts.reading import LONG as LONG_TEXT
from facts.reading import SHORT as SHORT_VERSION
from facts.reading import count_words, split_short_version

FEWEST_WORDS, MOST_WORDS = 60, 180
HIGHEST_GRADE = Decimal(9)
AIM = 8
WIDE_SPREAD = 4
# The languages whose texts the formulas and the word lists fit.
LANGUAGES = frozenset({"en"})
# A longer text is not looked at: a fact has a fiftieth of this.
MOST_CHARACTERS = 60_000

LONG = "long"
PASSIVE = "passive"
WORD_UNKNOWN = "word"
ABBREVIATION = "abbreviation"
UNMARKED = "unmarked"
FRAME = "frame"
UNCOVERED = "uncovered"
LOST = "lost"
SHORT = "short"
LENGTH = "length"
BEGINNING = "beginning"
AVOID = "avoid"
SOURCE = "source"

# Words that do not belong in our voice, with what to say instead; from the project's brief.
_AVOID = (
    (r"battl(?:e|es|ed|ing)", "living with"),
    (r"fight(?:s|ing|er|ers)?(?!\s+(?:off\s+)?(?:infections?|germs))|fought", "treating"),
    (r"victims?", "people with"),
    (r"(?:brave|bravely|bravery)", ""),
    (r"journeys?", "what happens"),
    (r"sufferers?|suffer(?:s|ed|ing)? from", "people with, have"),
    (r"warriors?", ""),
    (r"survivors?", "people who have had"),
    (r"(?:lose|lost|losing) (?:the|their|her|his|your|a) (?:battle|fight|life|struggle)", "die"),
    (r"succumb(?:s|ed)?", "die"),
    (r"terminal(?:ly)? ?(?:ill)?", "very ill"),
    (r"war (?:on|against) cancer", ""),
    (r"incurable", "not cured"),
    (r"death sentence", ""),
    (r"compliant|non-?compliant|compliance", "take it as agreed"),
    (r"failed (?:the )?(?:treatment|chemo\w*|therapy)", "the treatment stopped working"),
)
_AVOIDED = [(re.compile(rf"\b(?:{words})\b", re.IGNORECASE), say) for words, say in _AVOID]
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’(?!\w)")

_IRREGULAR = """
begun bitten blown born borne bound broken brought built burnt caught chosen cut dealt done drawn
driven eaten felt fed found forgotten frozen given gone grown held heard hidden hit hurt kept known
laid led left lent let lit lost made meant met paid proven put read ridden risen run said seen sent
set shaken shared shot shown shut sold spent spoken spread stopped stuck sung sworn taken taught
told thought thrown understood used withdrawn won worn written
"""
# After "be" these tell how somebody is, not what is done to them.
_STATES = frozenset(
    """
    advanced afraid aged allowed anxious ashamed bed blessed bored born called concerned confused
    depressed determined diagnosed disappointed embarrassed excited exhausted expected experienced
    frightened hundred indeed interested involved kindred limited linked localized married meant
    mixed named need needed pleased prepared ready red related relaxed relieved retired sacred
    satisfied scared scattered shocked stressed surprised tired unaffected unused upset used worried
    """.split()
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being|am|gets?|got)(?:n['’]t)?\s+"
    r"(?:(?:not|often|usually|always|never|also|still|only|sometimes|mostly|now|then|already|first"
    r"|just|rarely|\w+ly)\s+){0,2}"
    rf"(\w{{2,}}ed|{'|'.join(_IRREGULAR.split())})\b(?!\s+to\s+be\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """One thing that the bench has to say: `advice` in a sentence, and the words it is about."""

    kind: str
    advice: str
    # The sentence, or the words, that it is about; plain text.
    quote: str = ""
    # The word that the glossary could explain.
    term: str = ""

    @property
    def term_slug(self) -> str:
        """The address that the word would have in the glossary."""
        return slugify(self.term)


@dataclass(frozen=True)
class Entry:
    """A published glossary term: what it is called, and its address."""

    slug: str
    names: tuple[str, ...]
    # The first of its names is asked to be marked, and those others that are medical words.
    main: tuple[str, ...] = ()

    @cached_property
    def marked_names(self) -> tuple[str, ...]:
        """Those of its names that are marked in a text: others may be everyday words ("study")."""
        return tuple(
            name
            for name in self.names
            if name in self.main or any(is_medical(word) for word in WORD.findall(name))
        )


@dataclass(frozen=True)
class Glossary:
    """The terms that readers can open."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def published(cls) -> "Glossary":
        """Return what is published now; one query."""
        rows = GlossaryTerm.objects.published(timezone.now())
        return cls.of(rows.values_list("slug", "term", "other_names"))

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]]) -> "Glossary":
        """Return the glossary of rows of address, word, and other names with commas."""
        return cls(
            tuple(
                Entry(slug, (*split_list(term), *split_list(others)), tuple(split_list(term)))
                for slug, term, others in rows
            )
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All names of all terms: the words that count as easy and as explained."""
        return tuple(name for entry in self.entries for name in entry.names)


@dataclass(frozen=True)
class Text:
    """What is looked at: a text as it is written, whether it is saved or not."""

    body: str = ""
    call_now: str = ""
    title: str = ""
    neutral_heading: str = ""
    plain_words: str = ""
    language: str = "en"
    # Of all citations, one each.
    passages: tuple[str, ...] = ()

    @classmethod
    def of(cls, version: Any) -> "Text":
        """Return the text of a version as it is now, with its saved citations."""
        cited = version.citations.all() if version.pk else ()
        return cls(
            body=version.body,
            call_now=version.call_now,
            title=version.title,
            neutral_heading=version.neutral_heading,
            plain_words=version.plain_words,
            language=version.language,
            passages=tuple(p for citation in cited for p in split_passages(citation.passages)),
        )

    @cached_property
    def html(self) -> str:
        """All that rests on sources: the text, and the box that says when to call."""
        return f"{self.body}<p>{escape(self.call_now)}</p>" if self.call_now else self.body

    @property
    def is_too_long(self) -> bool:
        """Whether it is no fact at all, and too long to look at."""
        return len(self.html) > MOST_CHARACTERS

    @property
    def is_measured(self) -> bool:
        """Whether the formulas fit it: it is in a language that they know."""
        return self.language in LANGUAGES and not self.is_too_long

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Its sentences in order."""
        return sentences(self.html)

    @cached_property
    def cover(self) -> Cover:
        """What the passages cover of it."""
        return cover(self.html, self.passages)

    @property
    def uncovered_figures(self) -> list[str]:
        """The sentences with a figure that no passage touches."""
        return [s.text for s in self.cover.uncovered if has_figure(s.text)]


@dataclass(frozen=True)
class Bench:
    """All that the bench says of one text."""

    text: Text
    findings: list[Finding] = field(default_factory=list)
    grades: Grades | None = None
    words: int = 0

    @property
    def verdict(self) -> str:
        """The median grade in words."""
        if self.grades is None:
            return _("The formulas are made for English texts, so there is no grade.")
        if not self.words:
            return _("There is no text to read yet.")
        median = self.grades.median
        if median <= 6:
            return _("Easy: nearly everybody can read this.")
        if median <= AIM:
            return _("Plain: this is what we aim for.")
        if median <= HIGHEST_GRADE:
            return _("A little hard: shorter sentences would help.")
        return _("Too hard: make it simpler, or say why it cannot be.")

    @property
    def agreement(self) -> str:
        """The spread of the three grades in words."""
        if self.grades is None or not self.words:
            return ""
        if self.grades.spread > WIDE_SPREAD:
            return _("The formulas do not agree, so look at the sentences more than at the number.")
        return _("The formulas agree well enough.")

    @property
    def rows(self) -> list[tuple[str, float]]:
        """The three formulas by name, with the grade by each."""
        return formula_rows(self.grades) if self.grades else []


def formula_rows(found: Grades) -> list[tuple[str, float]]:
    """Return the names of the three formulas with the grade by each."""
    return [
        (_("Flesch-Kincaid"), found.flesch_kincaid),
        (_("Gunning fog"), found.gunning_fog),
        (_("Automated readability"), found.automated_readability),
    ]


def stored_grades(version: Any) -> Grades | None:
    """Return the grades that were stored with a version, or None."""
    try:
        return Grades(**{name: float(grade) for name, grade in version.reading_grades.items()})
    except (TypeError, ValueError, AttributeError):
        return None


def measure(version: Any, glossary: Glossary | None = None) -> None:
    """Put the reading grade of the text into the columns of `version`, without saving it."""
    text = Text(body=sanitise(version.body), call_now=version.call_now, language=version.language)
    if not text.is_measured or not word_count(text.html):
        version.reading_grade, version.reading_grades = None, {}
        return
    glossary = Glossary.published() if glossary is None else glossary
    found = grades(text.html, glossary.names)
    version.reading_grade = Decimal(str(found.median))
    version.reading_grades = {
        "flesch_kincaid": found.flesch_kincaid,
        "gunning_fog": found.gunning_fog,
        "automated_readability": found.automated_readability,
    }


def examine(text: Text, glossary: Glossary | None = None, sources: Iterable[Any] = ()) -> Bench:
    """Return what the bench says of `text`, which may cite `sources`. Never raises."""
    if text.is_too_long:
        advice = _("This is far too long for a fact, so it was not looked at.")
        return Bench(text, [Finding(LENGTH, advice)])
    glossary = Glossary.published() if glossary is None else glossary
    words = word_count(text.body)
    found = [
        *_about_length(words),
        *_about_beginning(text),
        *_about_passages(text),
        *_about_sources(sources),
    ]
    if text.language in LANGUAGES:
        found += [
            *_about_words(text, glossary),
            *_about_figures(text),
            *_about_sentences(text),
            *_about_voice(text),
        ]
        return Bench(text, found, grades(text.html, glossary.names), words)
    return Bench(text, found, None, words)


def _about_length(words: int) -> Iterator[Finding]:
    if words and words < FEWEST_WORDS:
        yield Finding(
            LENGTH,
            ngettext(
                "It has %(count)d word. Readers expect at least %(fewest)d: the answer, why, and "
                "what to do.",
                "It has %(count)d words. Readers expect at least %(fewest)d: the answer, why, and "
                "what to do.",
                words,
            )
            % {"count": words, "fewest": FEWEST_WORDS},
        )
    elif words > MOST_WORDS:
        yield Finding(
            LENGTH,
            _("It has %(count)d words; more than %(most)d are hard to take in at once.")
            % {"count": words, "most": MOST_WORDS},
        )


def _about_beginning(text: Text) -> Iterator[Finding]:
    body = sanitise(text.body)
    if count_words(body) >= LONG_TEXT and not split_short_version(body)[0]:
        yield Finding(
            BEGINNING,
            ngettext(
                "Begin with the answer, in a first paragraph of at most %(most)d word: readers see "
                "it as the short version.",
                "Begin with the answer, in a first paragraph of at most %(most)d words: readers "
                "see it as the short version.",
                SHORT_VERSION,
            )
            % {"most": SHORT_VERSION},
        )


def _about_passages(text: Text) -> Iterator[Finding]:
    for passage in text.cover.lost:
        yield Finding(LOST, _("This passage of a source does not stand in the text."), passage)
    for passage in text.cover.short:
        yield Finding(
            SHORT, _("This passage is one word. Copy the words around it as well."), passage
        )
    for sentence in text.uncovered_figures:
        yield Finding(
            UNCOVERED, _("It holds a figure, but no source's passage covers it."), sentence
        )


def _about_sources(sources: Iterable[Any]) -> Iterator[Finding]:
    said = {
        SourceFlag.RETRACTED.value: _("This source was retracted."),
        SourceFlag.SUPERSEDED.value: _("This source was replaced by a newer one."),
        SourceFlag.DOUBTED.value: _("This source is in doubt."),
    }
    for source in sources:
        if source.flag in said:
            yield Finding(SOURCE, said[source.flag], str(source))


def _about_words(text: Text, glossary: Glossary) -> Iterator[Finding]:
    plain = split_list(text.plain_words)
    for word in unexplained(text.html, glossary.names, plain):
        advice = _("“%(word)s” may be new to readers, and the glossary does not have it.")
        if word.plainer:
            advice = _(
                "“%(word)s” may be new to readers, and the glossary does not have it. Plainer: "
                "%(plainer)s."
            )
        said = advice % {"word": word.word, "plainer": word.plainer}
        yield Finding(WORD_UNKNOWN, said, word.sentence, word.word)
    for word in abbreviations(text.html, glossary.names, plain):
        said = _("Say what “%(word)s” stands for, in brackets at its first use.") % {
            "word": word.word
        }
        yield Finding(ABBREVIATION, said, word.sentence, word.word)
    yield from _about_marks(text, glossary)


def _about_figures(text: Text) -> Iterator[Finding]:
    names = {
        "people": _("of whom it is true"),
        "place": _("in which country or place"),
        "time": _("of which year"),
    }
    before: dict[int, str] = {}
    for sentence in text.sentences:
        if missing := missing_frame(sentence.text, before.get(sentence.block, "")):
            said = _("It gives a figure, but does not say %(what)s.") % {
                "what": _(" or ").join(names[name] for name in missing)
            }
            yield Finding(FRAME, said, sentence.text)
        before[sentence.block] = f"{before.get(sentence.block, '')} {sentence.text}"


def _about_sentences(text: Text) -> Iterator[Finding]:
    for sentence in text.sentences:
        if sentence.is_long:
            said = _("This sentence has %(count)d words. Two shorter ones read more easily.")
            yield Finding(LONG, said % {"count": sentence.word_count}, sentence.text)
    for sentence in text.sentences:
        if words := passive_voice(sentence.text):
            said = _("“%(words)s” does not say who does it. Can it say so?")
            yield Finding(PASSIVE, said % {"words": words}, sentence.text)


def passive_voice(sentence: str) -> str:
    """Return the words of the first passive verb of `sentence`, or an empty string."""
    for match in _PASSIVE.finditer(sentence):
        if match.group(1).casefold() not in _STATES:
            return match.group()
    return ""


def _about_voice(text: Text) -> Iterator[Finding]:
    headings = [text.title, text.neutral_heading]
    for told in [*(heading for heading in headings if heading), *(s.text for s in text.sentences)]:
        unquoted = _QUOTED.sub(" ", told)
        for pattern, instead in _AVOIDED:
            if match := pattern.search(unquoted):
                said = _("We do not say “%(word)s”.") % {"word": match.group()}
                if instead:
                    said += " " + _("Perhaps: %(instead)s.") % {"instead": instead}
                yield Finding(AVOID, said, told)


# Glossary words that are not marked


class _Links(HTMLParser):
    """Collects (text, address of the glossary term it links to) in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, str]] = []
        self._slug = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            href = dict(attrs).get("href") or ""
            self._slug = href.rpartition("#")[2] if href.startswith("/glossary/#") else "-"
        elif tag not in {"em", "strong"}:
            self.parts.append((". ", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._slug = ""

    def handle_data(self, data: str) -> None:
        self.parts.append((data, self._slug))


def _about_marks(text: Text, glossary: Glossary) -> Iterator[Finding]:
    """Find the glossary words whose first use in the text is no link to the glossary."""
    reader = _Links()
    reader.feed(sanitise(text.body))
    reader.close()
    words = [
        (part.group(), slug)
        for data, slug in reader.parts
        for word in WORD.finditer(data)
        for part in re.finditer(r"[^-‑/%]+", word.group())
    ]
    parts = [stem(word) for word, _slug in words]
    by_phrase: dict[tuple[str, ...], tuple[Entry, str]] = {}
    for entry in glossary.entries:
        for name in entry.names:
            for phrase in phrases([name]).values():
                by_phrase.setdefault(phrase[0], (entry, name))
    seen = set()
    for at, length in find_phrases(parts, phrases(glossary.names)):
        entry, name = by_phrase[tuple(parts[at : at + length])]
        written = " ".join(word for word, _slug in words[at : at + length])
        if entry.slug in seen or not _is_asked(name, entry, written):
            continue
        seen.add(entry.slug)
        if not any(slug for _word, slug in words[at : at + length]):
            said = _(
                "“%(word)s” is in the glossary. Link its first use to /glossary/#%(slug)s."
            ) % {
                "word": written,
                "slug": entry.slug,
            }
            yield Finding(UNMARKED, said, _sentence_with(text, written))


def _is_asked(name: str, entry: Entry, written: str) -> bool:
    """Return whether this use of a term's name is to be marked.

    Abbreviations look like everyday words ("PET").
    """
    if name.isupper() and written.rstrip("s") != name.rstrip("s"):
        return False
    return name in entry.marked_names


def _sentence_with(text: Text, words: str) -> str:
    wanted = words.split()
    for sentence in text.sentences:
        found = re.findall(r"[^\W_]+", sentence.text)
        if any(found[at : at + len(wanted)] == wanted for at in range(len(found))):
            return sentence.text
    return ""
