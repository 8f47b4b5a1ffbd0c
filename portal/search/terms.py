"""What a query looks for: its words, what staff say that people mean by them, and mended slips."""

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, pairwise

from portal.models import SYNONYM_WORDS, SearchWord, Synonym
from portal.search.words import (
    MAX_LENGTH,
    MAX_WORDS,
    STOP_WORDS,
    WEAK_WORDS,
    forms,
    plain_words,
    telling,
    with_ages,
)

MAX_TERMS = 12
# A shorter word has too many neighbors; a longer one may hold two slips.
SHORTEST_TO_MEND = 4
LONG_WORD = 8
SHORTEST_TO_SPLIT, SHORTEST_PART = 7, 3
MENDED_WAYS = 2
COMPLETED_WAYS = 12
# The letters beside each letter on the keyboard.
_BESIDE = dict(
    pair.split(":")
    for pair in (
        "a:qwsz b:vghn c:xdfv d:serfcx e:wsdr f:drtgvc g:ftyhbv h:gyujnb i:ujko j:huikmn k:jiolm "
        "l:kop m:njk n:bhjm o:iklp p:ol q:wa r:edft s:awedxz t:rfgy u:yhji v:cfgb w:qase x:zsdc "
        "y:tghu z:asx"
    ).split()
)


@dataclass(frozen=True)
class Term:
    """One thing that is looked for: any of `ways` will do; of a way, all words must be there.

    `is_beginning` says that the last word of the first way may be the beginning of one. `mended`
    are those of the ways that the typed word may have been a slip of.
    """

    ways: tuple[tuple[str, ...], ...]
    is_beginning: bool = False
    mended: frozenset[tuple[str, ...]] = frozenset()

    @property
    def typed(self) -> tuple[str, ...]:
        """The words as they were typed."""
        return self.ways[0]


@dataclass
class Query:
    """A query that was understood. `mended` are the words that were looked for beside what was
    typed, since nothing here is spelt that way.
    """

    words: tuple[str, ...] = ()
    terms: list[Term] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


def understand(text: str) -> Query:
    """Return what `text` looks for. Asks the database once, for what staff say people mean."""
    typed = with_ages(plain_words(text[:MAX_LENGTH])[:MAX_WORDS])
    synonyms = _synonyms(typed)
    terms: list[Term] = []
    loose: list[int] = []  # places of words
    position = 0
    while position < len(typed):
        for length in range(min(SYNONYM_WORDS, len(typed) - position), 0, -1):
            phrase = tuple(typed[position : position + length])
            if ways := _ways(synonyms, phrase):
                own = tuple(word for word in phrase if word not in STOP_WORDS | WEAK_WORDS)
                terms.append(Term((*([own] if own else []), *(way for way in ways if way != own))))
                position += length
                break
        else:
            if split := next((s for s in splits(typed[position]) if " ".join(s) in synonyms), None):
                terms.append(Term(((typed[position],), split, *synonyms[" ".join(split)])))
            else:
                loose.append(position)
            position += 1
    said = telling([typed[place] for place in loose])
    if terms:
        # What is meant is known already; a weak word beside it only leads away.
        said = [word for word in said if word not in WEAK_WORDS]
    for word in dict.fromkeys(said):
        place = next(place for place in loose if typed[place] == word)
        joined = [(pair,) for pair in _joined(typed, place)]
        terms.append(Term(((word,), *joined), is_beginning=word == typed[-1]))
    return Query(words=tuple(typed), terms=list(dict.fromkeys(terms))[:MAX_TERMS])


def _joined(typed: Sequence[str], place: int) -> list[str]:
    """Return the word at `place` written together with the one before it, and the one after."""
    return ["".join(typed[at : at + 2]) for at in (place - 1, place) if 0 <= at < len(typed) - 1]


def splits(word: str) -> list[tuple[str, str]]:
    """Return the pairs of words that may have been written as one."""
    if len(word) < SHORTEST_TO_SPLIT:
        return []
    return [(word[:at], word[at:]) for at in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)]


