"""Where staff write facts. One file for each subject."""

from facts.admin import facts, glossary, pages, questions, records, sources, topics, versions

__all__ = ["facts", "glossary", "pages", "questions", "records", "sources", "topics", "versions"]
