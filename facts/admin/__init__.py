"""Where staff write facts. One file for each subject."""

from facts.admin import (
    facts,
    glossary,
    links,
    pages,
    questions,
    records,
    reports,
    sources,
    topics,
    versions,
)

__all__ = [
    "facts",
    "glossary",
    "links",
    "pages",
    "questions",
    "records",
    "reports",
    "sources",
    "topics",
    "versions",
]
