"""The web addresses of sources and texts, and what was found when they were asked for."""

import html

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from facts.admin.records import RecordAdmin
from facts.admin.sources import LINK_COLOURS, outside_link
from facts.admin.states import State, day, day_and_time
from facts.models import FactVersion, Link, Source
from facts.models.links import addresses_in, addresses_in_use

SHOWN = ("address", "found", "checked", "failing", "new_address", "next_check", "used_by")


@admin.register(Link)
class LinkAdmin(RecordAdmin):
    """To be read; the worker writes it. A page that moved can be followed with one choice."""

    show_facets = admin.ShowFacets.NEVER
    list_display = ["url", "found", "checked"]
    list_display_links = ["url"]
    list_select_related = False  # type: ignore[assignment]
    list_filter = ["state"]
    search_fields = ["url", "redirects_to"]
    search_help_text = _("Search by address")
    ordering = ["url"]
    actions = ["check_soon", "use_new_address"]  # type: ignore[assignment]
    fields = SHOWN
    readonly_fields = SHOWN

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return admin.ModelAdmin.get_queryset(self, request)

    def has_source_permission(self, request: HttpRequest) -> bool:
        """Whoever may change sources may change their addresses."""
        return request.user.has_perm("facts.change_source")

    @admin.display(description=_("what was found"), ordering="state")
    def found(self, link: Link) -> SafeString:
        state = State(LINK_COLOURS.get(link.state, "over"), str(link.get_state_display()))
        return (
            format_html("{}<br>{}", state, link.told_problem) if link.problem else state.__html__()
        )

    @admin.display(description=_("last check"), ordering="checked_at")
    def checked(self, link: Link) -> str:
        return day_and_time(link.checked_at) if link.checked_at else "–"

    @admin.display(description=_("next check"), ordering="next_check_at")
    def next_check(self, link: Link) -> str:
        if link.next_check_at <= timezone.now():
            return _now("With the next run")
        return day_and_time(link.next_check_at)

    @admin.display(description=_("address"))
    def address(self, link: Link) -> SafeString:
        return outside_link(link.url)

    @admin.display(description=_("new address"))
    def new_address(self, link: Link) -> SafeString | str:
        return outside_link(link.redirects_to) if link.redirects_to else "–"

    @admin.display(description=_("failures"))
    def failing(self, link: Link) -> str:
        if link.failing_since is None:
            return "–"
        said = ngettext(
            "On %(count)d day since %(day)s", "On %(count)d days since %(day)s", link.failures
        )
        return said % {"count": link.failures, "day": day(link.failing_since)}

    @admin.display(description=_("used by"))
    def used_by(self, link: Link) -> SafeString | str:
        rows: list[tuple[str, object]] = [
            (reverse("admin:facts_source_change", args=[source.pk]), source)
            for source in Source.objects.filter(url=link.url)
        ]
        rows += [
            (reverse("admin:facts_factversion_change", args=[version.pk]), version)
            for version in texts_with(link)
        ]
        items = format_html_join("", '<li><a href="{}">{}</a></li>', rows)
        return format_html("<ul>{}</ul>", items) if rows else "–"

    @admin.action(description=_("Check again with the next run"), permissions=["source"])
    def check_soon(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = queryset.update(next_check_at=timezone.now())
        said = ngettext(
            "%(count)d address is checked again within the hour.",
            "%(count)d addresses are checked again, from the next hour on.",
            count,
        )
        self.message_user(request, said % {"count": count})

    @admin.action(description=_("Use the new address where it has moved"), permissions=["source"])
    def use_new_address(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Give the sources of moved pages their new address, and tell what must be done by hand."""
        done, refused = 0, []
        for link in queryset:
            if not link.redirects_to:
                refused.append(_now("This one has not moved: %(url)s") % {"url": link.url})
                continue
            for source in Source.objects.filter(url=link.url):
                source.url = link.redirects_to
                try:
                    source.full_clean()
                except ValidationError as error:
                    refused.append(f"{source.reference}: {' '.join(error.messages)}")
                    continue
                source.save()
                self.log_change(request, link, _now("Sources follow to its new address."))
                done += 1
            refused += [
                _now("“%(version)s” links to it in its text: change it in a new version.")
                % {"version": version}
                for version in texts_with(link)
            ]
        now = timezone.now()
        Link.objects.keep_to(addresses_in_use(now), now)
        if done:
            said = ngettext(
                "%(count)d source has its new address now.",
                "%(count)d sources have their new address now.",
                done,
            )
            self.message_user(request, said % {"count": done}, messages.SUCCESS)
        for words in refused:
            self.message_user(request, words, messages.WARNING)


def texts_with(link: Link) -> list[FactVersion]:
    """Return the versions, live, coming or open, whose text links to the address."""
    now, versions = timezone.now(), FactVersion.objects
    current = versions.live(now) | versions.scheduled(now) | versions.open()
    likely = current.filter(body__contains=html.escape(link.url)).select_related("fact__topic")
    return [version for version in likely if link.url in addresses_in(version.body)]
