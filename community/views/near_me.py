"""Leave for a page to ask the browser where the reader is; every other page has none."""

from django.conf import settings
from django_permissions_policy.decorators import permissions_policy_override

# For views whose page includes `community/_near_me.html`.
may_ask_for_location = permissions_policy_override(
    {**settings.PERMISSIONS_POLICY, "geolocation": ["self"]}
)
