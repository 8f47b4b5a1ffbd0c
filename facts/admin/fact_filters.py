"""How staff narrow the table of all facts, in their own words."""

import re
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts.admin.sources import FlaggedSourcesFilter
from facts.bench import HIGHEST_GRADE
from facts.choices import Sensitivity
from facts.models import Fact, FactVersion

SOON = relativedelta(months=3)
FOLDED = "admin/facts/fact/filter.html"
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


def month_of(text: str) -> date | None:
    """Return the first day of the month that `text` ("2027-03") names, or None."""
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found else None


class FoldedFilter(admin.SimpleListFilter):
    """A filter that stands folded above the table."""

    template = FOLDED


class FlaggedFilter(FlaggedSourcesFilter):
    template = FOLDED


class TopicFilter(admin.RelatedFieldListFilter):
    template = FOLDED


class FactStateFilter(FoldedFilter):
    """Lists facts by what happens to them."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("live", _("Readers see it")),
            ("draft", _("Being written")),
            ("in-review", _("Waiting for review")),
            ("scheduled", _("Scheduled")),
            ("none", _("Readers do not see it")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        versions = FactVersion.objects.filter(fact=OuterRef("pk"))
        live = Exists(versions.live(timezone.now()))
        match self.value():
            case "live":
                return queryset.filter(live)
            case "none":
                return queryset.exclude(live)
            case "scheduled":
                return queryset.filter(Exists(versions.scheduled(timezone.now())))
            case "draft" | "in-review" as status:
                return queryset.filter(Exists(versions.filter(status=status)))
        return queryset


class DueForReviewFilter(FoldedFilter):
    """Lists live facts by the day of their next clinical review; also by one month ("2027-03")."""

    title = _("clinical review")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        choices: list[tuple[str, Any]] = [
            ("now", _("Due now, or never reviewed")),
            ("never", _("Never reviewed")),
            ("soon", _("Due within three months")),
        ]
        # The chart on the first page leads here with a month.
        if month := month_of(self.value() or ""):
            said = _now("Due in %(month)s") % {"month": date_format(month, "F Y")}
            choices.append((f"{month:%Y-%m}", said))
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        now, today = timezone.now(), timezone.localdate()
        facts: Any = Fact.objects.all()
        value = self.value() or ""
        match value:
            case "now":
                found = facts.due_for_review(today, now)
            case "soon":
                found = facts.due_for_review(today + SOON, now)
            case "never":
                found = facts.never_reviewed(now)
            case _:
                month = month_of(value)
                if month is None:
                    return queryset
                last = month + relativedelta(months=1, days=-1)
                # What is due already is listed under "now".
                found = facts.due_for_review(last, now).filter(
                    review_due__gte=month, review_due__gt=today
                )
        return queryset.filter(pk__in=found.order_by().values("pk"))


class OwnerFilter(FoldedFilter):
    """Lists facts by who looks after them; of others it tells no more than that there is one."""

    title = _("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("mine", _("Mine")),
            ("somebody", _("Somebody else’s")),
            ("nobody", _("Nobody’s")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "mine":
                return queryset.filter(owner=request.user)
            case "nobody":
                return queryset.filter(owner=None)
            case "somebody":
                return queryset.exclude(owner=None).exclude(owner=request.user)
        return queryset


class GradeFilter(FoldedFilter):
    """Lists facts whose text is hard to read."""

    title = _("reading grade")
    parameter_name = "grade"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("hard", _("Over %(grade)s: hard to read") % {"grade": HIGHEST_GRADE})]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() != "hard":
            return queryset
        return queryset.with_telling_text(timezone.now()).filter(grade__gt=HIGHEST_GRADE)  # type: ignore[attr-defined]


class DeadLinkFilter(FoldedFilter):
    """Lists facts that rest on an address that is dead, or lead to one."""

    title = _("links")
    parameter_name = "links"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("dead", _("Has a dead link"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() != "dead":
            return queryset
        return queryset.with_dead_links(timezone.now())  # type: ignore[attr-defined]


class SensitivityFilter(FoldedFilter):
    """Lists facts by what their text may stir up."""

    title = _("sensitivity")
    parameter_name = "sensitivity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Sensitivity.choices, ("unsaid", _("Not said yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value not in {*Sensitivity.values, "unsaid"}:
            return queryset
        told = queryset.with_telling_text(timezone.now())  # type: ignore[attr-defined]
        return told.filter(sensitive="" if value == "unsaid" else value)
