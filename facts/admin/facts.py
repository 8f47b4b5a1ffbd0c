"""Facts: their place and address, and the table of their versions."""

from datetime import datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from facts.admin.states import State, StateColumn, fact_states, version_state
from facts.admin.topics import may_start_facts
from facts.models import Fact, FactVersion

SOON = relativedelta(months=3)


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


class FactStateFilter(admin.SimpleListFilter):
    """Lists facts by what happens to them."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("live", _("Readers see it")),
            ("draft", _("Being written")),
            ("in-review", _("Waiting for review")),
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
            case "draft" | "in-review" as status:
                return queryset.filter(Exists(versions.filter(status=status)))
        return queryset


class DueForReviewFilter(admin.SimpleListFilter):
    """Lists live facts by the day of their next clinical review."""

    title = _("clinical review")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("Due now, or never reviewed")), ("soon", _("Due within three months"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        now, today = timezone.now(), timezone.localdate()
        day = {"now": today, "soon": today + SOON}.get(self.value() or "")
        if day is None:
            return queryset
        due = Fact.objects.due_for_review(day, now)
        return queryset.filter(pk__in=due.order_by().values("pk"))


@admin.register(Fact)
class FactAdmin(StateColumn):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["heading", "topic", "state", "next_review", "position"]
    list_filter = [FactStateFilter, DueForReviewFilter, "topic"]
    list_select_related = ["topic"]
    list_per_page = 50
    search_fields = ["slug", "topic__title", "versions__title", "versions__neutral_heading"]
    search_help_text = _("Search by heading, address or topic")
    autocomplete_fields = ["topic", "replaced_by"]
    actions = None
    ordering = ["topic__position", "topic_id", "position", "pk"]

    # Lists

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        versions = FactVersion.objects.order_by("-number").prefetch_related("reviews")
        prefetch = Prefetch("versions", versions, to_attr="all_versions")
        return super().get_queryset(request).select_related("topic").prefetch_related(prefetch)

    def states_of(self, fact: Any, at: datetime, viewer: Any) -> list[State]:
        return fact_states(fact.all_versions, at, viewer)

    @admin.display(description=_("fact"), ordering="slug")
    def heading(self, fact: Any) -> str:
        return next((v.title or v.heading for v in fact.all_versions), "") or str(fact)

    @admin.display(description=_("next review"))
    def next_review(self, fact: Any) -> str:
        now = timezone.now()
        live = next((v for v in fact.all_versions if v.is_live(now)), None)
        if live is None:
            return "–"
        review = live.last_review
        return date_format(review.review_due, "j M Y") if review else _now("Never reviewed")

    # Who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_start_facts(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is not None and _was_ever_live(obj, timezone.now()):
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


def _was_ever_live(fact: Fact, at: datetime) -> bool:
    """Return whether readers ever saw the fact, so that its address may be known."""
    return fact.versions.ever_live(at).exists()  # type: ignore[attr-defined]
