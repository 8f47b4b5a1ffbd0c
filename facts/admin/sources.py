"""Sources: found by reference, title and publisher wherever a fact is written; their warnings, and
the facts that rest on them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.admin import SimpleHistoryAdmin

from facts.admin.states import State, day, day_and_time, tags, version_state
from facts.choices import SourceFlag
from facts.models import Citation, Fact, FactVersion, Link, Source
from facts.models.links import told_of

# The page of a source names as many facts, and the number of all.
CITED_SHOWN = 100
LINK_COLOURS = {"fine": "live", "dead": "withdrawn", "failing": "rejected", "moved": "scheduled"}


@dataclass(frozen=True)
class FlaggedQueue:
    """What waits for a look because a source has a warning: two QuerySets, a query each."""

    facts: QuerySet
    # With `fact_count`, the newest warning first.
    sources: QuerySet


def flagged_queue(at: datetime) -> FlaggedQueue:
    """Return the facts that rest on a source with a warning, and these sources, as of `at`."""
    return FlaggedQueue(
        facts=Fact.objects.citing_flagged(at), sources=Source.objects.to_look_at(at)
    )


class FlaggedSourcesFilter(admin.SimpleListFilter):
    """Lists facts that rest on a source with a warning, and wait for a look."""

    title = _("flagged sources")
    parameter_name = "flagged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Rests on a source with a warning"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() != "yes":
            return queryset
        flagged = Fact.objects.citing_flagged(timezone.now())
        return queryset.filter(pk__in=flagged.order_by().values("pk"))


class WarningFilter(admin.SimpleListFilter):
    """Lists sources by their warning."""

    title = _("warning")
    parameter_name = "warning"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", _("Facts wait for a look")),
            ("any", _("Any warning")),
            *SourceFlag.choices,
            ("none", _("No warning")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "waiting":
                waiting = Citation.objects.to_look_at(timezone.now())
                return queryset.filter(pk__in=waiting.values("source"))
            case "any":
                return queryset.exclude(flag="")
            case "none":
                return queryset.filter(flag="")
            case flag if flag in SourceFlag.values:
                return queryset.filter(flag=flag)
        return queryset


class LinkStateFilter(admin.SimpleListFilter):
    """Lists sources by what was found at their address."""

    title = _("last link check")
    parameter_name = "link"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Link.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case Link.State.UNCHECKED:
                checked = Link.objects.exclude(state=Link.State.UNCHECKED)
                return queryset.exclude(url__in=checked.values("url"))
            case state if state in Link.State.values:
                return queryset.filter(url__in=Link.objects.filter(state=state).values("url"))
        return queryset


def outside_link(url: str, words: Any = None) -> SafeString:
    """Return a link that leaves the desk, and tells the other website nothing of where from."""
    return format_html('<a href="{}" rel="noreferrer noopener">{}</a>', url, words or url)


@admin.register(Source)
class SourceAdmin(SimpleHistoryAdmin):
    show_facets = admin.ShowFacets.NEVER
    list_display = [
        "reference",
        "publication",
        "warning",
        "link_state",
        "cited",
        "accessed_on",
    ]
    list_display_links = ["reference", "publication"]
    list_filter = [WarningFilter, LinkStateFilter, "kind"]
    list_per_page = 50
    search_fields = ["reference", "title", "publisher", "doi", "pmid"]
    search_help_text = _("Search by reference, title, publisher, DOI or PMID")
    ordering = ["reference"]
    autocomplete_fields = ["superseded_by"]
    readonly_fields = ["other_addresses", "last_check", "flagged_on", "cited_by"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fieldsets = [
        (
            None,
            {"fields": ["reference", "title", "is_title_description", "kind", "publisher", "year"]},
        ),
        (
            _("Where it is found"),
            {"fields": ["url", "last_check", "doi", "pmid", "other_addresses"]},
        ),
        (_("When it was read"), {"fields": ["accessed_on", "is_read_on_copy"]}),
        (
            _("If something is wrong with it"),
            {"fields": ["superseded_by", "flag", "flagged_on", "flag_note", "public_note"]},
        ),
        (_("What rests on it"), {"fields": ["cited_by"]}),
    ]

    # Lists

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        link = Link.objects.filter(url=OuterRef("url"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                cited_count=Count("citations__version__fact", distinct=True),
                found=Subquery(link.values("state")[:1]),
            )
        )

    @admin.display(description=_("publication"), ordering="title")
    def publication(self, source: Source) -> str:
        return str(source)

    @admin.display(description=_("facts"), ordering="cited_count")
    def cited(self, source: Any) -> int:
        return source.cited_count

    @admin.display(description=_("warning"), ordering="flag")
    def warning(self, source: Source) -> State | str:
        return State("rejected", str(source.get_flag_display())) if source.flag else "–"

    @admin.display(description=_("last link check"), ordering="found")
    def link_state(self, source: Any) -> State:
        state = Link.State(source.found or Link.State.UNCHECKED)
        return State(LINK_COLOURS.get(state.value, "over"), str(state.label))

    # The form

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the source, which knows who looks at it: "Draft by you"."""
        source = super().get_object(request, object_id, from_field)
        if source is not None:
            source.viewer = request.user
        return source

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A source that is not there yet has been checked by nobody, and is cited nowhere."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return list(fieldsets)
        told = set(self.readonly_fields)
        asked = [
            (name, {"fields": [f for f in options["fields"] if f not in told]})
            for name, options in fieldsets
        ]
        return [(name, options) for name, options in asked if options["fields"]]

    @admin.display(description=_("last check of its address"))
    def last_check(self, source: Source) -> SafeString | str:
        link = Link.objects.filter(url=source.url).first()
        words = told_of(link)
        if link is None or link.checked_at is None:
            return words
        said = _now("%(words)s. Checked on %(when)s.") % {
            "words": words,
            "when": day_and_time(link.checked_at),
        }
        if link.redirects_to:
            return format_html(
                "{}<br>{} {}", said, _now("It stands here now:"), outside_link(link.redirects_to)
            )
        return said

    @admin.display(description=_("it is found there too"))
    def other_addresses(self, source: Source) -> SafeString:
        urls = [(outside_link(url),) for url in (source.doi_url, source.pubmed_url) if url]
        return format_html_join(mark_safe("<br>"), "{}", urls) or mark_safe("–")

    @admin.display(description=_("warned since"))
    def flagged_on(self, source: Source) -> str:
        return day(source.flagged_at) if source.flagged_at else "–"

    @admin.display(description=_("facts"))
    def cited_by(self, source: Any) -> SafeString:
        """Name the facts whose live, coming or open text cites it; say how many others did."""
        now = timezone.now()
        versions = FactVersion.objects
        current = (versions.live(now) | versions.scheduled(now) | versions.open()).filter(
            pk__in=source.citations.values("version")  # type: ignore[attr-defined]
        )
        facts: dict[int, list[FactVersion]] = {}
        for version in current.select_related("fact__topic").order_by("fact", "number"):
            facts.setdefault(version.fact_id, []).append(version)
        waiting = set(
            Citation.objects.to_look_at(now)
            .filter(source=source)
            .values_list("version__fact", flat=True)
        )
        rows = [
            (
                reverse("admin:facts_factversion_change", args=[own[0].pk]),
                own[0].title or own[0].heading or own[0].fact,
                own[0].fact.topic,
                tags(version_state(version, now, source.viewer) for version in own),
                _now("Waits for a look") if fact in waiting else "",
            )
            for fact, own in list(facts.items())[:CITED_SHOWN]
        ]
        parts = [
            format_html(
                "<ul>{}</ul>",
                format_html_join(
                    "", '<li><a href="{}">{}</a> · {} {} <strong>{}</strong></li>', rows
                ),
            )
            if rows
            else _now("No text in use cites it.")
        ]
        if len(facts) > CITED_SHOWN:
            more = len(facts) - CITED_SHOWN
            words = ngettext("And %(count)d more.", "And %(count)d more.", more) % {"count": more}
            parts.append(format_html("<p>{}</p>", words))
        return format_html_join("", "{}", ((part,) for part in parts))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "flag" in form.base_fields:
            form.base_fields["flag"].choices = [("", _("No warning")), *SourceFlag.choices]
        return form

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "flag" not in form.changed_data:
            return
        if not obj.flag:
            self.message_user(request, _now("The warning is taken back. No fact waits for it."))
            return
        waiting = Citation.objects.to_look_at(timezone.now()).filter(source=obj)
        count = waiting.values("version__fact").distinct().count()
        said = ngettext(
            "%(count)d fact that cites it waits for a look now.",
            "%(count)d facts that cite it wait for a look now.",
            count,
        ) % {"count": count}
        if count and request.user.has_perm("facts.view_fact"):
            url = reverse("admin:facts_fact_changelist") + "?flagged=yes"
            said = format_html('{} <a href="{}">{}</a>', said, url, _now("See which"))
        self.message_user(request, said, messages.WARNING)
