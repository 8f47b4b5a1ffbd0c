"""Sources: found by reference, title and publisher wherever a fact is written."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from facts.models import Source


@admin.register(Source)
class SourceAdmin(SimpleHistoryAdmin):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["reference", "title", "publisher", "year", "accessed_on", "citation_count"]
    list_display_links = ["reference", "title"]
    list_per_page = 50
    search_fields = ["reference", "title", "publisher", "doi", "pmid"]
    search_help_text = _("Search by reference, title, publisher, DOI or PMID")
    ordering = ["reference"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fieldsets = [
        (None, {"fields": ["reference", "title", "is_title_description", "publisher", "year"]}),
        (_("Where it is found"), {"fields": ["url", "doi", "pmid"]}),
        (_("When it was read"), {"fields": ["accessed_on", "is_read_on_copy"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(citation_count=Count("citations"))

    @admin.display(description=_("cited"), ordering="citation_count")
    def citation_count(self, source: Any) -> int:
        return source.citation_count
