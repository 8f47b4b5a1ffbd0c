"""Members as numbers, and the few things that support needs. Who looks at one is on record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from community.accounts.adapters import require_recent_proof
from community.member_data import support
from community.member_data.held import MEMBER_KIND
from community.member_data.retention import missed_staff
from community.models import Event, Member

EVENTS_SHOWN = 20
# What the filters of the list write into the address.
FILTERS = {
    "is_staff__exact",
    "is_active__exact",
    "groups__id__exact",
    "groups__isnull",
    "last-here",
}


class RoleFilter(admin.RelatedFieldListFilter):
    """The staff role; Django calls it a group, a word that means something else here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("role")


class MissedFilter(admin.SimpleListFilter):
    """Lists colleagues who have not come for half a year."""

    title = _("last here")
    parameter_name = "last-here"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("long-ago", _("Staff, half a year ago"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() != "long-ago":
            return queryset
        return queryset.filter(pk__in=missed_staff(timezone.now()).order_by().values("pk"))


class FindForm(forms.Form):
    """Asks for the whole address of somebody who wrote to the people here."""

    required_css_class = "required"

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        help_text=_("The whole address from which they wrote, such as person@example.org."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )


class StepForm(forms.Form):
    """A button, and for what cannot be taken back the number typed."""

    required_css_class = "required"

    typed = forms.CharField(
        label=_("Number of the account"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )

    def __init__(self, member: Member, step: "Step", data: Any = None) -> None:
        super().__init__(data)
        self.number = str(member)
        if step.is_typed:
            self.fields["typed"].help_text = _now("Type %(number)s to confirm.") % {
                "number": self.number
            }
        else:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip().upper() != self.number:
            raise ValidationError(_("This is not the number of this account."))
        return typed


@dataclass(frozen=True)
class Step:
    """Something that support does: its words, and what it does."""

    title: Any
    what: Any
    button: Any
    done: Any
    run: Callable[[Any, Member], None]
    is_typed: bool = False
    # For accounts that are switched on, off, or either.
    is_on: bool | None = None


STEPS = {
    "way-in": Step(
        _("Send the way in…"),
        _("A mail goes to the address of this account. It says where to ask for a code."),
        _("Send the mail"),
        _("A mail with the way in is on its way to %(number)s."),
        support.send_way_in,
        is_on=True,
    ),
    "sign-out": Step(
        _("Sign out everywhere…"),
        _("Every device on which this account is signed in is signed out at once."),
        _("Sign out everywhere"),
        _("%(number)s is signed out on every device."),
        support.sign_out_everywhere,
    ),
    "switch-off": Step(
        _("Switch off…"),
        _("Nobody can sign in with this account, and it is signed out. Nothing in it is lost."),
        _("Switch off"),
        _("%(number)s is switched off."),
        lambda actor, member: support.switch(actor, member, is_on=False),
        is_on=True,
    ),
    "switch-on": Step(
        _("Switch on…"),
        _("Whoever owns this account can sign in again."),
        _("Switch on"),
        _("%(number)s is switched on."),
        lambda actor, member: support.switch(actor, member, is_on=True),
        is_on=False,
    ),
    "delete": Step(
        _("Delete on request…"),
        _(
            "Do this only if the owner of this account has asked for it, from the address of the "
            "account. All that is in it is gone within a minute, and nobody can bring it back. "
            "They get one last mail."
        ),
        _("Delete for good"),
        _("%(number)s is deleted."),
        support.delete_on_request,
        is_typed=True,
    ),
}


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin):
    """Members as numbers: who a member is, and what a member keeps, is nobody's business here."""

    change_form_template = "admin/community/member/change_form.html"
    change_list_template = "admin/community/member/change_list.html"
    show_facets = admin.ShowFacets.NEVER
    list_display = ["number", "is_active", "is_staff", "roles"]
    list_display_links = ["number"]
    list_filter = ["is_staff", "is_active", MissedFilter, ("groups", RoleFilter)]
    ordering = ["-is_staff", "pk"]
    fields = ["number", "is_active", "is_staff", "is_confirmed", "groups"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # The rest of the row does not even leave the database.
        members = super().get_queryset(request)
        members = members.only("pk", "is_active", "is_staff", "is_superuser", "emptied_on")
        return members.prefetch_related("groups")

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        # Three roles, to be ticked: no arrows, and nothing that needs script.
        words = {"label": _("Roles"), "help_text": _("What this person may do at the desk.")}
        kwargs = {"widget": forms.CheckboxSelectMultiple, **words, **kwargs}
        return db_field.formfield(**kwargs)

    def get_urls(self) -> list[URLPattern]:
        def view(step: Any) -> Any:
            return self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(step))

        return [
            path("find/", view(self.find), name="community_member_find"),
            path("<int:pk>/do/<slug:name>/", view(self.step), name="community_member_step"),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = ["number", "is_active", "is_staff", "is_confirmed"]
        is_open = request.user.is_superuser and not (obj and obj.emptied_on)  # type: ignore[union-attr]
        return fields if is_open else [*fields, "groups"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting on request is a step of its own."""
        return False

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Refuse before anything is looked up: nobody learns whether there is such a number."""
        raise PermissionDenied

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)  # type: ignore[union-attr]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # A filter in the address would tell which number is whose; through the roles it would
        # even reach what a colleague keeps here.
        return lookup in FILTERS

    @admin.display(description=_("member"), ordering="pk")
    def number(self, member: Member) -> str:
        """The number under which staff know a member."""
        return str(member)

    @admin.display(description=_("roles"))
    def roles(self, member: Member) -> str:
        """The staff roles of a member."""
        return ", ".join(group.name for group in member.groups.all())

    @admin.display(description=_("address confirmed"), boolean=True)
    def is_confirmed(self, member: Member) -> bool:
        """Whether somebody has proved that the address is theirs."""
        return EmailAddress.objects.filter(user=member.pk, verified=True).exists()

    # What is on record

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an account as a number, and put on record that somebody looked."""
        member = self.get_object(request, object_id)
        if member is not None and not self.has_view_permission(request, member):
            raise PermissionDenied
        if member is not None and request.method != "POST":
            support.write_down(Event.Action.MEMBER_SEEN, request.user, member)
        context = {**(extra_context or {}), **self._shown(request, member)}
        return super().change_view(request, object_id, form_url, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done stands on the account's own page."""
        return HttpResponseRedirect(reverse("admin:community_member_change", args=[object_id]))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Put a change of roles on record with all else that is done to an account."""
        roles = ", ".join(sorted(obj.groups.values_list("name", flat=True)))
        support.write_down(Event.Action.MEMBER_ROLES, request.user, obj, roles)

    def _shown(self, request: HttpRequest, member: Member | None) -> dict[str, Any]:
        """Return what the page holds beside the form: the steps, and what was done before."""
        if member is None:
            return {}
        events = Event.objects.filter(subject_kind=MEMBER_KIND, subject_key=str(member.pk))
        steps = [
            (step.title, reverse("admin:community_member_step", args=[member.pk, name]))
            for name, step in STEPS.items()
            if step.is_on in {None, member.is_active}
        ]
        is_own = member.pk == request.user.pk
        return {
            "title": _now("Account %(number)s") % {"number": member},
            "subtitle": "",
            "steps": [] if is_own or member.emptied_on else steps,
            "events": events.select_related("actor").order_by("-at", "-pk")[:EVENTS_SHOWN],
        }

    # Pages of their own

    def find(self, request: HttpRequest) -> HttpResponse:
        """Find the number of somebody who wrote in, by the whole address, and by nothing less."""
        if not request.user.is_superuser:  # type: ignore[union-attr]
            raise PermissionDenied
        form = FindForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            limited = ratelimit.consume_or_429(request, action="member_lookup", user=request.user)
            if limited:
                return limited
            found = support.look_up(request.user, form.cleaned_data["email"])
            if found is not None:
                return HttpResponseRedirect(
                    reverse("admin:community_member_change", args=[found.pk])
                )
            form.add_error("email", _("No account has this address. This was put on record."))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _now("Find the number of an address"),
            "form": form,
        }
        return TemplateResponse(request, "admin/community/member/find.html", context)

    def step(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Explain a step, and do it when the button is pressed."""
        if name not in STEPS:
            raise Http404
        if not request.user.is_superuser:  # type: ignore[union-attr]
            raise PermissionDenied
        step = STEPS[name]
        member = get_object_or_404(Member, pk=pk)
        if step.is_typed:
            require_recent_proof(request)
        form = StepForm(member, step, request.POST if request.method == "POST" else None)
        back_url = reverse("admin:community_member_change", args=[member.pk])
        if form.is_bound and form.is_valid():
            try:
                step.run(request.user, member)
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
                return HttpResponseRedirect(back_url)
            self.message_user(request, str(step.done) % {"number": member}, messages.SUCCESS)
            is_gone = not Member.objects.filter(pk=member.pk).exists()
            return HttpResponseRedirect(
                reverse("admin:community_member_changelist") if is_gone else back_url
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": step.button,
            "subtitle": str(member),
            "number": str(member),
            "step": step,
            "form": form,
            "back_url": back_url,
        }
        return TemplateResponse(request, "admin/community/member/step.html", context)


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    """What staff did, to be read. Only administrators see what was done to accounts."""

    show_facets = admin.ShowFacets.NEVER
    list_display = ["at", "actor", "action", "subject_kind", "subject_key", "detail"]
    list_display_links = None
    list_select_related = ["actor"]
    list_filter = ["action"]
    list_per_page = 50
    ordering = ["-at", "-pk"]
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)  # type: ignore[union-attr]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
