import re
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from facts.choices import SourceFlag, SourceKind, Status

_DOI = re.compile(r"10\.[0-9]{4,9}(\.[0-9]+)*/[!-~]+")
_BEFORE_DOI = re.compile(r"(https?://)?(dx\.|www\.)?doi\.org/|doi:\s*|doi\s+", re.IGNORECASE)
_BEFORE_PMID = re.compile(
    r"pmid:?\s*|(https?://)?(pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov/pubmed)/",
    re.IGNORECASE,
)


def normal_doi(text: str) -> str:
    """Return the bare DOI in `text`, which may be a link to it: "10.1016/j.breast.2024.103756".

    Raises ValueError if there is none. Source: DOI Handbook, section 2.2.
    """
    text = text.strip()
    found = _BEFORE_DOI.match(text)
    doi = text[found.end() :] if found else text
    if found and "/" in found[0]:
        doi = unquote(doi)
    if not _DOI.fullmatch(doi):
        raise ValueError("no DOI")
    return doi


def normal_pmid(text: str) -> str:
    """Return the digits of the PubMed number in `text`. Raises ValueError if there are none."""
    text = text.strip()
    found = _BEFORE_PMID.match(text)
    pmid = (text[found.end() :] if found else text).rstrip("/")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", pmid):
        raise ValueError("no PMID")
    return pmid


class SourceQuerySet(models.QuerySet):
    def flagged(self) -> Self:
        """Sources with a warning, the newest warning first."""
        return self.exclude(flag="").order_by("-flagged_at", "reference")

    def to_look_at(self, at: datetime) -> Self:
        """Sources with a warning for which facts wait, as many as `fact_count` says."""
        waiting = Citation.objects.to_look_at(at).values("pk")
        of_waiting = Q(citations__in=waiting)
        return (
            self.flagged()
            .filter(of_waiting)
            .annotate(fact_count=Count("citations__version__fact", distinct=True))
        )


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
    kind = models.CharField(
        _("kind"), max_length=20, choices=SourceKind.choices, default=SourceKind.OTHER
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
    superseded_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("replaced by"),
        help_text=_("The newer edition, if there is one."),
    )
    flag = models.CharField(
        _("warning"),
        max_length=20,
        choices=SourceFlag.choices,
        blank=True,
        help_text=_("Every fact that cites it is then put before staff."),
    )
    flagged_at = models.DateTimeField(_("flagged"), null=True, blank=True)
    flag_note = models.CharField(
        _("what is the matter"),
        max_length=300,
        blank=True,
        help_text=_("For staff. For example: The journal retracted it on 3 May 2026."),
    )
    public_note = models.CharField(
        _("note for readers"),
        max_length=300,
        blank=True,
        help_text=_(
            "Readers see it beside this source, wherever it is cited. Leave it empty to show "
            "nothing. For example: This study was retracted; we are checking what rests on it."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    objects = SourceQuerySet.as_manager()
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
            models.CheckConstraint(
                name="facts_source_flag_has_moment",
                condition=Q(flag="") | Q(flagged_at__isnull=False),
                violation_error_message=_("Say when the warning was raised."),
            ),
            models.CheckConstraint(
                name="facts_source_doi_is_bare",
                condition=Q(doi="") | Q(doi__startswith="10."),
                violation_error_message=_("A DOI begins with 10."),
            ),
            models.CheckConstraint(
                name="facts_source_not_superseded_by_itself",
                condition=Q(superseded_by__isnull=True) | ~Q(superseded_by=F("pk")),
                violation_error_message=_("A source cannot replace itself."),
            ),
        ]

    def __str__(self) -> str:
        stop = "" if self.title.endswith(("?", "!")) else "."
        year = f", {self.year}" if self.year else ""
        return f"{self.title}{stop} {self.publisher}{year}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it; a warning that is new or another than before is raised now."""
        self._time_flag()
        fields = kwargs.get("update_fields")
        if fields is not None and "flag" in fields:
            kwargs["update_fields"] = {*fields, "flagged_at"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        errors = {}
        try:
            self.doi = normal_doi(self.doi) if self.doi.strip() else ""
        except ValueError:
            errors["doi"] = _("A DOI looks like this: 10.1016/j.breast.2024.103756")
        try:
            self.pmid = normal_pmid(self.pmid) if self.pmid.strip() else ""
        except ValueError:
            errors["pmid"] = _("A PMID is a number of up to nine digits: 33098941")
        self._time_flag()
        if errors:
            raise ValidationError(errors)

    def _time_flag(self) -> None:
        if not self.flag:
            self.flagged_at = None
            return
        before = Source.objects.filter(pk=self.pk).values_list("flag", flat=True).first()
        if self.flagged_at is None or (self.pk is not None and before != self.flag):
            self.flagged_at = timezone.now()

    @property
    def doi_url(self) -> str:
        """The address that leads to it for ever, or an empty string."""
        return f"https://doi.org/{quote(self.doi, safe='/:;()._-')}" if self.doi else ""

    @property
    def pubmed_url(self) -> str:
        """Its page at PubMed, or an empty string."""
        return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/" if self.pmid else ""


class CitationQuerySet(models.QuerySet):
    def in_order(self) -> Self:
        """Citations as they stand under a text, with their sources."""
        return self.select_related("source").order_by("position", "pk")

    def to_look_at(self, at: datetime) -> Self:
        """Citations of a source with a warning in a text that is live, coming or open.

        Left out are those of a text of which a reviewer has said since the warning that it still
        stands, and those that end with a text approved since, which does not cite the source.
        """
        from facts.models.events import Event
        from facts.models.versions import FactVersion

        versions = FactVersion.objects
        of_interest = versions.live(at) | versions.scheduled(at) | versions.open()
        same_text = {
            "fact": OuterRef("version__fact"),
            "language": OuterRef("version__language"),
        }
        said = Event.objects.filter(
            **{f"version__{name}": value for name, value in same_text.items()},
            verb=Event.Verb.STANDS,
            happened_at__gte=OuterRef("source__flagged_at"),
        )
        cited_there = Citation.objects.filter(
            version=OuterRef("pk"), source=OuterRef(OuterRef("source"))
        )
        follows = versions.scheduled(at).filter(
            ~Exists(cited_there),
            **same_text,
            status=Status.APPROVED,
            number__gt=OuterRef("version__number"),
            approved_at__gte=OuterRef("source__flagged_at"),
        )
        return (
            self.filter(version__in=of_interest)
            .exclude(source__flag="")
            .filter(~Exists(said), ~Exists(follows))
        )

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
    passages = models.TextField(
        _("passages"),
        blank=True,
        help_text=_(
            "The words of the text that rest on it, copied from it, one passage a line. Every "
            "sentence with a figure needs one."
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
