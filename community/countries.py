"""The countries that a service may be tied to (ISO 3166-1 alpha-2)."""

from django.utils.translation import gettext_lazy as _

COUNTRY_CHOICES = [
    ("AU", _("Australia")),
    ("CA", _("Canada")),
    ("IE", _("Ireland")),
    ("IN", _("India")),
    ("MX", _("Mexico")),
    ("NZ", _("New Zealand")),
    ("ES", _("Spain")),
    ("GB", _("United Kingdom")),
    ("US", _("United States")),
    ("ZA", _("South Africa")),
]
