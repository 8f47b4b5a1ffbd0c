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
from facts.preferences import GENTLE_BY_DEFAULT

MOST = 3
# So many of a text's glossary terms, and of the facts that it leads to, are looked at.
_MOST_SIGNS = 6
_LINKED_BY_EDITOR, _SAME_QUESTION, _SAME_TERM, _SAME_AUDIENCE = 8, 5, 2, 1
# A question that both have, a link of the text, or two terms: less is chance.
_ENOUGH = 4
_FACT_LINK = re.compile(r'href="[^"]*/facts/([\w-]+)/([\w-]+)/(?:\?[^"]*)?"')


@dataclass(frozen=True)
class Around:
    """What a reader may go on to from one fact."""

    previous: FactVersion | None
    next: FactVersion | None
    related: list[FactVersion]


def around(
    version: FactVersion,
    shown: Shown,
    questions: Iterable[Question],
    asked: Asked,
    at: datetime,
) -> Around:
    """Return what surrounds `version`, in one query.

    `version` must come from `with_neighbours()`; `questions` are those that stand on its page. Of
    a covered text nothing is told, not even by what it is related to.
    """
    beside: list[Any] = [version.previous_pk, version.next_pk]  # type: ignore[attr-defined]
    hidden = asked.hidden | GENTLE_BY_DEFAULT
    found: list[Any] = list(
        FactVersion.objects.live(at)
        .filter(fact__topic__published_at__lte=at, language=version.language)
        .exclude(pk=version.pk)
        .annotate(
            _audiences=Cast("audiences", TextField()),
            is_beside=Case(When(pk__in=beside, then=1), default=0),
            score=_score(version, shown, list(questions)),
        )
        .filter(Q(is_beside=1) | Q(score__gte=_ENOUGH) & ~Q(sensitivity__in=hidden))
        .select_related("fact__topic")
        .order_by("-is_beside", "-score", "fact__topic__position", "fact__position", "fact_id")[
            : MOST + 2
        ]
    )
    by_key = {other.pk: other for other in found}
    related = [other for other in found if other.pk not in beside]
    return Around(by_key.get(beside[0]), by_key.get(beside[1]), related[:MOST])


def _score(version: FactVersion, shown: Shown, questions: list[Question]) -> Any:
    """Return how much another fact has to do with `version`, as an expression.

    The links of its text are the editor's own choice; then come shared questions, shared terms
    and the people for whom both are written.
    """
    signs: list[tuple[int, Q]] = [
        (_LINKED_BY_EDITOR, Q(fact__topic__slug=topic, fact__slug=slug))
        for topic, slug in _FACT_LINK.findall(shown.body)[:_MOST_SIGNS]
    ]
    signs += [
        # Only links that editors set: those that are made with a page are not stored.
        (_SAME_TERM, Q(body__contains=f'/glossary/#{slug}"'))
        for slug in terms_in([shown])[:_MOST_SIGNS]
    ]
    if questions:
        shared = Question.facts.through.objects.filter(
            fact=OuterRef("fact"), question__in=[question.pk for question in questions]
        )
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
