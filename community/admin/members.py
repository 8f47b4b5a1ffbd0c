from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from community.models import Member


class RoleFilter(admin.RelatedFieldListFilter):
    """The staff role; Django calls it a group, a word that means something else here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("role")


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin):
    """Members as numbers: who a member is, and what a member keeps, is nobody's business here."""

    list_display = ["number", "is_active", "is_staff", "roles"]
    list_display_links = ["number"]
    list_filter = ["is_staff", "is_active", ("groups", RoleFilter)]
    ordering = ["-is_staff", "pk"]
    fields = ["number", "is_active", "is_staff", "groups"]
    filter_horizontal = ["groups"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # The rest of the row does not even leave the database.
        members = super().get_queryset(request).only("pk", "is_active", "is_staff")
        return members.prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = ["number", "is_active", "is_staff"]
        return fields if request.user.is_superuser else [*fields, "groups"]  # type: ignore[union-attr]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)  # type: ignore[union-attr]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # A filter in the address would tell which number is whose.
        return lookup.split("__")[0] in {"is_staff", "is_active", "groups"}

    @admin.display(description=_("member"), ordering="pk")
    def number(self, member: Member) -> str:
        """The number under which staff know a member."""
        return str(member)

    @admin.display(description=_("roles"))
    def roles(self, member: Member) -> str:
        """The staff roles of a member."""
        return ", ".join(group.name for group in member.groups.all())
