"""Words of somebody who may be in danger. Their search shows first whom to call."""

from enum import Enum

from portal.search.words import plain_words

# Runs of words, as plain_words() gives them.
_HARM = (
    "suicide", "suicidal", "sucide", "suicde", "sucidal", "suiside", "kill myself",
    "killing myself", "kill my self", "end my life", "ending my life", "end it all", "take my life",
    "taking my life", "take my own life", "want to die", "want too die", "want 2 die", "wanna die",
    "wish i was dead", "wish i were dead", "wish i was not here", "better off dead",
    "better off without me", "dont want to live", "do not want to live", "not want to be here",
    "dont want to be here", "dont want to wake up", "cant go on", "can not go on", "cannot go on",
    "no reason to live", "nothing to live for", "not worth living", "self harm", "hurt myself",
    "hurting myself", "harm myself", "cut myself", "overdose", "suicidio", "suicidarme",
    "quiero morir", "quiero morirme", "matarme", "no quiero vivir",
)  # fmt: skip
# Signs that cannot wait for a text. Those that can wait a day stand in the texts' own boxes.
_BODY = (
    "cant breathe", "cant breath", "can not breathe", "cannot breathe", "cant get my breath",
    "cant catch my breath", "unable to breathe", "struggling to breathe", "hard to breathe",
    "gasping", "choking", "chest pain", "chest pains", "pain in my chest", "pain in chest",
    "coughing blood", "coughing up blood", "vomiting blood", "throwing up blood",
    "wont stop bleeding", "cant stop bleeding", "bleeding wont stop", "collapsed", "passed out",
    "unconscious", "unresponsive", "wont wake up", "seizure", "seizures", "having a fit",
    "cant feel my legs", "cant move my legs", "cant feel her legs", "cant feel his legs",
    "cant move her legs", "cant move his legs", "no puedo respirar", "dolor en el pecho",
)  # fmt: skip


class Danger(Enum):
    """What somebody may need before they read on."""

    HARM = "harm"
    BODY = "body"


def danger_in(text: str) -> Danger | None:
    """Return what `text` may be a call for, if any.

    It would rather show whom to call once too often: nothing is kept of it, and nobody is told.
    """
    words = f" {' '.join(plain_words(text))} "
    if any(f" {run} " in words for run in _HARM):
        return Danger.HARM
    if any(f" {run} " in words for run in _BODY):
        return Danger.BODY
    return None
