"""What can be chosen in the sentence of the directory, with how many groups there would be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from community.finding.criteria import AUDIENCES, DISTANCES, IN_PERSON, SIGNED, SPOKEN, WAYS, km_of
from community.finding.day_times import DAY_TIMES
from community.finding.search import Search
from community.languages import LANGUAGE_CHOICES, language_in_words
from community.places.distances import in_words

# How many groups there would be for each value; None where nobody counted.
Numbers = Mapping[str, int | None] | None


@dataclass(frozen=True)
class Choice:
    """One option: its words, with a number if that is known and it is not chosen already.

    The one that is chosen is part of the sentence, and its number stands above the results.
    """

    value: str
    name: str
    is_chosen: bool = False
    number: int | None = None

    @property
    def words(self) -> str:
        """The words as they stand in the list."""
        if self.number is None or self.is_chosen:
            return self.name
        return f"{self.name} ({self.number})"


def choices(search: Search, is_counted: bool = True) -> dict[str, list[Choice]]:
    """Return the options of each part of the sentence; all, without numbers, if not counted."""
    asked = search.criteria
    audiences: Numbers = None
    ways: Numbers = None
    languages: Numbers = None
    spoken, signed = list(SPOKEN), list(SIGNED)
    if is_counted:
        audiences, languages = search.tally.by_audience, search.tally.by_language
        ways = dict(search.tally.by_way)
        if asked.near and not search.has_distance:
            # The place was not looked up, so nobody knows how many are near it.
            ways[IN_PERSON] = None
        there = {*languages, asked.language}
        spoken, signed = ([c for c in codes if c in there] for codes in (spoken, signed))
    return {
        "audiences": _counted(AUDIENCES, asked.audience, audiences),
        "ways": _counted(WAYS, asked.way, ways),
        "distances": [
            Choice(str(miles), in_words(km_of(miles), search.units), miles == asked.within)
            for miles in DISTANCES
        ],
        "spoken": _counted(_by_name(spoken), asked.language, languages),
        "signed": _counted(_by_name(signed), asked.language, languages),
        "whens": [Choice(key, str(w.words), key == asked.when) for key, w in DAY_TIMES.items()],
    }


def _by_name(codes: list[str]) -> dict[str, str]:
    """Return the languages in the order of their names; each also as its speakers call it."""
    own = dict(LANGUAGE_CHOICES)
    names = {}
    for code in sorted(codes, key=language_in_words):
        name = language_in_words(code)
        names[code] = name if own.get(code, name) == name else f"{name} · {own[code]}"
    return names


def _counted(names: Mapping[str, Any], chosen: str, numbers: Numbers) -> list[Choice]:
    return [
        Choice(
            value,
            str(name),
            is_chosen=value == chosen,
            number=None if numbers is None else numbers.get(value, 0),
        )
        for value, name in names.items()
    ]
