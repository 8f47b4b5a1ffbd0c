"""The facts app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FactsConfig(AppConfig):
    """Topics, facts, sources, glossary and questions: edited in the admin, read by everyone."""

    name = "facts"
    verbose_name = _("Facts")

    def ready(self) -> None:
        from facts import tracking

        tracking.connect()
