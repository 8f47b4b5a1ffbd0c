"""How far it is: in the database, for lists, and in words, for people.

A distance goes over the earth as the crow flies, by the haversine formula (R. W. Sinnott,
"Virtues of the Haversine", Sky and Telescope 68, 1984), on a globe of the mean radius: 0.5 %
off at worst. Coordinates are those of a town or a postal area, so no more is needed.
"""

from math import asin, cos, degrees, radians, sin, sqrt

from django.db.models import Case, Expression, F, FloatField, Q, Value, When
from django.db.models.functions import ASin, Least, Radians, Sin, Sqrt
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

EARTH_RADIUS = 6371.0088  # km, the mean radius of IUGG
MILE = 1.609344  # km
# Where people go by miles on the road.
MILES_COUNTRIES = frozenset({"GB", "US", "PR", "GU", "VI", "MP", "AS", "LR"})
_ROUNDING = 1e-6  # degrees, a hand's breadth: the box may be too large, never too small


def within_box(latitude: float, longitude: float, km: float) -> Q:
    """Return the condition to lie in the box around all that is `km` away, for the index.

    The box may reach over the date line; around a pole it holds every longitude.
    """
    reach = km / EARTH_RADIUS
    height = degrees(reach) + _ROUNDING
    south, north = latitude - height, latitude + height
    rows = Q(latitude__gte=max(south, -90), latitude__lte=min(north, 90))
    if south <= -90 or north >= 90:
        return rows
    width = degrees(asin(min(1, sin(reach) / cos(radians(latitude))))) + _ROUNDING
    west, east = longitude - width, longitude + width
    if west < -180:
        return rows & (Q(longitude__gte=west + 360) | Q(longitude__lte=east))
    if east > 180:
        return rows & (Q(longitude__gte=west) | Q(longitude__lte=east - 360))
    return rows & Q(longitude__gte=west, longitude__lte=east)


def km_from(latitude: float, longitude: float) -> Expression:
    """Return the kilometers from a point to a row's coordinates; NULL if it has none."""
    # sin²(x/2) as (1 - cos x)/2, and cos x as sin(90° - x): a difference of next to nothing, which
    # PostgreSQL would refuse as an underflow, is lost in the 90. It costs some 20 cm.
    across = (1 - Sin(Radians(90 + latitude - F("latitude")))) / 2
    along = (1 - Sin(Radians(90 + longitude - F("longitude")))) / 2
    narrowing = Sin(Radians(90 - F("latitude"))) * cos(radians(latitude))
    haversine = across + narrowing * along
    # Opposite points may come out a hair above 1, of which there is no arc sine.
    distance = 2 * EARTH_RADIUS * ASin(Sqrt(Least(haversine, Value(1.0))))
    return Case(
        When(latitude__isnull=False, longitude__isnull=False, then=distance),
        output_field=FloatField(),
    )


def km_between(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Return the kilometers between two points."""
    across = sin(radians(to_latitude - latitude) / 2) ** 2
    along = sin(radians(to_longitude - longitude) / 2) ** 2
    haversine = across + cos(radians(latitude)) * cos(radians(to_latitude)) * along
    return 2 * EARTH_RADIUS * asin(sqrt(min(haversine, 1.0)))


def in_words(km: float, units: str) -> str:
    """Return a distance as a person would say it: "4 miles", "under a mile", "120 kilometers".

    `units` is "miles" or "km". Far away it is rounded to tens, and then to hundreds.
    """
    is_miles = units == "miles"
    number = km / MILE if is_miles else km
    if number < 1:
        return _("under a mile") if is_miles else _("under a kilometer")
    step = 1 if number < 100 else 10 if number < 1000 else 100
    rounded = round(number / step) * step
    if is_miles:
        return ngettext("%(number)s mile", "%(number)s miles", rounded) % {"number": f"{rounded:,}"}
    return ngettext("%(number)s kilometer", "%(number)s kilometers", rounded) % {
        "number": f"{rounded:,}"
    }


def units_for(preferred: str, country: str) -> str:
    """Return "miles" or "km": what a reader `preferred`, or what is usual in `country`."""
    return preferred or ("miles" if country in MILES_COUNTRIES else "km")
