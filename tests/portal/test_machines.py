import re
from datetime import UTC, datetime, timedelta
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from facts.models import Topic
from portal import sitemaps
from tests.factories import (
    FactFactory,
    PageFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

SITE = "http://localhost:8000"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
LASTMOD = "{http://www.sitemaps.org/schemas/sitemap/0.9}lastmod"


def addresses(client, path="/sitemap.xml"):
    response = client.get(path)
    assert response.status_code == 200
    return {
        url.findtext(LOC).removeprefix(SITE): url.findtext(LASTMOD)
        for url in ElementTree.fromstring(response.content)
    }


def test_robots_leave_alone_what_is_personal(client):
    response = client.get("/robots.txt")
    robots = RobotFileParser()
    robots.parse(response.content.decode().splitlines())

    assert response["Content-Type"].startswith("text/plain")
    assert robots.site_maps() == [f"{SITE}/sitemap.xml"]
    for path in ("/lists/", "/account/", "/accounts/login/", "/admin/", "/search/?q=bone"):
        assert not robots.can_fetch("anyone", path)
    for path in ("/", "/facts/", "/groups/some-group/", "/help/", "/glossary/"):
        assert robots.can_fetch("anyone", path)


def test_sitemap_names_what_is_public(client, db):
    topic = TopicFactory(slug="living")
    make_live(FactFactory(topic=topic, slug="sleep"))
    PageFactory(slug="about")
    SupportGroupFactory(slug="circle")

    found = set(addresses(client))

    assert found == {
        "/", "/help/", "/facts/", "/new/", "/glossary/", "/questions/", "/groups/",
        "/facts/living/", "/facts/living/sleep/", "/about/", "/groups/circle/",
    }  # fmt: skip


def test_p11_sitemap_leaves_out_what_is_not(client, db):
    tomorrow = timezone.now() + timedelta(days=1)
    hidden = TopicFactory(slug="hidden", published_at=None)
    make_live(FactFactory(topic=hidden))
    make_live(FactFactory(topic=TopicFactory(slug="scheduled", published_at=tomorrow)))
    TopicFactory(slug="empty")
    withdrawn = FactFactory(topic=TopicFactory(slug="past"))
    make_live(withdrawn, until=timezone.now() - timedelta(minutes=1))
    SupportGroupFactory(slug="example", is_example=True)
    SupportGroupFactory(slug="unpublished", published_at=None)

    found = " ".join(addresses(client))

    for word in ("hidden", "scheduled", "empty", "past", "example", "unpublished"):
        assert word not in found
    for word in ("lists", "account", "admin", "search", "preferences", "?", "joining"):
        assert word not in found


def test_sitemap_tells_when_a_page_last_changed(client, db):
    begun = datetime(2031, 5, 4, tzinfo=UTC) - timedelta(days=3650)
    topic = TopicFactory(slug="living", published_at=begun)
    make_live(FactFactory(topic=topic, slug="sleep"), since=begun + timedelta(days=30))
    Topic.objects.update(edited_at=begun)

    found = addresses(client)

    day = (begun + timedelta(days=30)).date().isoformat()
    assert found["/facts/living/sleep/"] == day
    assert found["/facts/living/"] == day


def test_s11_sitemap_is_made_from_site_url_not_from_the_host(client, db, settings):
    settings.ALLOWED_HOSTS = ["elsewhere.example"]

    response = client.get("/sitemap.xml", headers={"host": "elsewhere.example"})

    assert b"elsewhere" not in response.content
    assert SITE.encode() in response.content


def test_sitemap_needs_no_more_queries_for_more_rows(client, db, django_assert_max_num_queries):
    for _ in range(5):
        make_live(FactFactory())
        SupportGroupFactory()

    with django_assert_max_num_queries(5):
        client.get("/sitemap.xml")


def test_long_sitemap_names_its_parts_and_each_page_is_in_one(client, db, monkeypatch):
    topic = TopicFactory(slug="living", published_at=timezone.now() - timedelta(days=40))
    begun = timezone.now() - timedelta(days=30)
    for number in range(7):
        make_live(FactFactory(topic=topic, slug=f"fact-{number}"), since=begun)
    withdrawn = FactFactory(topic=TopicFactory(slug="past"))
    make_live(withdrawn, until=timezone.now() - timedelta(minutes=1))
    SupportGroupFactory(slug="circle")
    whole = addresses(client)
    monkeypatch.setattr(sitemaps, "MOST", 3)

    response = client.get("/sitemap.xml")

    root = ElementTree.fromstring(response.content)
    named = {part.findtext(LOC).removeprefix(SITE): part.findtext(LASTMOD) for part in root}
    parts = {path: addresses(client, path) for path in named}
    assert root.tag == "{http://www.sitemaps.org/schemas/sitemap/0.9}sitemapindex"
    assert {name for path in named for name in re.findall("[a-z]+", path)[1:-1]} == {
        "pages", "topics", "facts", "groups",
    }  # fmt: skip
    assert sum(map(len, parts.values())) == len(whole)
    assert {path: day for part in parts.values() for path, day in part.items()} == whole
    assert all(parts.values())
    for path, part in parts.items():
        if "pages" not in path:
            assert len(part) <= 3
            assert named[path] == max(part.values())


@pytest.mark.parametrize(
    "path",
    ["facts-1", "facts-9999999", "pages-2", "members-1", "facts-0", "facts-01", "facts-x", "-1"],
)
def test_part_of_the_sitemap_with_nothing_in_it_is_not_found(client, db, path):
    assert client.get(f"/sitemap-{path}.xml").status_code == 404


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        ("security@example.org", "Contact: mailto:security@example.org"),
        ("mailto:security@example.org", "Contact: mailto:security@example.org"),
        ("https://example.org/security", "Contact: https://example.org/security"),
    ],
)
def test_security_txt_names_the_contact_and_a_day(client, settings, contact, line):
    settings.SECURITY_CONTACT = contact

    response = client.get("/.well-known/security.txt")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert line in lines
    assert f"Canonical: {SITE}/.well-known/security.txt" in lines
    expires = next(line for line in lines if line.startswith("Expires: ")).removeprefix("Expires: ")
    left = datetime.fromisoformat(expires) - timezone.now()
    assert timedelta(days=90) < left < timedelta(days=365)


def test_security_txt_is_not_found_without_a_contact(client, db, settings):
    settings.SECURITY_CONTACT = ""

    assert client.get("/.well-known/security.txt").status_code == 404


def test_change_password_leads_to_the_form(client, db):
    response = client.get("/.well-known/change-password")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/password/change/"


@pytest.mark.parametrize(
    "path",
    [
        "/robots.txt",
        "/sitemap.xml",
        "/sitemap-pages-1.xml",
        "/.well-known/change-password",
        "/health/live",
    ],
)
def test_machines_set_no_cookie(client, db, path):
    assert not client.get(path).cookies
