from facts.models.addresses import FormerAddress, FormerTopicAddress
from facts.models.events import Event
from facts.models.facts import Fact
from facts.models.glossary import GlossaryTerm
from facts.models.links import Link
from facts.models.pages import Page
from facts.models.questions import Question
from facts.models.reports import Report
from facts.models.review_requests import ReviewRequest
from facts.models.reviews import Review
from facts.models.sources import Citation, Source
from facts.models.topics import Topic
from facts.models.versions import FactVersion

__all__ = [
    "Citation",
    "Event",
    "Fact",
    "FactVersion",
    "FormerAddress",
    "FormerTopicAddress",
    "GlossaryTerm",
    "Link",
    "Page",
    "Question",
    "Report",
    "Review",
    "ReviewRequest",
    "Source",
    "Topic",
]
