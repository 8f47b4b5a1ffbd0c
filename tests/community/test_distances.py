import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community.models import SupportGroup
from community.places.distances import in_words, km_between, units_for
from tests.factories import SupportGroupFactory

A_METER = 0.001  # km
LONDON, PARIS = (51.5074, -0.1278), (48.8566, 2.3522)
# Places where a box around a point goes wrong first: the date line, the poles, the equator.
CORNERS = [
    (0, 0), (0, 180), (0, -180), (0, 179.99), (0, -179.99), (90, 0), (-90, 0), (90, 180),
    (89.9, 17), (89.9, -163), (-89.5, 0), (66, 179.9), (66, -179.9), (51.5, -0.1), (-33.9, 151.2),
    (40.7, -74), (-16.8, 179.97), (-16.8, -179.97), (51.5, 0.1), (0, 90), (-51.5, 179.9),
    (5e-324, 1e-200),
]  # fmt: skip
latitudes = st.one_of(st.floats(-90, 90), st.sampled_from([lat for lat, _lon in CORNERS]))
longitudes = st.one_of(st.floats(-180, 180), st.sampled_from([lon for _lat, lon in CORNERS]))


def test_distance_of_two_cities_is_that_of_the_atlas():
    assert km_between(*LONDON, *PARIS) == pytest.approx(343.6, abs=0.5)
    assert km_between(90, 0, -90, 0) == pytest.approx(20_015, abs=1)


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.lists(st.tuples(latitudes, longitudes), max_size=6),
    latitude=latitudes,
    longitude=longitudes,
    km=st.one_of(st.floats(0, 21_000), st.sampled_from([0, 1, 16, 40, 160, 10_007.5])),
)
def test_near_agrees_with_measuring_every_group(points, latitude, longitude, km):
    SupportGroup.objects.all().delete()
    SupportGroup.objects.bulk_create(
        SupportGroupFactory.build(latitude=lat, longitude=lon) for lat, lon in CORNERS + points
    )
    all_of_them = SupportGroup.objects.all()

    near = {group.pk: group.distance_km for group in all_of_them.near(latitude, longitude, km)}

    for group in all_of_them:
        measured = km_between(latitude, longitude, group.latitude, group.longitude)
        if group.pk in near:
            assert near[group.pk] == pytest.approx(measured, abs=A_METER)
            assert measured <= km + A_METER
        else:
            assert measured > km - A_METER


@pytest.mark.django_db
def test_group_without_coordinates_is_near_nothing():
    nowhere, somewhere = SupportGroupFactory(), SupportGroupFactory(latitude=0, longitude=180)

    assert list(SupportGroup.objects.near(0, -180, 21_000)) == [somewhere]
    distances = {group: group.distance_km for group in SupportGroup.objects.near(0, -180)}
    assert distances == {nowhere: None, somewhere: pytest.approx(0, abs=A_METER)}


@pytest.mark.django_db
def test_near_goes_together_with_the_next_meeting():
    leeds = SupportGroupFactory(latitude=53.8, longitude=-1.55)
    now = timezone.now()

    groups = SupportGroup.objects.published(now).near(53.8, -1.55, 10).by_next_meeting(now)

    assert [group.pk for group in groups] == [leeds.pk]
    assert groups.count() == 1
    assert groups.order_by("distance_km")[0].next_starts_at is None


@pytest.mark.parametrize(
    ("km", "miles", "kilometers"),
    [
        (0, "under a mile", "under a kilometer"),
        (0.99, "under a mile", "under a kilometer"),
        (1.2, "under a mile", "1 kilometer"),
        (1.7, "1 mile", "2 kilometers"),
        (6.4, "4 miles", "6 kilometers"),
        (160.5, "100 miles", "160 kilometers"),
        (159.5, "99 miles", "160 kilometers"),
        (196, "120 miles", "200 kilometers"),
        (5570, "3,500 miles", "5,600 kilometers"),
    ],
)
def test_distance_is_said_as_people_say_it(km, miles, kilometers):
    assert in_words(km, "miles") == miles
    assert in_words(km, "km") == kilometers


def test_units_are_those_of_the_reader_or_of_the_country():
    assert units_for("", "US") == "miles"
    assert units_for("", "GB") == "miles"
    assert units_for("", "DE") == "km"
    assert units_for("", "") == "km"
    assert units_for("km", "US") == "km"
