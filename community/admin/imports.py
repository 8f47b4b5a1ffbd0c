"""Importing groups on the desk: choose a file, look at what it would change, press once."""

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from community.admin.meetings import time_zone_choices
from community.imports.checks import label
from community.imports.columns import COLUMNS
from community.imports.csv import template
from community.imports.formats import FORMATS, read_file
from community.imports.plan import Change, Item, NotApplied, Plan, compare, import_reading
from community.imports.rows import MOST_BYTES, MOST_ROWS, FileRefused, Problem, Reading, one_line
from community.imports.shown import pair_in_words, value_in_words
from community.languages import LANGUAGE_CHOICES
from community.models import Event, ImportPreview, SupportGroup

PAGE_SIZE = 50
# More boxes than these are no help to anybody, and a form has a limit.
MOST_CONFLICTS = 300


# The columns as people think of them.
COLUMN_KINDS = (
    (_("Which group it is"), lambda c: c.field in {"key", "slug"}),
    (
        _("What everybody reads"),
        lambda c: not (c.is_private or c.field == "slug" or c.field.startswith("meeting.")),
    ),
    (_("When it meets"), lambda c: c.field.startswith("meeting.")),
    (_("Private: for members or for staff"), lambda c: c.is_private and c.field != "key"),
)


class ImportForm(forms.Form):
    """Asks for a file, and for what the file itself may not say."""

    required_css_class = "required"

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("%(size)d MB and %(rows)s rows at most.")
        % {"size": MOST_BYTES // 1024 // 1024, "rows": f"{MOST_ROWS:,}"},
    )
    kind = forms.ChoiceField(
        label=_("Format"), choices=FORMATS, initial="csv", widget=forms.RadioSelect
    )
    source = forms.CharField(
        label=_("Where it is from"),
        max_length=60,
        help_text=_(
            "Hope House. The same words each time: by them a later file finds its listings again."
        ),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("For rows that name none: the town whose clock they go by."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("Leave it open")), *LANGUAGE_CHOICES],
        help_text=_("For meetings of a Meeting Guide feed that name none."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = (
            ".csv,.txt,.tsv,.json,text/csv,application/json"
        )
        self.fields["source"].widget.attrs["list"] = "sources"
        zone: Any = self.fields["time_zone"]
        zone.choices = time_zone_choices("")

    def clean_source(self) -> str:
        return one_line(self.cleaned_data["source"])

    def clean(self) -> dict[str, Any]:
        """Read the file, so that what is wrong with it is said beside it."""
        data = self.cleaned_data
        file = data.get("file")
        if file is None or self.errors:
            return data
        if file.size > MOST_BYTES:
            self.add_error("file", _("The file is too large. Cut it into several files."))
            return data
        try:
            data["reading"] = read_file(
                file.read(), data["kind"], data["time_zone"], data["language"]
            )
        except FileRefused as error:
            self.add_error("file", ValidationError(str(error), code="refused"))
        return data


@dataclass(frozen=True)
class Section:
    """One part of a preview: what it is called, how many it holds, and its rows."""

    name: str
    words: str
    rows: list[Any]


class ImportPages(admin.ModelAdmin):
    """The pages of an import, before those of single groups."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        may_post = require_http_methods(["GET", "HEAD", "POST"])
        name = "community_supportgroup_import"
        return [
            path("import/", wrap(may_post(self.import_file)), name=name),
            path(
                "import/template.csv",
                wrap(require_safe(self.import_template)),
                name=f"{name}_template",
            ),
            path(
                "import/columns/", wrap(require_safe(self.import_columns)), name=f"{name}_columns"
            ),
            path("import/<uuid:pk>/", wrap(may_post(self.import_preview)), name=f"{name}_preview"),
            *super().get_urls(),
        ]

    def may_import(self, request: HttpRequest) -> bool:
        """Return whether this member of staff may add and change groups and their ways in."""
        rights = ("add_supportgroup", "change_supportgroup", "change_joiningdetails")
        user: Any = request.user
        return user.has_perms([f"community.{right}" for right in rights])

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"may_import": self.may_import(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def import_file(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file; on POST read it and lead to the page that shows what it would change."""
        self._require(request)
        form = ImportForm(request.POST or None, request.FILES or None)
        user: Any = request.user
        if request.method == "POST" and form.is_valid():
            preview = ImportPreview.objects.create(
                member=user,
                source=form.cleaned_data["source"],
                content=json.dumps(form.cleaned_data["reading"].to_json()),
                created_at=timezone.now(),
            )
            return redirect("admin:community_supportgroup_import_preview", preview.pk)
        sources = SupportGroup.objects.exclude(import_source="")
        context = {
            **self._context(request, _now("Import groups")),
            "form": form,
            "sources": sources.order_by("import_source")
            .values_list("import_source", flat=True)
            .distinct()[:100],
        }
        status = 400 if form.is_bound else 200
        return TemplateResponse(
            request, "admin/community/supportgroup/import.html", context, status=status
        )

    def import_template(self, request: HttpRequest) -> HttpResponse:
        """Give an empty file with the headings, and one row that shows what to write."""
        self._require(request)
        response = HttpResponse(template(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="groups-to-import.csv"'
        return response

    def import_columns(self, request: HttpRequest) -> HttpResponse:
        """Explain each column of the template."""
        self._require(request)
        context = {
            **self._context(request, _now("The columns of the file")),
            "kinds": [
                (words, [column for column in COLUMNS if belongs(column)])
                for words, belongs in COLUMN_KINDS
            ],
        }
        return TemplateResponse(
            request, "admin/community/supportgroup/import_columns.html", context
        )

    def import_preview(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show what a file would change; on POST change it, if it is still the same."""
        self._require(request)
        now = timezone.now()
        user: Any = request.user
        mine = ImportPreview.objects.open_at(now).filter(member=user)
        preview = get_object_or_404(mine, pk=pk)
        if preview.applied_at is not None:
            return self._done(request, preview)
        if request.method == "POST":
            return self._apply(request, preview)
        reading = Reading.from_json(json.loads(preview.content))
        return self._show(request, preview, compare(reading, preview.source, timezone.localdate()))

    def _apply(self, request: HttpRequest, preview: ImportPreview) -> HttpResponse:
        """Write what was shown, once, however often the button was pressed."""
        now = timezone.now()
        reading = Reading.from_json(json.loads(preview.content))
        shown = request.POST.get("fingerprint", "")
        try:
            with transaction.atomic():
                locked = ImportPreview.objects.select_for_update().get(pk=preview.pk)
                if locked.applied_at is not None:
                    return self._done(request, locked)
                plan, done = import_reading(
                    reading, preview.source, now, set(request.POST.getlist("take")), shown
                )
                if done is not None:
                    self._write_down(request, locked, plan, done)
        except NotApplied as error:
            messages.error(request, str(error))
            plan = compare(reading, preview.source, timezone.localdate())
            return self._show(request, preview, plan, status=409)
        if done is None:
            words = _now(
                "The directory has changed since you looked. Nothing was imported; this is how "
                "it compares now. Look again, and press once more."
            )
            messages.warning(request, words)
            return self._show(request, preview, plan, status=409)
        return redirect("admin:community_supportgroup_import_preview", preview.pk)

    def _write_down(
        self, request: HttpRequest, preview: ImportPreview, plan: Plan, done: dict[str, int]
    ) -> None:
        """Keep who imported how many, and nothing of what was in the file."""
        user: Any = request.user
        preview.applied_at = timezone.now()
        preview.content = ""
        preview.counts = {**plan.counts, **done}
        preview.save()
        Event.objects.create(
            at=preview.applied_at,
            actor=user,
            action=Event.Action.GROUPS_IMPORTED,
            subject_kind="import",
            subject_key=preview.source,
            detail=f"new: {done['new']}, changed: {done['changed']}",
        )

    def _require(self, request: HttpRequest) -> None:
        if not self.may_import(request):
            raise PermissionDenied

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "list_url": reverse("admin:community_supportgroup_changelist"),
            "import_url": reverse("admin:community_supportgroup_import"),
        }

    def _done(self, request: HttpRequest, preview: ImportPreview) -> HttpResponse:
        counts = preview.counts
        context = {
            **self._context(request, _now("Imported")),
            "subtitle": preview.source,
            "preview": preview,
            "said": _done_in_words(counts),
            "waiting_url": "{}?{}".format(
                reverse("admin:community_supportgroup_changelist"),
                urlencode({"published": "no", "source": preview.source}),
            ),
        }
        return TemplateResponse(request, "admin/community/supportgroup/import_done.html", context)

    def _show(
        self, request: HttpRequest, preview: ImportPreview, plan: Plan, status: int = 200
    ) -> HttpResponse:
        sections = _sections(plan)
        by_name = {section.name: section for section in sections}
        asked = request.GET.get("show", "")
        filled = [section for section in sections if section.rows]
        section = by_name.get(asked) or (filled[0] if filled else sections[0])
        page = Paginator(section.rows, PAGE_SIZE).get_page(request.GET.get("page"))
        conflicts = [(item, change) for item in plan.items for change in item.conflicts]
        counts = plan.counts
        context = {
            **self._context(request, _now("Look before you import")),
            "subtitle": preview.source,
            "preview": preview,
            "counts": counts,
            "said": _plan_in_words(counts),
            "button": _button(counts),
            "fingerprint": plan.fingerprint,
            "sections": sections,
            "section": section,
            "page": page,
            "rows": [_row(section.name, row) for row in page.object_list],
            "conflicts": [_conflict(*pair) for pair in conflicts[:MOST_CONFLICTS]],
            "hidden_conflicts": max(0, len(conflicts) - MOST_CONFLICTS),
            "would_change": bool(counts["new"] or counts["changed"] or conflicts),
        }
        return TemplateResponse(
            request, "admin/community/supportgroup/import_preview.html", context, status=status
        )


def _sections(plan: Plan) -> list[Section]:
    """Return the parts of a preview, those that need a look first."""
    return [
        Section("refused", _now("Refused"), plan.refused),
        Section("changed", _now("Changed"), plan.of_kind("changed")),
        Section("new", _now("New"), plan.of_kind("new")),
        Section("notes", _now("Notes"), plan.reading.remarks),
        Section("gone", _now("Not in the file any more"), plan.gone),
        Section("kept", _now("Kept as they are here"), plan.of_kind("kept")),
        Section("unchanged", _now("Unchanged"), plan.of_kind("unchanged")),
    ]


def _row(section: str, row: Any) -> dict[str, Any]:
    """Return what the table of a section shows in one row."""
    if isinstance(row, Problem):
        where = _now("Row %(number)d") % {"number": row.row} if row.row else _now("The file")
        return {"where": where, "field": capfirst(row.field), "reason": row.reason}
    if isinstance(row, SupportGroup):
        return {"name": row.name, "url": _url(row)}
    item: Item = row
    told = {
        "name": item.listing.fields["name"],
        "url": _url(item.group) if item.group else "",
        "where": _rows_in_words(item.listing.rows),
        "twin": item.twin,
        "twin_url": _url(item.twin) if item.twin else "",
    }
    if section == "new":
        return told | {"facts": _facts(item)}
    return told | {"changes": [_change(c) for c in item.changes if not c.is_conflict]}


def _url(group: SupportGroup) -> str:
    return reverse("admin:community_supportgroup_change", args=[group.pk])


def _rows_in_words(rows: list[int]) -> str:
    numbers = ", ".join(str(row) for row in rows[:12]) + (", …" if len(rows) > 12 else "")
    return ngettext("Row %(rows)s", "Rows %(rows)s", len(rows)) % {"rows": numbers}


def _facts(item: Item) -> list[str]:
    """Return what tells one new group from another: how, where and when."""
    fields = item.listing.fields
    ways = [
        (fields.get("is_in_person"), _now("in person")),
        (fields.get("is_online"), _now("online")),
        (fields.get("is_by_phone"), _now("by phone")),
    ]
    said = [", ".join(words for is_open, words in ways if is_open), fields.get("place", "")]
    if item.listing.meetings:
        said.append(value_in_words("meetings", item.listing.meetings))
    if item.listing.is_paused:
        said.append(_now("paused until further notice"))
    if any((item.listing.joining or {}).values()):
        said.append(_now("with joining details, which the organizer gives on request"))
    return [capfirst(part) for part in said if part]


def _change(change: Change) -> dict[str, str]:
    old, new = pair_in_words(change.field, change.old, change.new)
    return {"label": capfirst(label(change.field)), "old": old, "new": new}


def _conflict(item: Item, change: Change) -> dict[str, Any]:
    return {
        **_change(change),
        "name": item.group.name if item.group else "",
        "url": _url(item.group) if item.group else "",
        "token": item.token(change),
        "is_known": change.is_known,
    }


def _plan_in_words(counts: dict[str, int]) -> list[str]:
    """Return what would happen, a sentence for each number that is not 0."""
    rows, listings, refused = counts["rows"], counts["listings"], counts["refused"]
    said = [
        ngettext("%(number)d row was read.", "%(number)d rows were read.", rows) % {"number": rows},
        ngettext(
            "%(number)d listing was found.",
            "%(number)d listings were found.",
            listings,
        )
        % {"number": listings},
    ]
    if refused:
        said.append(
            ngettext("%(number)d row is refused.", "%(number)d rows are refused.", refused)
            % {"number": refused}
        )
    if counts["gone"]:
        said.append(
            ngettext(
                "%(number)d listing of this source is not in the file any more. It stays as it is.",
                "%(number)d listings of this source are not in the file any more. They stay as "
                "they are.",
                counts["gone"],
            )
            % {"number": counts["gone"]}
        )
    return said


def _button(counts: dict[str, int]) -> str:
    """Return what the button does, with its numbers."""
    new, changed = counts["new"], counts["changed"]
    if new and changed:
        return _now("Import %(new)d new and %(changed)d changed") % {"new": new, "changed": changed}
    if new:
        return _now("Import %(number)d new") % {"number": new}
    if changed:
        return _now("Import %(number)d changed") % {"number": changed}
    return _now("Take what is ticked")


def _done_in_words(counts: dict[str, int]) -> list[str]:
    new, changed = counts["new"], counts["changed"]
    return [
        ngettext(
            "%(number)d new listing was written.", "%(number)d new listings were written.", new
        )
        % {"number": new},
        ngettext("%(number)d listing was changed.", "%(number)d listings were changed.", changed)
        % {"number": changed},
    ]
