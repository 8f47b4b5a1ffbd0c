from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from community.admin import actions
from community.admin.filters import (
    CheckedFilter,
    ExampleFilter,
    NextMeetingFilter,
    PublishedFilter,
    WayFilter,
)
from community.admin.widgets import NATIVE_FIELDS
from community.meeting_times import days_ago_in_words, place_names, zone_in_words
from community.models import JoiningDetails, Meeting, Occurrence, SupportGroup
from facts.admin.publishing import PublishedAdmin


def _time_zone_choices(current: str) -> list[Any]:
    """Return the zones that are named after places, by part of the world, and `current`."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in place_names():
        region, _slash, place = name.partition("/")
        regions.setdefault(region, []).append((name, place.replace("_", " ")))
    choices: list[Any] = [("", _("Choose the town whose clock the group goes by"))]
    if current and current not in place_names():
        choices.append((current, current))
    return [*choices, *regions.items()]


class SupportGroupForm(forms.ModelForm):
    owner_email = forms.EmailField(
        label=_("Address of the organizer"),
        required=False,
        help_text=SupportGroup._meta.get_field("owner_email").help_text,  # type: ignore[union-attr]
    )

    class Meta:
        model = SupportGroup
        fields: list[str] = []  # The admin's fieldsets say which.
        help_texts = {
            "website": _("The group’s own page, for everybody. Not the link to the meeting."),
            "published_at": _("Leave it empty to keep the group off the site."),
            "languages": _("Those that people can speak there."),
            "cost": _("Free, or: £3 for tea."),
        }


class MeetingForm(forms.ModelForm):
    class Meta:
        model = Meeting
        fields: list[str] = []
        help_texts = {"time_zone": _("Type the first letters of the town.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.data.get(self.add_prefix("time_zone"), "") or self.instance.time_zone
        if "time_zone" in self.fields:
            # The model's validator answers for what is not in the list.
            self.fields["time_zone"].widget = forms.Select(choices=_time_zone_choices(current))


class MeetingInline(admin.StackedInline):
    model = Meeting
    form = MeetingForm
    formfield_overrides = NATIVE_FIELDS
    verbose_name_plural = _("When it meets")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("frequency", "interval"),
                    "weekday",
                    "ordinals",
                    ("starts_at", "duration_minutes"),
                    "time_zone",
                    ("first_on", "last_on"),
                ]
            },
        )
    ]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj and obj.meetings.exists() else 1


class JoiningDetailsInline(admin.StackedInline):
    model = JoiningDetails
    verbose_name_plural = _("Joining details: never public")
    formfield_overrides = NATIVE_FIELDS
    fields = ["link", ("meeting_number", "passcode"), "phone", "door_code", "note"]


@admin.register(SupportGroup)
class SupportGroupAdmin(PublishedAdmin, SimpleHistoryAdmin):
    form = SupportGroupForm
    list_display = ["name", "ways", "next_meeting", "checked", "publication"]
    list_filter = [CheckedFilter, PublishedFilter, WayFilter, NextMeetingFilter, ExampleFilter]
    search_fields = ["name", "organisation", "place", "description"]
    actions = [actions.mark_as_checked, actions.publish, actions.take_off]
    ordering = ["name"]
    list_per_page = 50
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["is_example", "created_at", "edited_at"]
    inlines = [MeetingInline, JoiningDetailsInline]
    formfield_overrides = NATIVE_FIELDS
    view_on_site = True
    fieldsets = [
        (_("What it is"), {"fields": ["name", "slug", "description", "organisation", "run_by"]}),
        (_("Who it is for"), {"fields": ["is_metastatic_only", "audiences", "languages"]}),
        (
            _("How people attend"),
            {
                "fields": [("is_in_person", "is_online", "is_by_phone"), "place", "access", "cost"],
                "description": _(
                    "Everybody reads these. Links, numbers and codes that let people in belong "
                    "under “Joining details”."
                ),
            },
        ),
        (
            _("How to join"),
            {"fields": ["joining_policy", "how_to_ask", "public_contact", "website"]},
        ),
        (
            _("For staff"),
            {"fields": ["staff_contact", "owner_email", "check_every_weeks", "checked_on"]},
        ),
        (
            _("On the site"),
            {"fields": ["published_at", "is_example", "created_at", "edited_at"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        now = timezone.now()
        first = Occurrence.objects.upcoming(now).filter(meeting__group=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .by_next_meeting(now)  # type: ignore[attr-defined]
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
        if group.next_starts_at is None:
            return gettext("No date ahead")
        local = group.next_starts_at.astimezone(ZoneInfo(group.next_zone))
        return f"{date_format(local, 'D j M, H:i')} {zone_in_words(group.next_zone)}"

    @admin.display(description=_("checked"), ordering="checked_on")
    def checked(self, group: SupportGroup) -> str:
        """How long ago somebody confirmed the listing, and the day."""
        if group.checked_on is None:
            return gettext("Never")
        ago = days_ago_in_words(group.checked_on, timezone.localdate())
        return f"{capfirst(ago)} ({date_format(group.checked_on, 'j M Y')})"
