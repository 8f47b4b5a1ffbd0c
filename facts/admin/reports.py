"""What readers say of facts: a list, and a page on which each is read and closed."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from facts.admin.states import State, StateColumn, day, day_and_time, person
from facts.models import Fact, FactVersion, Report

FACTS_IN_FILTER = 20
OTHERS_SHOWN = 10


class VersionChoice(forms.ModelChoiceField):
    """A version by its number and its first day."""

    def label_from_instance(self, obj: Any) -> str:
        return _now("Version %(number)d, which readers saw from %(day)s on") % {
            "number": obj.number,
            "day": day(obj.live_from),
        }


class CloseForm(forms.Form):
    """Asks what came of a report."""

    required_css_class = "required"

    outcome = forms.ChoiceField(
        label=_("What came of it?"),
        choices=[
            (Report.Outcome.MENDED, _("It was put right")),
            (Report.Outcome.RIGHT, _("It is right as it stands")),
            (Report.Outcome.CANNOT, _("We cannot help it")),
            (Report.Outcome.OFF_TOPIC, _("It is not about this fact")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of it.")},
    )
    mended_in = VersionChoice(
        label=_("Which version put it right?"),
        queryset=FactVersion.objects.none(),
        required=False,
        empty_label=_("No version: a source or a link was put right"),
    )
    answered_by = forms.ModelChoiceField(
        label=_("Which other fact answers it now?"),
        queryset=Fact.objects.all(),
        required=False,
        widget=AutocompleteSelect(Report._meta.get_field("answered_by"), admin.site),
        help_text=_("Only if another fact says what this reader was looking for."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=Report._meta.get_field("note").help_text,
    )
    is_emptied = forms.BooleanField(
        label=_("Delete the reader’s words now"),
        required=False,
        help_text=_(
            "If they tell who somebody is. Otherwise they are deleted 180 days after closing."
        ),
    )

    def __init__(self, report: Report, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        newer = report.newer_versions(timezone.now())
        self.fields["mended_in"].queryset = newer  # type: ignore[attr-defined]
        if not newer.exists():
            del self.fields["mended_in"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("mended_in") and cleaned.get("outcome") not in {None, Report.Outcome.MENDED}:
            self.add_error("mended_in", _("Choose a version only for what was put right."))
        return cleaned


class ReportStateFilter(admin.SimpleListFilter):
    """Lists reports by whether they are open, or by what came of them."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("closed", _("Closed")), *Report.Outcome.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        match self.value():
            case "open":
                return queryset.open()
            case "closed":
                return queryset.filter(closed_at__isnull=False)
            case None:
                return queryset
            case outcome:
                return queryset.filter(outcome=outcome)


class ReportedFactFilter(admin.SimpleListFilter):
    """Lists the reports of one fact; those with most open reports are offered."""

    title = _("fact")
    parameter_name = "fact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        is_open = Q(versions__reports__isnull=False, versions__reports__closed_at__isnull=True)
        facts = (
            Fact.objects.filter(is_open)
            .annotate(open_reports=Count("versions__reports"))
            .order_by("-open_reports", "slug", "pk")[:FACTS_IN_FILTER]
        )
        return [(str(fact.pk), f"{fact} ({fact.open_reports})") for fact in facts]  # type: ignore[attr-defined]

    def has_output(self) -> bool:
        return bool(self.lookup_choices) or self.value() is not None

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        value = self.value()
        if value is None:
            return queryset
        if not (value.isascii() and value.isdecimal() and len(value) < 19):
            return queryset.none()
        return queryset.filter(version__fact=int(value))


def report_state(report: Report) -> State:
    """Return whether it is open, or what came of it."""
    if report.is_open:
        return State("in-review", _now("Open"))
    key = "live" if report.outcome == Report.Outcome.MENDED else "over"
    return State(key, str(report.get_outcome_display()))


