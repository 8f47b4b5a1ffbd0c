"""The British National Grid: from eastings and northings to latitude and longitude (WGS 84).

Formulas and numbers are those of Ordnance Survey, "A guide to coordinate systems in Great
Britain" (version 3.6), annexes B and C, and section 6.6 for the transformation: right to about
5 m, for the middle of many addresses.
"""

from math import atan2, cos, degrees, hypot, radians, sin, sqrt, tan

# Airy 1830 and WGS 84: half-axes in meters.
_AIRY = (6_377_563.396, 6_356_256.909)
_WGS84 = (6_378_137.0, 6_356_752.314245)
# The projection: scale on the central meridian, true origin, and its grid coordinates.
_SCALE = 0.9996012717
_ORIGIN = radians(49), radians(-2)
_EASTING, _NORTHING = 400_000.0, -100_000.0
# From OSGB36 to WGS 84: meters, parts per million, seconds of arc.
_SHIFT = (446.448, -125.157, 542.060)
_PPM = -20.4894
_TURN = (0.1502, 0.2470, 0.8421)


def to_degrees(easting: float, northing: float) -> tuple[float, float]:
    """Return latitude and longitude (WGS 84) of a point of the grid, in meters."""
    return _to_wgs84(*to_osgb36(easting, northing))


def to_osgb36(easting: float, northing: float) -> tuple[float, float]:
    """Return latitude and longitude on the grid's own ellipsoid, in degrees (annex C.2)."""
    a, b = _AIRY
    n = (a - b) / (a + b)
    e2 = 1 - (b / a) ** 2
    latitude0, longitude0 = _ORIGIN
    latitude = latitude0
    arc = 0.0
    while abs(rest := northing - _NORTHING - arc) >= 0.00001:
        latitude += rest / (a * _SCALE)
        plus, minus = latitude + latitude0, latitude - latitude0
        arc = b * _SCALE * (
            (1 + n + 5 / 4 * n**2 + 5 / 4 * n**3) * minus
            - (3 * n + 3 * n**2 + 21 / 8 * n**3) * sin(minus) * cos(plus)
            + (15 / 8 * n**2 + 15 / 8 * n**3) * sin(2 * minus) * cos(2 * plus)
            - 35 / 24 * n**3 * sin(3 * minus) * cos(3 * plus)
        )  # fmt: skip
    slope = 1 - e2 * sin(latitude) ** 2
    nu = a * _SCALE / sqrt(slope)
    rho = a * _SCALE * (1 - e2) * slope**-1.5
    eta2 = nu / rho - 1
    t, sec = tan(latitude), 1 / cos(latitude)
    vii = t / (2 * rho * nu)
    viii = t / (24 * rho * nu**3) * (5 + 3 * t**2 + eta2 - 9 * t**2 * eta2)
    ix = t / (720 * rho * nu**5) * (61 + 90 * t**2 + 45 * t**4)
    x = sec / nu
    xi = sec / (6 * nu**3) * (nu / rho + 2 * t**2)
    xii = sec / (120 * nu**5) * (5 + 28 * t**2 + 24 * t**4)
    xiia = sec / (5040 * nu**7) * (61 + 662 * t**2 + 1320 * t**4 + 720 * t**6)
    east = easting - _EASTING
    latitude += -vii * east**2 + viii * east**4 - ix * east**6
    longitude = longitude0 + x * east - xi * east**3 + xii * east**5 - xiia * east**7
    return degrees(latitude), degrees(longitude)


def _to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    x, y, z = _to_cartesian(radians(latitude), radians(longitude))
    scale = 1 + _PPM / 1_000_000
    turn_x, turn_y, turn_z = (radians(seconds / 3600) for seconds in _TURN)
    return _from_cartesian(
        _SHIFT[0] + scale * x - turn_z * y + turn_y * z,
        _SHIFT[1] + turn_z * x + scale * y - turn_x * z,
        _SHIFT[2] - turn_y * x + turn_x * y + scale * z,
    )


def _to_cartesian(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Annex B.1, on Airy's ellipsoid, at its surface."""
    a, b = _AIRY
    e2 = 1 - (b / a) ** 2
    nu = a / sqrt(1 - e2 * sin(latitude) ** 2)
    return (
        nu * cos(latitude) * cos(longitude),
        nu * cos(latitude) * sin(longitude),
        (1 - e2) * nu * sin(latitude),
    )


def _from_cartesian(x: float, y: float, z: float) -> tuple[float, float]:
    """Annex B.2, on the ellipsoid of WGS 84."""
    a, b = _WGS84
    e2 = 1 - (b / a) ** 2
    p = hypot(x, y)
    latitude = atan2(z, p * (1 - e2))
    for _round in range(6):  # Each makes it some 100 times better.
        nu = a / sqrt(1 - e2 * sin(latitude) ** 2)
        latitude = atan2(z + e2 * nu * sin(latitude), p)
    return degrees(latitude), degrees(atan2(y, x))
