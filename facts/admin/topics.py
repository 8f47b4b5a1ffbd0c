"""Topics: the page, and below it the table of its facts."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from facts.admin.editor import EditorHistoryAdmin
from facts.admin.moves import TopicMovePage
from facts.admin.publishing import PublicationFilter, PublishedAdmin
from facts.admin.states import fact_states, tags
from facts.models import FactVersion, Topic


@admin.register(Topic)
class TopicAdmin(TopicMovePage, PublishedAdmin, EditorHistoryAdmin):
    show_facets = admin.ShowFacets.NEVER
    list_display = ["title", "fact_count", "publication", "position"]
    list_filter = [PublicationFilter, "risk_class"]
    search_fields = ["title", "slug", "summary"]
    ordering = ["position", "title"]
    actions = ["publish_now"]
    prepopulated_fields = {"slug": ["title"]}
    fieldsets = [
        (None, {"fields": ["title", "slug", "summary", "introduction"]}),
        (_("Its place and its care"), {"fields": ["position", "risk_class", "published_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(fact_count=Count("facts"))

    @admin.display(description=_("facts"), ordering="fact_count")
    def fact_count(self, topic: Any) -> int:
        return topic.fact_count

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        topic = kwargs.get("obj")
        context["move_url"] = self.move_url(request, topic)
        if topic is not None and request.user.has_perm("facts.view_fact"):
            context["facts"] = self._table_of_facts(request, topic)
            if may_start_facts(request):
                query = urlencode({"topic": topic.pk})
                context["add_fact_url"] = f"{reverse('admin:facts_fact_add')}?{query}"
        return super().render_change_form(request, context, *args, **kwargs)

    def _table_of_facts(self, request: HttpRequest, topic: Topic) -> list[dict[str, Any]]:
        now = timezone.now()
        versions = Prefetch("versions", FactVersion.objects.order_by("-number"))
        facts = topic.facts.order_by("position", "pk").prefetch_related(versions)  # type: ignore[attr-defined]
        return [
            {
                "position": fact.position,
                "heading": next((v.title or v.heading for v in fact.versions.all()), "") or fact,
                "state": tags(fact_states(fact.versions.all(), now, request.user)),
                "url": reverse("admin:facts_fact_change", args=[fact.pk]),
                "draft_url": next(
                    (
                        reverse("admin:facts_factversion_change", args=[v.pk])
                        for v in fact.versions.all()
                        if v.is_open
                    ),
                    "",
                ),
            }
            for fact in facts
        ]


def may_start_facts(request: HttpRequest) -> bool:
    """Return whether this person may add a fact: it begins with its first draft."""
    return request.user.has_perms(["facts.add_fact", "facts.add_factversion"])
