"""The standing pages about the portal: there are three, and they are only rewritten."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from facts.admin.editor import EditorHistoryAdmin
from facts.models import Page


@admin.register(Page)
class PageAdmin(EditorHistoryAdmin):
    list_display = ["title", "edited_at"]
    fields = ["title", "body"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
