"""The staff roles, made after every migration from this one place."""

from typing import Any

from django.utils.translation import gettext_lazy as _

# Codenames by role and by the label of their app.
ROLES: dict[str, dict[str, list[str]]] = {
    "Editor": {
        "facts": [
            "view_topic", "add_topic", "change_topic",
            "view_fact", "add_fact", "change_fact",
            "view_factversion", "add_factversion", "change_factversion", "delete_factversion",
            "view_source", "add_source", "change_source", "view_link",
            "view_citation", "add_citation", "change_citation", "delete_citation",
            "view_glossaryterm", "add_glossaryterm", "change_glossaryterm",
            "view_question", "add_question", "change_question",
            "view_page", "change_page",
            "view_review", "view_event",
            "view_reviewrequest",
            "view_report", "change_report",
        ],
        "community": ["view_service", "add_service", "change_service"],
        "portal": [
            "view_emptysearch", "delete_emptysearch",
            "view_synonym", "add_synonym", "change_synonym", "delete_synonym",
        ],
    },
    "Reviewer": {
        "facts": [
            "view_topic", "view_fact", "view_factversion", "change_factversion",
            "approve_factversion", "view_source", "view_link", "view_citation", "view_glossaryterm",
            "view_question", "view_page", "view_review", "add_review", "view_event",
            "view_reviewrequest",
            "view_report", "change_report",
        ],
        "community": [],
        "portal": ["view_emptysearch", "delete_emptysearch", "view_synonym"],
    },
    "Moderator": {
        "facts": [],
        "community": [
            "view_supportgroup", "add_supportgroup", "change_supportgroup",
            "view_meeting", "add_meeting", "change_meeting", "delete_meeting",
            "view_meetingexception", "add_meetingexception", "change_meetingexception",
            "delete_meetingexception",
            "view_pause", "add_pause", "change_pause", "delete_pause",
            "view_joiningdetails", "add_joiningdetails", "change_joiningdetails",
            "delete_joiningdetails",
            "view_service", "add_service", "change_service", "delete_service",
            "view_suggestion", "change_suggestion",
        ],
    },
}  # fmt: skip
ROLE_NAMES = {
    "editor": _("Editor"),
    "reviewer": _("Reviewer"),
    "moderator": _("Moderator"),
    "administrator": _("Administrator"),
}


def make_roles(**kwargs: Any) -> None:
    """Give each role exactly its permissions. A second run changes nothing."""
    from django.contrib.auth.models import Group, Permission

    permissions = {
        (p.content_type.app_label, p.codename): p
        for p in Permission.objects.filter(
            content_type__app_label__in={app for apps in ROLES.values() for app in apps}
        ).select_related("content_type")
    }
    for name, apps in ROLES.items():
        wanted = [
            permissions[app, codename]
            for app, codenames in apps.items()
            for codename in codenames
            if (app, codename) in permissions
        ]
        group, _created = Group.objects.get_or_create(name=name)
        if {p.pk for p in wanted} != set(group.permissions.values_list("pk", flat=True)):
            group.permissions.set(wanted)
