"""The bench beside a draft: what is typed is looked at, and nothing of it is saved."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import AdminErrorList
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _now
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from facts import bench
from facts.admin.stale import rows_of
from facts.choices import SourceFlag
from facts.fields import sanitise
from facts.models import FactVersion, Source
from facts.passages import split_passages

CHECK = "_check"
_KEY = re.compile(r"[0-9]{1,9}")
# What the gate refuses; the rest is for the author to weigh.
NEEDED = frozenset({bench.WORD_UNKNOWN, bench.UNCOVERED, bench.LOST})
_TYPED = ("title", "neutral_heading", "call_now", "plain_words")


@dataclass(frozen=True)
class Group:
    """Findings under one heading; folded ones are seen when somebody asks."""

    heading: str
    findings: list[bench.Finding] = field(default_factory=list)
    is_folded: bool = False


def typed_text(data: QueryDict, version: FactVersion) -> bench.Text:
    """Return the text that stands in the form, as it would be saved."""
    rows = [row for row in rows_of(data) if not row.get("DELETE")]
    return bench.Text(
        **{name: str(data.get(name, "")).replace("\x00", "") for name in _TYPED},
        body=sanitise(str(data.get("body", ""))),
        language=version.language,
        passages=tuple(p for row in rows for p in split_passages(row.get("passages", ""))),
    )


def typed_sources(data: QueryDict) -> list[Source]:
    """Return the sources with a warning that the form cites."""
    keys = {row.get("source", "") for row in rows_of(data) if not row.get("DELETE")}
    known = [int(key) for key in keys if _KEY.fullmatch(key)]
    return list(Source.objects.flagged().filter(pk__in=known)) if known else []


def groups_of(result: bench.Bench) -> list[Group]:
    """Return the findings as the bench shows them, without empty groups."""
    needed: list[bench.Finding] = []
    advice: list[bench.Finding] = []
    passive: list[bench.Finding] = []
    for finding in result.findings:
        if finding.kind in NEEDED:
            needed.append(finding)
        else:
            (passive if finding.kind == bench.PASSIVE else advice).append(finding)
    groups = [
        Group(_now("Needed before it can be approved"), needed),
        Group(_now("Worth a look"), advice),
        Group(_now("Who does it? (%(count)d)") % {"count": len(passive)}, passive, is_folded=True),
    ]
    return [group for group in groups if group.findings]


def summary_of(result: bench.Bench) -> str:
    """Return the bench in one sentence, for whoever hears it."""
    count = sum(finding.kind != bench.PASSIVE for finding in result.findings)
    things = (
        ngettext("%(count)d thing to look at.", "%(count)d things to look at.", count)
        % {"count": count}
        if count
        else _now("Nothing to look at.")
    )
    if result.grades is None or not result.words:
        return things
    return _now("Reading grade %(grade)s. %(things)s") % {
        "grade": result.grades.median,
        "things": things,
    }


def bench_context(request: HttpRequest, result: bench.Bench) -> dict[str, Any]:
    """Return what the template of the bench needs."""
    return {
        "bench": result,
        "bench_groups": groups_of(result),
        "bench_summary": summary_of(result),
        "may_add_terms": request.user.has_perm("facts.add_glossaryterm"),
    }


def grades_context(version: FactVersion) -> dict[str, Any]:
    """Return the stored grades of a version, as the reviewer sees them."""
    found = bench.stored_grades(version)
    if found is None:
        return {"bench": None}
    text = bench.Text(language=version.language)
    return {"bench": bench.Bench(text, grades=found, words=bench.word_count(version.body))}


class BenchPages(admin.ModelAdmin):
    """The bench of a draft: beside the form, and again whenever somebody stops typing."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.bench))
        return [path("<int:pk>/bench/", view, name="facts_factversion_bench"), *super().get_urls()]

    def bench(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Look at what is typed and answer with the bench alone; nothing is saved."""
        version = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        result = bench.examine(
            typed_text(request.POST, version), sources=typed_sources(request.POST)
        )
        template = "admin/facts/factversion/_bench.html"
        return TemplateResponse(request, template, bench_context(request, result))

    def bench_for_form(self, request: HttpRequest, version: FactVersion) -> dict[str, Any]:
        """Return the bench of a change form: of what was typed, or else of what is saved."""
        if request.method == "POST":
            text, sources = typed_text(request.POST, version), typed_sources(request.POST)
        else:
            text = bench.Text.of(version)
            cited = version.citations.select_related("source")  # type: ignore[attr-defined]
            sources = [c.source for c in cited if c.source.flag in SourceFlag.values]
        return bench_context(request, bench.examine(text, sources=sources))


def forget_check(context: dict[str, Any]) -> None:
    """Take off the page that the form was not saved: it was only to be looked at."""
    form = context["adminform"].form
    form.errors.pop(NON_FIELD_ERRORS, None)
    formsets = [inline.formset for inline in context["inline_admin_formsets"]]
    context["errors"] = AdminErrorList(form, formsets)
    context["is_checked"] = True
