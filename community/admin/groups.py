from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from community.admin import actions
from community.admin.filters import (
    CheckedFilter,
    CountryFilter,
    EndedFilter,
    ExampleFilter,
    NextMeetingFilter,
    PublishedFilter,
    SourceFilter,
    WayFilter,
)
from community.admin.imports import ImportPages
from community.admin.meetings import (
    JoiningDetailsInline,
    MeetingExceptionInline,
    MeetingInline,
    PauseInline,
    outcome_in_words,
)
from community.admin.places import WhereAdmin, WhereForm
from community.admin.verifications import KeptTrueAdmin, OwnerForm, TodoFilter, todo_state
from community.admin.widgets import NATIVE_FIELDS
from community.meeting_times import days_ago_in_words, zone_in_words
from community.models import MeetingException, Occurrence, SupportGroup
from facts.admin.publishing import PublishedAdmin


class SupportGroupForm(WhereForm, OwnerForm):
    class Meta:
        model = SupportGroup
        fields: list[str] = []  # The admin's fieldsets say which.
        help_texts = {
            "website": _("The group’s own page, for everybody. Not the link to the meeting."),
            "published_at": _("Leave it empty to keep the group off the site."),
            "languages": _("Those that people can speak there."),
            "cost": _("Free, or: £3 for tea."),
            "country": _("Where the group is, or whose people it is for."),
            "place": _("Central Library, Leeds: the town and the building, without a door code."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("country", "attendance", "size"):
            if name in self.fields:
                field: Any = self.fields[name]
                field.choices = [("", _("Not known")), *(c for c in field.choices if c[0])]


@admin.register(SupportGroup)
class SupportGroupAdmin(ImportPages, WhereAdmin, KeptTrueAdmin, PublishedAdmin, SimpleHistoryAdmin):
    form = SupportGroupForm
    list_display = ["name", "ways", "next_meeting", "checked", "publication"]
    list_filter = [
        TodoFilter,
        CheckedFilter,
        PublishedFilter,
        WayFilter,
        NextMeetingFilter,
        EndedFilter,
        CountryFilter,
        SourceFilter,
        ExampleFilter,
    ]
    search_fields = ["name", "organisation", "place", "description"]
    actions = ["mark_as_checked", "ask_now", "mail_came_back", actions.publish, actions.take_off]
    ordering = ["name"]
    list_per_page = 50
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["is_example", "created_at", "edited_at"]
    inlines = [MeetingInline, MeetingExceptionInline, PauseInline, JoiningDetailsInline]
    formfield_overrides = NATIVE_FIELDS
    view_on_site = True
    fieldsets = [
        (
            _("What it is"),
            {"fields": ["name", "slug", "description", "first_meeting", "organisation", "run_by"]},
        ),
        (
            _("Who it is for"),
            {
                "fields": [
                    "is_metastatic_only",
                    "audiences",
                    "languages",
                    "sign_languages",
                    "country",
                    "region_served",
                ]
            },
        ),
        (
            _("How people attend"),
            {
                "fields": [
                    ("is_in_person", "is_online", "is_by_phone"),
                    "place",
                    "access_features",
                    "access",
                    "attendance",
                    "size",
                    "cost",
                ],
                "description": _(
                    "Everybody reads these. Links, numbers and codes that let people in belong "
                    "under “Joining details”."
                ),
            },
        ),
        (
            _("Where on the map"),
            {
                "fields": ["where", ("latitude", "longitude")],
                "description": _(
                    "For groups that meet in person. Type a town or a code, or give the two "
                    "numbers if you know better."
                ),
            },
        ),
        (
            _("How to join"),
            {
                "fields": ["joining_policy", "how_to_ask", "public_contact", "website"],
                "classes": ["afterwards"],
            },
        ),
        (
            _("For staff"),
            {
                "fields": ["staff_contact", "owner_email", "check_every_weeks", "checked_on"],
                "classes": ["afterwards"],
            },
        ),
        (
            _("On the site"),
            {
                "fields": ["published_at", "ended_on", "is_example", "created_at", "edited_at"],
                "classes": ["afterwards"],
            },
        ),
    ]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Leave single dates out until there is a meeting to which they could belong."""
        has_meeting = obj is not None and obj.pk and obj.meetings.exists()
        return [i for i in self.inlines if has_meeting or i is not MeetingExceptionInline]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say which single dates the rule does not name any more."""
        super().save_related(request, form, formsets, change)
        ahead = MeetingException.objects.filter(
            meeting__group=form.instance, on__gte=timezone.localdate()
        )
        for exception in ahead.select_related("meeting__group"):
            if not exception.fits:
                day = date_format(exception.on, "j F Y")
                words = f"{day}: {outcome_in_words(exception)}"
                self.message_user(request, words, messages.WARNING)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        now = timezone.now()
        first = Occurrence.objects.upcoming(now).filter(meeting__group=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .by_next_meeting(now)  # type: ignore[attr-defined]
            .with_todo(now)
            .annotate(next_zone=Subquery(first.values("meeting__time_zone")[:1]))
            .order_by("name")
        )

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Link to the group's page, if readers find it, without the detour over a Site."""
        if obj is None or obj.published_at is None or obj.published_at > timezone.now():
            return None
        return obj.get_absolute_url()

    @admin.display(description=_("how"))
    def ways(self, group: SupportGroup) -> str:
        """The ways to attend."""
        return ", ".join(group.ways_to_attend)

    @admin.display(description=_("next meeting"), ordering="next_starts_at")
    def next_meeting(self, group: Any) -> str:
        """When it meets next, by its own clock."""
        if group.has_ended(timezone.now()):
            return gettext("Has ended")
        if group.next_starts_at is None:
            return gettext("No date ahead")
        local = group.next_starts_at.astimezone(ZoneInfo(group.next_zone))
        return f"{date_format(local, 'D j M, H:i')} {zone_in_words(group.next_zone)}"

    @admin.display(description=_("checked"), ordering="checked_on")
    def checked(self, group: Any) -> SafeString:
        """How long ago somebody confirmed the listing, the day, and what is left to do."""
        words = gettext("Never")
        if group.checked_on is not None:
            ago = days_ago_in_words(group.checked_on, timezone.localdate())
            words = f"{capfirst(ago)} ({date_format(group.checked_on, 'j M Y')})"
        return format_html("{}<br>{}", words, todo_state(group.todo))
