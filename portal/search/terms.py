"""What a query looks for: its words, what staff say that people mean by them, and mended slips."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from portal.models import SYNONYM_WORDS, SearchWord, Synonym
from portal.search.words import MAX_LENGTH, MAX_WORDS, WEAK_WORDS, plain_words, telling

MAX_TERMS = 12
# A shorter word has too many neighbors; a longer one may hold two slips.
SHORTEST_TO_MEND = 4
LONG_WORD = 8
MENDED_WAYS = 2
COMPLETED_WAYS = 12


@dataclass(frozen=True)
class Term:
    """One thing that is looked for: any of `ways` will do; of a way, all words must be there.

    `is_beginning` says that the last word of the first way may be the beginning of one.
    """

    ways: tuple[tuple[str, ...], ...]
    is_beginning: bool = False

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
    typed = plain_words(text[:MAX_LENGTH])[:MAX_WORDS]
    synonyms = _synonyms(typed)
    terms: list[Term] = []
    loose: list[str] = []
    position = 0
    while position < len(typed):
        for length in range(min(SYNONYM_WORDS, len(typed) - position), 0, -1):
            phrase = tuple(typed[position : position + length])
            if ways := synonyms.get(" ".join(phrase)):
                own = tuple(telling(list(phrase))) or phrase
                terms.append(Term((own, *(way for way in ways if way != own))))
                position += length
                break
        else:
            loose.append(typed[position])
            position += 1
    said = telling(loose)
    if terms:
        # What is meant is known already; a weak word beside it only leads away.
        said = [word for word in said if word not in WEAK_WORDS]
    last = typed[-1] if typed else ""
    terms += [Term(((word,),), is_beginning=word == last) for word in dict.fromkeys(said)]
    return Query(words=tuple(typed), terms=terms[:MAX_TERMS])


def _synonyms(words: list[str]) -> dict[str, list[tuple[str, ...]]]:
    """Return the ways of every run of `words` that staff have written down."""
    runs = {
        " ".join(words[start : start + length])
        for length in range(1, SYNONYM_WORDS + 1)
        for start in range(len(words) - length + 1)
    }
    return {s.words: s.ways for s in Synonym.objects.filter(words__in=runs)} if runs else {}


def mend(query: Query, frequencies: Iterable[int]) -> Query:
    """Give each word that stands nowhere the words that it may have been meant as.

    A word that is not finished yet is meant as those that it begins. `frequencies` say
    for each of the terms how many texts hold it. Asks the database once, and only if a word
    stands nowhere.
    """
    unknown = {
        term.typed[0]: term.is_beginning
        for term, frequency in zip(query.terms, frequencies, strict=True)
        if not frequency and len(term.ways) == 1
    }
    words = [word for word in unknown if len(word) >= SHORTEST_TO_MEND and word.isalpha()]
    # A first letter is seldom wrong, unless it changed places with the second.
    known = SearchWord.objects.begun_by({letter for word in words for letter in word[:2]})
    begun = {word: completed(word, known) for word in words if unknown[word]}
    close = closest([word for word in words if not begun.get(word)], known)
    meant = close | {word: others for word, others in begun.items() if others}
    terms = [
        Term((*term.ways, *((word,) for word in meant.get(term.typed[0], ()))), term.is_beginning)
        for term in query.terms
    ]
    return Query(query.words, terms, [word for words in close.values() for word in words])


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
