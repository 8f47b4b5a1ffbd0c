import pytest

from tests.factories import FactFactory, ServiceFactory, TopicFactory, make_live

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

    with django_assert_num_queries(2):
        client.get("/help/")


def test_facts_that_say_when_to_call_are_linked_with_their_words(client):
    topic = TopicFactory(slug="signs")
    words = "Call today if your legs feel weak & numb."
    make_live(FactFactory(topic=topic, slug="spine"), title="Spine", call_now=words)
    make_live(FactFactory(topic=topic, slug="quiet"), title="Quiet fact")
    unpublished = FactFactory(topic=TopicFactory(published_at=None))
    make_live(unpublished, title="Unpublished", call_now="Not yet.")

    html = client.get("/help/").content.decode()

    assert '<a href="/facts/signs/spine/">Spine</a>' in html
    assert "legs feel weak &amp; numb." in html
    assert html.index("When to call now") < html.index("legs feel weak")
    assert "Quiet fact" not in html
    assert "Unpublished" not in html


def test_sensitive_fact_is_linked_by_its_neutral_heading_alone(client):
    make_live(
        title="Canary",
        neutral_heading="Another kind of care",
        call_now="Canary words",
        sensitivity="end-of-life",
    )

    html = client.get("/help/").content.decode()

    assert "Another kind of care" in html
    assert "Canary" not in html


def test_help_says_how_to_find_the_number(client):
    html = client.get("/help/").content.decode()

    assert 'href="#number"' in html
    assert '<h2 id="number">How to find the number to call</h2>' in html


def test_queries_do_not_grow_with_facts_that_say_when_to_call(client, django_assert_num_queries):
    for _number in range(5):
        make_live(call_now="Call today.")

    with django_assert_num_queries(2):
        client.get("/help/")
