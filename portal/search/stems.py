"""What the forms of a word have in common, near enough to order texts and to mark their words.

The databases find by stemmers of their own, which cannot be asked for a word in a text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SHORTEST = 4  # letters
_CUT = (
    "ations", "ation", "nesses", "ness", "ings", "ing", "ies", "ied", "ed", "es", "ly", "s", "e",
    "y",
)  # fmt: skip
# How the forms of a word may end after its stem, and after a last letter that is doubled.
_DOUBLED = frozenset(["ed", "er", "ers", "ing", "ings"])
_TAILS = _DOUBLED | frozenset(
    " s e es y ies ied ly al is ic ful ness ity ant ent ment ments tion tions ation ations".split(
        " "
    )
)
_PLURALS = frozenset(["", "s", "es"])


@dataclass(frozen=True)
class Stem:
    """What the forms of one word begin with; `is_open` is one that is still being typed."""

    text: str
    is_whole: bool = False  # a short word, or a name: only its plural is another form
    is_open: bool = False

    @classmethod
    def of(cls, word: str, is_open: bool = False) -> "Stem":
        """Return the stem of `word`, which is one of plain_words()."""
        for ending in _CUT:
            if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
                word = word[: -len(ending)]
                break
        return cls(word, len(word) < SHORTEST or not word.isalpha(), is_open)

    def is_of(self, word: str) -> bool:
        """Return whether `word`, in small letters, is a form of this one."""
        if not word.startswith(self.text):
            return False
        tail = word[len(self.text) :]
        if self.is_open:
            return True
        if self.is_whole:
            return tail in _PLURALS
        return tail in _TAILS or (tail[0] == self.text[-1] and tail[1:] in _DOUBLED)

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Return where forms of the word begin and end in `text`, in small letters."""
        at = text.find(self.text)
        while at >= 0:
            end = at + len(self.text)
            if not at or not text[at - 1].isalnum():
                while end < len(text) and text[end].isalnum():
                    end += 1
                if self.is_of(text[at:end]):
                    yield at, end
            at = text.find(self.text, end)

    def find(self, text: str) -> int:
        """Return where a form of the word begins in `text`, in small letters; -1 is nowhere."""
        return next((begin for begin, _end in self.places(text)), -1)


@dataclass(frozen=True)
class Stems:
    """The stems of all that is looked for."""

    stems: frozenset[Stem]

    def hits(self, text: str) -> list[tuple[int, int]]:
        """Return where words that are looked for begin and end in `text`, in their order."""
        small = text.lower()
        if len(small) != len(text):  # A letter or two of Turkish becomes longer.
            small = text
        return sorted({place for stem in self.stems for place in stem.places(small)})

    def is_any_of(self, word: str) -> bool:
        """Return whether `word`, in small letters, is looked for."""
        return any(stem.is_of(word) for stem in self.stems)

    @classmethod
    def all_of(cls, words: Iterable[tuple[str, bool]]) -> "Stems":
        """Return the stems of `words`; with each, whether it is still being typed."""
        return cls(frozenset(Stem.of(*word) for word in words))
