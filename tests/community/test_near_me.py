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
