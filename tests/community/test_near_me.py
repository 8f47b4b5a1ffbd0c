import pytest

from tests.factories import SupportGroupFactory

pytestmark = pytest.mark.django_db


def test_directory_alone_may_ask_where_the_reader_is(client):
    SupportGroupFactory(slug="circle")

    policy = client.get("/groups/")["Permissions-Policy"]

    assert "geolocation=(self)" in policy
    assert "camera=()" in policy
    for address in ("/", "/facts/", "/groups/circle/", "/lists/", "/groups/none/", "/preferences/"):
        assert "geolocation=()" in client.get(address)["Permissions-Policy"]


@pytest.mark.parametrize("address", ["/groups/", "/groups/fit/"])
def test_pages_that_search_for_places_say_where_they_come_from(client, address):
    page = client.get(address).content.decode()

    assert "https://www.geonames.org/" in page
    assert "https://creativecommons.org/licenses/by/4.0/" in page
    assert "Open Government Licence" in page
    assert "data-near-me hidden" in page
