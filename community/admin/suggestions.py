"""What people outside suggest: a list, and a page on which each is read and decided."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from community.care import suggestion_decisions as decisions
from community.care.suggested import FIELDS, MEETS, in_words, label
from community.forms.decisions import (
    CorrectionDecisionForm,
    DecisionForm,
    NewGroupDecisionForm,
)
from community.meeting_times import days_ago_in_words
from community.models import Suggestion, SupportGroup
from community.models.suggestions import AlreadyDecided
from facts.admin.states import State, StateColumn, day_and_time, person

OTHERS_SHOWN = 10


class SuggestionStateFilter(admin.SimpleListFilter):
    """Lists suggestions by whether they are open, or by what came of them."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Waiting")), ("decided", _("Decided")), *Suggestion.Outcome.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        match self.value():
            case "open":
                return queryset.open()
            case "decided":
                return queryset.filter(decided_at__isnull=False)
            case None:
                return queryset
            case outcome:
                return queryset.filter(outcome=outcome)


def alike(suggestion: Suggestion) -> Iterable[SupportGroup]:
    """Return listings that may be the new group already: by its name, or its web page."""
    if suggestion.kind != Suggestion.Kind.NEW_GROUP or not suggestion.name:
        return []
    is_alike = Q(name__icontains=suggestion.name)
    website = suggestion.changes.get("website", {}).get("new", "")
    if website:
        is_alike |= Q(website__icontains=SupportGroup(website=website).website_in_short)
    return SupportGroup.objects.filter(is_alike).order_by("name", "pk")[:OTHERS_SHOWN]


def suggestion_state(suggestion: Suggestion) -> State:
    """Return whether it waits, or what came of it."""
    if suggestion.is_open:
        return State("in-review", _now("Waiting"))
    key = "rejected" if suggestion.outcome == Suggestion.Outcome.REJECTED else "live"
    return State(key, str(suggestion.get_outcome_display()))


