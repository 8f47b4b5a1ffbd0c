"""The whole site on one screen."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path

from community.views import digests, verifications
from facts.views.clinical_reviews import clinical_review
from portal.views import empty_searches, machines, pages
from portal.views.search import search, search_suggest

urlpatterns = [
    path("admin/", admin.site.urls),
    path("robots.txt", machines.robots, name="robots"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    # At the root, since a sitemap speaks for what is below its own folder.
    re_path(
        r"^sitemap-(?P<name>[a-z]+)-(?P<number>[1-9][0-9]{0,6})\.xml$",
        machines.sitemap_part,
        name="sitemap-part",
    ),
    path(".well-known/security.txt", machines.security, name="security"),
    path(".well-known/change-password", machines.change_password, name="change-password"),
    path("health/live", machines.live, name="health-live"),
    path("health/ready", machines.ready, name="health-ready"),
    # In a mail to one person, who need not know our languages: no prefix.
    path("clinical-review/<str:token>/", clinical_review, name="clinical-review"),
    path("listing-check/<str:token>/", verifications.listing_check, name="listing-check"),
    path(
        "listing-check/<str:token>/changes/",
        verifications.listing_check_changes,
        name="listing-check-changes",
    ),
    path("mail/stop/<str:secret>/", digests.mail_stop, name="mail-stop"),
    # English has no prefix; other languages stand under theirs: /es/facts/
    *i18n_patterns(
        path("", pages.home, name="home"),
        path("search/", search, name="search"),
        path("search/suggest/", search_suggest, name="search-suggest"),
        path("search/tell/", empty_searches.search_tell, name="search-tell"),
        path("search/tell/thanks/", empty_searches.search_told, name="search-told"),
        path("help/", pages.help_now, name="help"),
        path("", include("facts.urls")),
        path("", include("community.urls")),
        path("accounts/", include("allauth.urls")),
        prefix_default_language=False,
    ),
]
handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.permission_denied"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
