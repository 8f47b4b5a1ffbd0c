"""Questions to clinicians outside the house: whom, when, and what came back. Never their links."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from facts.admin.records import RecordAdmin
from facts.admin.states import State, StateColumn, day, day_and_time, person
from facts.choices import ClinicalAnswer, RequestState
from facts.models import FactVersion, ReviewRequest
from facts.models.review_requests import may_ask

ANSWERS_ARE_NEW_FOR = timedelta(days=30)
# What can still be taken back: the others have their answer, or their end.
OPEN = {RequestState.WAITING, RequestState.CHANGED, RequestState.DECIDED}


def request_state(asked: ReviewRequest, at: datetime) -> State:
    """Return where a request stands, in words and with the answer."""
    state = asked.state(at)
    if state == RequestState.WAITING:
        return State("in-review", _now("Waiting until %(day)s") % {"day": day(asked.expires_at)})
    if state == RequestState.ANSWERED:
        key = "live" if asked.answer == ClinicalAnswer.APPROVED else "rejected"
        return State(key, str(asked.get_answer_display()))
    return State("over", str(state.label))


def requests_of(version: FactVersion, viewer: Any, at: datetime) -> list[dict[str, Any]]:
    """Return the requests about `version` for its page, the newest first."""
    if not viewer.has_perm("facts.view_reviewrequest"):
        return []
    rows = []
    for asked in version.review_requests.select_related("asked_by"):  # type: ignore[attr-defined]
        asked.version = version
        is_open = asked.state(at) in OPEN and may_ask(viewer)
        url = reverse("admin:facts_reviewrequest_take_back", args=[asked.pk]) if is_open else ""
        rows.append(
            {
                "asked": asked,
                "sent": day(asked.sent_at),
                "by": person(asked.asked_by, asked.asked_by_id, viewer),
                "state": request_state(asked, at),
                "take_back_url": url,
            }
        )
    return rows


class AnswerFilter(admin.SimpleListFilter):
    """Lists requests by what came back."""

    title = _("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("none", _("None yet")), *ClinicalAnswer.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "none":
            return queryset.filter(answer="", revoked_at__isnull=True)
        if self.value() in ClinicalAnswer.values:
            return queryset.filter(answer=self.value())
        return queryset


class AskedByFilter(admin.SimpleListFilter):
    """Lists what came back to whoever looks at the list."""

    title = _("asked by")
    parameter_name = "asked_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("me", _("Me, answered in the last 30 days"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() != "me":
            return queryset
        return queryset.answered_to(request.user, timezone.now() - ANSWERS_ARE_NEW_FOR)


@admin.register(ReviewRequest)
class ReviewRequestAdmin(StateColumn, RecordAdmin):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["sent", "asked_of", "version_link", "state", "asked_by"]
    list_display_links = ["sent"]
    list_filter = [AnswerFilter, AskedByFilter]
    list_select_related = ["version__fact__topic", "asked_by"]
    search_fields = ["asked_of", "answerer_name", "version__title", "version__fact__slug"]
    search_help_text = _("Search by clinician or heading")
    ordering = ["-sent_at", "-pk"]
    fields = [
        "version_link",
        "asked_of",
        "asked_by",
        "sent_at",
        "expires_at",
        "answer",
        "answered_at",
        "answerer_name",
        "answerer_role",
        "note",
        "revoked_at",
    ]

    @admin.display(description=_("sent"), ordering="sent_at")
    def sent(self, asked: ReviewRequest) -> str:
        return day_and_time(asked.sent_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("version__fact__topic", "asked_by")

    def states_of(self, obj: ReviewRequest, at: datetime, viewer: Any) -> list[State]:
        return [request_state(obj, at)]

    def get_urls(self) -> list[URLPattern]:
        view = require_http_methods(["GET", "HEAD", "POST"])(self.take_back)
        return [
            path(
                "<int:pk>/take-back/",
                self.admin_site.admin_view(view),
                name="facts_reviewrequest_take_back",
            ),
            *super().get_urls(),
        ]

    def take_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether the request is to be taken back; on POST do it, or say why it cannot be."""
        asked = get_object_or_404(ReviewRequest.objects.with_versions(), pk=pk)
        if not (self.has_view_permission(request, asked) and may_ask(request.user)):
            raise PermissionDenied
        why_not, status = "", 200
        if request.method == "POST":
            try:
                asked.revoke(request.user)
            except ValidationError as error:
                why_not, status = " ".join(error.messages), 409
            else:
                self.log_change(request, asked.version, _now("Took back a question."))
                self.message_user(request, _now("It is taken back. The link opens nothing more."))
                return HttpResponseRedirect(
                    reverse("admin:facts_factversion_change", args=[asked.version_id])
                )
        elif asked.state(timezone.now()) not in OPEN:
            why_not, status = _now("There is nothing to take back any more."), 409
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _now("Take back this question"),
            "asked": asked,
            "version": asked.version,
            "fact": asked.version.fact,
            "state": request_state(asked, timezone.now()),
            "why_not": why_not,
        }
        template = "admin/facts/reviewrequest/take_back.html"
        return TemplateResponse(request, template, context, status=status)
