"""Filters in the words of the people who work with them."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.countries import COUNTRY_CHOICES
from community.models import SupportGroup

STALE_AFTER = timedelta(days=90)


def to_check(listings: Any) -> Any:
    """Return those of `listings` that nobody has confirmed lately, the oldest first."""
    since = timezone.localdate() - STALE_AFTER
    due = listings.filter(Q(checked_on__isnull=True) | Q(checked_on__lt=since))
    return due.order_by(F("checked_on").asc(nulls_first=True), "name", "pk")


class CheckedFilter(admin.SimpleListFilter):
    """How long ago somebody confirmed a listing."""

    title = _("when it was checked")
    parameter_name = "checked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("recently", _("In the last 90 days")),
            ("due", _("Longer ago, or never")),
            ("long-ago", _("Longer ago")),
            ("never", _("Never")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        since = timezone.localdate() - STALE_AFTER
        if self.value() == "recently":
            return queryset.filter(checked_on__gte=since)
        if self.value() == "long-ago":
            return queryset.filter(checked_on__lt=since)
        if self.value() == "never":
            return queryset.filter(checked_on__isnull=True)
        if self.value() == "due":
            return to_check(queryset)
        return None


class PublishedFilter(admin.SimpleListFilter):
    """Whether readers find it."""

    title = _("on the site")
    parameter_name = "published"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("later", _("From a later day on")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        now = timezone.now()
        if self.value() == "yes":
            return queryset.filter(published_at__lte=now)
        if self.value() == "later":
            return queryset.filter(published_at__gt=now)
        if self.value() == "no":
            return queryset.filter(published_at__isnull=True)
        return None


class WayFilter(admin.SimpleListFilter):
    """How people attend."""

    title = _("how people attend")
    parameter_name = "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("in-person", _("In person")),
            ("online", _("Online")),
            ("phone", _("By phone")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        fields = {"in-person": "is_in_person", "online": "is_online", "phone": "is_by_phone"}
        field = fields.get(self.value() or "")
        return queryset.filter(**{field: True}) if field else None


class NextMeetingFilter(admin.SimpleListFilter):
    """Whether a group still has a date ahead; needs `next_starts_at` on the rows."""

    title = _("next meeting")
    parameter_name = "next"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("known", _("Has a date")), ("unknown", _("Has no date ahead"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        if self.value() == "known":
            return queryset.filter(next_starts_at__isnull=False)
        if self.value() == "unknown":
            return queryset.filter(next_starts_at__isnull=True)
        return None


class EndedFilter(admin.SimpleListFilter):
    """Whether a group still meets."""

    title = _("whether it still meets")
    parameter_name = "ended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Still meets")), ("yes", _("Has ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        if self.value() == "no":
            return queryset.running(timezone.now())  # type: ignore[attr-defined]
        if self.value() == "yes":
            return queryset.filter(ended_on__lte=timezone.localdate())
        return None


class CountryFilter(admin.SimpleListFilter):
    """The country; only those that a listing names."""

    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        used = set(model_admin.model.objects.order_by().values_list("country", flat=True))
        return [(code, name) for code, name in COUNTRY_CHOICES if code in used]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        return queryset.filter(country=self.value()) if self.value() else None


class ExampleFilter(admin.SimpleListFilter):
    """Real groups, or those of a fresh installation."""

    title = _("real or example")
    parameter_name = "example"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Real groups")), ("yes", _("Examples"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        values = {"no": False, "yes": True}
        if self.value() in values:
            return queryset.filter(Q(is_example=values[str(self.value())]))
        return None


class SourceFilter(admin.SimpleListFilter):
    """The file that a listing came in, if it came in one."""

    title = _("imported from")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        imported = SupportGroup.objects.exclude(import_source="").order_by("import_source")
        sources = imported.values_list("import_source", flat=True).distinct()
        return [(source, source) for source in sources[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        return queryset.filter(import_source=self.value()) if self.value() else None
