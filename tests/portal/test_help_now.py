import pytest

from tests.factories import ServiceFactory

pytestmark = pytest.mark.django_db


def test_services_stand_under_their_country_crisis_lines_first(client):
    ServiceFactory(name="Quiet service", country="US", phone="800-813-4673", hours="Mornings")
    ServiceFactory(name="Night line", country="GB", is_crisis_line=True)
    ServiceFactory(name="Hidden", published_at=None)

    html = client.get("/help/").content.decode()

    assert html.index("Night line") < html.index("United States</h2>") < html.index("Quiet")
    assert 'href="tel:8008134673"' in html
    assert "Checked 22 November 2026." in html
    assert "Hidden" not in html


def test_help_without_services_still_says_whom_to_call(client):
    html = client.get("/help/").content.decode()

    assert "call your local emergency number" in html


def test_queries_do_not_grow_with_services(client, django_assert_num_queries):
    ServiceFactory.create_batch(30)

    with django_assert_num_queries(1):
        client.get("/help/")
