"""How hard an English text is to read: three grades, and the sentences it is made of.

Plain functions: no database, no settings. For a text of a fact:

    grades(html).median
    grades(html, easy_words=["bone metastasis", "biopsy"]).median
    [sentence.text for sentence in sentences(html) if sentence.word_count > 25]

A grade is a year of school in the United States: 8 means that somebody of 13 or 14 can read it.
The formulas measure length alone; what they cannot see (medical words, figures without a place)
is in facts.bench.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import count as count_from
from statistics import median

import nh3

from facts.drug_names import is_drug_name

HIGHEST = 99.9
LONG_SENTENCE = 25  # Words; more than this is long.

# An easy word counts as this many syllables and letters at most.
_EASY_SYLLABLES = 2
_EASY_LETTERS = 6
_COMPLEX_SYLLABLES = 3

_BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "br", "ul", "ol", "div"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_INLINE = {"a", "em", "strong", "b", "i"}

# A word: letters and digits, joined within by hyphens, apostrophes, or the marks of a number.
WORD = re.compile(r"[^\W_]+(?:(?:['’‑\-]|(?<=\d)[.,/:](?=\d)|(?<=[^\W\d_])/(?=[^\W_]))[^\W_]+)*%?")

# Before the full stop of these a sentence always goes on.
_TITLES = frozenset(
    "dr mr mrs ms prof st sr jr vs approx no nos fig figs vol pp p e.g i.e cf dept ca".split()
)
# After the full stop of these it may go on, or end.
_MAY_END = frozenset("u.s u.k e.u a.m p.m etc inc ltd co ph.d m.d b.c al".split())
# A word that hardly ever follows "U.S." within a sentence.
_OPENERS = frozenset(
    """
    a about after all also an and another any as ask at because before both but call do each for
    from here how if in it its many men more most much no not of on once one or other our people
    so some such talk tell that the their then there these they this those though to two until
    we what when where which while who why with women you your
    """.split()
)
_STOP = re.compile(r"[.!?…]+[”’\"')\]]*(?=\s+\S)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Sentence:
    """A sentence as it reads, without tags. A heading or a list item may end without a stop."""

    text: str
    # Which paragraph, list item or heading of the text it stands in, from 0.
    block: int
    is_heading: bool = False

    @property
    def words(self) -> list[str]:
        """Its words in order; a number is a word."""
        return WORD.findall(self.text)

    @property
    def word_count(self) -> int:
        """How many words it has."""
        return len(self.words)

    @property
    def is_long(self) -> bool:
        """Whether it has more than 25 words."""
        return self.word_count > LONG_SENTENCE


@dataclass(frozen=True)
class Grades:
    """One text's grades by three formulas, each from 0 to 99.9, to one decimal place."""

    flesch_kincaid: float
    gunning_fog: float
    automated_readability: float

    @property
    def all(self) -> tuple[float, float, float]:
        """The three grades in the order of the fields."""
        return (self.flesch_kincaid, self.gunning_fog, self.automated_readability)

    @property
    def median(self) -> float:
        """The middle one of the three: the grade that counts."""
        return median(self.all)

    @property
    def spread(self) -> float:
        """How far the highest is from the lowest: the wider, the less a single one says."""
        return round(max(self.all) - min(self.all), 1)


