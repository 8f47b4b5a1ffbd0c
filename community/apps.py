"""The community app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CommunityConfig(AppConfig):
    """Support groups, services, reading lists and members."""

    name = "community"
    verbose_name = _("Community")

    def ready(self) -> None:
        from community import receivers, roles, session_receivers, tracking

        receivers.connect()
        session_receivers.connect()
        tracking.connect()
        # No sender: the permissions of the last app must be there too.
        post_migrate.connect(roles.make_roles, dispatch_uid="community_roles")
