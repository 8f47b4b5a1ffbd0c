"""Whether a stored page is, until the watch says otherwise, what would be made at that moment."""

import random
import secrets
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection

from facts.models import FactVersion
from portal.pages.watch import Watch
from tests.factories import (
    FactFactory,
    GlossaryTermFactory,
    MeetingFactory,
    QuestionFactory,
    ServiceFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

# Two minutes around midnight, when days end and labels age.
BEGIN = datetime(2026, 12, 1, 23, 59, 7, tzinfo=UTC)
END = BEGIN + timedelta(minutes=2)
INSTANT = timedelta(milliseconds=1)


@pytest.fixture
def scheduled(db):
    """Content that comes and goes at random moments; the words by which each is known."""
    seed = secrets.token_hex(4)
    choose = random.Random(seed)

    def moment():
        return BEGIN + (END - BEGIN) * choose.uniform(0.02, 0.98)

    with time_machine.travel(BEGIN - timedelta(days=1), tick=False):
        topic = TopicFactory(slug="one")
        stays, goes, comes = (make_live(FactFactory(topic=topic)) for _number in range(3))
        FactVersion.objects.filter(pk=goes.pk).update(live_until=moment())
        FactVersion.objects.filter(pk=comes.pk).update(live_from=moment())
        TopicFactory(title="The other topic", published_at=moment())
        GlossaryTermFactory(term="Scheduledword", published_at=moment())
        QuestionFactory(text="What is scheduled?", published_at=moment())
        ServiceFactory(name="Scheduled service", published_at=moment())
        group = SupportGroupFactory(slug="circle", checked_on=(BEGIN - timedelta(days=20)).date())
        MeetingFactory(group=group, weekday="2", starts_at=time(0, 0))
        SupportGroupFactory(name="Scheduled group", published_at=moment())
    return seed, stays, goes, comes


def test_stored_pages_change_at_the_moment_that_the_watch_names(client, scheduled):
    seed, stays, goes, comes = scheduled
    paths = (
        "/", "/facts/", "/facts/one/", stays.fact.get_absolute_url(), "/glossary/", "/questions/",
        "/help/", "/groups/", "/groups/circle/",
    )  # fmt: skip
    watch, at, seen, looks = Watch(), BEGIN, [], 0
    while at < END:
        looks += 1
        with time_machine.travel(at, tick=False), connection.cursor() as cursor:
            watch._read_the_clock(connection, cursor, at.timestamp())
            stored = {path: client.get(path).content for path in paths}
        until = datetime.fromtimestamp(watch.until, UTC)
        with time_machine.travel(until - INSTANT, tick=False):
            for path in paths:
                assert client.get(path).content == stored[path], (seed, path, at, until)
        seen.append(b"".join(stored.values()).decode())
        at = until

    assert looks > 7, seed
    assert goes.title in seen[0]
    assert goes.title not in seen[-1]
    for words in (comes.title, "The other topic", "Scheduledword", "What is scheduled?",
                  "Scheduled service", "Scheduled group"):  # fmt: skip
        assert words not in seen[0], (seed, words)
        assert words in seen[-1], (seed, words)
