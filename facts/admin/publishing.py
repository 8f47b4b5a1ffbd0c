"""What is published by a day, not by approval: topics, glossary terms and questions."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from facts.admin.states import State, day, day_and_time


def publication_state(published_at: Any) -> State:
    """Return whether readers find what is published at `published_at`, in words."""
    if published_at is None:
        return State("draft", _now("Not published"))
    if published_at > timezone.now():
        when = day_and_time(published_at)
        return State("scheduled", _now("Scheduled for %(when)s") % {"when": when})
    return State("live", _now("Published on %(day)s") % {"day": day(published_at)})


class PublicationFilter(admin.SimpleListFilter):
    """Lists what readers find, or what they do not find yet."""

    title = _("published")
    parameter_name = "published"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Readers find it")), ("no", _("Not published yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        published = queryset.model.objects.published(timezone.now())
        if self.value() == "yes":
            return queryset.filter(pk__in=published.values("pk"))
        if self.value() == "no":
            return queryset.exclude(pk__in=published.values("pk"))
        return queryset


class PublishedAdmin(admin.ModelAdmin):
    """A model with `slug` and `published_at`; its address stays once readers may know it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # django-simple-history reads `prepopulated_fields` itself, also where the address is only
        # read and has no field, and fails.
        self._prepopulated = self.prepopulated_fields
        self.prepopulated_fields = {}  # type: ignore[misc]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        if self._is_address_known(obj):
            fields.append("slug")
        return fields

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        if self._is_address_known(obj):
            return {}
        return self._prepopulated

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Name the two boxes of a moment: Django's widget has no labels for them."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, AdminSplitDateTime):
            for box, name in zip(field.widget.widgets, (_("Day"), _("Time")), strict=True):
                box.attrs["aria-label"] = f"{db_field.verbose_name}: {name}"
        return field

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Link to the page only while there is one."""
        return super().get_view_on_site_url(obj) if self._is_address_known(obj) else None

    def _is_address_known(self, obj: Any) -> bool:
        """Return whether readers may know the address, judged by what was stored when asked first.

        The form writes on `obj` before it is saved, so its own fields may not be asked.
        """
        if obj is None or obj.pk is None:
            return False
        if not hasattr(obj, "_address_was_known"):
            published = type(obj).objects.published(timezone.now())
            obj._address_was_known = published.filter(pk=obj.pk).exists()
        return obj._address_was_known

    @admin.display(description=_("published"), ordering="published_at")
    def publication(self, obj: Any) -> State:
        return publication_state(obj.published_at)

    @admin.action(description=_("Publish now"), permissions=["change"])
    def publish_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Publish what is chosen, and tell what was done and what could not be done."""
        now = timezone.now()
        done, refused = 0, []
        for obj in queryset.exclude(published_at__lte=now):
            obj.published_at = now
            try:
                obj.full_clean()
            except ValidationError as error:
                refused.append(f"{obj}: {' '.join(error.messages)}")
                continue
            obj.save()
            self.log_change(request, obj, _now("Published."))
            done += 1
        if done:
            said = ngettext("%(count)d is published now.", "%(count)d are published now.", done)
            self.message_user(request, said % {"count": done}, messages.SUCCESS)
        elif not refused:
            self.message_user(request, _now("Everything you chose was published already."))
        for words in refused:
            self.message_user(
                request, _now("Not published: %(what)s") % {"what": words}, messages.WARNING
            )
