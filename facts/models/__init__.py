from facts.models.events import Event
from facts.models.facts import Fact
from facts.models.glossary import GlossaryTerm
from facts.models.pages import Page
from facts.models.questions import Question
from facts.models.reviews import Review
from facts.models.sources import Citation, Source
from facts.models.topics import Topic
from facts.models.versions import FactVersion

__all__ = [
    "Citation",
    "Event",
    "Fact",
    "FactVersion",
    "GlossaryTerm",
    "Page",
    "Question",
    "Review",
    "Source",
    "Topic",
]
