"""The community app."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CommunityConfig(AppConfig):
    """Support groups, services, reading lists and members."""

    name = "community"
    verbose_name = _("Community")

    def ready(self) -> None:
        from community import receivers, roles, tracking
        from community.accounts import session_receivers

        receivers.connect()
        session_receivers.connect()
        tracking.connect()
        # Auth comes after the apps whose permissions the roles hold: once is enough.
        post_migrate.connect(
            roles.make_roles, sender=apps.get_app_config("auth"), dispatch_uid="community_roles"
        )
