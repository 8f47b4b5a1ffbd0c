"""Finds ways into a meeting in free text: links, numbers and codes that belong to members."""

import re

_HOSTS = (
    "zoom.us", "zoomgov.com", "meet.google.com", "teams.microsoft.com", "teams.live.com",
    "webex.com", "whereby.com", "gotomeeting.com", "gotomeet.me", "meet.jit.si", "8x8.vc",
    "skype.com", "bluejeans.com", "freeconferencecall.com", "chime.aws", "ringcentral.com",
    "bigmarker.com", "discord.gg", "chat.whatsapp.com", "t.me", "signal.group", "zoom.com",
)  # fmt: skip
_LINK = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*(?:%s)\b[^\s]*" % "|".join(re.escape(h) for h in _HOSTS),
    re.IGNORECASE,
)
# "Passcode: 1234", "meeting ID 812 3456 7890", "PIN is 99", "password - hope"
_CODE = re.compile(
    r"\b(?:pass ?code|pass ?word|pwd|pin|access code|door code|gate code|"
    r"(?:meeting|conference|webinar|zoom)(?: id| number| code| no\.?)|id de reuni[oó]n|"
    r"c[oó]digo de acceso|contrase[nñ]a)"
    r"\s*(?:is|es|=|:|#|-|–)*\s*[\w][\w \-]{1,20}",
    re.IGNORECASE,
)
# A dial-in number: nine digits or more, however they are grouped; not a year or a date.
_NUMBER = re.compile(r"(?<![\w/])\+?\(?\d(?:[\s().\-\u2010-\u2015\u00a0]{0,2}\d){8,15}(?!\w)")


def find_joining_details(text: str) -> str:
    """Return the first way in that `text` seems to hold, shortened, or an empty string.

    It would rather ask once too often: the answer is a message to an editor, who can move the
    words to where they belong.
    """
    for pattern in (_LINK, _CODE, _NUMBER):
        match = pattern.search(text)
        if match:
            return match.group(0).strip()[:60]
    return ""
