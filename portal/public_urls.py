"""Addresses of the pages that need both apps, and of what machines ask for."""

from django.urls import path

from portal.views import machines, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("search/", pages.search, name="search"),
    path("help/", pages.help_now, name="help"),
    path("robots.txt", machines.robots, name="robots"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path(".well-known/security.txt", machines.security, name="security"),
    path(".well-known/change-password", machines.change_password, name="change-password"),
    path("health/live", machines.live, name="health-live"),
    path("health/ready", machines.ready, name="health-ready"),
]
