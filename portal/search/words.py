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
    "anybody anyone anything ask bit else even ever find happen happens help keep know let like "
    "long look looking make makes may mean means might much must need needs now often one people "
    "please really say somebody someone something still take tell thing things think time told "
    "try want wants".split()
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
    return [word for word in said if word not in WEAK_WORDS] or said
