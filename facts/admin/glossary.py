"""The glossary."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from facts.admin.publishing import PublicationFilter, PublishedAdmin
from facts.models import GlossaryTerm


@admin.register(GlossaryTerm)
class GlossaryTermAdmin(PublishedAdmin, SimpleHistoryAdmin):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["term", "other_names", "sensitivity", "publication"]
    list_filter = [PublicationFilter, "sensitivity"]
    list_per_page = 50
    search_fields = ["term", "other_names", "explanation"]
    search_help_text = _("Search by word or explanation")
    actions = ["publish_now"]
    prepopulated_fields = {"slug": ["term"]}
    radio_fields = {"sensitivity": admin.VERTICAL}
    fields = ["term", "slug", "other_names", "explanation", "sensitivity", "published_at"]
