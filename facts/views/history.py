"""What readers have seen of a fact over time, and how any two of its versions differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from facts.choices import Origin, Sensitivity
from facts.differences import Comparison, compare_versions
from facts.gentle import Asked, kind_line, show
from facts.models import Fact, FactVersion
from facts.views.moved import fact_moved

# The mildest first.
STRICTNESS = list(Sensitivity.values)


@dataclass(frozen=True)
class Choice:
    """Two versions that somebody wants to compare, as the address names them."""

    old: FactVersion | None = None
    new: FactVersion | None = None
    problem: str = ""

    @classmethod
    def of(cls, request: HttpRequest, versions: Sequence[FactVersion]) -> "Choice":
        """Read `?from=1&to=3`; the older one comes first, whichever is named first."""
        if "from" not in request.GET and "to" not in request.GET:
            return cls()
        by_number = {str(version.number): version for version in versions}
        one, other = (by_number.get(request.GET.get(name, "")) for name in ("from", "to"))
        if one is None or other is None:
            return cls(problem=_("One of these versions is not here. Choose two from the lists."))
        if one == other:
            return cls(one, other, _("These are the same version. Choose two different ones."))
        return cls(one, other) if one.number < other.number else cls(other, one)


@require_safe
def fact_history(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    """Every version that readers have seen, the newest first, and the difference of any two.

    Of a version that was withdrawn no text is shown, nor of another that says the same; of a fact
    that was withdrawn none of any version: only when, and why.
    """
    now = timezone.now()
    asked = Asked.of(request)
    facts = Fact.objects.select_related("topic").filter(topic__published_at__lte=now)
    fact = facts.filter(topic__slug=topic, slug=slug).first()
    if fact is None:
        return fact_moved(request, topic, slug, now, "facts:fact-history")
    versions = list(fact.versions.ever_live(now).filter(language=get_language()).with_evidence())  # type: ignore[attr-defined]
    if not versions:
        raise Http404
    is_live = versions[0].is_live(now)
    # The strictest of its versions decides: an older wording may hold what the newest does not,
    # and was perhaps not yet known to be sensitive.
    covered = [v for v in versions if asked.covers(v.sensitivity, fact.slug)]
    taken_back = {v.body for v in versions if v.is_withdrawn}
    readable = [v for v in versions if is_live and (v.is_live(now) or v.body not in taken_back)]
    older = dict(zip((v.pk for v in readable), readable[1:], strict=False))
    choice = Choice.of(request, readable)
    difference: Comparison | None = None
    if choice.old and choice.new and not choice.problem and not covered:
        difference = compare_versions(choice.old, choice.new)
    context = {
        "topic": fact.topic,
        "fact_url": fact.get_absolute_url(),
        "heading": (covered[0] if covered else versions[0]).heading
        if is_live
        else versions[0].subject,
        "is_live": is_live,
        "is_covered": bool(covered),
        "kind_line": kind_line(strictest(covered)) if covered else "",
        "show_query": f"?{urlencode(_query(choice, fact.slug))}",
        "asked": asked,
        "asked_for": [slug for slug in (fact.slug, "all") if slug in asked.slugs][:1],
        "choice": choice,
        "difference": difference,
        "can_compare": len(readable) > 1,
        # The two newest, until somebody chooses.
        "selected_old": choice.old.number if choice.old else readable[1:2] and readable[1].number,
        "selected_new": choice.new.number if choice.new else readable[:1] and readable[0].number,
        "versions": [
            {
                "version": version.number,
                "live_from": version.live_from,
                "live_until": version.live_until if not version.is_live(now) else None,
                "is_live": version.is_live(now),
                "is_withdrawn": version.is_withdrawn,
                "is_readable": version in readable,
                "older": older.get(version.pk),
                "withdrawn_reason": "" if covered else version.withdrawn_reason,
                "change_kind": version.change_kind,
                "change_note": version.change_note if version in readable and not covered else "",
                "is_starter": version.author_id is None and version.origin != Origin.EXAMPLE,
                "is_example": version.origin == Origin.EXAMPLE,
                "shown": show(fact, version, asked)
                if version in readable and not covered
                else None,
                "review": version.last_review,
            }
            for version in versions
        ],
    }
    return render(request, "facts/fact_history.html", context)


def strictest(versions: Sequence[FactVersion]) -> str:
    """Return the sensitivity of which a reader is to be warned first."""
    return max((v.sensitivity for v in versions), key=STRICTNESS.index)


def _query(choice: Choice, slug: str) -> dict[str, Any]:
    """Return the query that asks for what was chosen, uncovered."""
    query: dict[str, Any] = {"show": slug}
    if choice.old and choice.new:
        query = {"from": choice.old.number, "to": choice.new.number, **query}
    return query