class _Reader(HTMLParser):
    """Collects (text, is_heading) of each paragraph, list item and heading."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[str, bool]] = []
        self._parts: list[str] = []
        self._is_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.end_block()
            self._is_heading = tag in _HEADINGS

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.end_block()
            self._is_heading = False

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    def end_block(self) -> None:
        text = _SPACE.sub(" ", "".join(self._parts)).strip()
        if text:
            self.blocks.append((text, self._is_heading))
        self._parts = []


def blocks(html: str) -> list[tuple[str, bool]]:
    """Return the text of each paragraph, list item and heading, and whether it is a heading.

    Tags are taken off and white space is one space. Never raises, whatever `html` is.
    """
    valid = html.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    # Cleaned first, so that the parser meets well-formed HTML alone.
    clean = nh3.clean(valid, tags=_BLOCKS | _INLINE, attributes={}, link_rel=None)
    reader = _Reader()
    reader.feed(clean)
    reader.close()
    reader.end_block()
    return reader.blocks


def plain_text(html: str) -> str:
    """Return what a reader sees, one paragraph, list item or heading a line."""
    return "\n".join(text for text, _is_heading in blocks(html))


def _ends(before: str, after: str) -> bool:
    """Return whether a sentence ends between `before`, with its stop, and `after`."""
    opening = after.lstrip("“‘\"'([")
    if opening[:1].islower():
        return False
    word = before.rsplit(None, 1)[-1] if before.split() else ""
    if not word.endswith("."):
        return True
    word = word.strip("“”‘’\"'()[]").rstrip(".").casefold()
    if word in _TITLES or (len(word) == 1 and word.isalpha() and word not in {"a", "i"}):
        return False
    if word in _MAY_END:
        following = WORD.match(opening)
        return following is None or following.group().casefold() in _OPENERS
    return True


def split_sentences(text: str) -> list[str]:
    """Split a paragraph of plain text; "e.g.", "Dr.", "U.S." and decimals do not end one."""
    found, start = [], 0
    for stop in _STOP.finditer(text):
        if _ends(text[start : stop.end()], text[stop.end() :].lstrip()):
            found.append(text[start : stop.end()].strip())
            start = stop.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def sentences(html: str) -> list[Sentence]:
    """Return the sentences of `html` in order.

    A paragraph, list item or heading ends a sentence, with or without a full stop.
    """
    return [
        Sentence(text, number, is_heading)
        for number, (block, is_heading) in enumerate(blocks(html))
        for text in split_sentences(block)
    ]


def word_count(html: str) -> int:
    """Return how many words `html` has, headings included."""
    return sum(sentence.word_count for sentence in sentences(html))


# Syllables

_EXCEPTIONS = {
    "area": 3,
    "areas": 3,
    "idea": 3,
    "ideas": 3,
    "every": 2,
    "everyone": 3,
    "everybody": 4,
    "everything": 3,
    "everywhere": 3,
    "friend": 1,
    "friends": 1,
    "nuclear": 3,
    "tired": 2,
    "everyday": 3,
    "business": 2,
    "evening": 2,
    "evenings": 2,
    "hour": 1,
    "hours": 1,
    "our": 1,
    "ours": 1,
    "people": 2,
    "someone": 2,
    "anyone": 3,
    "don't": 1,
    "can't": 1,
    "won't": 1,
    "aren't": 1,
    "weren't": 1,
    "diagnoses": 4,
    "metastases": 4,
    "nausea": 3,
    "science": 2,
    "sciences": 2,
    "colonel": 2,
    "create": 2,
    "created": 3,
    "creates": 2,
    "really": 2,
    "being": 2,
    "seeing": 2,
    "doing": 2,
    "going": 2,
    "trial": 2,
    "trials": 2,
    "diet": 2,
    "quiet": 2,
    "client": 2,
    "clients": 2,
    "poem": 2,
    "wednesday": 2,
    "something": 2,
    "somewhere": 2,
    "sometimes": 2,
    "breathe": 1,
    "hospital": 3,
    "recipe": 3,
    "maybe": 2,
    "cruel": 2,
    "fuel": 2,
    "ion": 2,
    "via": 2,
    "due": 1,
}
_SILENT_WITHIN = re.compile(
    r"(?<=[^aeiouy])e(?=(?:ful|fully|ly|less|ness|ment|ments|time|times|where|one|thing|body"
    r"|work|works|guard|ty|line|lines|hand|stone|stones)$)"
)
# Two vowels that are spoken apart.
_APART = re.compile(
    r"(?<![tscxgln])i[ou](?!s$|sly$)|iu(?=m$)|(?<![tcsxg])ia|(?<=cr)ea(?=t)"
    r"|eo(?!u)(?=$|[slgt])|eyo|(?<![qg])ua(?=[lt])|(?<=[aeiouy])ing|(?<!t)ie(?=t)"
    r"|(?<=[lsdpnvr])ie(?=r$)|(?<=o)a(?=$)|(?<!f)(?<=[rvd])ie(?=n)"
)
_SILENT_END = re.compile(
    r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|(?<=[^aeiouytdl])ed$|(?<=[aeiouy]l)ed$|(?<=ll)ed$"
    r"|(?<=[^aeiouyscgxzlh])es$|(?<=[aeiouy]l)es$|(?<=th)es$"
)


def syllables(word: str) -> int:
    """Return about how many syllables an English word has, at least 1; a number has 1.

    Our own rules: groups of vowels, less what is silent, plus vowels that are spoken apart.
    The parts of a word with a hyphen are counted one by one.
    """
    parts = [part for part in re.split(r"[-‑/]", word.casefold().replace("’", "'")) if part]
    return max(1, sum(_syllables_of_part(part) for part in parts))


def _syllables_of_part(part: str) -> int:
    if part in _EXCEPTIONS:
        return _EXCEPTIONS[part]
    if any(letter.isdigit() for letter in part):
        return 1
    part = part.removesuffix("'s")
    if part in _EXCEPTIONS:
        return _EXCEPTIONS[part]
    if part.endswith("n't"):
        return _syllables_of_part(part[:-3]) + 1
    letters = re.sub(r"[^a-zà-ÿ]", "", part)
    count = len(re.findall(r"[aeiouyà-ÿ]+", letters))
    count += len(_APART.findall(letters))
    if letters.endswith(("ism", "isms", "thm")):
        count += 1
    if len(letters) > 2:
        count -= len(_SILENT_WITHIN.findall(letters))
        count -= len(_SILENT_END.findall(letters))
    return max(1, count)


# Words that count as easy


def stem(word: str) -> str:
    """Return `word` without case, possessive or plural, to compare one form with another."""
    plain = word.casefold().replace("’", "'").replace("‑", "-").strip("'-")
    plain = plain.removesuffix("'s")
    if len(plain) <= 3 or any(letter.isdigit() for letter in plain):
        return plain
    if plain.endswith("ies") and len(plain) > 4:
        return plain[:-3] + "y"
    if plain.endswith("ases"):  # metastases, but not diseases
        return plain[:-2] + ("is" if not plain.endswith("eases") else "e")
    if plain.endswith(("noses", "yses", "theses")):
        return plain[:-2] + "is"
    if plain.endswith(("sses", "shes", "ches", "xes")):
        return plain[:-2]
    if plain.endswith("s") and not plain.endswith(("ss", "us", "is")):
        return plain[:-1]
    return plain


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of the words of `text`, those with a hyphen or slash in their parts."""
    return tuple(
        stem(part)
        for word in WORD.findall(text)
        for part in re.split(r"[-‑/]", word.rstrip("%"))
        if part
    )


