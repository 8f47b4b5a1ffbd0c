"""The gate before approval: everything that a text still needs, in one list of plain words.

A draft may be incomplete; an approved text may not. FactVersion.missing() asks here, whoever
publishes and through whichever door.
"""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from facts.bench import HIGHEST_GRADE, LANGUAGES, Glossary, Text
from facts.choices import SourceFlag
from facts.figures import has_figure
from facts.medical_words import split_list, unexplained
from facts.models.links import Link, addresses_in
from facts.models.versions import NEEDS_NEUTRAL_HEADING
from facts.readability import grades


def missing(version: Any) -> list[str]:
    """Return, in words, everything that stands between the text of `version` and its approval."""
    text = Text.of(version)
    said = [*_about_what_is_written(version), *_about_headings(version)]
    if text.is_too_long:
        return [*said, _("The text is far too long.")]
    said += [*_about_sources(version, text)]
    if version.language in LANGUAGES and version.body:
        said += [*_about_reading(version, text)]
    return said


def _about_what_is_written(version: Any) -> Iterator[str]:
    if not version.title.strip():
        yield _("It has no heading.")
    if not version.body:
        yield _("It has no text.")
    if not version.sensitivity:
        yield _("Say whether it is sensitive.")
    if not version.evidence:
        yield _("Say what kind of evidence it rests on.")


def _about_headings(version: Any) -> Iterator[str]:
    if version.sensitivity not in NEEDS_NEUTRAL_HEADING:
        return
    if not version.neutral_heading.strip():
        yield _("It is sensitive, so it needs a neutral heading.")
    elif has_figure(version.neutral_heading):
        yield _("The neutral heading holds a figure. Everybody sees it, so leave the figure out.")
    if has_figure(version.fact.slug.replace("-", " ")):
        yield _("The fact's address holds a figure. Everybody sees it, so change the address.")


def _about_sources(version: Any, text: Text) -> Iterator[str]:
    citations = list(version.citations.select_related("source")) if version.pk else []
    if not citations:
        yield _("No source is cited for what it claims.")
    for sentence in text.uncovered_figures:
        yield _("No source's passage covers this sentence with a figure: “%(words)s”") % {
            "words": _short(sentence)
        }
    for passage in text.cover.lost:
        yield _("A source's passage does not stand in the text: “%(words)s”") % {
            "words": _short(passage)
        }
    if citations:
        retracted = version.flagged_citations(timezone.now()).filter(
            source__flag=SourceFlag.RETRACTED
        )
        for citation in retracted:
            yield _("It cites a source that was retracted: %(source)s") % {
                "source": citation.source
            }
    for url in dead_links(version, citations):
        yield _("This link is dead: %(url)s") % {"url": url}


def dead_links(version: Any, citations: Any) -> list[str]:
    """Return the addresses in the text and of its sources that are known to be dead."""
    addresses = {*addresses_in(version.body), *(citation.source.url for citation in citations)}
    if not addresses:
        return []
    return list(Link.objects.dead().to(addresses).order_by("url").values_list("url", flat=True))


def _about_reading(version: Any, text: Text) -> Iterator[str]:
    glossary = Glossary.published()
    grade = grades(text.html, glossary.names).median
    if grade > HIGHEST_GRADE and not version.grade_reason.strip():
        yield _(
            "Its reading grade is %(grade)s. Make it simpler (%(highest)s at most), or say why it "
            "cannot be."
        ) % {"grade": grade, "highest": HIGHEST_GRADE}
    for word in unexplained(text.html, glossary.names, split_list(version.plain_words)):
        yield _(
            "Readers may not know “%(word)s”. Explain it in the text, add it to the glossary, or "
            "list it under “words that need no glossary”."
        ) % {"word": word.word}


def _short(words: str) -> str:
    return Truncator(words).words(18, truncate="…")
