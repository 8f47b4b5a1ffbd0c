"""A thousand facts cost a public page no more queries, and hardly more bytes, than a few."""

from datetime import timedelta
from pathlib import Path

import brotli
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from facts.models import Citation, Fact, FactVersion, GlossaryTerm, Question, Source, Topic
from portal.models import SearchEntry, SearchWord
from portal.search import index
from tests.factories import MeetingFactory, MemberFactory, PageFactory, in_letters

TOPICS, FACTS, TERMS = 40, 25, 300
STATIC = Path(settings.BASE_DIR) / "portal/static/portal"
# What every page brings, and what the pages of topics and facts run.
FRAME = ("waymark.css", "save.js", "reading.js", "suggest.js")
MOST = 100_000  # bytes of a first view
PAGES = [
    "/",
    "/facts/",
    "/facts/?for=men",
    "/facts/topic-seven/",
    "/facts/topic-seven/?show=all",
    "/facts/topic-seven/fact-three/",
    "/facts/topic-seven/fact-three/history/",
    "/facts/topic-seven/fact-three/report/thanks/",
    "/glossary/",
    "/questions/",
    "/help/",
    "/new/",
    "/search/?q=tablets",
    "/search/?q=tablest+bloood",
    "/search/?q=nothing+like+it",
    "/search/suggest/?q=tab",
    "/groups/",
    "/about/",
    "/no-such-page/",
]
MACHINES = ["/feeds/facts.atom", "/sitemap.xml", "/robots.txt"]
NAMES = dict(enumerate("one two three four five six seven eight nine ten".split(), start=1))


def build():
    """Make the facts, each as long as one may be, past all signals."""
    now = timezone.now()
    author, approver = MemberFactory(is_staff=True), MemberFactory(is_staff=True)
    topics = Topic.objects.bulk_create(
        Topic(
            slug=f"topic-{NAMES.get(n, n)}",
            title=f"Topic {in_letters(n)}",
            summary="What it is about, in a sentence that is as long as they are in real life.",
            introduction="<p>A few kind words.</p>",
            published_at=now - timedelta(days=30),
        )
        for n in range(TOPICS)
    )
    GlossaryTerm.objects.bulk_create(
        GlossaryTerm(
            slug=f"term-{n}",
            term=f"Tabletoma {in_letters(n)}",
            other_names="another name, a third name",
            explanation="What it means in plain words, which are as many as they are in real life.",
            published_at=now,
        )
        for n in range(TERMS)
    )
    facts = Fact.objects.bulk_create(
        Fact(topic=topic, slug=f"fact-{NAMES.get(n, n)}", position=n)
        for topic in topics
        for n in range(FACTS)
    )
    more = "Tablets can help, and your team can say which of them suit you and what they do. " * 9
    versions = FactVersion.objects.bulk_create(
        FactVersion(
            fact=fact,
            title=f"What tablets do for {in_letters(n)}",
            neutral_heading=f"About {in_letters(n)}",
            body=f'<p>It helps, says a <a href="/glossary/#term-{n % TERMS}">study</a>.</p>'
            f"<p>{more} Tabletoma {in_letters(n * 7 % TERMS)}.</p><ul><li>Ask.</li></ul>",
            sensitivity=("none", "none", "statistics", "prognosis")[n % 4],
            audiences=["men"] if n % 10 == 0 else ["newly-diagnosed"],
            evidence="guideline",
            author=author,
            language="xx",  # So that its grade is not measured: that takes a second in all.
        )
        for n, fact in enumerate(facts)
    )
    sources = Source.objects.bulk_create(
        Source(
            reference=f"source-{n}",
            title=f"A study of tablets and of what they do, number {n}",
            publisher="Journal of Tablets",
            year="2024",
            url=f"https://journal.example.org/articles/{n}",
            accessed_on=now.date(),
        )
        for n in range(100)
    )
    Citation.objects.bulk_create(
        Citation(version=version, source=sources[(n + more) % 100], supports="what it does")
        for n, version in enumerate(versions)
        for more in range(2)
    )
    FactVersion.objects.update(
        status="approved",
        approver=approver,
        approved_at=now,
        live_from=now - timedelta(days=1),
        language="en",
    )
    questions = Question.objects.bulk_create(
        Question(
            slug=f"question-{n}",
            text=f"What about the tablets of kind {n}, and when do they begin to help?",
            theme="about-treatment",
            published_at=now,
        )
        for n in range(100)
    )
    through = Question.facts.through
    through.objects.bulk_create(
        through(question=question, fact=facts[n * 10 + more])
        for n, question in enumerate(questions)
        for more in range(3)
    )
    for weekday in "0123":
        MeetingFactory(weekday=weekday)
    PageFactory()
    index.add(topics)
    # What index.add() would write of them too, with a query for each.
    SearchEntry.objects.bulk_create(
        SearchEntry(
            kind="fact",
            key=f"{version.fact_id}",
            url=version.fact.get_absolute_url(),
            title=version.title,
            neutral_title=version.neutral_heading,
            body=strip_tags(version.body),
            sensitivity=version.sensitivity,
            live_from=now,
        )
        for version in versions
    )
    SearchWord.objects.learn(f"{strip_tags(versions[0].body)} blood".lower().split())


def test_public_pages_keep_within_six_queries_and_their_weight(client, db):
    build()
    assert FactVersion.objects.live(timezone.now()).count() == TOPICS * FACTS
    frame = sum(len(brotli.compress((STATIC / name).read_bytes())) for name in FRAME)
    frame += sum(font.stat().st_size for font in (STATIC / "fonts").glob("*.woff2"))
    queries, weights = {}, {}

    for address in PAGES + MACHINES:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = client.get(address, headers={"accept-encoding": "gzip"})
        queries[address] = len(captured)
        assert response.status_code in {200, 404}, address
        if address in PAGES:
            weights[address] = frame + len(response.content)

    assert {address: count for address, count in queries.items() if count > 6} == {}
    assert {address: weight for address, weight in weights.items() if weight > MOST} == {}
    # A page that is looked at is no longer than what can be read on a phone.
    assert max(weights.values()) - frame < 40_000
