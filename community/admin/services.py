from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from community.admin import actions
from community.admin.filters import CheckedFilter, CountryFilter, PublishedFilter
from community.admin.widgets import NATIVE_FIELDS
from community.models import Service
from facts.admin.publishing import PublishedAdmin


@admin.register(Service)
class ServiceAdmin(PublishedAdmin, SimpleHistoryAdmin):
    list_display = ["name", "country", "phone", "checked_on", "publication"]
    list_filter = [CheckedFilter, PublishedFilter, CountryFilter, "is_crisis_line"]
    search_fields = ["name", "description", "phone"]
    actions = [actions.mark_as_checked, actions.publish, actions.take_off]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["created_at", "edited_at"]
    formfield_overrides = NATIVE_FIELDS
    list_per_page = 50
    fieldsets = [
        (_("What it is"), {"fields": ["name", "slug", "description", "country", "languages"]}),
        (_("How to reach it"), {"fields": ["phone", "hours", "url", "is_crisis_line"]}),
        (_("For staff"), {"fields": ["checked_on", "position"]}),
        (_("On the site"), {"fields": ["published_at", "created_at", "edited_at"]}),
    ]

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Link to the service's place on the help page, if readers find it there."""
        if obj is None or obj.published_at is None or obj.published_at > timezone.now():
            return None
        return obj.get_absolute_url()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"checked_on": timezone.localdate(), **super().get_changeform_initial_data(request)}
