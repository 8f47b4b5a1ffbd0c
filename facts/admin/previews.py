"""Pages beside a version: as readers will see it, a link for somebody else, and what differs."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.views.decorators.http import require_http_methods

from facts import gentle, preview_links
from facts.admin.stale import in_full
from facts.admin.states import day_and_time, version_state
from facts.choices import Status
from facts.differences import Comparison, Wording, compare_versions
from facts.models import FactVersion
from facts.previews import preview_context


def base_of(version: FactVersion, at: datetime) -> FactVersion | None:
    """Return what `version` is to be compared with: what readers see, or what they saw last.

    None if nothing else of the fact was ever approved.
    """
    others = FactVersion.objects.filter(fact_id=version.fact_id, language=version.language)
    others = others.exclude(pk=version.pk).with_evidence()
    if live := others.live(at).first():
        return live
    return others.filter(status=Status.APPROVED).order_by("-number").first()


def difference_to(base: FactVersion | None, version: FactVersion) -> Comparison | None:
    """Return the difference of `version` to `base`, the older one first, or None without one."""
    if base is None:
        return None
    old, new = sorted((base, version), key=lambda one: one.number)
    return compare_versions(old, new, for_staff=True)


class VersionPages(admin.ModelAdmin):
    """The pages of a version that change nothing of it."""

    def _page(self, request: HttpRequest, version: FactVersion) -> dict[str, Any]:
        """Return what every page about `version` shows."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "preview": (self.preview, ["GET", "HEAD"]),
            "share": (self.share, ["GET", "HEAD", "POST"]),
            "compare": (self.compare, ["GET", "HEAD"]),
        }
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_http_methods(methods)(view)),
                name=f"facts_factversion_{name}",
            )
            for name, (view, methods) in pages.items()
        ] + super().get_urls()

    def _version(self, request: HttpRequest, pk: int) -> FactVersion:
        """Return the version with its evidence, or raise PermissionDenied or Http404."""
        versions: Any = self.get_queryset(request)
        version = get_object_or_404(versions.with_evidence(), pk=pk)
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        return version

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a version as readers see it, covered first where it is sensitive."""
        version = self._version(request, pk)
        context = {
            **self._page(request, version),
            **preview_context(request, version, gentle.Asked.of(request)),
            "title": _now("As readers will see it"),
            "may_share": version.is_open and may_share(request.user),
        }
        return TemplateResponse(request, "admin/facts/factversion/preview.html", context)

    def share(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Explain what a preview link is; on POST make one and show it, this once."""
        version = self._version(request, pk)
        if not may_share(request.user):
            raise PermissionDenied
        why_not = preview_links.refusal(version)
        link, ends_at, status = "", timezone.now() + preview_links.MAX_AGE, 200
        if request.method == "POST" and not why_not:
            try:
                link = preview_links.make(version, request.user)
            except ValidationError as error:
                why_not = " ".join(error.messages)
        if why_not:
            status = 409
        context = {
            **self._page(request, version),
            "title": _now("Show it to somebody else"),
            "explanation": preview_links.EXPLANATION,
            "why_not": why_not,
            "link": link,
            "ends_at": day_and_time(ends_at),
        }
        template = "admin/facts/factversion/share.html"
        return TemplateResponse(request, template, context, status=status)

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what differs between a version and another one of its fact, and both in full."""
        version, now = self._version(request, pk), timezone.now()
        others = FactVersion.objects.filter(fact_id=version.fact_id, language=version.language)
        others = others.exclude(pk=version.pk).select_related("fact__topic").order_by("-number")
        choices = list(others)
        chosen = request.GET.get("with")
        problem = ""
        if chosen is None:
            base = base_of(version, now)
        else:
            number = next((one.number for one in choices if str(one.number) == chosen), None)
            base = others.with_evidence().filter(number=number).first() if number else None
            if base is None:
                problem = _now("There is no such version. Choose one from the list.")
        old, new = (None, None)
        if base is not None:
            old, new = sorted((base, version), key=lambda one: one.number)
        context = {
            **self._page(request, version),
            "title": _now("What differs"),
            "choices": [
                {
                    "number": one.number,
                    "state": version_state(one, now, request.user).words,
                    "is_chosen": base is not None and one.pk == base.pk,
                }
                for one in choices
            ],
            "problem": problem,
            "old": old,
            "new": new,
            "difference": difference_to(base, version),
            "sides": [
                {
                    "number": side.number,
                    "state": version_state(side, now, request.user),
                    "fields": in_full(Wording.of(side)),
                }
                for side in (old, new)
                if side is not None
            ],
        }
        return TemplateResponse(request, "admin/facts/factversion/compare.html", context)


def may_share(user: Any) -> bool:
    """Return whether the role of `user` includes making preview links."""
    return user.has_perm("facts.change_factversion")
