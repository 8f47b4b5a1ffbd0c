"""What people call a thing, and what our texts call it."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from portal.models import Synonym


@admin.register(Synonym)
class SynonymAdmin(SimpleHistoryAdmin):
    """Words that people use; search looks for what they mean, too, from the next search on."""

    list_display = ["words", "means", "edited_at"]
    list_per_page = 100
    search_fields = ["words", "means"]
    search_help_text = _("Search by words")
    fields = ["words", "means"]
