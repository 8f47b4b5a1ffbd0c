import pytest
from django.contrib.messages import get_messages

from community.models import SupportGroup
from tests.community.test_admin_groups import ADD, GROUP
from tests.factories import PlaceFactory, SupportGroupFactory

pytestmark = pytest.mark.django_db
HALL = {**GROUP, "is_in_person": "on", "place": "Central Library"}


@pytest.fixture
def desk(client, moderator):
    """A browser in which a moderator is signed in; two Birminghams and a Leeds are known."""
    client.force_login(moderator)
    PlaceFactory(key="t1", name="Leeds", latitude=53.8, longitude=-1.55, population=500_000)
    PlaceFactory(key="t2", name="Birmingham", population=1_000_000)
    PlaceFactory(
        key="t3",
        name="Birmingham",
        region="Alabama",
        region_code="AL",
        country="US",
        latitude=33.52,
        longitude=-86.8,
        population=200_000,
    )
    PlaceFactory(key="uk-ls1-4", kind="postcode", name="LS1 4", latitude=53.79, names=[])
    return client


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize(
    ("typed", "latitude", "country", "label"),
    [
        ("leeds", 53.8, "GB", "Leeds, England, UK"),
        (" ls1 4ap ", 53.79, "GB", "LS1 4, England, UK"),
        ("Birmingham, Alabama", 33.52, "US", "Birmingham, Alabama, US"),
    ],
)
def test_place_that_is_typed_becomes_coordinates_and_country(desk, typed, latitude, country, label):
    response = desk.post(ADD, {**HALL, "where": typed})

    group = SupportGroup.objects.get()
    assert (group.latitude, group.country) == (latitude, country)
    assert f"Readers find the group near {label}." in said(response)


def test_country_that_was_given_stays(desk):
    desk.post(ADD, {**HALL, "where": "Leeds", "country": "IE"})

    assert SupportGroup.objects.get().country == "IE"


def test_place_replaces_the_coordinates_that_were_there(desk):
    desk.post(ADD, {**HALL, "where": "Leeds", "latitude": "north", "longitude": "999"})

    group = SupportGroup.objects.get()
    assert (group.latitude, group.longitude) == (53.8, -1.55)


def test_coordinates_stay_when_no_place_is_typed(desk):
    desk.post(ADD, {**HALL, "latitude": "53.80012", "longitude": "-1.5"})

    assert SupportGroup.objects.get().latitude == 53.80012


def test_name_of_several_places_offers_them_and_one_can_be_chosen(desk):
    response = desk.post(ADD, {**HALL, "where": "Birmingham"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "Several places are called so. Choose one of them below." in page
    assert '<input type="radio" name="where_choice" value="t2"> Birmingham, England, UK' in page
    assert 'value="t3"> Birmingham, Alabama, US' in page
    assert 'value="Birmingham"' in page
    assert not SupportGroup.objects.exists()

    desk.post(ADD, {**HALL, "where": "Birmingham", "where_choice": "t3"})

    assert SupportGroup.objects.get().country == "US"


def test_choice_that_was_not_offered_counts_for_nothing(desk):
    for choice in ("t1", "uk-ls1-4", "-1", "\u0661", "x" * 300):
        response = desk.post(ADD, {**HALL, "where": "Birmingham", "where_choice": choice})

        assert "Several places are called so" in response.content.decode()


@pytest.mark.parametrize("typed", ["Nowhere", "53.8,-1.55", "%", "'", "🙂", "x" * 5000])
def test_place_that_nobody_knows_is_an_error_beside_the_field(desk, typed):
    response = desk.post(ADD, {**HALL, "where": typed})

    assert response.status_code == 200
    assert response.context["adminform"].form.errors == {
        "where": ["No place is known by this name. Try the nearest town, or a postcode."]
    }


def test_postcodes_that_are_not_imported_are_said_to_be_unknown(desk):
    response = desk.post(ADD, {**HALL, "where": "M1 1AA"})

    assert "UK postcodes are not known here yet. A town works." in response.content.decode()


def test_group_that_nobody_finds_by_distance_is_told(desk):
    response = desk.post(ADD, HALL)

    assert SupportGroup.objects.get().latitude is None
    assert any("do not find this one" in words for words in said(response))


def test_group_online_needs_no_place(desk):
    response = desk.post(ADD, GROUP)

    assert not any("do not find this one" in words for words in said(response))


def test_page_of_a_group_opens_and_says_what_the_field_is_for(desk):
    group = SupportGroupFactory(latitude=53.8, longitude=-1.55)

    page = desk.get(f"/admin/community/supportgroup/{group.pk}/change/").content.decode()

    assert "Town or postcode" in page
    assert "place-choices" not in page
