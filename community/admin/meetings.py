"""When a group meets, as staff fill it in on the group's own form."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community.admin.widgets import NATIVE_FIELDS
from community.meeting_times import place_names, planned_in_words, zone_in_words
from community.models import JoiningDetails, Meeting, MeetingException, Pause, SupportGroup
from community.recurrence import changed, describe

# So many of the next dates are shown beside a rule, as far as they are kept ready.
SHOWN = 6
# What is over for longer than this is kept, and no longer shown on the form.
SHOWN_AFTERWARDS = timedelta(days=30)


def time_zone_choices(current: str) -> list[Any]:
    """Return the zones that are named after places, by part of the world, and `current`."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in place_names():
        region, _slash, place = name.partition("/")
        regions.setdefault(region, []).append((name, place.replace("_", " ")))
    choices: list[Any] = [("", _("Choose the town whose clock the group goes by"))]
    if current and current not in place_names():
        choices.append((current, current))
    return [*choices, *regions.items()]


def more_rows(request: HttpRequest) -> int:
    """Return how many empty rows a form begins with: where script runs, it adds them itself."""
    return 1 if "more" in request.GET else 0


class RowsOnThePage:
    """A formset of a group's form that tells those after it what its rows are going to be.

    What is on the page counts, not what is stored: a rule and a date that is different on it
    are often typed in together.
    """

    instance: SupportGroup
    forms: list[forms.ModelForm]

    def clean(self) -> None:
        super().clean()  # type: ignore[misc]
        rows = vars(self.instance).setdefault("rows_on_the_page", [])
        for form in self.forms:
            is_filled_in = form.instance.pk or form.has_changed()
            if is_filled_in and not form.cleaned_data.get("DELETE"):
                # Of a row with a mistake in it nothing is known.
                row = type(form.instance)(pk=form.instance.pk) if form.errors else form.instance
                rows.append(row)

    def of_the_page(self, model: type) -> list[Any]:
        """Return the rows of `model` that the page is going to leave."""
        return [r for r in vars(self.instance).get("rows_on_the_page", []) if type(r) is model]


class MeetingForm(forms.ModelForm):
    class Meta:
        model = Meeting
        fields: list[str] = []
        help_texts = {
            "frequency": _(
                "“Second and fourth Tuesday” is “On certain weekdays of the month”. A group that "
                "meets on Tuesdays and on Thursdays has two meetings: add another below."
            ),
            "interval": _("1 for every week or month, 2 for every other one."),
            "ordinals": _(
                "For meetings by the month alone. “Last” is right in long and in short months."
            ),
            "starts_at": _("By the clock of the time zone below: 18:30"),
            "duration_minutes": _("90 is an hour and a half."),
            "time_zone": _("Type the first letters of the town."),
            "first_on": _("No meeting is shown before this day. Weeks are counted from it."),
            "last_on": _("Empty if it goes on. For a summer break, add a pause below instead."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.data.get(self.add_prefix("time_zone"), "") or self.instance.time_zone
        if "time_zone" in self.fields:
            # The model's validator answers for what is not in the list.
            self.fields["time_zone"].widget = forms.Select(choices=time_zone_choices(current))


class MeetingFormSet(RowsOnThePage, forms.BaseInlineFormSet):
    """The meetings of a group."""


class MeetingInline(admin.StackedInline):
    model = Meeting
    form = MeetingForm
    formset = MeetingFormSet
    formfield_overrides = NATIVE_FIELDS
    verbose_name_plural = _("When it meets")
    readonly_fields = ["next_dates"]
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
                    "next_dates",
                ]
            },
        )
    ]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return more_rows(request) if obj and obj.meetings.exists() else 1

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        meetings = super().get_queryset(request).select_related("group")
        return meetings.prefetch_related("exceptions", "group__pauses")

    @admin.display(description=_("in words, and the next dates"))
    def next_dates(self, meeting: Meeting) -> str:
        """The rule in words, and the dates that come next."""
        if meeting.pk is None or not meeting.is_whole:
            return gettext("Save the group, and the next dates stand here.")
        now = timezone.now()
        today = now.astimezone(ZoneInfo(meeting.time_zone)).date()
        rule = describe(meeting.recurrence, meeting.group.breaks, today)
        dates = []
        for date in meeting.planned(now, now + timedelta(days=400)):
            dates.append(planned_in_words(date, meeting.recurrence.zone))
            if len(dates) == SHOWN:
                break
        return format_html(
            "<p>{} ({})</p>{}",
            rule,
            zone_in_words(meeting.time_zone),
            format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ([d] for d in dates)))
            if dates
            else gettext("There is no date in the next 400 days."),
        )


class MeetingExceptionForm(forms.ModelForm):
    meetings: list[Meeting]  # As they are on the page; the formset knows.

    class Meta:
        model = MeetingException
        fields: list[str] = []
        labels = {"on": _("The date, by the rule")}
        help_texts = {
            "on": _("The date on which it would meet: December 22. Then say what is different."),
            "is_cancelled": _("The date stays on the group’s page, as canceled."),
        }

    def clean_meeting(self) -> Meeting:
        """Return the meeting as it is on the page, with a rule that may not be saved yet."""
        meeting = self.cleaned_data["meeting"]
        edited = [m for m in self.meetings if m.pk == meeting.pk]
        if edited:
            return edited[0]
        if self.has_changed():
            raise ValidationError(_("This meeting is being deleted, and its dates with it."))
        return meeting


