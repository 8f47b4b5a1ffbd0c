"""“Is it still right?”: what is known of a listing, what was asked and answered, and what to do."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from community.care.freshness import freshness
from community.care.verification_mails import ask
from community.fields import UndecipherableText
from community.models import Event, SupportGroup, Verification
from community.models.verifications import (
    How,
    forget_old_address,
    lock,
    record_check,
    record_end,
    record_return,
    settle,
)
from community.models.worklist import Todo
from facts.admin.states import State, day_and_time, person
from facts.admin.states import day as day_of

# What only staff see: who changes nothing else has not edited the listing.
STAFF_FIELDS = {"staff_contact", "owner_email", "check_every_weeks"}
_COLOURS = {
    Todo.DISPUTED: "rejected",
    Todo.BOUNCED: "rejected",
    Todo.SILENT: "in-review",
    Todo.WAITING: "scheduled",
    Todo.NEVER_CHECKED: "in-review",
    Todo.DUE: "draft",
}


def todo_state(todo: str) -> State | str:
    """Return what is left to do, in words; nothing is an empty text."""
    return State(_COLOURS[Todo(todo)], str(Todo(todo).label)) if todo else ""


class TodoFilter(admin.SimpleListFilter):
    """What is left to do about a listing; needs `todo` on the rows."""

    title = _("left to do")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("any", _("Anything")), *Todo.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        if self.value() == "any":
            return queryset.exclude(todo__in=["", Todo.WAITING])
        if self.value() in Todo.values:
            return queryset.filter(todo=self.value())
        return None


class OwnerForm(forms.ModelForm):
    """A form of a listing with the organizer's address, which may be closed for good."""

    owner_email = forms.EmailField(
        label=_("Address of the organizer"),
        required=False,
        help_text=SupportGroup._meta.get_field("owner_email").help_text,  # type: ignore[union-attr]
        widget=forms.EmailInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        closed, instance = None, kwargs.get("instance")
        if instance is not None:
            try:
                instance.owner_email  # noqa: B018 (reading it is what may fail)
            except UndecipherableText:
                closed = instance.__dict__["owner_email"]
                instance.owner_email = ""
        super().__init__(*args, **kwargs)
        self._closed = closed
        if closed is not None and "owner_email" in self.fields:
            self.fields["owner_email"].help_text = _(
                "An address is here, but its key is missing, so nobody can read it. It stays until "
                "you give another."
            )

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self._closed is not None and not self.instance.owner_email:
            self.instance.__dict__["owner_email"] = self._closed


class DayForm(forms.Form):
    """A step that has a day: today, unless somebody says otherwise."""

    on = forms.DateField(
        label=_("Which day?"),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
        error_messages={"required": _("Give the day."), "invalid": _("This is no day.")},
    )

    def clean_on(self) -> date:
        on = self.cleaned_data["on"]
        if on > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."), code="future")
        return on


class CheckForm(DayForm):
    """Somebody has confirmed that the listing is right."""

    how = forms.ChoiceField(
        label=_("How do you know?"),
        choices=[
            (How.PHONE, _("I have called them")),
            (How.MAIL, _("They have written to me")),
            (How.PAGE, _("I have read it on their own page")),
            (How.VISIT, _("I was there")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how you know.")},
    )
    field_order = ("how", "on")


class EndForm(DayForm):
    """Nobody meets any more."""


FORMS: dict[str, type[DayForm]] = {"check": CheckForm, "end": EndForm}


class KeptTrueAdmin(admin.ModelAdmin):
    """A listing with an organizer who is asked; its three dates are kept apart."""

    def get_urls(self) -> list[URLPattern]:
        view = require_http_methods(["GET", "HEAD", "POST"])(self.check_page)
        return [
            path(
                "<int:pk>/check/",
                self.admin_site.admin_view(view),
                name="community_supportgroup_check",
            ),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "checked_on"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save what was edited, and leave alone what an organizer may have said meanwhile."""
        if change:
            now = lock(obj)
            obj.checked_on, obj.reported_ended_on = now.checked_on, now.reported_ended_on
            if "owner_email" in form.changed_data:
                forget_old_address(obj)
            if form.changed_data and set(form.changed_data) <= STAFF_FIELDS:
                obj.save(update_fields=form.changed_data)
                return
        super().save_model(request, obj, form, change)

    # Steps for one listing

    def check_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is known and was asked; on POST take one step, or say why it cannot be."""
        group: Any = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, group):
            raise PermissionDenied
        step = request.POST.get("step", "") if request.method == "POST" else ""
        forms_by_step = {
            name: form(
                request.POST if step == name else None,
                initial={"on": timezone.localdate()},
                auto_id=f"id_{name}_%s",
            )
            for name, form in FORMS.items()
        }
        why_not, status = "", 200
        if step:
            try:
                said = self._take(request, group, step, forms_by_step.get(step))
            except ValidationError as error:
                why_not, status = " ".join(error.messages), 409
            else:
                if said:
                    self.log_change(request, group, said)
                    self.message_user(request, said, messages.SUCCESS)
                    return HttpResponseRedirect(request.path)
                status = 400
        elif request.method == "POST":
            status = 400
        context = {
            **self.admin_site.each_context(request),
            **_what_is_known(group, request.user, timezone.now()),
            "opts": self.opts,
            "title": _now("Is it still right?"),
            "subtitle": group.name,
            "group": group,
            "check_form": forms_by_step["check"],
            "end_form": forms_by_step["end"],
            "why_not": why_not,
            "list_url": reverse("admin:community_supportgroup_changelist"),
            "change_url": reverse("admin:community_supportgroup_change", args=[group.pk]),
        }
        template = "admin/community/supportgroup/check.html"
        return TemplateResponse(request, template, context, status=status)

    def _take(self, request: HttpRequest, group: Any, step: str, form: DayForm | None) -> str:
        """Take the step, and return what was done; "" if the form is not complete.

        Raises ValidationError if it cannot be taken, or is none.
        """
        by = request.user
        if form is not None and not form.is_valid():
            return ""
        if step == "check" and form is not None:
            record_check(group, form.cleaned_data["on"], form.cleaned_data["how"], by)
            day = date_format(form.cleaned_data["on"], "j F Y")
            return _now("Marked as checked on %(day)s.") % {"day": day}
        if step == "end" and form is not None:
            record_end(group, form.cleaned_data["on"], by)
            return _now("It has ended. Lists leave it out, and its page says so.")
        if step == "ask":
            ask(group, by)
            return _now("The organizer was asked. The mail is on its way.")
        if step == "returned" and record_return(group, by):
            return _now("Noted that the mail came back.")
        if step == "settle" and settle(group, by):
            return _now("Nothing is left to do about it.")
        raise ValidationError(_("There is nothing to do here any more."), code="nothing")

    # Steps for many

    @admin.action(description=_("Mark as checked today"), permissions=["change"])
    def mark_as_checked(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Write today's day as the day on which somebody confirmed each of them."""
        today = timezone.localdate()
        groups = list(queryset)
        for group in groups:
            record_check(group, today, How.DESK, request.user)
            self.log_change(request, group, _now("Marked as checked today."))
        words = ngettext(
            "%(number)d listing is marked as checked today, %(day)s.",
            "%(number)d listings are marked as checked today, %(day)s.",
            len(groups),
        )
        said = words % {"number": len(groups), "day": date_format(today, "j F Y")}
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=_("Ask the organizer now"), permissions=["change"])
    def ask_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Ask the organizer of each by mail, or say why one cannot be asked."""

        def step(group: SupportGroup) -> bool:
            ask(group, request.user)
            return True

        number = self._each(request, queryset, step, _now("Asked the organizer."))
        if number:
            words = ngettext(
                "%(number)d organizer was asked. The mail is on its way.",
                "%(number)d organizers were asked. The mails are on their way.",
                number,
            )
            self.message_user(request, words % {"number": number}, messages.SUCCESS)

    @admin.action(description=_("The mail came back"), permissions=["change"])
    def mail_came_back(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Note of each that our last mail did not arrive."""

        def step(group: SupportGroup) -> bool:
            if not record_return(group, request.user):
                raise ValidationError(_("No mail is waiting for an answer."))
            return True

        number = self._each(request, queryset, step, _now("Noted that the mail came back."))
        if number:
            words = ngettext(
                "Noted that %(number)d mail came back. Look for another address, or call.",
                "Noted that %(number)d mails came back. Look for other addresses, or call.",
                number,
            )
            self.message_user(request, words % {"number": number}, messages.SUCCESS)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet,
        step: Callable[[SupportGroup], bool],
        said: str,
    ) -> int:
        """Take `step` for each; say of which it could not be taken, and return for how many."""
        number = 0
        for group in queryset:
            try:
                step(group)
            except UndecipherableText:
                why = _now("Its organizer’s address cannot be read any more: give it again.")
            except ValidationError as error:
                why = " ".join(error.messages)
            else:
                self.log_change(request, group, said)
                number += 1
                continue
            words = _now("“%(name)s” was left as it is: %(reason)s")
            self.message_user(request, words % {"name": group, "reason": why}, messages.WARNING)
        return number


def _what_is_known(group: Any, viewer: Any, at: datetime) -> dict[str, Any]:
    """Return what the page says of `group`; the organizer's address is not in it."""
    try:
        has_owner = "yes" if group.owner_email else "no"
    except UndecipherableText:
        has_owner = "closed"
    askings = list(group.verifications.select_related("suggestion"))
    last = next((a for a in askings if _is_open(a)), None)
    return {
        "label": None if group.has_ended(at) else freshness(group, timezone.localdate(at)),
        "todo": todo_state(group.todo),
        "due_on": group.due_on,
        "has_owner": has_owner,
        "may_ask": has_owner == "yes",
        "may_return": last is not None,
        "may_settle": group.reported_ended_on is None
        and any(a.settled_at is None and not _is_waiting(a, at) for a in askings),
        "askings": [_asking_row(asking, at) for asking in askings],
        "events": _events_of(group, viewer),
    }


def _is_open(asking: Verification) -> bool:
    return not (asking.answered_at or asking.bounced_at or asking.withdrawn_at)


def _is_waiting(asking: Verification, at: datetime) -> bool:
    return _is_open(asking) and asking.expires_at > at


def _asking_row(asking: Verification, at: datetime) -> dict[str, Any]:
    state = asking.state(at)
    keys = {
        Verification.State.WAITING: "in-review",
        Verification.State.ANSWERED: "live",
        Verification.State.BOUNCED: "rejected",
    }
    words = str(state.label)
    if state == Verification.State.WAITING:
        words = _now("Waiting until %(day)s") % {"day": day_of(asking.expires_at)}
    elif state == Verification.State.ANSWERED:
        words = str(asking.get_answer_display())
    return {
        "sent": day_of(asking.sent_at),
        "reminded": day_of(asking.reminded_at) if asking.reminded_at else "",
        "state": State(keys.get(state, "over"), words),
        "answered": day_of(asking.answered_at) if asking.answered_at else "",
        "suggestion": asking.suggestion,
    }


def _events_of(group: SupportGroup, viewer: Any) -> list[dict[str, Any]]:
    """Return who did what to find out whether `group` is right, the newest first."""
    found = Event.objects.filter(
        subject_kind="group", subject_key=str(group.pk), action__in=Event.VERIFYING
    ).order_by("-at", "-pk")
    hows = dict(How.choices)
    return [
        {
            "when": day_and_time(event.at),
            "what": event.get_action_display(),
            "who": "" if event.detail == How.LINK else person(event.actor, event.actor_id, viewer),
            "how": str(hows.get(event.detail, "")),
        }
        for event in found.select_related("actor")[:50]
    ]
