"""Nothing sensitive is in any response that did not ask for it: a crawl over the whole site."""

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from urllib.parse import urljoin, urlsplit

import pytest
from django.utils import timezone
from pypdf import PdfReader

from community.models import SheetQuestion
from facts.models import Question
from tests.factories import (
    DraftFactory,
    FactFactory,
    GlossaryTermFactory,
    MeetingFactory,
    PageFactory,
    QuestionFactory,
    SourceFactory,
    TopicFactory,
    make_live,
)

# In what is about an outlook or the end of life, and in what holds figures; with the version's own
# mark behind it, so that a failure says which text it was.
CANARY, FIGURES = "q7Zr2mX9canary4Lk8", "q3Tn8vF1figures9Hs5"
KINDS = {"prognosis": CANARY, "end-of-life": CANARY, "statistics": FIGURES}
BOTH = re.compile(f"(?:{CANARY}|{FIGURES})-[a-z-]+")
START = [
    "/",
    "/help/",
    "/sitemap.xml",
    "/robots.txt",
    f"/search/?q={CANARY}",
    f"/search/?q={FIGURES}",
    "/search/?q=neutral",
    "/search/?q=hospice",
    "/search/?q=ward",
    f"/search/suggest/?q={CANARY}",
    f"/search/suggest/?q={FIGURES}",
    "/search/suggest/?q=neu",
    "/search/suggest/?q=hos",
    "/feeds/facts.atom",
    "/new/",
    *(f"/facts/?for={audience}" for audience in ("men", "newly-diagnosed", "family-carer")),
    "/facts/numbers/?show=open",
    "/facts/numbers/open/?show=open",
    *(f"/facts/numbers/live-{kind}/history/?from=1&to=2" for kind in KINDS),
    *(f"/facts/numbers/once-{kind}/history/?from=1&to=2" for kind in KINDS),
    *(f"/facts/numbers/now-{kind}/history/?from=1&to=2" for kind in KINDS),
    *(f"/lists/save/?fact=numbers/live-{kind}" for kind in KINDS),
    "/lists/state/",
    "/open-data/",
]
# Of every kind: a version that is live, one that was and one that is now, and those that nobody
# may read: withdrawn, to come, being written, being decided.
UNREAD = ("gone", "later", "draft", "in-review")
STATES = ("live", "once", "now", *UNREAD)
TERMS = '<a href="/glossary/#ward">ward</a> <a href="/glossary/#hospice">hospice</a>'


def sensitive_version(topic, reviewer, kind, state):
    """Add a fact to `topic` with a version of `kind` in which every text is a canary."""
    said = f"{KINDS[kind]}-{state}-{kind}"
    text = {
        "title": f"{said}-title",
        "neutral_heading": f"Neutral heading {kind}",
        "body": f"<p>{said}-body {TERMS}</p>",
        "call_now": f"{said}-call",
        "sensitivity": kind,
        "audiences": ["men", "newly-diagnosed"],
    }
    harmless = {"title": "Plain", "body": f"<p>Plain words. {TERMS}</p>"}
    fact = FactFactory(topic=topic, slug=f"{state}-{kind}")
    now = timezone.now()
    begun = now - timedelta(days=3)
    if state == "live":
        version = make_live(fact, since=begun, **text)
    elif state == "once":
        version = make_live(fact, since=begun, until=now, **text)
        make_live(fact, number=2, since=now, **harmless)
    elif state == "now":
        make_live(fact, since=begun, until=now, **harmless)
        note = f"{said}-note"
        version = make_live(fact, number=2, since=now, change_note=note, **text)
    elif state == "gone":
        version = make_live(fact, since=begun, **text)
        version.withdraw(reviewer, f"{said}-reason")
    elif state == "later":
        version = make_live(fact, since=now + timedelta(days=1), **text)
    else:
        version = DraftFactory(fact=fact, status=state, **text)
    sources = SourceFactory._meta.model.objects.filter(citations__version=version)
    sources.update(title=f"{said}-study", public_note=f"{said}-word")
    QuestionFactory(text=f"{said}-question?", sensitivity=kind).facts.add(fact)
    return version


@pytest.fixture
def sensitive(db, reviewer):
    """Sensitive versions of every kind in every state, words and questions: all canaries.

    What stands beside them, and uses the same words, is harmless.
    """
    for kind, term in (("end-of-life", "Hospice"), ("statistics", "Ward")):
        GlossaryTermFactory(
            term=term,
            slug=term.lower(),
            explanation=f"{KINDS[kind]}-term",
            other_names=f"{KINDS[kind]}-name",
            sensitivity=kind,
        )
    topic = TopicFactory(slug="numbers", summary="Plain.", introduction=f"<p>Plain. {TERMS}</p>")
    for kind in KINDS:
        for state in STATES:
            sensitive_version(topic, reviewer, kind, state)
    # Beside a sensitive one before and after it, and related to all of them.
    links = " ".join(f'<a href="/facts/numbers/live-{kind}/">x</a>' for kind in KINDS)
    opened = FactFactory(topic=topic, slug="open")
    make_live(opened, title="Open fact", body=f"<p>{links} {TERMS} A ward, a hospice.</p>")
    for question in Question.objects.all():
        question.facts.add(opened)
    MeetingFactory(group__audiences=["men"])
    PageFactory()
    return topic