@admin.register(Suggestion)
class SuggestionAdmin(StateColumn):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["subject", "about", "sent", "state"]
    list_display_links = ["subject"]
    list_filter = [SuggestionStateFilter, "kind"]
    list_per_page = 50
    search_fields = ["group__name", "changes__name__new"]
    search_help_text = _("Search by the name of the group")
    actions = ["reject_as_not_fitting"]

    # Lists

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("group", "verification")

    @admin.display(description=_("group"))
    def subject(self, suggestion: Suggestion) -> str:
        return suggestion.name or _now("Without a name")

    @admin.display(description=_("what"))
    def about(self, suggestion: Suggestion) -> str:
        """That it is new, or which parts of the listing are to be corrected."""
        if suggestion.kind == Suggestion.Kind.NEW_GROUP:
            return str(suggestion.get_kind_display())
        names = [label(name) for name in (*FIELDS, MEETS) if name in suggestion.changes]
        parts = ", ".join(names) or _now("in their own words")
        return _now("Correction: %(parts)s") % {"parts": parts}

    @admin.display(description=_("sent"), ordering="created_on")
    def sent(self, suggestion: Suggestion) -> str:
        """How long ago it was sent, and whether it came by the link that the organizer got."""
        ago = capfirst(days_ago_in_words(suggestion.created_on, timezone.localdate()))
        if suggestion.is_from_organizer:
            return _now("%(ago)s, from the organizer") % {"ago": ago}
        return ago

    def states_of(self, obj: Any, at: datetime, viewer: Any) -> list[State]:
        return [suggestion_state(obj)]

    # Who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People outside write them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are decided; a job deletes them."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # A filter in the address would tell what the pages do not: whose it is.
        return lookup.split("__")[0] in {"kind", "state"}

    # Deciding

    @admin.action(
        description=_("Take nothing over: this is not what the directory is for"),
        permissions=["change"],
    )
    def reject_as_not_fitting(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Reject what is chosen, and tell what was done, and what was not and why."""
        done = decided = own = 0
        for suggestion in queryset:
            try:
                decisions.reject(suggestion, request.user, reason=Suggestion.Reason.NOT_FITTING)
            except AlreadyDecided:
                decided += 1
            except PermissionDenied:
                own += 1
            else:
                self.log_change(request, suggestion, _now("Not taken over."))
                done += 1
        for count, level, said in (
            (
                done,
                messages.SUCCESS,
                ngettext(
                    "%(count)d suggestion is not taken over.",
                    "%(count)d suggestions are not taken over.",
                    done,
                ),
            ),
            (
                decided,
                messages.WARNING,
                ngettext(
                    "%(count)d was decided before, and stays as it is.",
                    "%(count)d were decided before, and stay as they are.",
                    decided,
                ),
            ),
            (
                own,
                messages.WARNING,
                ngettext(
                    "%(count)d is yours, so a colleague has to decide it.",
                    "%(count)d are yours, so a colleague has to decide them.",
                    own,
                ),
            ),
        ):
            if count:
                self.message_user(request, said % {"count": count}, level)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a suggestion beside the listing, and ask what becomes of it; on POST decide it."""
        suggestion: Any = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, suggestion):
            raise PermissionDenied
        if suggestion is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        may_decide = self.has_change_permission(request, suggestion)
        may_decide = may_decide and not suggestion.is_of(request.user)
        if request.method != "POST":
            form = _form(suggestion) if may_decide and suggestion.is_open else None
            return self._page(request, suggestion, form)
        if not may_decide:
            raise PermissionDenied
        if not suggestion.is_open:
            return self._page(request, suggestion, None, status=409)
        form = _form(suggestion, request.POST)
        if not form.is_valid():
            return self._page(request, suggestion, form)
        try:
            return self._decide(request, suggestion, form)
        except AlreadyDecided as decided:
            return self._page(request, decided.suggestion, None, status=409)
        except decisions.ListingChanged as changed:
            suggestion = self.get_object(request, unquote(object_id))
            data = request.POST.copy()
            data["basis"] = str(_form(suggestion)["basis"].initial)
            form = _form(suggestion, data)
            form.is_valid()
            form.add_error(None, changed)
            return self._page(request, suggestion, form, status=409)
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
            return self._page(request, suggestion, form)

    def _decide(
        self, request: HttpRequest, suggestion: Suggestion, form: DecisionForm
    ) -> HttpResponse:
        note = form.cleaned_data["note"]
        if form.is_rejecting:
            reason = form.cleaned_data["reason"]
            decisions.reject(suggestion, request.user, reason=reason, note=note)
            self.log_change(request, suggestion, _now("Not taken over."))
            self.message_user(request, _now("Nothing is taken over."))
            return self._next()
        if isinstance(form, NewGroupDecisionForm):
            group = decisions.accept_new_group(
                suggestion, request.user, form.values(), details=form.details(), note=note
            )
            self.log_change(request, suggestion, _now("Taken over."))
            words = _now(
                "The listing is made. It is not on the site yet: say when it meets, call the "
                "people who run it, then publish it."
            )
            return self._to_listing(request, suggestion, group.pk, words)
        assert isinstance(form, CorrectionDecisionForm)  # noqa: S101 - there are two kinds.
        group = decisions.accept_correction(
            suggestion,
            request.user,
            form.values(),
            by_hand=form.taken_by_hand(),
            is_whole=form.is_whole,
            basis=form.cleaned_data["basis"],
            note=note,
        )
        self.log_change(request, suggestion, _now("Taken over."))
        if form.taken_by_hand():
            words = _now("Now put right by hand what is left.")
            return self._to_listing(request, suggestion, group.pk, words, form.taken_by_hand())
        if "place" in form.values() and group.latitude is not None:
            words = _now(
                "The place is corrected, and readers still find the group near the old one: give "
                "the town or postcode under “Where on the map”."
            )
            return self._to_listing(request, suggestion, group.pk, words, ["place"])
        self.message_user(request, _now("“%(name)s” is corrected.") % {"name": group.name})
        return self._next()

    def _next(self) -> HttpResponse:
        """Go back to what waits, or to the whole list if nothing does."""
        address = reverse("admin:community_suggestion_changelist")
        waiting = Suggestion.objects.open().exists()
        return HttpResponseRedirect(f"{address}?state=open" if waiting else address)

    def _to_listing(
        self,
        request: HttpRequest,
        suggestion: Suggestion,
        group: int,
        words: str,
        names: list[str] | None = None,
    ) -> HttpResponse:
        """Go on in the listing, with what the sender wrote of what is left to do there."""
        said = suggestion.changes.get(MEETS, {}).get("new", "")
        if said and MEETS in (names or [MEETS]):
            words += " " + _now("When it meets: “%(words)s”.") % {"words": said}
        address = reverse("admin:community_suggestion_change", args=[suggestion.pk])
        words = format_html('{} <a href="{}">{}</a>', words, address, _now("All that they wrote"))
        self.message_user(request, words, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:community_supportgroup_change", args=[group]))

    def _page(
        self,
        request: HttpRequest,
        suggestion: Suggestion,
        form: DecisionForm | None,
        status: int = 200,
    ) -> HttpResponse:
        others: Any = Suggestion.objects.none()
        if suggestion.group_id is not None:
            others = Suggestion.objects.open().filter(group=suggestion.group_id)
            others = others.exclude(pk=suggestion.pk).select_related("group")[:OTHERS_SHOWN]
        names = [name for name in (*FIELDS, MEETS) if name in suggestion.changes]
        said = [(label(name), in_words(name, suggestion.changes[name]["new"])) for name in names]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": suggestion.name or _now("Without a name"),
            "suggestion": suggestion,
            "is_correction": suggestion.kind == Suggestion.Kind.CORRECTION,
            "is_own": suggestion.is_of(request.user),
            "state": suggestion_state(suggestion),
            "sent": days_ago_in_words(suggestion.created_on, timezone.localdate()),
            "said": said,
            "meets": suggestion.changes.get(MEETS, {}).get("new", ""),
            "joining": suggestion.private("joining"),
            "words": suggestion.private("words"),
            "others": others,
            "alike": alike(suggestion) if form is not None else [],
            "form": form,
            "is_too_late": status == 409 and form is None,
            "typed_note": request.POST.get("note", "") if status == 409 else "",
            "media": form.media if form is not None else forms.Media(),
            "decided": None if suggestion.is_open else self._decided(request, suggestion),
        }
        template = "admin/community/suggestion/page.html"
        return TemplateResponse(request, template, context, status=status)

    def _decided(self, request: HttpRequest, suggestion: Suggestion) -> dict[str, Any]:
        assert suggestion.decided_at is not None  # noqa: S101 - whoever asks has looked.
        applied = [
            (
                _by_hand_label(name),
                _now("put right by hand") if value is None else in_words(name, value) or "–",
            )
            for name, value in suggestion.applied.items()
        ]
        return {
            "when": day_and_time(suggestion.decided_at),
            "who": person(None, suggestion.decided_by_id, request.user),
            "applied": applied,
        }


def _by_hand_label(name: str) -> str:
    names = {"joining": _now("How to join"), "words": _now("What they wrote")}
    return names.get(name) or label(name)


def _form(suggestion: Suggestion, data: Any = None) -> Any:
    is_rejecting = data is not None and "reject" in data
    if suggestion.kind == Suggestion.Kind.CORRECTION:
        return CorrectionDecisionForm(suggestion, data, is_rejecting=is_rejecting)
    return NewGroupDecisionForm(suggestion, data, is_rejecting=is_rejecting)
