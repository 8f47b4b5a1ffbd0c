"""Example facts about gardens and kettles, many and always the same, to try the library with.

The fact of a number is the same whatever else is made, but for the day on which it went live.
None of it can be taken for medicine: each says that it is an example, and tells of a garden.
Whoever calls writes them into the index of search, since rows that are made together tell nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from facts.choices import Evidence, Origin, Sensitivity, SourceKind, Status
from facts.models import Citation, Fact, FactVersion, Source, Topic

# So many facts stand in a topic, and are written at once.
BATCH = 100
SOURCE = "example-source"
_SAYS_SO = (
    "This is an example text, made to try the portal. It is about a garden and says nothing about "
    "illness or treatment."
)
# The first stand in most texts, the last in few, as words do (G. K. Zipf, 1935).
_NOUNS = (
    "garden path bench gate pond tree leaf bread kettle cup table window door lamp chair book page "
    "letter street corner bridge river boat train station ticket clock morning evening rain wind "
    "cloud sun snow hill field meadow farm horse dog cat bird song piano choir market basket apple "
    "pear plum soup spoon plate jug towel blanket pillow carpet shelf drawer pencil paper stamp "
    "parcel bicycle wheel ladder bucket broom spade rake hedge fence roof chimney cellar attic "
    "stairs hall kitchen pantry oven pan flour butter honey jam cheese onion carrot potato bean "
    "pea lettuce radish cucumber pumpkin walnut cherry raspberry currant tulip daisy rose ivy fern "
    "moss pebble sand shell wave harbor lighthouse anchor sail oar net lantern candle match string "
    "button needle thread scarf glove hat coat boot lace umbrella map compass whistle drum fiddle "
    "flute kite marble puzzle riddle story poem painting frame mirror vase bowl tray apron napkin"
).split()
_WEIGHTS = list(accumulate(1 / rank for rank in range(1, len(_NOUNS) + 1)))
# Names of places that there are not: each stands in few texts.
_BEGINS = (
    "ash birch crow dun elm fair gold hazel iron juniper kes lark mill north oak pike quar rush "
    "silver thorn under vine west yarn alder bram cold dove ember fox glen heron"
).split()
_ENDS = (
    "bury combe dale den field ford gate ham hurst ing ley low mere mond over port ridge shaw "
    "stead stow thorpe ton wade well wick wold worth yard beck bourne cliff croft"
).split()
_SENTENCES = (
    "In {place} the {a} stands beside the {b}, and nobody moves it.",
    "Somebody left a {a} on the {b} near {place}.",
    "The {a} and the {b} belong together, like the {c} and the {d}.",
    "First comes the {a}, then the {b}, and last of all the {c}.",
    "People in {place} say that a {a} without a {b} is only half a {c}.",
)
_KINDS = {7: Sensitivity.STATISTICS, 11: Sensitivity.PROGNOSIS, 13: Sensitivity.END_OF_LIFE}


@dataclass
class Example:
    """A fact that is not saved yet, with its one version."""

    fact: Fact
    version: FactVersion


def _word(chance: Random) -> str:
    return chance.choices(_NOUNS, cum_weights=_WEIGHTS)[0]


def _place(chance: Random) -> str:
    return (chance.choice(_BEGINS) + chance.choice(_ENDS)).capitalize()


def example_topic(number: int, now: datetime) -> Topic:
    """Return the example topic of `number`, which counts from 1."""
    chance = Random(f"waymark topic {number}")  # noqa: S311  Always the same, on purpose.
    return Topic(
        slug=f"example-topic-{number}",
        title=f"Example topic {number}: the {_word(chance)} and the {_word(chance)}",
        summary="An example of a topic, made to try the portal. It says nothing about illness.",
        introduction=f"<p>{_SAYS_SO}</p>",
        position=1_000,  # After all that is real.
        published_at=now - timedelta(days=1 + number % 300),
        is_example=True,
    )


def example(number: int, topic: Topic, now: datetime) -> Example:
    """Return the example fact of `number`, which counts from 1, in `topic`."""
    chance = Random(f"waymark fact {number}")  # noqa: S311  Always the same, on purpose.
    title = f"Example {number}: {_word(chance)} and {_word(chance)} in {_place(chance)}"
    sentences = [
        chance.choice(_SENTENCES).format(
            place=_place(chance), **{name: _word(chance) for name in "abcd"}
        )
        for _sentence in range(chance.randint(5, 11))
    ]
    sensitivity = _KINDS.get(number % 40, Sensitivity.NONE)
    began = now - timedelta(days=1 + number % 300)
    fact = Fact(topic=topic, slug=f"example-{number}", position=number % BATCH)
    version = FactVersion(
        fact=fact,
        title=title,
        neutral_heading="" if sensitivity == Sensitivity.NONE else f"Example {number}",
        body=f"<p><strong>{_SAYS_SO}</strong></p><p>{' '.join(sentences)}</p>",
        sensitivity=sensitivity,
        evidence=Evidence.EXPERT_CONSENSUS,
        reading_grade="5.0",
        status=Status.APPROVED,
        origin=Origin.EXAMPLE,
        approved_at=began,
        live_from=began,
        edited_at=began,
    )
    return Example(fact, version)


@transaction.atomic
def make(first: int, last: int, now: datetime) -> tuple[list[Topic], list[Fact]]:
    """Make those of the examples `first` to `last` that are not here yet, in few queries.

    Returns the topics and the facts that were made. All of them belong to one batch.
    """
    number = (first - 1) // BATCH + 1
    topics = []
    topic = Topic.objects.filter(slug=f"example-topic-{number}").first()
    if topic is None:
        topic = example_topic(number, now)
        topics = Topic.objects.bulk_create([topic])
    here = set(Fact.objects.filter(topic=topic).values_list("slug", flat=True))
    made = [
        example(number, topic, now)
        for number in range(first, last + 1)
        if f"example-{number}" not in here
    ]
    facts = Fact.objects.bulk_create(each.fact for each in made)
    # Their own managers measure each text, and add nothing to one that was decided.
    versions = models.QuerySet[Any](FactVersion).bulk_create(each.version for each in made)
    source = _source(now)
    models.QuerySet[Any](Citation).bulk_create(
        Citation(version=version, source=source, supports="Nothing: it is an example.")
        for version in versions
    )
    return topics, facts


def _source(now: datetime) -> Source:
    fields = {
        "title": "An example of a source",
        "kind": SourceKind.OTHER,
        "publisher": "Nobody",
        "url": "https://example.org/",
        "accessed_on": timezone.localdate(now),
    }
    return Source.objects.get_or_create(reference=SOURCE, defaults=fields)[0]


def remove(kept: Iterable[int] = (), kept_topics: Iterable[int] = ()) -> int:
    """Take the example facts away, but for those with a key in `kept`; return how many went.

    Their topics go with them, unless a fact of theirs is kept or their key is in `kept_topics`.
    Rows go past what keeps real texts for ever.
    """
    facts = Fact.objects.filter(versions__origin=Origin.EXAMPLE).exclude(pk__in=kept)
    keys = list(facts.order_by().values_list("pk", flat=True).distinct())
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        with transaction.atomic():
            everything: list[Any] = [
                models.QuerySet[Any](Citation).filter(version__fact__in=some),
                models.QuerySet[Any](FactVersion).filter(fact__in=some),
                Fact.objects.filter(pk__in=some),
            ]
            for rows in everything:
                rows._raw_delete(rows.db)
    topics = Topic.objects.filter(is_example=True, facts=None).exclude(pk__in=kept_topics)
    topics._raw_delete(topics.db)
    models.QuerySet(Source).filter(reference=SOURCE, citations=None).delete()
    return len(keys)
