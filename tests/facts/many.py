"""Rows of every kind that the desk lists, many at once and without any signal."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from community.models import Service, SupportGroup
from facts.models import (
    Citation,
    Event,
    Fact,
    FactVersion,
    GlossaryTerm,
    Link,
    Question,
    Report,
    Review,
    ReviewRequest,
    Source,
    Topic,
)
from portal.models import EmptySearch

LIVE, DRAFT, IN_REVIEW = 0, 1, 2
# One leads to an address that is dead, and is read easily; the other is neither.
EASY = '<p>See <a href="https://journal.example.org/0/0?a=1&amp;b=2">this</a>. It is short.</p>'
HARD = (
    "<p>Multidisciplinary deliberation concerning systemic pharmacological interventions "
    "necessitates comprehensive consideration of individual comorbidities.</p>"
)


def make_many(number, viewer, colleague):
    """Make `number` facts: a third live, a third drafts of `viewer` that came back, a third sent.

    There is at least one row of every kind that the first page counts, from three facts on.
    """
    now, today = timezone.now(), timezone.localdate()
    start = Fact.objects.count()
    topics = Topic.objects.bulk_create(
        Topic(
            slug=f"many-{start}-{n}",
            title=f"Topic {start} {n}",
            summary="In one sentence.",
            published_at=now - timedelta(days=9),
        )
        for n in range(max(1, number // 50))
    )
    sources = Source.objects.bulk_create(
        Source(
            reference=f"many-{start}-{n}",
            title=f"Study {n}",
            publisher="A journal",
            url=f"https://journal.example.org/{start}/{n}?a=1&b=2",
            accessed_on=today,
            flag="retracted" if n % 3 == 0 else "",
            flagged_at=now if n % 3 == 0 else None,
        )
        for n in range(number)
    )
    Link.objects.bulk_create(
        Link(
            url=source.url,
            state="dead" if n % 3 == 0 else "fine",
            checked_at=now,
            failures=3 if n % 3 == 0 else 0,
            failing_since=now - timedelta(days=5) if n % 3 == 0 else None,
        )
        for n, source in enumerate(sources)
    )
    facts = Fact.objects.bulk_create(
        Fact(
            topic=topics[n % len(topics)],
            slug=f"fact-{n}",
            position=n,
            owner=[viewer, colleague, None][n // 3 % 3],
        )
        for n in range(number)
    )
    versions = FactVersion.objects.bulk_create(
        FactVersion(
            fact=fact,
            title=f"Heading {start} {n}",
            neutral_heading=f"Neutral heading {n}",
            body=HARD if n % 2 else EASY,
            sensitivity="none",
            evidence="guideline",
            author=viewer if n % 3 == DRAFT else colleague,
            edited_at=now - timedelta(days=3),
        )
        for n, fact in enumerate(facts)
    )
    Citation.objects.bulk_create(
        Citation(version=version, source=source, supports="all of it")
        for version, source in zip(versions, sources, strict=True)
    )
    keys = [[v.pk for v in versions[kind::3]] for kind in (LIVE, DRAFT, IN_REVIEW)]
    for chunk in range(0, len(keys[LIVE]), 200):
        live = FactVersion.objects.filter(pk__in=keys[LIVE][chunk : chunk + 200])
        live.update(
            status="approved",
            approver=viewer,
            approved_at=now,
            live_from=now - timedelta(days=2),
        )
    for chunk in range(0, len(keys[IN_REVIEW]), 200):
        sent = FactVersion.objects.filter(pk__in=keys[IN_REVIEW][chunk : chunk + 200])
        sent.update(status="in-review")
    live = versions[LIVE::3]
    # Every second live text is reviewed, and due in one of the next months or overdue.
    Review.objects.bulk_create(
        Review(
            version=version,
            reviewed_on=today - timedelta(days=400),
            reviewer_name="Ada Wells",
            reviewer_role="Oncologist",
            review_due=today + timedelta(days=n % 40 * 10 - 30),
        )
        for n, version in enumerate(live)
        if n % 2
    )
    for verb, note in (("created", ""), ("submitted", ""), ("returned", "Too hard to read.")):
        Event.objects.bulk_create(
            Event(version=v, verb=verb, note=note, actor=colleague, happened_at=now)
            for v in versions[DRAFT::3]
        )
    ReviewRequest.objects.bulk_create(
        ReviewRequest(
            version=version,
            asked_by=viewer,
            asked_of="Dr. Wells",
            sent_at=now - timedelta(days=2),
            expires_at=now + timedelta(days=12),
            secret_hash=f"{start}-{n}",
            text_edited_at=version.edited_at,
            answer="not-mine",
            answered_at=now,
            answerer_name="Ada Wells",
            answerer_role="Oncologist",
        )
        for n, version in enumerate(live)
    )
    Report.objects.bulk_create(
        Report(version=version, kind="unclear", words="What is it?", created_on=today)
        for version in live
    )
    GlossaryTerm.objects.bulk_create(
        GlossaryTerm(slug=f"term-{start}-{n}", term=f"Term {start} {n}", explanation="Plain.")
        for n in range(number)
    )
    Question.objects.bulk_create(
        Question(slug=f"question-{start}-{n}", text=f"What is {n}?", theme="about-treatment")
        for n in range(number)
    )
    EmptySearch.objects.bulk_create(
        EmptySearch(words=f"lost {start} {n}", searched_on=today, times=3) for n in range(number)
    )
    SupportGroup.objects.bulk_create(
        SupportGroup(
            slug=f"group-{start}-{n}",
            name=f"Group {n}",
            description="Tea.",
            run_by="peer",
            is_online=True,
            languages=["en"],
            published_at=now,
        )
        for n in range(number)
    )
    Service.objects.bulk_create(
        Service(
            slug=f"service-{start}-{n}",
            name=f"Service {start} {n}",
            country="GB",
            description="It listens.",
            url="https://service.example.org/",
            checked_on=today - timedelta(days=200),
        )
        for n in range(number)
    )
    # Rows that nobody has counted mislead PostgreSQL; in real life autovacuum counts them.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return versions
