"""Nothing sensitive is in any response that did not ask for it: a crawl over the whole site."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    MeetingFactory,
    PageFactory,
    QuestionFactory,
    SourceFactory,
    TopicFactory,
    make_live,
)

CANARY = "q7Zr2mX9canary4Lk8"
START = [
    "/",
    "/sitemap.xml",
    "/robots.txt",
    f"/search/?q={CANARY}",
    "/search/?q=neutral",
    "/search/?q=hospice",
    f"/search/suggest/?q={CANARY}",
    "/search/suggest/?q=neu",
    "/feeds/facts.atom",
    "/new/",
    "/facts/?for=men",
    "/facts/numbers/?show=open",
    "/facts/numbers/prognosis/history/?from=1&to=2",
    "/lists/save/?fact=numbers/prognosis",
    "/lists/save/?fact=numbers/end-of-life",
]


@pytest.fixture
def sensitive(db, reviewer):
    """A sensitive fact of each kind, one of them withdrawn, a word and a question: all canaries."""
    topic = TopicFactory(slug="numbers", summary="Plain.", introduction="<p>Plain.</p>")
    make_live(FactFactory(topic=topic, slug="open"), title="Open fact")
    for kind in ("prognosis", "end-of-life"):
        version = make_live(
            FactFactory(topic=topic, slug=kind),
            title=f"{CANARY} heading",
            neutral_heading="Neutral heading",
            body=f"<p>{CANARY} text</p>",
            call_now=f"{CANARY} call",
            sensitivity=kind,
            audiences=["men"],
        )
        SourceFactory._meta.model.objects.filter(citations__version=version).update(
            title=f"{CANARY} study"
        )
        QuestionFactory(text=f"{CANARY}?", sensitivity=kind).facts.add(version.fact)
    gone = make_live(
        FactFactory(topic=topic, slug="gone"),
        title=f"{CANARY} heading",
        body=f"<p>{CANARY}</p>",
        sensitivity="prognosis",
    )
    gone.withdraw(reviewer, "It was out of date.")
    GlossaryTermFactory(
        term="Hospice", slug="hospice", explanation=CANARY, sensitivity="end-of-life"
    )
    MeetingFactory()
    PageFactory()
    return topic


def crawl(client, start):
    """Return the text of every page that links lead to, without asking for anything sensitive."""
    waiting, seen, texts = list(start), set(), {}
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        response = client.get(address)
        if response.streaming:
            continue
        text = unescape(response.content.decode())
        texts[address] = f"{response.headers} {text}"
        if response.has_header("Location"):
            waiting.append(response["Location"])
        for link in re.findall(r'(?:href="|<loc>)([^"<#]+)', text):
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            asks = "show=" in parts.query
            leaves = parts.hostname not in {"testserver", "localhost"}
            if not asks and not leaves and not parts.path.startswith(("/static/", "/admin/")):
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return texts


def test_visitor_meets_nothing_unasked(client, sensitive):
    texts = crawl(client, START)

    assert len(texts) > 20
    assert "/facts/numbers/prognosis/history/" in texts
    assert "/facts/numbers/prognosis/report/" in texts
    # The page of results repeats what was searched for, and nothing else.
    found = texts.pop(f"/search/?q={CANARY}")
    assert f"{CANARY} " not in found
    assert [address for address, text in texts.items() if CANARY in text] == []


def test_member_meets_nothing_unasked_on_a_list(client, sensitive, member):
    client.force_login(member)
    for kind in ("prognosis", "end-of-life"):
        client.post("/lists/save/", {"fact": f"numbers/{kind}"})
    start = [*START[1:3], "/lists/", member.reading_lists.get().get_absolute_url(), "/account/"]

    texts = crawl(client, start)

    assert [address for address, text in texts.items() if CANARY in text] == []


def test_what_is_asked_for_is_there(client, sensitive):
    for address in (
        "/facts/numbers/?show=prognosis",
        "/facts/numbers/prognosis/?show=prognosis",
        "/facts/numbers/prognosis/history/?show=prognosis",
        "/glossary/?show=hospice",
        "/questions/?show=all",
    ):
        assert CANARY in client.get(address).content.decode(), address
