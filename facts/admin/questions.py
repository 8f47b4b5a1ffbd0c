"""Questions to ask the care team."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from facts.admin.publishing import PublicationFilter, PublishedAdmin
from facts.models import Question


@admin.register(Question)
class QuestionAdmin(PublishedAdmin, SimpleHistoryAdmin):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["text", "theme", "sensitivity", "publication", "position"]
    list_filter = [PublicationFilter, "theme", "sensitivity"]
    list_per_page = 50
    search_fields = ["text", "slug"]
    search_help_text = _("Search by words of the question")
    actions = ["publish_now"]
    autocomplete_fields = ["facts"]
    prepopulated_fields = {"slug": ["text"]}
    radio_fields = {"sensitivity": admin.VERTICAL}
    fields = ["text", "slug", "theme", "sensitivity", "facts", "position", "published_at"]
