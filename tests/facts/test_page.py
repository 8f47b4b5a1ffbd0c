import pytest

from tests.factories import PageFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", ["about", "privacy", "accessibility"])
def test_standing_page_shows_what_staff_wrote(client, slug):
    PageFactory(slug=slug, title="Our title", body="<h3>Who</h3><p>We are.</p>")

    response = client.get(f"/{slug}/")

    assert "<h1>Our title</h1>" in response.content.decode()
    assert '<h2 id="part-1">Who</h2><p>We are.</p>' in response.content.decode()


def test_page_that_nobody_wrote_is_not_found(client):
    assert client.get("/about/").status_code == 404


def test_long_page_lists_its_parts(client):
    PageFactory(slug="about", body="<h3>Who</h3><h3>Why &amp; <em>how</em></h3><h3>When</h3>")
    PageFactory(slug="privacy", body="<h3>Who</h3><h3>Why</h3>")

    html = client.get("/about/").content.decode()

    assert '<li><a href="#part-2">Why &amp; how</a></li>' in html
    assert '<h2 id="part-2">Why &amp; <em>how</em></h2>' in html
    assert "On this page" not in client.get("/privacy/").content.decode()
