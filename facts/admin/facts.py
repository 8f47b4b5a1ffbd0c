"""Facts: their place and address, and the table of their versions."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Case, F, Max, Prefetch, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from facts.admin.fact_actions import FactActions
from facts.admin.fact_filters import (
    DeadLinkFilter,
    DueForReviewFilter,
    FactStateFilter,
    FlaggedFilter,
    GradeFilter,
    OwnerFilter,
    SensitivityFilter,
    TopicFilter,
)
from facts.admin.moves import FactMovePage
from facts.admin.sources import LINK_COLOURS
from facts.admin.states import State, StateColumn, day, fact_states, person, version_state
from facts.admin.topics import may_start_facts
from facts.bench import HIGHEST_GRADE
from facts.models import Fact, FactVersion, Link
from facts.models.links import links_of


class NewFactForm(forms.ModelForm):
    """Asks for a subject; the address is made of it, and the first draft begins with it."""

    subject = forms.CharField(
        label=_("Subject, in a few neutral words"),
        max_length=120,
        help_text=_(
            "It tells what the fact is about, not the answer: Figures over five years. "
            "The address is made of it. You can change the words later."
        ),
    )

    class Meta:
        model = Fact
        fields = ["topic", "subject", "slug", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        self.fields["slug"].help_text = _(
            "The last part of its address, for ever, so it must not tell a prognosis. It is made "
            "from the subject if you leave it empty."
        )
        self.fields["position"].required = False
        self.fields["position"].initial = None
        self.fields["position"].help_text = _("Leave it empty to put the fact last.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("slug") and "slug" not in self.errors and cleaned.get("subject"):
            cleaned["slug"] = slugify(cleaned["subject"])[:80].strip("-")
            if not cleaned["slug"]:
                self.add_error("slug", _("Write the address in letters and hyphens."))
        if cleaned.get("position") is None and cleaned.get("topic"):
            last = cleaned["topic"].facts.aggregate(last=Max("position"))["last"] or 0
            cleaned["position"] = min(last + 1, 32767)
        return cleaned


# From the worst: what staff are told of all the links of a fact is what is true of the worst.
WORST_LINKS = [
    Link.State.DEAD,
    Link.State.FAILING,
    Link.State.MOVED,
    Link.State.UNCHECKED,
    Link.State.LEFT_ALONE,
    Link.State.FINE,
]
# Never reviewed before all days, and what readers do not see after them.
BY_DUE = Case(
    When(is_live=False, then=Value(date.max)),
    When(review_due=None, then=Value(date.min)),
    default=F("review_due"),
)


@admin.register(Fact)
class FactAdmin(FactMovePage, FactActions, StateColumn):
    show_facets = admin.ShowFacets.NEVER
    list_display = [
        "heading",
        "topic",
        "state",
        "owner_shown",
        "grade",
        "next_review",
        "links",
        "place",
    ]
    list_filter = [
        FactStateFilter,
        DueForReviewFilter,
        OwnerFilter,
        GradeFilter,
        DeadLinkFilter,
        FlaggedFilter,
        SensitivityFilter,
        ("topic", TopicFilter),
    ]
    list_select_related = ["topic"]
    list_per_page = 50
    # Counting all of them once more would tell nobody anything.
    show_full_result_count = False
    search_fields = ["slug", "topic__title", "versions__title", "versions__neutral_heading"]
    search_help_text = _("Search by heading, address or topic")
    autocomplete_fields = ["topic", "replaced_by"]
    ordering = ["topic__position", "topic_id", "position", "pk"]

    # Lists

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        now = timezone.now()
        prefetch = Prefetch(
            "versions", FactVersion.objects.order_by("-number"), to_attr="all_versions"
        )
        facts: Any = super().get_queryset(request)
        return (
            facts.with_review_due(now)
            .with_telling_text(now)
            .select_related("topic")
            .prefetch_related(prefetch)
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, each of its rows with its links and with its owner in words."""
        found = super().get_changelist_instance(request)
        now = timezone.now()
        in_use = {
            fact.pk: [
                v for v in fact.all_versions if v.is_open or v.is_live(now) or v.is_scheduled(now)
            ]
            for fact in found.result_list
        }
        links = links_of(version for versions in in_use.values() for version in versions)
        for fact in found.result_list:
            fact.is_in_use = bool(in_use[fact.pk])
            fact.known_links = [link for v in in_use[fact.pk] for link in links[v.pk]]
            fact.owner_words = person(None, fact.owner_id, request.user)
        return found

    def states_of(self, fact: Any, at: datetime, viewer: Any) -> list[State]:
        return fact_states(fact.all_versions, at, viewer)

    @admin.display(description=_("fact"), ordering="heading")
    def heading(self, fact: Any) -> str:
        return fact.heading

    @admin.display(description=_("owner"))
    def owner_shown(self, fact: Any) -> SafeString:
        return _cell(_("owner"), fact.owner_words)

    @admin.display(description=_("grade"), ordering="grade")
    def grade(self, fact: Any) -> SafeString:
        words: Any = "–"
        if fact.grade is not None:
            words = number_format(fact.grade, 1)
            if fact.grade > HIGHEST_GRADE:
                words = State("in-review", words)
        return _cell(_("grade"), words)

    @admin.display(description=_("next review"), ordering=BY_DUE)
    def next_review(self, fact: Any) -> SafeString:
        words: Any = "–"
        if fact.is_live and fact.review_due is None:
            words = State("in-review", _now("Never reviewed"))
        elif fact.is_live:
            words = date_format(fact.review_due, "j M Y")
            if fact.review_due <= timezone.localdate():
                words = State("in-review", words)
        return _cell(_("next review"), words)

    @admin.display(description=_("link check"))
    def links(self, fact: Any) -> SafeString:
        """Return what is true of the worst of its links, and the day of that check."""
        words: Any = "–"
        if fact.is_in_use:
            known = fact.known_links
            state = min((link.state for link in known), key=WORST_LINKS.index, default="")
            worst = [link for link in known if link.state == state]
            checked = min((link.checked_at for link in worst if link.checked_at), default=None)
            words = _now("Not checked yet")
            if checked is not None:
                said = f"{worst[0].get_state_display()} · {day(checked)}"
                words = State(LINK_COLOURS.get(state, "over"), said)
        return _cell(_("link check"), words)

    @admin.display(description=_("place"), ordering="position")
    def place(self, fact: Any) -> SafeString:
        return _cell(_("place"), fact.position)

    # Who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_start_facts(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is not None and obj.was_ever_live(timezone.now()):
            return ["topic", "slug"]
        return []

    # Forms

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewFactForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return [(None, {"fields": ["topic", "subject", "slug", "position"]})]
        return [
            (_("Its place and address"), {"fields": ["topic", "slug", "position", "replaced_by"]})
        ]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {"slug": ["subject"]} if obj is None else {}

    def save_model(self, request: HttpRequest, obj: Fact, form: Any, change: bool) -> None:
        if not change:
            obj.owner = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        if not change:
            draft = FactVersion.start(obj, request.user)
            draft.neutral_heading = form.cleaned_data["subject"]
            draft.save(update_fields=["neutral_heading"])
            obj.first_draft = draft  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(
            request, _now("The fact has its place. Now write it; nobody but staff sees it yet.")
        )
        return HttpResponseRedirect(
            reverse("admin:facts_factversion_change", args=[obj.first_draft.pk])
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        fact = kwargs.get("obj")
        context["title"] = _now("A new fact") if fact is None else _now("Fact")
        if fact is not None and request.user.has_perm("facts.view_factversion"):
            now = timezone.now()
            versions = fact.versions.order_by("language", "-number")
            context["versions"] = [
                {
                    "number": version.number,
                    "heading": version.title or version.heading,
                    "state": version_state(version, now, request.user),
                    "url": reverse("admin:facts_factversion_change", args=[version.pk]),
                    "is_open": version.is_open,
                }
                for version in versions
            ]
            context["may_start"] = (
                not any(version["is_open"] for version in context["versions"])
            ) and request.user.has_perm("facts.add_factversion")
            if any(version.is_live(now) for version in versions):
                context["public_url"] = fact.get_absolute_url()
        if fact is not None:
            context["owner"] = person(None, fact.owner_id, request.user)
        context["move_url"] = self.move_url(request, fact)
        return super().render_change_form(request, context, *args, **kwargs)

    # A new version

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.start))
        return [path("<int:pk>/start/", view, name="facts_fact_start"), *super().get_urls()]

    def start(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether to begin a new version, and begin it."""
        if not request.user.has_perm("facts.add_factversion"):
            raise PermissionDenied
        fact = get_object_or_404(Fact.objects.select_related("topic"), pk=pk)
        versions = fact.versions.order_by("-number")  # type: ignore[attr-defined]
        form = forms.Form(request.POST if request.method == "POST" else None)
        status = 200
        if form.is_bound and form.is_valid():
            try:
                with transaction.atomic():
                    draft = FactVersion.start(fact, request.user)
            except ValidationError as error:
                form.add_error(None, error)
                status = 409
            else:
                self.message_user(
                    request, _now("Version %(number)d is begun.") % {"number": draft.number}
                )
                return HttpResponseRedirect(
                    reverse("admin:facts_factversion_change", args=[draft.pk])
                )
        base = versions.filter(status="approved").first()
        at_work = versions.open().first()
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Start a new version"),
            "subtitle": base.title if base else str(fact),
            "opts": self.opts,
            "fact": fact,
            "base": base,
            "at_work": at_work,
            "form": form,
        }
        return TemplateResponse(
            request, "admin/facts/fact/start.html", context, status=409 if at_work else status
        )


def _cell(label: Any, words: Any) -> SafeString:
    """Return a cell of the table; its label is seen where a row is too narrow for columns."""
    return format_html('<span class="cell-label">{}: </span>{}', capfirst(label), words)
