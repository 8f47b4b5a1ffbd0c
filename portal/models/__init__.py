"""Tables that are derived or that only the machine needs, and what search is told."""

from portal.models.empty_searches import EMPTY_SEARCH_LENGTH, EmptySearch
from portal.models.given_up_mails import GivenUpMail
from portal.models.jobs import Job
from portal.models.public_changes import ChangedAddress, PublicChange
from portal.models.search_entries import SearchEntry, SearchWord
from portal.models.synonyms import SYNONYM_WORDS, Synonym

__all__ = [
    "EMPTY_SEARCH_LENGTH",
    "SYNONYM_WORDS",
    "ChangedAddress",
    "EmptySearch",
    "GivenUpMail",
    "Job",
    "PublicChange",
    "SearchEntry",
    "SearchWord",
    "Synonym",
]
