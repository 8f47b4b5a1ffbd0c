"""Z3: of a real feed that was imported and published, nothing lets a stranger in anywhere."""

import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory
from django.utils import timezone

from community.admin.actions import publish
from community.imports import meeting_guide
from community.imports.plan import import_reading
from community.models import JoiningDetails, SupportGroup
from tests.community.import_files import real_feed

START = [
    "/",
    "/groups/",
    "/groups/?way=online",
    "/sitemap.xml",
    "/robots.txt",
    "/search/?q=zoom",
    "/search/?q=password",
    "/search/?q=alano",
    "/no-such-page/",
    "/api/",
    "/api/groups.csv",
    "/api/groups.json",
    "/api/hsds/services?per_page=500",
]
CODE = re.compile(r"(?:pass(?:code|word)|pw|pwd)\W{1,4}(?:is )?([\w&]{4,})", re.IGNORECASE)
NO_CODES = {"required", "needed", "https", "open"}


def ways_in(meeting):
    """Return the numbers and the codes that let people into a meeting of the feed.

    Found by other means than those of the importer.
    """
    texts = [str(meeting.get(name) or "") for name in meeting if name not in {"url", "slug"}]
    links = [
        meeting["conference_url"] or "",
        *re.findall(r"https?://[^\s]*zoom[^\s]*", " ".join(texts)),
    ]
    numbers = {re.sub(r"\D", "", urlsplit(link).path) for link in links}
    for text in [meeting["conference_phone"] or "", meeting["notes"]]:
        numbers |= {re.sub(r"\D", "", found) for found in re.findall(r"\+?\d[\d \-]{7,}\d", text)}
    codes = {code for link in links for code in re.findall(r"pwd=([^&\s]+)", link)}
    codes |= {code for code in CODE.findall(meeting["notes"]) if code.lower() not in NO_CODES}
    return {number for number in numbers if len(number) >= 9}, codes


def digits_of(text):
    return re.sub(r"(?<=\d)[\s().,\-/]{1,3}(?=\d)", "", text)


def crawl(client):
    """Return the text of every page that links lead to."""
    waiting, seen, texts = list(START), set(), {}
    while waiting:
        address = waiting.pop()
        if address in seen or len(seen) > 1500:
            continue
        seen.add(address)
        response = client.get(address)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        text = unescape(content.decode("utf-8", "replace"))
        texts[address] = f"{response.headers} {text}"
        for link in re.findall(r"(?:href|src|action)=\"([^\"#]+)|<loc>([^<]+)</loc>", text):
            parts = urlsplit(urljoin(f"http://testserver{address}", unescape(link[0] or link[1])))
            is_ours = parts.netloc in {"testserver", "localhost:8000"}
            is_page = not parts.path.startswith(("/static/", "/accounts/", "/facts/", "/account/"))
            if is_ours and is_page and (not parts.query or parts.query.startswith("page=")):
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return texts


@pytest.fixture
def published(db, moderator, monkeypatch):
    """Every listing of the feed that a moderator can publish, through the desk's own action."""
    # A few dates of each are enough.
    monkeypatch.setattr("community.models.occurrences.HORIZON", timedelta(days=8))
    reading = meeting_guide.read(real_feed("edmonton"), "America/Edmonton", "en")
    import_reading(reading, "Edmonton", timezone.now())
    request = RequestFactory().post("/")
    request.user = moderator
    request.session = {}
    request._messages = FallbackStorage(request)
    model_admin = admin.site.get_model_admin(SupportGroup)
    publish(model_admin, request, SupportGroup.objects.all())
    return [str(message) for message in request._messages]


@pytest.mark.once
def test_z3_no_way_in_of_a_real_feed_is_anywhere(client, published, member):
    meetings = json.loads(real_feed("edmonton"))
    with_a_way_in = [m for m in meetings if m["conference_url"] or m["conference_phone"]]
    assert len(with_a_way_in) == 74
    assert JoiningDetails.objects.count() >= 50
    # Listings without a word about them wait, and one whose name is its passcode.
    assert SupportGroup.objects.filter(published_at__isnull=False).count() >= 250, published

    texts = crawl(client)

    groups = [address for address in texts if re.fullmatch(r"/groups/[\w-]+/", address)]
    assert len(groups) >= 250
    numbers, codes = set(), set()
    for meeting in meetings:
        more, others = ways_in(meeting)
        numbers |= more
        codes |= {code for code in others if any(c.isdigit() for c in code) or len(code) > 8}
    assert len(numbers) >= 40
    assert len(codes) > 20
    for address, text in texts.items():
        digits = digits_of(text)
        told = [n for n in numbers if n[-9:] in digits] + [c for c in codes if c in text]
        assert told == [], address
        assert "zoom.us/" not in text.lower(), address

    # A code may be a word that is said elsewhere, but not where it lets somebody in.
    for meeting in meetings:
        _numbers, codes = ways_in(meeting)
        group = SupportGroup.objects.filter(
            name__icontains=meeting["name"].strip()[:20], published_at__isnull=False
        ).first()
        if group is None:
            continue
        text = texts[group.get_absolute_url()]
        words = [code for code in codes if code.lower() not in group.name.lower()]
        assert [word for word in words if re.search(rf"\b{re.escape(word)}\b", text)] == []

    # Members are told by the organizer, since anybody may become one.
    client.force_login(member)
    group = SupportGroup.objects.filter(
        joining_details__link__gt="", published_at__isnull=False
    ).first()
    response = client.get(group.get_joining_url())
    assert group.joining_details.link not in response.content.decode()
