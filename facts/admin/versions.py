"""Versions of facts: the writing desk, and the steps from a draft to what readers see."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from facts import gentle
from facts.admin.bench import CHECK, BenchPages, forget_check, grades_context
from facts.admin.editor import EditorAdmin
from facts.admin.previews import VersionPages, base_of, difference_to, may_share
from facts.admin.review_requests import requests_of
from facts.admin.stale import both_texts, with_rows_as_saved
from facts.admin.states import State, StateColumn, day_and_time, person, version_state
from facts.admin.transitions import TRANSITIONS, Transition, TransitionForm, offered
from facts.choices import Status
from facts.fields import sanitise
from facts.models import Citation, Event, FactVersion
from facts.models.versions import WRITTEN_FIELDS


class DraftForm(forms.ModelForm):
    """The text of a draft. It refuses to write over what somebody saved in the meantime."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = FactVersion
        fields = [*WRITTEN_FIELDS]
        widgets = {
            "call_now": forms.Textarea(attrs={"rows": 3}),
            "plain_words": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saved_meanwhile: FactVersion | None = None
        if "seen" in self.fields:
            self.fields["seen"].initial = self.instance.edited_at.isoformat()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if CHECK in self.data:  # It is only to be looked at.
            raise ValidationError("", code="checked")
        now = self.instance.edited_at.isoformat()
        if self.data.get("seen") != now:
            self.saved_meanwhile = FactVersion.objects.get(pk=self.instance.pk)
            # What is saved now is on the page from here on, so saving again is a decision.
            data = self.data.copy()  # type: ignore[attr-defined]
            data["seen"] = now
            self.data = data
            raise ValidationError(
                _(
                    "Somebody saved this draft while you were writing, so yours is not saved yet. "
                    "Nothing is lost: what you typed is below, what they saved stands above it. "
                    "Take over what you need, then save again."
                ),
                code="stale",
            )
        return cleaned


class CitationForm(forms.ModelForm):
    class Meta:
        model = Citation
        fields = ["source", "supports", "passages", "position"]
        widgets = {"passages": forms.Textarea(attrs={"rows": 3})}
        labels = {"source": _("Publication")}
        help_texts = {
            "source": _("Search by title, publisher or reference; + adds one that is not there."),
            "position": _("Sources stand in this order under the fact."),
        }


class CitationInline(admin.StackedInline):
    model = Citation
    form = CitationForm
    autocomplete_fields = ["source"]
    fields = ["source", "supports", "passages", "position"]
    verbose_name = _("source")
    verbose_name_plural = _("sources of this text")
    ordering = ["position", "pk"]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Offer one empty row where there is none yet."""
        return 0 if obj is not None and obj.citations.exists() else 1

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("source")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)


def _is_draft(version: Any) -> bool:
    return version is None or version.status == Status.DRAFT


class VersionStateFilter(admin.SimpleListFilter):
    """Lists versions by where they stand."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("mine", _("My drafts")),
            ("sent-back", _("Sent back to me")),
            ("to-decide", _("Waiting for me")),
            ("draft", _("All drafts")),
            ("in-review", _("Waiting for review")),
            ("live", _("Readers see it")),
            ("scheduled", _("Scheduled")),
            ("rejected", _("Rejected")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        now = timezone.now()
        match self.value():
            case "mine":
                return queryset.filter(status=Status.DRAFT, author=request.user)
            case "sent-back":
                return queryset.sent_back_to(request.user)
            case "to-decide":
                return queryset.awaiting_decision_by(request.user)
            case "live":
                return queryset.live(now)
            case "scheduled":
                return queryset.scheduled(now)
            case "draft" | "in-review" | "rejected" as status:
                return queryset.filter(status=status)
        return queryset


@admin.register(FactVersion)
class FactVersionAdmin(BenchPages, VersionPages, StateColumn, EditorAdmin):
    form = DraftForm
    show_facets = admin.ShowFacets.NEVER
    list_display = ["name", "topic", "state", "edited"]
    list_filter = [VersionStateFilter, "fact__topic"]
    list_select_related = ["fact__topic"]
    list_per_page = 50
    search_fields = ["title", "neutral_heading", "fact__slug", "fact__topic__title"]
    search_help_text = _("Search by heading, address or topic")
    ordering = ["-edited_at", "-pk"]
    actions = None
    radio_fields = {"sensitivity": admin.VERTICAL, "evidence": admin.VERTICAL}

    # Lists

    @admin.display(description=_("version"), ordering="title")
    def name(self, version: FactVersion) -> str:
        return str(version)

    @admin.display(description=_("topic"), ordering="fact__topic__title")
    def topic(self, version: FactVersion) -> str:
        return str(version.fact.topic)

    @admin.display(description=_("edited"), ordering="edited_at")
    def edited(self, version: FactVersion) -> str:
        return day_and_time(version.edited_at)

    def states_of(self, obj: Any, at: datetime, viewer: Any) -> list[State]:
        return [version_state(obj, at, viewer)]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("fact__topic")

    # Who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A version is begun from its fact, which gives it its number and its text."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

    # The form

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.radio_fields:
            kwargs["choices"] = [("", _("Not said yet")), *db_field.choices]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A draft has its citations below it; what is only read has them in one list."""
        return [CitationInline] if self.has_change_permission(request, obj) else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if self.has_change_permission(request, obj):
            return [
                (
                    _("What it says"),
                    {"fields": ["title", "neutral_heading", "body", "call_now", "seen"]},
                ),
                (_("What kind of fact"), {"fields": ["sensitivity", "evidence", "audiences"]}),
                (_("Where it is not plain"), {"fields": ["grade_reason", "plain_words"]}),
            ]
        fields = ["title", "neutral_heading", "body_shown"]
        if obj is not None:
            said = ("call_now", "grade_reason", "plain_words")
            fields += [name for name in said if getattr(obj, name)]
        fields.append("sources_shown")
        fields += ["sensitivity", "evidence", "for_whom"]
        if obj is not None and obj.change_note:
            fields += ["change_kind", "change_note"]
        if obj is not None and obj.withdrawn_reason:
            fields.append("withdrawn_reason")
        return [(_("What it says"), {"fields": fields})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["body_shown", "sources_shown", "for_whom"]

    @admin.display(description=_("text"))
    def body_shown(self, version: FactVersion) -> SafeString:
        text = mark_safe(sanitise(version.body))  # noqa: S308
        return format_html('<div class="prose">{}</div>', text) if text else mark_safe("–")

    @admin.display(description=_("sources"))
    def sources_shown(self, version: FactVersion) -> SafeString:
        items = format_html_join(
            "",
            "<li>{}<br>{}</li>",
            (
                (c.source, _now("Supports: %(what)s") % {"what": c.supports})
                for c in version.citations.in_order()  # type: ignore[attr-defined]
            ),
        )
        return format_html("<ol>{}</ol>", items) if items else mark_safe("–")

    @admin.display(description=_("for whom in particular"))
    def for_whom(self, version: FactVersion) -> str:
        field = FactVersion._meta.get_field("audiences")
        return ", ".join(field.labels(version.audiences)) or _now("Everybody")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "POST" or object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            version = self.get_object(request, unquote(object_id))
            saved = version.locked() if version is not None else None
            is_sent = saved is not None and saved.status != Status.DRAFT
            if version is not None and is_sent and super().has_change_permission(request):
                return self._too_late(request, version)
            if saved is not None and request.POST.get("seen") != saved.edited_at.isoformat():
                # Somebody saved it meanwhile: the form is refused, and its rows must fit again.
                request.POST = with_rows_as_saved(request.POST, saved)  # type: ignore[assignment]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def _too_late(self, request: HttpRequest, version: FactVersion) -> HttpResponse:
        """Say that the text is no draft any more, and give back what was typed."""
        context = {
            **self._page(request, version),
            "title": _("Your text was not saved"),
            **both_texts(version, request.POST),
        }
        template = "admin/facts/factversion/too_late.html"
        return TemplateResponse(request, template, context, status=409)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            form.instance.record_edit(request.user)

    def response_change(self, request: HttpRequest, obj: FactVersion) -> HttpResponse:
        if "_submit" in request.POST:
            return HttpResponseRedirect(_url("submit", obj))
        if "_preview" in request.POST:
            return HttpResponseRedirect(_url("preview", obj))
        self.message_user(
            request,
            _now("Saved on %(when)s. Nobody but staff sees a draft.")
            % {"when": day_and_time(timezone.now())},
        )
        return HttpResponseRedirect(_url("change", obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        version = kwargs["obj"]
        context.update(self._page(request, version))
        context["title"], context["subtitle"] = str(version), None
        context["transitions"] = [
            {
                "link": step.link(version, request.user),
                "url": _url(step.name, version),
                "weight": step.weight,
            }
            for step in offered(version, request.user, timezone.now())
        ]
        context["may_start"] = (
            not version.is_open
            and request.user.has_perm("facts.add_factversion")
            and not version.fact.versions.open().exists()
        )
        # A form that was not saved has changed `version`, and no row.
        saved = FactVersion.objects.get(pk=version.pk) if request.method == "POST" else version
        context["missing"] = saved.missing() if saved.is_open else []
        context["flagged"] = version.flagged_citations(timezone.now())
        if self.has_change_permission(request, version):
            context |= self.bench_for_form(request, version)
            if CHECK in request.POST:
                forget_check(context)
        elif version.is_open:
            context |= grades_context(version)
        context["returned"] = (
            version.events.filter(verb=Event.Verb.RETURNED).exclude(note="").last()
            if version.status == Status.DRAFT
            else None
        )
        context["may_share"] = version.is_open and may_share(request.user)
        context["has_others"] = version.fact.versions.exclude(pk=version.pk).exists()
        if saved := getattr(context["adminform"].form, "saved_meanwhile", None):
            context |= both_texts(saved, request.POST)
        return super().render_change_form(request, context, *args, **kwargs)

    def _page(self, request: HttpRequest, version: FactVersion) -> dict[str, Any]:
        """Return what every page about `version` shows: where it stands, and its trail."""
        events = version.events.select_related("actor")  # type: ignore[attr-defined]
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "version": version,
            "fact": version.fact,
            "subtitle": str(version),
            "state": version_state(version, timezone.now(), request.user),
            "trail": [
                {
                    "when": day_and_time(event.happened_at),
                    "what": event.get_verb_display(),
                    "who": person(event.actor, event.actor_id, request.user)
                    if event.actor_id
                    else "",
                    "note": event.note,
                }
                for event in events
            ],
            "clinicians": requests_of(version, request.user, timezone.now()),
        }

    # Deleting a draft

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A draft goes with its sources' citations and its trail; nothing else hangs on it."""
        return [str(obj) for obj in objs], {self.opts.verbose_name: len(objs)}, set(), []

    # The steps

    def get_urls(self) -> list[URLPattern]:
        steps = [
            path(
                f"<int:pk>/{name}/",
                self._step_view(step),
                name=f"facts_factversion_{name}",
            )
            for name, step in TRANSITIONS.items()
        ]
        return [*steps, *super().get_urls()]

    def _step_view(self, step: Transition) -> Any:
        @require_http_methods(["GET", "HEAD", "POST"])
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return self.take_step(request, pk, step)

        return self.admin_site.admin_view(view)

    def take_step(self, request: HttpRequest, pk: int, step: Transition) -> HttpResponse:
        """Ask what `step` asks; on POST take it, or say why it cannot be taken."""
        user, now = request.user, timezone.now()
        version = get_object_or_404(self.get_queryset(request), pk=pk)
        if not (self.has_view_permission(request, version) and step.is_allowed(version, user)):
            raise PermissionDenied
        why_not = step.why_not(version, user, now)
        form = step.form(version, user, request.POST if request.method == "POST" else None)
        status = 200
        if form.is_bound and form.is_valid():
            status = self._run(step, version, user, form)
            if status == 200:
                self.log_change(request, version, str(step.title(version, user)))
                self.message_user(request, step.done(version))
                return HttpResponseRedirect(_url("change", version))
        elif why_not:
            status = 403 if step.is_due(version, now) else 409
        base = base_of(version, now) if step.shows_text else None
        context = {
            **self._page(request, version),
            "title": step.title(version, user),
            "explanation": step.explain(version, user),
            "flagged": version.flagged_citations(now) if step.shows_flagged else None,
            "button": step.button(version, user),
            "weight": step.weight,
            "why_not": why_not,
            "form": form,
            # What was typed stays on the page, whatever stands in the way.
            "may_send": not why_not,
            "missing": version.missing() if version.is_open else [],
            "is_gate": step.shows_text,
            **(grades_context(version) if step.shows_text else {}),
            "shown": gentle.show(version.fact, version, EVERYTHING) if step.shows_text else None,
            "base": base,
            "difference": difference_to(base, version),
        }
        template = "admin/facts/factversion/transition.html"
        return TemplateResponse(request, template, context, status=status)

    def _run(self, step: Transition, version: FactVersion, user: Any, form: TransitionForm) -> int:
        """Take the step. Return 200, or the status of a refusal whose words are on the form."""
        try:
            step.run(version, user, form.cleaned_data)
        except PermissionDenied as error:
            form.add_error(None, str(error) or _now("Your role does not include this."))
            return 403
        except ValidationError as error:
            form.add_error(None, error)
            return 409
        return 200


# An approver reads all of it.
EVERYTHING = gentle.Asked(hidden=frozenset())


def _url(name: str, version: FactVersion) -> str:
    return reverse(f"admin:facts_factversion_{name}", args=[version.pk])
