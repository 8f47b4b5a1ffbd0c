"""Steps of the starter library's tests: its files are changed and loaded, and what came of it."""

from pathlib import Path

from django.utils import timezone

from community.models import Service
from facts.models import (
    Citation,
    Event,
    Fact,
    FactVersion,
    GlossaryTerm,
    Page,
    Question,
    Source,
    Topic,
)
from portal.starter import read as reading
from portal.starter.load import load
from portal.starter.read import read

MODELS = (Source, GlossaryTerm, Topic, Fact, FactVersion, Citation, Question, Service, Page, Event)
WITH_HISTORY = (Source, GlossaryTerm, Topic, Question, Service, Page)
TOPIC = "topics/key-facts-about-metastasis.toml"


def change(path: Path, old: str, new: str):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def load_from(folder=reading.FOLDER, **options):
    return load(read(folder), now=timezone.now(), **options)


def outcome_of(report, kind, word):
    found = [line for line in report if line.kind == kind and word in line.name]
    assert len(found) == 1, [str(line) for line in report]
    return found[0].outcome


def everything():
    """Return every row of every model, and the number of rows in each history."""
    rows = {model: list(model.objects.order_by("pk").values()) for model in MODELS}
    return rows, [model.history.count() for model in WITH_HISTORY]


def new_text(folder, *, note="The wording is plainer."):
    kind = f'change_kind = "wording"\nchange_note = "{note}"\n' if note else ""
    change(
        folder / TOPIC,
        'slug = "what-treatment-can-do"\n',
        f'slug = "what-treatment-can-do"\n{kind}',
    )
    # In the text, and in the passage that rests on a source.
    for _place in range(2):
        change(folder / TOPIC, "Some people live with it for many", "Some live with it long, many")


def versions_of(slug):
    return FactVersion.objects.filter(fact__slug=slug).order_by("number")
