"""The whole site on one screen."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("portal.public_urls")),
    path("", include("facts.urls")),
    path("", include("community.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.permission_denied"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
