"""The admin site: only for staff, and only behind a second factor."""

import re
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.accounts.sessions import hold_to_staff
from community.views.account import sign_out

# Numbers and UUIDs. Python reads "1 ", "1_0" and "١٢" as numbers, too.
_KEY = re.compile(r"[0-9a-f-]+")


def has_second_factor(user: Any) -> bool:
    """Return whether `user` has an app or a passkey; recovery codes alone do not count."""
    return is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


class PortalAdminSite(AdminSite):
    """Django's admin, with allauth's sign-in (limits, codes, passkeys) before it."""

    site_header = gettext_lazy("Waymark desk")
    site_title = gettext_lazy("Waymark desk")
    index_title = gettext_lazy("What would you like to do?")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Let active staff in who have a second factor, or a passkey, and nobody else."""
        if not (super().has_permission(request) and has_second_factor(request.user)):
            return False
        # Whoever became staff while signed in has the limits of staff from here on.
        hold_to_staff(request.session)
        return True

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's wrapper, around a view that no filter in the address leads to members by.

        What members keep hangs on questions, facts and groups by relations without a name, which
        Django calls "+", and lets everybody filter by who sees the list of those.

        A row has one address: it is not found by its key in any other writing.
        """

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if any("+" in name for name in request.GET):
                raise DisallowedModelAdminLookup("No list is filtered by a relation without a name")
            keys = [*args, *(key for name, key in kwargs.items() if name.endswith("_id"))]
            if not all(_KEY.fullmatch(str(key)) for key in keys):
                raise Http404
            return view(request, *args, **kwargs)

        return super().admin_view(checked, cacheable)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user.is_active and user.is_staff:  # type: ignore[union-attr]
            if has_second_factor(user):
                return redirect("admin:index")
            messages.info(
                request,
                _("Before you can work here, set up a second step for signing in."),
            )
            return HttpResponseRedirect(reverse("mfa_index"))
        return secure_admin_login(super().login)(request, extra_context)

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Sign out as everywhere else, so that the browser is emptied too."""
        return sign_out(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Send staff to the page where a change is told by mail."""
        return redirect("account_change_password")

    def get_urls(self) -> list[Any]:
        """Django's addresses, with a "View on site" that shows no more than the admin does."""
        urls = [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
        view = self.admin_view(self.view_on_site)
        return [path("r/<int:content_type_id>/<path:object_id>/", view, name="view_on_site"), *urls]

    def view_on_site(
        self, request: HttpRequest, content_type_id: int, object_id: str
    ) -> HttpResponse:
        """Lead to the public page of something that this member of staff may see here."""
        content_type = ContentType.objects.filter(pk=content_type_id).first()
        model = content_type and content_type.model_class()
        model_admin = self._registry.get(model) if model else None
        if model_admin is None or not model_admin.has_view_permission(request):
            raise Http404
        found = model_admin.get_object(request, object_id)
        if found is None or not hasattr(found, "get_absolute_url"):
            raise Http404
        return redirect(found)

    def index(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what waits, for whoever looks."""
        # Here, since the modules of the panels register with this site.
        from portal.desk import sections

        return super().index(request, {**(extra_context or {}), "desk": sections(request.user)})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "site_url": "/"}
