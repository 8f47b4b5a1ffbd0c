from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class Source(models.Model):
    """A publication on which claims rest."""

    reference = models.SlugField(
        _("reference"),
        max_length=40,
        unique=True,
        allow_unicode=False,
        help_text=_("A short name by which staff find it: nice-cg81. Letters, digits, hyphens."),
    )
    title = models.CharField(_("title"), max_length=300)
    is_title_description = models.BooleanField(
        _("the title is our description"),
        default=False,
        help_text=_("Tick it when the publication shows no title of its own."),
    )
    publisher = models.CharField(_("publisher or journal"), max_length=200)
    year = models.CharField(
        _("year"),
        max_length=20,
        blank=True,
        help_text=_("2024, or leave it empty if none is shown."),
    )
    url = models.URLField(_("address"), max_length=500, help_text=_("The publisher's own page."))
    doi = models.CharField(
        "DOI", max_length=120, blank=True, help_text="10.1016/j.breast.2024.103756"
    )
    pmid = models.CharField("PMID", max_length=12, blank=True)
    is_read_on_copy = models.BooleanField(
        _("read on a copy"),
        default=False,
        help_text=_("Tick it when the text was read elsewhere than at its own address."),
    )
    accessed_on = models.DateField(
        _("checked on"), help_text=_("The day somebody last opened it and read what is cited.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["reference"]
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            models.CheckConstraint(
                name="facts_source_web_address",
                condition=Q(url__startswith="https://") | Q(url__startswith="http://"),
                violation_error_message=_("The address must begin with https:// or http://."),
            ),
        ]

    def __str__(self) -> str:
        stop = "" if self.title.endswith(("?", "!")) else "."
        year = f", {self.year}" if self.year else ""
        return f"{self.title}{stop} {self.publisher}{year}"


class CitationQuerySet(models.QuerySet):
    def in_order(self) -> Self:
        """Citations as they stand under a text, with their sources."""
        return self.select_related("source").order_by("position", "pk")

    def update(self, **changes: Any) -> int:
        self._require_open(self.values("version"))
        if target := changes.get("version") or changes.get("version_id"):
            self._require_open([getattr(target, "pk", target)])
        return super().update(**changes)

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        objs = list(objs)
        self._require_open({citation.version_id for citation in objs})
        if kwargs.get("update_conflicts"):
            raise ValueError("Citations are added, never written over.")
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._require_open(self.values("version"))
        return super().delete()

    def _require_open(self, versions: Any) -> None:
        """Raise FinalText if one of `versions` (keys) was decided: its sources are final."""
        from facts.models.versions import FactVersion, FinalText

        if FactVersion.objects.filter(pk__in=versions).decided().exists():
            raise FinalText("What belongs to a decided version never changes.")


class Citation(models.Model):
    """What ties a source to a version, and the part of the claim that it supports."""

    version = models.ForeignKey(
        "facts.FactVersion", models.CASCADE, related_name="citations", verbose_name=_("version")
    )
    source = models.ForeignKey(
        Source, models.PROTECT, related_name="citations", verbose_name=_("source")
    )
    supports = models.CharField(
        _("what it supports"),
        max_length=300,
        help_text=_(
            "The part of the text that rests on it: where breast cancer most often spreads."
        ),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    objects = CitationQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        constraints = [
            models.UniqueConstraint(
                name="facts_citation_once_per_claim",
                fields=["version", "source", "supports"],
                violation_error_message=_("This source already supports this part."),
            ),
            models.CheckConstraint(
                name="facts_citation_says_what_it_supports",
                condition=~Q(supports=""),
                violation_error_message=_("Say which part of the text it supports."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source.reference}: {self.supports}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._require_open()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._require_open()
        return super().delete(*args, **kwargs)

    def _require_open(self) -> None:
        """Raise FinalText if the version it belongs to, now or before, was decided."""
        before = Citation.objects.filter(pk=self.pk).values_list("version", flat=True)
        Citation.objects.all()._require_open({self.version_id, *before})
