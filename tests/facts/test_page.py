import pytest

from tests.factories import PageFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", ["about", "privacy", "accessibility"])
def test_standing_page_shows_what_staff_wrote(client, slug):
    PageFactory(slug=slug, title="Our title", body="<h3>Who</h3><p>We are.</p>")

    response = client.get(f"/{slug}/")

    assert "<h1>Our title</h1>" in response.content.decode()
    assert "<h2>Who</h2><p>We are.</p>" in response.content.decode()


def test_page_that_nobody_wrote_is_not_found(client):
    assert client.get("/about/").status_code == 404
