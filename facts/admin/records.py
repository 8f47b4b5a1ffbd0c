"""What is only ever added to: reviews, and who did what to a version. To be read, not changed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from facts.models import Event, Review


class RecordAdmin(admin.ModelAdmin):
    """A list and a page to read; reviews are recorded, and events made, from the version."""

    actions = None
    list_per_page = 50
    list_select_related = ["version__fact"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("version__fact")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("version"))
    def version_link(self, record: Any) -> SafeString:
        url = reverse("admin:facts_factversion_change", args=[record.version_id])
        return format_html('<a href="{}">{}</a>', url, record.version)


@admin.register(Review)
class ReviewAdmin(RecordAdmin):
    list_display = ["reviewed_on", "reviewer_name", "reviewer_role", "version_link", "review_due"]
    search_fields = ["reviewer_name", "reviewer_role", "version__title"]
    search_help_text = _("Search by reviewer or heading")
    fields = [
        "version_link",
        "reviewed_on",
        "reviewer_name",
        "reviewer_role",
        "note",
        "review_due",
        "recorded_by",
        "recorded_at",
    ]


@admin.register(Event)
class EventAdmin(RecordAdmin):
    list_display = ["happened_at", "verb", "version_link", "actor", "note"]
    list_display_links = ["happened_at"]
    list_select_related = ["version__fact", "actor"]
    list_filter = ["verb"]
    search_fields = ["version__title", "version__fact__slug", "note"]
    search_help_text = _("Search by heading or note")
    ordering = ["-happened_at", "-pk"]
    fields = ["happened_at", "verb", "version_link", "actor", "note"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # `list_select_related` is heeded only where nothing is selected yet.
        return super().get_queryset(request).select_related("actor")
