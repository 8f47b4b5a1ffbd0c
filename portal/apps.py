"""The portal: what needs both apps, and the admin site with its second factor."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """Home, search, stored pages, health and commands.

    Its tables are derived, but for what readers looked for in vain.
    """

    name = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from portal import checks, receivers

        checks.register_all()
        receivers.connect()


class PortalAdminConfig(AdminConfig):
    """The admin, behind allauth's sign-in and a second factor."""

    default_site = "portal.admin_site.PortalAdminSite"
