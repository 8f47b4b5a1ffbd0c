"""What readers looked for in vain."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.models import EmptySearch


@admin.register(EmptySearch)
class EmptySearchAdmin(admin.ModelAdmin):
    """Words that were told three times or more, each once with its sum; to be read or deleted."""

    show_facets = admin.ShowFacets.NEVER
    list_display = ["words", "times_in_all", "first_on", "last_on", "what_it_means"]
    list_per_page = 50
    search_fields = ["words"]
    search_help_text = _("Search by words")
    fields = ["words", "times_in_all", "first_on", "last_on"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return EmptySearch.objects.worth_showing()

    def get_ordering(self, request: HttpRequest) -> Any:
        return ["-times_in_all", "words"]

    @admin.display(description=_("times, in 90 days"), ordering="times_in_all")
    def times_in_all(self, row: Any) -> int:
        return row.times_in_all

    @admin.display(description=_("first"), ordering="first_on")
    def first_on(self, row: Any) -> Any:
        return row.first_on

    @admin.display(description=_("last"), ordering="searched_on")
    def last_on(self, row: EmptySearch) -> Any:
        return row.searched_on

    @admin.display(description=_("what people mean"))
    def what_it_means(self, row: EmptySearch) -> str:
        """A way to say what these words stand for, so that the next search finds it."""
        address = f"{reverse('admin:portal_synonym_add')}?{urlencode({'words': row.words})}"
        words = gettext("Say what “%(words)s” means") % {"words": row.words}
        return format_html('<a href="{}">{}</a>', address, words)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Readers tell them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are counted, never changed."""
        return False

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """Note who deleted how many, and not the words: the log would keep them for ever."""
        content_type = ContentType.objects.get_for_model(EmptySearch)
        entries = [
            LogEntry(  # type: ignore[misc]
                user_id=request.user.pk,
                content_type=content_type,
                object_id=row.pk,
                object_repr=str(self.opts.verbose_name),
                action_flag=DELETION,
            )
            for row in queryset
        ]
        return LogEntry.objects.bulk_create(entries)

    def delete_model(self, request: HttpRequest, obj: EmptySearch) -> None:
        """Delete the words of every day, not of the newest alone."""
        EmptySearch.objects.like([obj]).delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        EmptySearch.objects.like(queryset).delete()
