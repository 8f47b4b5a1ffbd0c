"""What goes on the sheet for an appointment, of a member's list or of a device's. Plain functions.

A sensitive question that was not asked for is in none of what they return.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from math import ceil

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from community.fields import UndecipherableText
from community.models import ReadingList, SavedItem, SheetQuestion
from community.models.sheets import AppointmentSheet
from facts.choices import QuestionTheme
from facts.gentle import Asked
from facts.models import Fact, Question, Source, Topic

MAX_FACTS = 2  # under one question
# Measures of the paper in millimetres, taken from what browsers and sheet.typ make of it: a page of
# Letter without its margins, what stands above and below the questions, a line to write on.
PAGE, HEAD, FOOT, RULE = 242, 70, 12, 9
MAX_RULES = 5  # for one answer
# What the page says of sheets like this rests on these, in this order (portal/starter).
EVIDENCE = ("question-lists-review", "question-sheet-trial")
_THEMES = {theme: number for number, theme in enumerate(QuestionTheme.values)}


@dataclass(frozen=True)
class SheetFact:
    """A fact that a question belongs to, in small print: neutral, since others read the paper."""

    heading: str
    url: str
    version: int
    since: date

    @property
    def address(self) -> str:
        """The whole address, as it is typed."""
        return f"{settings.SITE_URL}{self.url}"


@dataclass(frozen=True)
class Line:
    """A question on a sheet. `key` names it in the forms of its sheet."""

    key: str
    text: str
    facts: tuple[SheetFact, ...] = ()
    answer: str = ""
    top_place: int | None = None
    # Whether its words are out of reach: what stands there instead is ours.
    is_gone: bool = False

    @property
    def height(self) -> float:
        """About how high it is on paper with one line to write on, in millimetres."""
        small = sum(
            1.2 + 3.6 * ceil((len(f.heading) + len(f.address) + 28) / 98) for f in self.facts
        )
        room = 6 * (2 + len(self.answer) / 75 + self.answer.count("\n")) if self.answer else 10
        return 10 + 6 * ceil(len(self.text) / 52) + small + room


@dataclass(frozen=True)
class Sheet:
    """A sheet as it may be shown: its first three questions, the others, and for which day.

    `covered` names the questions that are left out because they are sensitive.
    """

    lines: tuple[Line, ...]
    covered: tuple[str, ...] = ()
    appointment_on: date | None = None
    paper: str = AppointmentSheet.Paper.A4
    made_on: date = field(default_factory=timezone.localdate)

    @property
    def first(self) -> list[Line]:
        """The questions that are asked first, in their order."""
        return [line for line in self.lines if line.top_place]

    @property
    def others(self) -> list[Line]:
        """All others."""
        return [line for line in self.lines if not line.top_place]

    @property
    def blank_lines(self) -> int:
        """How many lines to write on each question has: as many as a page or two have room for."""
        most = 1 if len(self.lines) <= 3 else 2
        fits = (rules for rules in range(MAX_RULES, 1, -1) if self._pages(rules) <= most)
        return next(fits, 1)

    @property
    def is_long(self) -> bool:
        """Whether it takes more than two pages, even with one line for each answer."""
        return self._pages(1) > 2

    def _pages(self, rules: int) -> int:
        """Return how many pages it takes with so many lines; no question is parted by an end."""
        pages, used = 1, float(HEAD)
        for line in self.lines:
            height = line.height + (0 if line.answer else RULE * (rules - 1))
            if used + height > PAGE:
                pages, used = pages + 1, 0.0
            used += height
        return pages + (used + FOOT > PAGE)

    @property
    def rows_to_write(self) -> range:
        """The same, to be gone through."""
        return range(self.blank_lines)


@dataclass(frozen=True)
class Saved:
    """Which topics and facts are on a list, by their numbers."""

    topics: frozenset[int] = frozenset()
    facts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Offer:
    """A question that can be chosen."""

    question: Question
    # Whether it belongs to something on the list.
    is_saved: bool
    facts: tuple[SheetFact, ...]


def saved_on(reading_list: ReadingList) -> Saved:
    """Return which topics and facts are on `reading_list`, without what is archived."""
    names = SavedItem.objects.active().filter(reading_list=reading_list)
    pairs = names.values_list("topic", "fact")
    return Saved(
        frozenset(topic for topic, _fact in pairs if topic),
        frozenset(fact for _topic, fact in pairs if fact),
    )


def offers(saved: Saved, at: datetime) -> list[Offer]:
    """Return all questions that readers find at `at`, in the order of their headings."""
    questions = Question.objects.published(at).with_live_facts(at, get_language())
    ordered = sorted(questions, key=lambda q: (_THEMES[q.theme], q.position, q.pk))
    return [_offer(question, saved) for question in ordered]


def _offer(question: Question, saved: Saved) -> Offer:
    live = question.live_facts  # type: ignore[attr-defined]
    on_list = [fact for fact in live if fact.pk in saved.facts or fact.topic_id in saved.topics]
    # A fact that was saved itself comes before those of a topic.
    on_list.sort(key=lambda fact: fact.pk not in saved.facts)
    facts = []
    for fact in (on_list or live)[:MAX_FACTS]:
        version = fact.live_versions[0]
        since = timezone.localdate(version.live_from)
        facts.append(SheetFact(version.heading, fact.get_absolute_url(), version.number, since))
    return Offer(question, bool(on_list), tuple(facts))


@dataclass(frozen=True)
class Choices:
    """The questions of a form: those of what was saved, all others, how many are left out."""

    saved: list[tuple[str, list[Offer]]]
    others: list[tuple[str, list[Offer]]]
    covered: tuple[str, ...]

    @property
    def shown(self) -> list[Offer]:
        """Every question that can be ticked."""
        return [offer for _theme, some in (*self.saved, *self.others) for offer in some]


def choices(offered: Iterable[Offer], asked: Asked) -> Choices:
    """Return `offered` as a form has them, without the sensitive ones that were not asked for."""
    saved: list[Offer] = []
    others: list[Offer] = []
    covered = []
    for offer in offered:
        if asked.covers(offer.question.sensitivity, offer.question.slug):
            covered.append(offer.question.slug)
        else:
            (saved if offer.is_saved else others).append(offer)
    return Choices(_by_theme(saved), _by_theme(others), tuple(covered))


def _by_theme(some: Iterable[Offer]) -> list[tuple[str, list[Offer]]]:
    themes: dict[str, list[Offer]] = {}
    for offer in some:
        themes.setdefault(str(QuestionTheme(offer.question.theme).label), []).append(offer)
    return list(themes.items())


def words_of(row: SheetQuestion, column: str) -> str:
    """Return the encrypted `column` of `row`, or "" if the present keys do not open it."""
    try:
        return getattr(row, column) or ""
    except UndecipherableText:
        return ""


def sheet_of(
    reading_list: ReadingList,
    rows: Iterable[SheetQuestion],
    offered: Iterable[Offer],
    asked: Asked,
) -> Sheet:
    """Return the sheet of `reading_list`, whose chosen questions are `rows`.

    A question that is no longer offered, or that no key opens, is not on it.
    """
    lines, covered = lines_of(rows, offered, asked)
    chosen = AppointmentSheet.of(reading_list)
    return Sheet(
        tuple(line for line in lines if not line.is_gone),
        tuple(covered),
        chosen.appointment_on,
        chosen.paper,
    )


def lines_of(
    rows: Iterable[SheetQuestion], offered: Iterable[Offer], asked: Asked
) -> tuple[list[Line], list[str]]:
    """Return `rows` as lines, and the slugs of those left out because they are sensitive."""
    by_question = {offer.question.pk: offer for offer in offered}
    lines, covered = [], []
    for row in rows:
        key, answer, place = str(row.pk), words_of(row, "answer"), row.top_place
        if row.question_id is None:
            text = words_of(row, "text")
            words = text or _("A question that cannot be opened now")
            lines.append(Line(key, words, (), answer, place, is_gone=not text))
            continue
        offer = by_question.get(row.question_id)
        if offer is None:
            words = _("A question that is no longer here")
            lines.append(Line(key, words, (), answer, place, is_gone=True))
        elif asked.covers(offer.question.sensitivity, offer.question.slug):
            covered.append(offer.question.slug)
        else:
            lines.append(Line(key, offer.question.text, offer.facts, answer, place))
    return lines, covered


# Without an account: what a device holds, of which nothing is kept here


def saved_under(names: Iterable[tuple[str, str]], at: datetime) -> Saved:
    """Return which of the topics and facts that a device names by kind and key readers find."""
    names = set(names)
    topics = {key for kind, key in names if kind == "topic"}
    facts = {key for kind, key in names if kind == "fact"}
    found = Topic.objects.published(at).filter(slug__in=topics).values_list("pk", flat=True)
    slugs = {key.partition("/")[2] for key in facts}
    live = Fact.objects.live(at, get_language()).filter(slug__in=slugs)
    keys = live.values_list("pk", "topic__slug", "slug")
    return Saved(
        frozenset(found),
        frozenset(pk for pk, topic, slug in keys if f"{topic}/{slug}" in facts),
    )


def loose_lines(
    shown: Iterable[Offer], slugs: Collection[str], own: Iterable[str], first: Sequence[str] = ()
) -> list[Line]:
    """Return lines without an account: one's own questions, then those of `shown` in `slugs`.

    `first` are the keys of those that are asked first; they come first, in that order.
    """
    lines = [Line(f"own-{number}", text) for number, text in enumerate(own, start=1)]
    lines += [
        Line(f"offered-{offer.question.slug}", offer.question.text, offer.facts)
        for offer in shown
        if offer.question.slug in slugs
    ]
    places = {key: place for place, key in enumerate(first, start=1)}
    placed = [replace(line, top_place=places.get(line.key)) for line in lines]
    return sorted(placed, key=lambda line: line.top_place or len(placed) + 1)


def evidence() -> list[Source]:
    """Return the sources of what the page says of sheets like this; [] unless all may be cited."""
    found = {s.reference: s for s in Source.objects.filter(reference__in=EVIDENCE, flag="")}
    return [found[reference] for reference in EVIDENCE] if len(found) == len(EVIDENCE) else []