class MeetingExceptionFormSet(RowsOnThePage, forms.BaseModelFormSet):  # type: ignore[misc]
    """The exceptions of all the meetings of one group, which is one step further away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.instance = kwargs.pop("instance")
        kwargs.pop("save_as_new", None)
        kwargs["queryset"] = kwargs["queryset"].filter(meeting__group=self.instance)
        self.meetings = list(Meeting.objects.filter(group=self.instance))
        super().__init__(*args, **kwargs)

    @classmethod
    def get_default_prefix(cls) -> str:
        return "exceptions"

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.meetings = self.of_the_page(Meeting) if self.is_bound else self.meetings
        return form

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        field = form.fields.get("meeting")
        if field is None:
            return
        field.queryset = Meeting.objects.filter(group=self.instance)
        # One list for all the forms, instead of a query for each.
        field.choices = [(m.pk, m.rule_in_words) for m in self.meetings]
        if len(self.meetings) == 1:
            field.widget = forms.HiddenInput()
            field.initial = self.meetings[0].pk


class MeetingExceptionInline(admin.StackedInline):
    """Single dates of the group's meetings; they belong to a meeting, not to the group."""

    model = MeetingException
    form = MeetingExceptionForm
    formset = MeetingExceptionFormSet  # type: ignore[assignment]
    formfield_overrides = NATIVE_FIELDS
    verbose_name = _("date that is canceled or different")
    verbose_name_plural = _("Dates that are canceled or different")
    readonly_fields = ["outcome"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "meeting",
                    "on",
                    "outcome",
                    "is_cancelled",
                    ("new_on", "new_starts_at", "new_duration_minutes"),
                    "place",
                    "note",
                ]
            },
        )
    ]

    def __init__(self, parent_model: Any, admin_site: Any) -> None:
        super().__init__(Meeting, admin_site)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return more_rows(request)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        # Which meeting it belongs to is a field like the others.
        formset.fk = None  # type: ignore[assignment]
        return formset

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        since = timezone.localdate() - SHOWN_AFTERWARDS
        shown = super().get_queryset(request).filter(Q(on__gte=since) | Q(new_on__gte=since))
        return shown.select_related("meeting__group").prefetch_related("meeting__group__pauses")

    @admin.display(description=_("what readers see of it"))
    def outcome(self, exception: MeetingException) -> str:
        """What readers see of the date, or why they see nothing."""
        if exception.pk is None or not exception.is_whole:
            return gettext("Save the group, and it stands here.")
        return outcome_in_words(exception)


class PauseFormSet(RowsOnThePage, forms.BaseInlineFormSet):
    """The pauses of a group."""


class PauseInline(admin.StackedInline):
    model = Pause
    formset = PauseFormSet
    formfield_overrides = NATIVE_FIELDS
    verbose_name_plural = _("Pauses")
    fieldsets = [(None, {"fields": [("first_on", "last_on"), "reason"]})]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return more_rows(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        since = timezone.localdate() - SHOWN_AFTERWARDS
        shown = Q(last_on__isnull=True) | Q(last_on__gte=since)
        return super().get_queryset(request).filter(shown)


class JoiningDetailsFormSet(RowsOnThePage, forms.BaseInlineFormSet):
    """The way in, which may not stand in what is said of a pause or a single date either."""

    def clean(self) -> None:
        super().clean()
        texts = [
            getattr(row, name)
            for row in [*self.of_the_page(MeetingException), *self.of_the_page(Pause)]
            for name in row.PUBLIC_FIELDS
        ]
        for form in self.forms:
            for own in {name for text in texts for name in form.instance.given_away_by(text)}:
                if not form.has_error(own):
                    form.add_error(
                        own,
                        ValidationError(
                            _(
                                "This also stands in what is said of a pause or of a single "
                                "date, where everybody can read it. Take it out there."
                            ),
                            code="repeated",
                        ),
                    )


class JoiningDetailsInline(admin.StackedInline):
    model = JoiningDetails
    formset = JoiningDetailsFormSet
    verbose_name_plural = _("Joining details: never public")
    formfield_overrides = NATIVE_FIELDS
    fields = ["link", ("meeting_number", "passcode"), "phone", "door_code", "note"]


def outcome_in_words(exception: MeetingException) -> str:
    """Return what becomes of a date that is canceled or different, in words for staff."""
    meeting = exception.meeting
    if not exception.fits:
        words = gettext("It is kept, and passed over. %(why)s")
        return words % {"why": exception.misfit_in_words(meeting)}
    day = exception.new_on or exception.on
    if any(pause.holds(day) for pause in meeting.group.breaks):
        words = gettext("Nobody reads of it: the group does not meet on %(day)s at all.")
        return words % {"day": date_format(day, "l j F Y")}
    date = changed(meeting.recurrence, exception.change)
    return planned_in_words(date, meeting.recurrence.zone)