def phrases(easy_words: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """Return the stems of each phrase by the first of them, the longest phrase first."""
    known: dict[str, set[tuple[str, ...]]] = {}
    for phrase in easy_words:
        if parts := stems(phrase):
            known.setdefault(parts[0], set()).add(parts)
    return {first: sorted(found, key=len, reverse=True) for first, found in known.items()}


def find_phrases(
    parts: Sequence[str], known: dict[str, list[tuple[str, ...]]]
) -> list[tuple[int, int]]:
    """Return where one of the `known` phrases begins among the stems of a text, and how many
    stems it has. Of two that begin together the longer one counts; none overlap.
    """
    found, at = [], 0
    while at < len(parts):
        for phrase in known.get(parts[at], ()):
            if tuple(parts[at : at + len(phrase)]) == phrase:
                found.append((at, len(phrase)))
                at += len(phrase)
                break
        else:
            at += 1
    return found


# Grades


@dataclass(frozen=True)
class _Counts:
    sentences: int
    words: int
    letters: int
    syllables: int
    complex_words: int


def _counts(found: Sequence[Sentence], easy_words: Iterable[str]) -> _Counts:
    known = phrases(easy_words)
    words = letters = spoken = hard = 0
    for sentence in found:
        own = sentence.words
        parts = [stems(word) for word in own]
        easy = {
            at + more
            for at, length in find_phrases([part for of_word in parts for part in of_word], known)
            for more in range(length)
        }
        numbers = count_from(0)
        for place, (word, of_word) in enumerate(zip(own, parts, strict=True)):
            in_phrase = [next(numbers) in easy for _part in of_word]
            is_easy = (bool(in_phrase) and all(in_phrase)) or is_drug_name(word)
            length = sum(character.isalnum() for character in word)
            count = syllables(word)
            if word.isupper() and len(word) <= 5:  # An abbreviation, such as MRI.
                count = 1
            if is_easy:
                length, count = min(length, _EASY_LETTERS), min(count, _EASY_SYLLABLES)
            words += 1
            letters += length
            spoken += count
            hard += _is_complex(word, count, is_first=place == 0)
    return _Counts(max(1, len(found)), words, letters, spoken, hard)


def _is_complex(word: str, count: int, *, is_first: bool) -> bool:
    """Return whether Gunning's index counts `word` as hard.

    Not so a name, a word of short parts with a hyphen, or one that has its third syllable from
    -ed, -es or -ing.
    """
    if count < _COMPLEX_SYLLABLES or (word[0].isupper() and not is_first):
        return False
    if "-" in word or "‑" in word:
        parts = re.split(r"[-‑]", word)
        return any(syllables(part) >= _COMPLEX_SYLLABLES for part in parts if part)
    lower = word.casefold()
    for ending in ("ing", "ed", "es"):
        if lower.endswith(ending) and count == _COMPLEX_SYLLABLES:
            return syllables(lower.removesuffix(ending)) >= _COMPLEX_SYLLABLES
    return True


def _grade(value: float) -> float:
    return round(min(max(value, 0.0), HIGHEST), 1)


def grades(html: str, easy_words: Iterable[str] = ()) -> Grades:
    """Return the grades of an English text; 0 for a text without words.

    `easy_words` are words or phrases that count as two syllables and six letters at most:
    glossary terms, since the reader can open them. Names of drugs count so by themselves.
    Headings are left out, unless there is nothing else. A number is one word of one syllable.

    Flesch-Kincaid: J. P. Kincaid and others, "Derivation of new readability formulas", Naval
    Technical Training Command, research branch report 8-75 (1975):
        0.39 words/sentences + 11.8 syllables/words - 15.59
    Gunning fog: R. Gunning, "The technique of clear writing" (1952):
        0.4 (words/sentences + 100 complex words/words)
    Automated readability index: E. A. Smith and R. J. Senter, AMRL-TR-66-220 (1967):
        4.71 letters and digits/words + 0.5 words/sentences - 21.43
    """
    found = [sentence for sentence in sentences(html) if sentence.word_count]
    found = [sentence for sentence in found if not sentence.is_heading] or found
    counts = _counts(found, easy_words)
    if not counts.words:
        return Grades(0.0, 0.0, 0.0)
    per_sentence = counts.words / counts.sentences
    return Grades(
        flesch_kincaid=_grade(0.39 * per_sentence + 11.8 * counts.syllables / counts.words - 15.59),
        gunning_fog=_grade(0.4 * (per_sentence + 100 * counts.complex_words / counts.words)),
        automated_readability=_grade(
            4.71 * counts.letters / counts.words + 0.5 * per_sentence - 21.43
        ),
    )