def _ways(
    synonyms: Mapping[str, list[tuple[str, ...]]], phrase: Sequence[str]
) -> list[tuple[str, ...]]:
    """Return what `phrase` means, in another form of its last word if need be, or as one word."""
    *before, last = phrase
    # "It works" is no form of "working".
    lasts = forms(last) if before or last not in WEAK_WORDS else [last]
    said = [*(" ".join((*before, form)) for form in lasts), "".join(phrase)]
    return next((synonyms[words] for words in said if words in synonyms), [])


def _synonyms(words: list[str]) -> dict[str, list[tuple[str, ...]]]:
    """Return the ways of every run of `words` that staff have written down.

    Two words may have been written as one, and one as two.
    """
    runs = {"".join(pair) for pair in pairwise(words)}
    runs |= {" ".join(pair) for word in words for pair in splits(word)}
    for start, end in combinations(range(len(words) + 1), 2):
        if end - start <= SYNONYM_WORDS:
            *before, last = words[start:end]
            runs |= {" ".join((*before, form)) for form in forms(last)}
    return {s.words: s.ways for s in Synonym.objects.filter(words__in=runs)} if runs else {}


def mend(query: Query, frequencies: Sequence[int]) -> tuple[Query, list[int]]:
    """Give each word that stands nowhere the words that it may have been meant as.

    A word that is not finished yet is meant as those that it begins. `frequencies` say
    for each of the terms how many texts hold it; a number that none holds is left out. Asks the
    database once, and only if a word stands nowhere.
    """
    pairs = list(zip(query.terms, frequencies, strict=True))
    pairs = [pair for pair in pairs if pair[1] or not pair[0].typed[0].isdecimal()] or pairs
    unknown = {
        term.typed[0]: term.is_beginning
        for term, frequency in pairs
        if not frequency and len(term.typed) == 1
    }
    words = [word for word in unknown if len(word) >= SHORTEST_TO_MEND and word.isalpha()]
    # Most slips leave the first letter as it is, or change its place with the second; if it is
    # another one, too much or missing, the rest is right.
    begins = {letter for word in words for letter in word[:2]}
    others = {w for word in words for w in (*_other_beginnings(word), *chain(*splits(word)))}
    near = SearchWord.objects.near(begins, others) if words else []
    known = [word for word in near if word not in STOP_WORDS | WEAK_WORDS]
    begun = {word: completed(word, known) for word in words if unknown[word]}
    close = closest([word for word in words if not begun.get(word)], known)
    there = set(known)
    for word in words:
        if not close.get(word) and not begun.get(word):
            close[word] = [" ".join(pair) for pair in splits(word) if there.issuperset(pair)][:1]
    terms = []
    for term, _frequency in pairs:
        word = term.typed[0]
        mended = tuple(tuple(other.split()) for other in close.get(word, ()))
        longer = tuple((other,) for other in begun.get(word, ()))
        terms.append(Term((*term.ways, *longer, *mended), term.is_beginning, frozenset(mended)))
    said = [word for words in close.values() for word in words]
    return Query(query.words, terms, said), [frequency for _term, frequency in pairs]


def _other_beginnings(word: str) -> list[str]:
    """Return what `word` may have been meant as if its first letter is a slip.

    Another letter is one from beside it on the keyboard.
    """
    beside = _BESIDE.get(word[0], "")
    return [
        word[1:],
        *(f"{letter}{word[1:]}" for letter in beside),
        *(f"{letter}{word}" for letter in string.ascii_lowercase),
    ]


def completed(word: str, known: Iterable[str]) -> list[str]:
    """Return those of the `known` words that `word` begins, the shortest ones."""
    longer = (other for other in known if other.startswith(word))
    return sorted(longer, key=lambda other: (len(other), other))[:COMPLETED_WAYS]


def closest(words: Iterable[str], known: Sequence[str]) -> dict[str, list[str]]:
    """Return for each of `words` those of `known` that differ by a slip or two, the nearest.

    A slip is a letter that is missing, too much, another one, or changed places with the next
    (optimal string alignment distance: L. Boytsov, ACM JEA 16, 2011).
    """
    words = list(words)
    if not words:
        return {}
    # Six megabytes that only a misspelt word needs.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    close = {}
    for word in words:
        slips = 2 if len(word) >= LONG_WORD else 1
        found = process.extract(
            word, known, scorer=OSA.distance, score_cutoff=slips, limit=MENDED_WAYS
        )
        close[word] = [match for match, distance, _index in found if distance == found[0][1]]
    return close
