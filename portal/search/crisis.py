"""Words of somebody who may be in danger. Their search shows first whom to call."""

from portal.search.words import plain_words

# Runs of words, as plain_words() gives them.
_RUNS = (
    "suicide", "suicidal", "kill myself", "killing myself", "end my life", "ending my life",
    "take my life", "taking my life", "take my own life", "want to die", "wanna die",
    "wish i was dead", "wish i were dead", "better off dead", "dont want to live",
    "do not want to live", "dont want to be here anymore", "no reason to live", "self harm",
    "hurt myself", "hurting myself", "overdose",
)  # fmt: skip


def needs_somebody_now(text: str) -> bool:
    """Return whether `text` holds words of somebody who may be about to harm themselves.

    It would rather show the numbers once too often: nothing is kept of it, and nobody is told.
    """
    words = f" {' '.join(plain_words(text))} "
    return any(f" {run} " in words for run in _RUNS)
