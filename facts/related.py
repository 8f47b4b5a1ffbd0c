"""What to read after a fact: those before and after it in its topic, and those that are related.

Only neutral headings come out of here, and of what is related nothing that gentle reading covers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Cast

from facts.gentle import Asked, Shown, terms_in
from facts.models import FactVersion, Question
from facts.models.version_queries import FactVersionQuerySet
from facts.preferences import GENTLE_BY_DEFAULT

MOST = 3
# So many before and so many after a fact are named, of its topic.
BESIDE = 8
# For the terms that they share with a text, those of its topic are looked at, and so many of the
# newest. What the editor or a question ties to it is found among all.
LOOKED_AT = 1_000
# So many of a text's glossary terms, and of the facts that it leads to, are looked at.
_MOST_SIGNS = 6
_LINKED_BY_EDITOR, _SAME_QUESTION, _SAME_TERM, _SAME_AUDIENCE = 8, 5, 2, 1
# A question that both have, a link of the text, or two terms: less is chance.
_ENOUGH = 4
_FACT_LINK = re.compile(r'href="[^"]*/facts/([\w-]+)/([\w-]+)/(?:\?[^"]*)?"')


@dataclass(frozen=True)
class Around:
    """What a reader may go on to from one fact."""

    # In the order of their topic.
    before: list[FactVersion]
    after: list[FactVersion]
    related: list[FactVersion]

    @property
    def previous(self) -> FactVersion | None:
        """The one just before it."""
        return self.before[-1] if self.before else None

    @property
    def next(self) -> FactVersion | None:
        """The one just after it."""
        return self.after[0] if self.after else None


def around(
    version: FactVersion,
    shown: Shown,
    questions: Iterable[Question],
    asked: Asked,
    at: datetime,
) -> Around:
    """Return what surrounds `version`, in one query.

    `questions` are those that stand on its page. Of a covered text nothing is told, not even by
    what it is related to.
    """
    hidden = asked.hidden | GENTLE_BY_DEFAULT
    live = FactVersion.objects.live(at).filter(
        fact__topic__published_at__lte=at, language=version.language
    )
    earlier, later = (side.values("pk")[:BESIDE] for side in live.beside(version.fact))
    beside = Q(pk__in=earlier) | Q(pk__in=later)
    found: list[Any] = list(
        live.filter(pk__in=_candidates(live, version, shown, beside, list(questions)))
        .exclude(pk=version.pk)
        .annotate(
            _audiences=Cast("audiences", TextField()),
            is_beside=Case(When(beside, then=1), default=0),
            score=_score(version, shown, list(questions)),
        )
        .filter(Q(is_beside=1) | Q(score__gte=_ENOUGH) & ~Q(sensitivity__in=hidden))
        .select_related("fact__topic")
        .order_by("-is_beside", "-score", "fact__topic__position", "fact__position", "fact_id")[
            : MOST + 2 * BESIDE
        ]
    )
    same = sorted((other for other in found if other.is_beside), key=_place)
    before = [other for other in same if _place(other) < _place(version)]
    after = [other for other in same if _place(other) > _place(version)]
    # Those just before and just after it are named already.
    related = [
        other
        for other in found
        if other.score >= _ENOUGH
        and other.sensitivity not in hidden
        and other not in (*before[-1:], *after[:1])
    ]
    related.sort(key=lambda other: -other.score)
    return Around(before, after, related[:MOST])


def _place(version: FactVersion) -> tuple[int, int]:
    return version.fact.position, version.fact_id  # type: ignore[attr-defined]


def _candidates(
    live: FactVersionQuerySet,
    version: FactVersion,
    shown: Shown,
    beside: Q,
    questions: list[Question],
) -> Any:
    """Return the keys of those `live` versions that can have enough to do with `version`.

    It is a bounded number, however many there are.
    """
    ways = [live.filter(fact__topic__slug=topic, fact__slug=slug) for topic, slug in _links(shown)]
    if questions:
        ways.append(live.filter(fact__in=_sharing(questions).values("fact")))
    if len(_terms(shown)) * _SAME_TERM + _SAME_AUDIENCE >= _ENOUGH:
        ways.append(live.filter(fact__topic=version.fact.topic_id))
        newest = live.order_by("-live_from", "-number").values("pk")[:LOOKED_AT]
        # SQLite takes no limit within a union.
        ways.append(FactVersion.objects.filter(pk__in=newest))
    keys = FactVersion.objects.filter(beside).order_by().values("pk")
    return keys.union(*(way.order_by().values("pk") for way in ways))


def _links(shown: Shown) -> list[tuple[str, str]]:
    """Return the topics and slugs of the facts that its text leads to."""
    return _FACT_LINK.findall(shown.body)[:_MOST_SIGNS]


def _terms(shown: Shown) -> list[str]:
    return terms_in([shown])[:_MOST_SIGNS]


def _sharing(questions: list[Question]) -> Any:
    """Return the rows that tie facts to `questions`."""
    keys = [question.pk for question in questions]
    return Question.facts.through.objects.filter(question__in=keys)


def _score(version: FactVersion, shown: Shown, questions: list[Question]) -> Any:
    """Return how much another fact has to do with `version`, as an expression.

    The links of its text are the editor's own choice; then come shared questions, shared terms
    and the people for whom both are written.
    """
    signs: list[tuple[int, Q]] = [
        (_LINKED_BY_EDITOR, Q(fact__topic__slug=topic, fact__slug=slug))
        for topic, slug in _links(shown)
    ]
    signs += [
        # Only links that editors set: those that are made with a page are not stored.
        (_SAME_TERM, Q(body__contains=f'/glossary/#{slug}"'))
        for slug in _terms(shown)
    ]
    if questions:
        shared = _sharing(questions).filter(fact=OuterRef("fact"))
        signs.append((_SAME_QUESTION, Q(Exists(shared))))
    if not shown.is_covered:
        wanted = [Q(_audiences__contains=f",{audience},") for audience in version.audiences]
        if wanted:
            signs.append((_SAME_AUDIENCE, _any(wanted)))
    score: Any = Value(0, output_field=IntegerField())
    for weight, sign in signs:
        score += Case(When(sign, then=weight), default=0, output_field=IntegerField())
    return score


def _any(conditions: list[Q]) -> Q:
    result = Q()
    for condition in conditions:
        result |= condition
    return result