@admin.register(Report)
class ReportAdmin(StateColumn):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["beginning", "fact", "created_on", "kind", "state"]
    list_filter = [ReportStateFilter, "kind", "created_on", ReportedFactFilter]
    list_per_page = 50
    search_fields = ["words", "note", "version__title", "version__fact__slug"]
    search_help_text = _("Search by words, note or heading")
    actions = ["close_as_off_topic"]

    # Lists

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        reports: Any = super().get_queryset(request)
        return reports.with_facts()

    @admin.display(description=_("what the reader wrote"))
    def beginning(self, report: Report) -> str:
        return Truncator(report.words).chars(90) or _now("Deleted")

    @admin.display(description=_("fact"), ordering="version__fact__slug")
    def fact(self, report: Report) -> str:
        return str(report.version)

    def states_of(self, obj: Any, at: datetime, viewer: Any) -> list[State]:
        return [report_state(obj)]

    # Who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Readers write them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are closed; a job deletes their words."""
        return False

    # Closing

    @admin.action(description=_("Close: these are not about their fact"), permissions=["change"])
    def close_as_off_topic(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Close what is chosen, and tell what was done and what somebody had closed before."""
        done = refused = 0
        for report in queryset:
            try:
                report.close(request.user, outcome=Report.Outcome.OFF_TOPIC)
            except ValidationError:
                refused += 1
                continue
            self.log_change(request, report, _now("Closed."))
            done += 1
        if done:
            said = ngettext("%(count)d report is closed.", "%(count)d reports are closed.", done)
            self.message_user(request, said % {"count": done}, messages.SUCCESS)
        if refused:
            said = ngettext(
                "%(count)d was closed before, and stays as it is.",
                "%(count)d were closed before, and stay as they are.",
                refused,
            )
            self.message_user(request, said % {"count": refused}, messages.WARNING)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a report with its fact, and ask what came of it; on POST close it."""
        report: Any = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, report):
            raise PermissionDenied
        if report is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        may_close = self.has_change_permission(request, report)
        if request.method != "POST":
            form = CloseForm(report) if may_close and report.is_open else None
            return self._page(request, report, form)
        if not may_close:
            raise PermissionDenied
        form = CloseForm(report, request.POST)
        if not form.is_valid():
            return self._page(request, report, form)
        try:
            report.close(request.user, **form.cleaned_data)
        except ValidationError as error:
            if getattr(error, "code", "") == "closed":
                report.refresh_from_db()
                return self._page(request, report, form, status=409)
            form.add_error(None, error)
            return self._page(request, report, form)
        self.log_change(request, report, _now("Closed."))
        self.message_user(request, _now("The report is closed."))
        waiting = Report.objects.open().exists()
        address = reverse("admin:facts_report_changelist")
        return HttpResponseRedirect(f"{address}?state=open" if waiting else address)

    def _page(
        self, request: HttpRequest, report: Report, form: CloseForm | None, status: int = 200
    ) -> HttpResponse:
        now = timezone.now()
        read, fact = report.version, report.fact
        seen = fact.live_version(now, read.language)
        others = Report.objects.open().filter(version__fact=fact).exclude(pk=report.pk)
        compare = ""
        if seen is not None and seen.number != read.number:
            query = urlencode({"from": read.number, "to": seen.number})
            compare = f"{fact.get_history_url()}?{query}"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _now("A reader’s report"),
            "report": report,
            "fact": fact,
            "state": report_state(report),
            "seen": seen,
            "compare_url": compare,
            "others": others.order_by("-created_on", "-pk")[:OTHERS_SHOWN],
            "form": form if report.is_open else None,
            "typed_note": form["note"].data if form is not None and form.is_bound else "",
            "media": form.media if form is not None else forms.Media(),
            "closed": None
            if report.closed_at is None
            else {
                "when": day_and_time(report.closed_at),
                "who": person(None, report.closed_by_id, request.user),
            },
        }
        template = "admin/facts/report/page.html"
        return TemplateResponse(request, template, context, status=status)