def crawl(client, start, within="/"):
    """Return the text of every page that links lead to, without asking for anything sensitive.

    Links are followed to pages below `within`.
    """
    waiting, seen, texts = list(start), set(), {}
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        response = client.get(address)
        content = b"".join(response) if response.streaming else response.content
        if response["Content-Type"] == "application/pdf":
            pages = PdfReader(BytesIO(content)).pages
            content = " ".join(page.extract_text() for page in pages).encode()
        text = unescape(content.decode(errors="replace"))
        texts[address] = f"{response.headers} {text}"
        if response.has_header("Location"):
            waiting.append(response["Location"])
        for link in re.findall(r'(?:href="|<loc>)([^"<#]+)', text):
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            asks = "show=" in parts.query
            leaves = parts.hostname not in {"testserver", "localhost"}
            is_ours = parts.path.startswith(within)
            is_ours = is_ours and not parts.path.startswith(("/static/", "/admin/"))
            if not asks and not leaves and is_ours:
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return texts


def told(texts, words=BOTH):
    """Return what of `words` stands in `texts`, each with the address where it does."""
    return sorted(
        {(word, address) for address, text in texts.items() for word in words.findall(text)}
    )


def test_visitor_meets_nothing_unasked(client, sensitive):
    texts = crawl(client, START)

    assert len(texts) > 100
    for kind in KINDS:
        for page in ("", "history/", "report/"):
            assert f"/facts/numbers/live-{kind}/{page}" in texts
    # Figures are shown unless somebody leaves them out; an outlook and the end of life are not.
    assert told(texts, re.compile(f"{CANARY}-[a-z-]+")) == []
    # What is being written, is still to come or was taken back is nobody's to read.
    unread = re.compile(rf"{FIGURES}-(?:{'|'.join(UNREAD)})-[a-z]+-(?!question|reason)[a-z]+")
    assert told(texts, unread) == []


def test_reader_who_leaves_figures_out_too_meets_none_either(client, sensitive):
    client.cookies["preferences"] = "hide=end-of-life.prognosis.statistics"

    texts = crawl(client, START)

    assert len(texts) > 100
    assert told(texts) == []


def test_list_tells_nothing_unasked_to_its_member_or_to_others(client, sensitive, member):
    client.force_login(member)
    member.preferences = "hide=end-of-life.prognosis.statistics"
    member.save()
    for kind in KINDS:
        for state in ("live", "once", "now"):
            client.post("/lists/save/", {"fact": f"numbers/{state}-{kind}"})
    reading_list = member.reading_lists.get()
    own = reading_list.get_absolute_url()
    SheetQuestion.objects.bulk_create(
        SheetQuestion(reading_list=reading_list, question=question, position=n, is_chosen=True)
        for n, question in enumerate(Question.objects.all())
    )
    parts = ("sheet/", "sheet/choose/", "sheet/answers/", "sheet.pdf", "share/", "take-along/")
    files = ("list.html", "list.json", "list.csv")
    shared = client.post(f"{own}share/", {"lasts": "month", "make": "1"}).text
    secret = re.search(r"/lists/shared/[\w-]+/", shared).group()

    start = ["/lists/", "/account/", own, *(own + part for part in parts + files)]
    texts = crawl(client, start, "/lists/")
    client.logout()
    client.cookies["preferences"] = member.preferences
    texts |= {
        f"shared {address}": text for address, text in crawl(client, [secret], secret).items()
    }

    assert {own + part for part in parts + files} <= set(texts)
    assert f"shared {secret}" in texts
    assert told(texts) == []


def test_what_is_asked_for_is_there_and_what_is_not_published_never(client, sensitive):
    for kind, said in KINDS.items():
        for address, part in (
            (f"/facts/numbers/?show=live-{kind}", "body"),
            (f"/facts/numbers/live-{kind}/?show=live-{kind}", "title"),
            (f"/facts/numbers/live-{kind}/?show=live-{kind}", "call"),
            (f"/facts/numbers/live-{kind}/history/?show=live-{kind}", "body"),
            ("/questions/?show=all", "question"),
        ):
            assert f"{said}-live-{kind}-{part}" in client.get(address).text, address
        for state in UNREAD:
            for address in ("/facts/numbers/", f"/facts/numbers/{state}-{kind}/"):
                for page in ("", "history/"):
                    html = client.get(f"{address}{page}?show=all&show={state}-{kind}").text
                    parts = re.findall(f"{said}-{state}-{kind}-([a-z]+)", html)
                    assert set(parts) <= {"question", "reason"}, address
    assert f"{CANARY}-term" in client.get("/glossary/?show=hospice").text
    assert f"{FIGURES}-term" in client.get("/glossary/?show=ward").text
