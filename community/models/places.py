from collections.abc import Iterable
from typing import Any, Self

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from community.countries import COUNTRY_CHOICES
from community.places.names import bare

# These are better known by their letters than by their names.
_SHORT_NAMES = {"GB": _("UK"), "US": _("US")}
# Letters and digits alone are compared, so nothing in a name sorts behind this.
_BEHIND_ALL = "\U0010ffff"
# PostgreSQL reads the whole table for a long list, unless OFFSET makes it look up one by one.
_WEIGHTIEST_OF = """
    SELECT name.* FROM unnest(%s::varchar[]) AS wanted (letters)
    CROSS JOIN LATERAL (
        SELECT * FROM community_placename WHERE letters = wanted.letters OFFSET 0
    ) AS name
    ORDER BY name.weight DESC LIMIT %s
"""


class Place(models.Model):
    """A town, a ZIP code or a part of a postcode, and where its middle is.

    Loaded whole from files (`load_places`, `import_places`), never edited. `key` is short, is
    the same on every portal and stands in addresses: `t2655603` (the number of the town at
    GeoNames), `zip-60601`, `uk-ls1-4`.
    """

    class Kind(models.TextChoices):
        TOWN = "town", _("town")
        ZIP = "zip", _("ZIP code")
        POSTCODE = "postcode", _("postcode area")

    key = models.CharField(max_length=24, primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=120, help_text=_("Birmingham; 60601; LS1 4."))
    town = models.CharField(max_length=120, blank=True, help_text=_("Chicago, for a ZIP code."))
    region = models.CharField(max_length=80, blank=True, help_text=_("Alabama; England."))
    region_code = models.CharField(max_length=8, blank=True, help_text=_("AL, where it is usual."))
    country = models.CharField(max_length=2, help_text=_("Two letters (ISO 3166-1)."))
    latitude = models.FloatField(help_text=_("Degrees north of the equator."))
    longitude = models.FloatField(help_text=_("Degrees east of Greenwich."))
    population = models.PositiveIntegerField(default=0)
    time_zone = models.CharField(max_length=40, blank=True, help_text=_("Europe/London"))

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [
            models.CheckConstraint(
                name="community_place_known_kind",
                condition=Q(kind__in=["town", "zip", "postcode"]),
            ),
            models.CheckConstraint(
                name="community_place_on_earth",
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @classmethod
    def here(cls, latitude: float, longitude: float) -> Self:
        """Return the unnamed place where a reader is; it is in no table.

        Its key holds the coordinates: `53.8,-1.55`.
        """
        key = f"{_plain(latitude)},{_plain(longitude)}"
        return cls(key=key, latitude=latitude, longitude=longitude)

    @property
    def is_here(self) -> bool:
        """Whether this is where the reader is, and has no name."""
        return not self.name

    @property
    def country_name(self) -> str:
        """The country as people say it: UK, US, Germany."""
        return str(_SHORT_NAMES.get(self.country) or self.full_country_name)

    @property
    def full_country_name(self) -> str:
        """The country: United Kingdom, United States, Germany."""
        return str(_COUNTRIES.get(self.country, self.country))

    @property
    def label(self) -> str:
        """The place and what tells it from others: "Birmingham, England, UK"."""
        if self.is_here:
            return _now("where you are")
        if self.kind == self.Kind.ZIP:
            parts = [self.town, f"{self.region} {self.name}", self.country_name]
        else:
            parts = [self.name, self._telling_region(), self.country_name]
        return ", ".join(part.strip() for part in parts if part.strip())

    def _telling_region(self) -> str:
        """The region, unless it says nothing new: Zürich in Zurich, Santiago in its province."""
        region = bare(self.region)
        says_nothing = region.startswith(bare(self.name)) or region == bare(self.country_name)
        return "" if says_nothing else self.region


class PlaceNameQuerySet(models.QuerySet["PlaceName"]):
    def spelled(self, spellings: Iterable[str]) -> Self:
        """Names that are one of `spellings`, letter for letter."""
        return self.filter(letters__in=set(spellings))

    def weightiest_of(self, spellings: Iterable[str], most: int) -> list["PlaceName"]:
        """Return the `most` weighty names that are one of very many `spellings`."""
        if connection.vendor == "postgresql":
            return list(self.raw(_WEIGHTIEST_OF, [sorted(spellings), most]))
        return list(self.filter(letters__in=spellings).order_by("-weight")[:most])

    def that_begin(self, beginning: str) -> Self:
        """Names that begin with `beginning`, found by the index on both databases."""
        if connection.vendor == "postgresql":
            return self.filter(letters__startswith=beginning)
        # LIKE would read every row of SQLite.
        return self.filter(letters__gte=beginning, letters__lt=beginning + _BEHIND_ALL)


class PlaceName(models.Model):
    """One spelling under which a place is found, as bare letters (`place_names.bare`)."""

    # The rows come and go with their places, in one transaction of the loader.
    place = models.ForeignKey(
        Place, models.CASCADE, related_name="names", db_constraint=False, db_index=False
    )
    letters = models.CharField(max_length=120)
    weight = models.PositiveIntegerField(
        default=0, help_text=_("What comes first: people who live there, fewer for a byname.")
    )

    objects: Any = PlaceNameQuerySet.as_manager()

    class Meta:
        verbose_name = _("name of a place")
        verbose_name_plural = _("names of places")
        indexes = [
            models.Index(
                name="community_placename_letters",
                fields=["letters", "weight", "place"],
                # So that PostgreSQL finds beginnings whatever its collation.
                opclasses=["varchar_pattern_ops", "int4_ops", "varchar_ops"],
            ),
        ]

    def __str__(self) -> str:
        return self.letters


class PlaceSource(models.Model):
    """What the places were loaded from, so that the same is not loaded twice."""

    class Name(models.TextChoices):
        SHIPPED = "shipped", _("towns and ZIP codes")
        POSTCODES = "postcodes", _("postcodes of the UK")

    name = models.CharField(max_length=12, primary_key=True, choices=Name.choices)
    mark = models.CharField(max_length=64, help_text=_("Differs when the data does."))
    number = models.PositiveIntegerField(help_text=_("How many places there are."))
    loaded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("source of places")
        verbose_name_plural = _("sources of places")

    def __str__(self) -> str:
        return self.get_name_display()


_COUNTRIES: dict[str, Any] = dict(COUNTRY_CHOICES)


def _plain(degrees: float) -> str:
    """Return `degrees` as it stands in an address: at most two decimals, and no -0."""
    return f"{round(degrees, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
