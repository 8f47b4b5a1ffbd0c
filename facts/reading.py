"""How long a text takes to read, and what of it says the whole in short. Plain functions."""

import re
from math import ceil

# Words a minute. Most adults read plain English prose in silence at 175 to 300 (M. Brysbaert,
# How many words do we read per minute?, Journal of Memory and Language 109, 2019, 104047). The
# slowest of them is what somebody tired, at night, on a phone can keep up with.
PACE = 175
# From so many words on, a text says first what it is about.
LONG = 100
# More than this is no short version.
SHORT = 60
_TAG = re.compile(r"<[^>]*>")
_FIRST_PARAGRAPH = re.compile(r"\s*(<p>.*?</p>)", re.DOTALL)


def count_words(html: str) -> int:
    """Return how many words `html` has."""
    return len(_TAG.sub(" ", html).split())


def minutes(words: int) -> int:
    """Return how many minutes so many words take to read, rounded up; 0 if there are none."""
    return ceil(words / PACE)


def split_short_version(html: str) -> tuple[str, str]:
    """Return the short version of sanitised `html`, and the rest of it.

    Facts give the answer first, so of a long text that is its first paragraph, in its own words.
    There is none of a short text, or where the first paragraph is long, or not followed by more.
    """
    match = _FIRST_PARAGRAPH.match(html)
    if match is None or count_words(html) < LONG:
        return "", html
    first, rest = match.group(1), html[match.end() :]
    if count_words(first) > SHORT or not rest.strip():
        return "", html
    return first, rest
