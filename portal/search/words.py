"""The words of a text as search compares them. Plain functions, no database."""

import re
import unicodedata

MAX_LENGTH = 200  # characters of a query that are looked at
MAX_WORDS = 24  # words of a query that are looked at; more are no question

# Words that say nothing of what is looked for: those that PostgreSQL passes over, and a few more.
STOP_WORDS = frozenset(
    "a about above after again against all am an and any are as at be because been before being "
    "below between both but by can cannot cant could did do does doing don dont down during "
    "each few for from further get getting go going got had has have having he her hers herself "
    "him himself his how i if im in into is isnt it its itself ive just ll me more most my "
    "myself no nor not of off on once only or other our ours ourselves out over own re s same "
    "she should so some such t than that the their theirs them themselves then there these they "
    "this those through to too under until up us ve very was we were what when where which "
    "while who whom why will with would you your yours yourself".split()
)
# They say something only where nothing else is said.
WEAK_WORDS = frozenset(
    "ago already also although always another anybody anyone anything around ask asked "
    "asking away basically bit came come comes coming does earlier else enough even ever "
    "every everyone everything find friday gave give given gives gonna good great happen "
    "happened happening happens hello help hey hi hour hours idea keep keeps know knows "
    "lately later let like little long look looking lot lots make makes making many matter maybe "
    "mean meaning means meant might mind monday month months morning much must near need "
    "needed needs next nice nobody nothing now often ok okay old oncologist one ones others "
    "people person please possible probably put quite ready really recently said saturday "
    "saw say saying says see seem seems seen since somebody someone something sometimes soon "
    "sort start started still stuff sunday sure take taken taking tell telling tells thank "
    "thanks thats theres theyre thing things think thinking thought thursday time times "
    "today together told tomorrow tonight took tried try trying tuesday understand use using "
    "usually want wanted wants way ways wednesday week weekend weeks went whats whos "
    "wondering worked works yes yesterday yet youre".split()
)


def plain_words(text: str) -> list[str]:
    """Return the words of `text`: small letters, no accents, no apostrophes; digits count.

    "Can’t" is "cant", "CDK4/6" is "cdk4" and "6". Nothing else of a query ever reaches a
    database's query language.
    """
    text = unicodedata.normalize("NFKD", text.replace("’", "'"))
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    return re.findall(r"\w+", text.replace("'", "").replace("_", " "))


def telling(words: list[str]) -> list[str]:
    """Return those of `words` that say what is looked for."""
    said = [word for word in words if word not in STOP_WORDS]
    return [
        word
        for before, word, after in zip(["", *said], said, [*said[1:], ""], strict=False)
        if word not in WEAK_WORDS and not (word.isdecimal() and _is_loose(before, after))
    ] or said


def _is_loose(before: str, after: str) -> bool:
    """Return whether a number between two words says little.

    "Stage 4" and "phase 3" are one thing; "4 years ago" and "my 2 children" are not.
    """
    return not before.isalpha() or before in WEAK_WORDS or after in _UNITS


_UNITS = frozenset("year years month months week weeks day days hour hours time times old".split())


def forms(word: str) -> list[str]:
    """Return `word` and other forms that it may have, itself first: "worries" is "worry", too."""
    bases = [word]
    for ending, before in _BASES:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_BASE:
            base = word.removesuffix(ending) + before
            bases.append(base)
            if ending in ("ing", "ed") and base[-1:] == base[-2:-1]:
                bases.append(base[:-1])
    others = []
    for base in bases:
        stem = base.removesuffix("e")
        others += [base, f"{base}s", f"{base}es", f"{stem}ing", f"{stem}ed"]
        if base.endswith("y"):
            others += [f"{base[:-1]}ies", f"{base[:-1]}ied"]
    return list(dict.fromkeys([word, *others])) if len(word) >= _SHORTEST_BASE else [word]


_BASES = (
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("d", ""),
    ("ied", "y"),
)
_SHORTEST_BASE = 3  # letters


# What says that a number is somebody's age.
_BEFORE_AN_AGE = frozenset({"im", "am", "aged", "age"})
_AFTER_AN_AGE = frozenset({"year old", "years old", "yr old", "yrs old"})
_GROWN_UP, _NO_LONGER_YOUNG = 18, 45  # years


def with_ages(words: list[str]) -> list[str]:
    """Return `words` with each age as the word for people of that age.

    Texts speak of younger adults and of children, not of somebody who is 32.
    """
    said = []
    for number, word in enumerate(words):
        before, after = words[number - 1 : number], " ".join(words[number + 1 : number + 3])
        decade = re.fullmatch(r"([234])0s", word)
        if decade or (
            re.fullmatch(r"[1-9][0-9]?", word)
            and (_BEFORE_AN_AGE.intersection(before) or after in _AFTER_AN_AGE)
        ):
            said.append(_age_group(int(word.rstrip("s"))) or word)
        else:
            said.append(word)
    return said


def _age_group(age: int) -> str:
    if age < _GROWN_UP:
        return "children"
    return "younger" if age < _NO_LONGER_YOUNG else ""
