"""The numbers are those of Ordnance Survey: its worked example, and its OSTN15 test points."""

import pytest

from community.places.distances import km_between
from community.places.national_grid import to_degrees, to_osgb36

FIVE_METERS = 0.005  # km


def test_worked_example_comes_out_as_in_the_guide():
    # "A guide to coordinate systems in Great Britain", annex C: a water tower near Caister.
    latitude, longitude = to_osgb36(651_409.903, 313_177.270)

    assert latitude == pytest.approx(52 + 39 / 60 + 27.2531 / 3600, abs=1e-8)
    assert longitude == pytest.approx(1 + 43 / 60 + 4.5177 / 3600, abs=1e-8)


@pytest.mark.parametrize(
    ("easting", "northing", "latitude", "longitude"),
    [
        (91_492.146, 11_318.804, 49.92226393730, -6.29977752014),
        (250_359.811, 62_016.569, 50.43885825610, -4.10864563561),
        (422_242.186, 433_818.701, 53.80021519630, -1.66379167583),
    ],
)
def test_grid_becomes_degrees_to_a_few_meters(easting, northing, latitude, longitude):
    assert km_between(*to_degrees(easting, northing), latitude, longitude) < FIVE_METERS
