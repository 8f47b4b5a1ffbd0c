import pytest
from django.db import IntegrityError

from community.models import Place, PlaceSource
from community.places.search import find_places, here, parse_near, place_by_key
from tests.factories import PlaceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def towns():
    """A few towns as the real data has them."""
    PlaceFactory(
        key="t2655603", name="Birmingham", latitude=52.48, longitude=-1.9, population=1_157_603
    )
    PlaceFactory(
        key="t4049979",
        name="Birmingham",
        region="Alabama",
        region_code="AL",
        country="US",
        latitude=33.52,
        longitude=-86.8,
        population=196_357,
    )
    PlaceFactory(
        key="t2867714",
        name="Munich",
        region="Bavaria",
        country="DE",
        population=1_505_005,
        names=["München", "Muenchen"],
    )
    PlaceFactory(
        key="t3448439", name="São Paulo", region="São Paulo", country="BR", population=12_400_232
    )
    PlaceFactory(
        key="t4407066",
        name="St. Louis",
        region="Missouri",
        region_code="MO",
        country="US",
        population=279_695,
    )
    PlaceFactory(
        key="t5206379",
        name="Pittsburgh",
        region="Pennsylvania",
        region_code="PA",
        country="US",
        population=307_668,
    )
    PlaceFactory(
        key="t2650225", name="Edinburgh", region="Scotland", country="GB", population=514_990
    )
    PlaceFactory(key="t2643743", name="London", population=8_961_989)
    PlaceFactory(
        key="t6058560",
        name="London",
        region="Ontario",
        region_code="ON",
        country="CA",
        population=346_765,
    )
    PlaceFactory(key="t4508722", name="Cincinnati", region="Ohio", region_code="OH", country="US")
    PlaceFactory(
        key="zip-60601",
        kind="zip",
        name="60601",
        town="Chicago",
        region="Illinois",
        region_code="IL",
        country="US",
        names=[],
    )
    PlaceFactory(key="uk-ls1-4", kind="postcode", name="LS1 4", names=[])
    PlaceFactory(key="uk-ls1", kind="postcode", name="LS1", names=[])
    PlaceSource.objects.create(name="postcodes", mark="x", number=2, loaded_at="2026-11-22T00:00Z")


def labels(text):
    return [place.label for place in find_places(text)]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("60601", "Chicago, Illinois 60601, US"),
        (" 60601-1234 ", "Chicago, Illinois 60601, US"),
        ("Chicago, IL 60601", "Chicago, Illinois 60601, US"),
        ("LS1 4AP", "LS1 4, England, UK"),
        ("ls14ap", "LS1 4, England, UK"),
        ("L S1  4AP", None),
        ("Leeds LS1 4ap", "LS1 4, England, UK"),
        ("LS1", "LS1, England, UK"),
        ("ls1 4", "LS1 4, England, UK"),
        ("LS1 9ZZ", "LS1, England, UK"),
        ("birmingham al", "Birmingham, Alabama, US"),
        ("Birmingham, Alabama", "Birmingham, Alabama, US"),
        ("BIRMINGHAM ALABAMA USA", "Birmingham, Alabama, US"),
        ("Birmingham, AL, US", "Birmingham, Alabama, US"),
        ("Birmingham, UK", "Birmingham, England, UK"),
        ("birmingham england", "Birmingham, England, UK"),
        ("Birmingham, United Kingdom", "Birmingham, England, UK"),
        ("London Ont", "London, Ontario, Canada"),
        ("São Paulo", "São Paulo, Brazil"),
        ("sao paulo", "São Paulo, Brazil"),
        ("SAOPAULO brasil", "São Paulo, Brazil"),
        ("Muenchen", "Munich, Bavaria, Germany"),
        ("München", "Munich, Bavaria, Germany"),
        ("Munich", "Munich, Bavaria, Germany"),
        ("mun", "Munich, Bavaria, Germany"),
        ("st. louis", "St. Louis, Missouri, US"),
        ("St Louis MO", "St. Louis, Missouri, US"),
        ("saint louis", "St. Louis, Missouri, US"),
        ("Edinbrugh", "Edinburgh, Scotland, UK"),
        ("edinborough", "Edinburgh, Scotland, UK"),
        ("edinbrugh, scotland", "Edinburgh, Scotland, UK"),
        ("Pittsburg", "Pittsburgh, Pennsylvania, US"),
        ("pitsburg pa", "Pittsburgh, Pennsylvania, US"),
        ("Cincinatti", "Cincinnati, Ohio, US"),
        ("Edinburgh, Lothian", "Edinburgh, Scotland, UK"),
        ("Nowhere", None),
        ("", None),
        ("99999", None),
    ],
)
def test_what_is_typed_finds_the_place(towns, text, label):
    found = labels(text)

    assert found[:1] == ([label] if label else [])
    assert len(found) <= 1


def test_name_of_several_places_finds_the_largest_first(towns):
    assert labels("birmingham") == ["Birmingham, England, UK", "Birmingham, Alabama, US"]


def test_key_finds_the_place_again(towns):
    for place in Place.objects.all():
        assert place_by_key(place.key) == place


@pytest.mark.parametrize(
    "key", ["", "t0", "t-1", "t99999999999", "t١٢", "\0", "zip-6060", "x" * 200]
)
def test_wrong_key_finds_nothing(towns, key):
    assert place_by_key(key) is None


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("53.8,-1.55", "53.8,-1.55"),
        ("53.8012345, -1.5487654", "53.8,-1.55"),
        ("-0.01,0.02", "0,0"),
        ("90,-180", "90,-180"),
    ],
)
def test_where_somebody_is_becomes_coarse(value, key):
    place = here(value)

    assert place.key == key
    assert place.label == "where you are"


@pytest.mark.parametrize("value", ["91,0", "0,181", "1e3,0", "nan,nan", "٥,٥", "1", "1,2,3", "1;2"])
def test_what_is_no_coordinates_is_nowhere(value):
    assert here(value) is None


def test_name_of_several_places_is_a_choice(towns):
    meant = parse_near("Birmingham")

    assert meant.place is None
    assert [place.country for place in meant.others] == ["GB", "US"]


def test_far_larger_town_is_meant_and_the_other_offered(towns):
    meant = parse_near("London")

    assert meant.place.country == "GB"
    assert [place.country for place in meant.others] == ["CA"]


def test_label_means_its_place_again(towns):
    for place in Place.objects.all():
        assert parse_near(place.label).place == place


def test_key_and_coordinates_are_meant_as_they_are(towns):
    assert parse_near("t4049979").place.region == "Alabama"
    assert parse_near("53.8,-1.5").place.is_here


def test_postcode_that_cannot_be_known_is_told_from_one_that_is_not():
    assert parse_near("LS1 4AP").is_postcode_unknown
    PlaceSource.objects.create(name="postcodes", mark="x", number=0, loaded_at="2026-11-22T00:00Z")
    assert not parse_near("LS1 4AP").is_postcode_unknown


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("community_place_known_kind", {"kind": "planet"}),
        ("community_place_on_earth", {"latitude": 90.1}),
        ("community_place_on_earth", {"longitude": -180.1}),
    ],
)
def test_place_that_breaks_a_rule_is_refused(name, changes):
    with pytest.raises(IntegrityError, match=name):
        PlaceFactory(**changes)
