"""Finds ways into a meeting in free text: links, numbers and codes that belong to members.

It would rather ask once too often: the answer is a message to an editor, who can move the
words to where they belong. Plain functions, no database.
"""

import re
import unicodedata
from collections.abc import Iterable

# Services by which people meet or chat; an address there, with something after the host, is
# a way in. The host alone, or the page that offers the program, is not.
_SERVICES = (
    "zoom.us", "zoom.com", "zoomgov.com", "zoom.com.cn", "meet.google.com", "hangouts.google.com",
    "duo.google.com", "g.co/meet", "teams.microsoft.com", "teams.live.com", "teams.cloud.microsoft",
    "meet.lync.com", "webex.com", "whereby.com", "gotomeeting.com", "gotomeet.me", "goto.com",
    "gotowebinar.com", "meet.jit.si", "8x8.vc", "join.skype.com", "bluejeans.com",
    "freeconferencecall.com", "fccdl.in", "freeconference.com", "uberconference.com",
    "dialpad.com", "chime.aws", "ringcentral.com", "bigmarker.com", "livestorm.co",
    "senfcall.de", "meet.ffmuc.net", "starleaf.com", "highfive.com",
    "lifesizecloud.com", "join.me", "gather.town", "spatial.chat", "remo.co",
    "discord.gg", "discord.com/invite", "chat.whatsapp.com", "call.whatsapp.com", "wa.me", "t.me",
    "telegram.me", "signal.group", "signal.me", "facetime.apple.com", "m.me/j", "vsee.com",
    "doxy.me", "attendanywhere.com", "meetings.ringcentral.com", "v.ringcentral.com",
)  # fmt: skip
# They hide where they lead.
_SHORTENERS = (
    "bit.ly", "tinyurl.com", "goo.gl", "is.gd", "ow.ly", "rb.gy", "cutt.ly", "t.co", "shorturl.at",
    "rebrand.ly", "tiny.cc", "buff.ly", "t.ly", "v.gd",
)  # fmt: skip
_HARMLESS_PATH = re.compile(
    r"/(?:download|test|support|pricing|product|en|blog|about|accessibility|downloads?\.html|"
    r"hc|docs|help)?(?:[/?#].*)?$",
    re.IGNORECASE,
)


def _hosts(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_LINK = re.compile(
    r"(?:https?://|\bwww\.)?(?<![\w.@-])(?P<sub>(?:[\w-]+\.)*)"
    rf"(?P<host>{_hosts((*_SERVICES, *_SHORTENERS))})(?::\d+)?"
    r"(?P<path>[/?#][^\s<>\"'”’)\]]*)",
    re.IGNORECASE,
)
_ANY_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"”]+", re.IGNORECASE)
_SECRET_IN_ADDRESS = re.compile(
    r"[?&#](?:pwd|passcode|password|passwd|pin|confno|meeting_?id|mtid|conf_?id|access_?code|"
    r"jwt|tk)=[^&\s]+",
    re.IGNORECASE,
)
_CALL_ADDRESS = re.compile(
    r"\b(?:sips?|skype|facetime(?:-audio)?|msteams|zoommtg|zoomus|callto|xmpp):[^\s,;]{3,}"
    r"|\blive:\.?[\w.]{4,}"
    r"|\b[\w.+-]+@(?:zoomcrc\.com|(?:[\w-]+\.)?webex\.com|meet\.jit\.si|lync\.com)",
    re.IGNORECASE,
)

# What stands for a code: in English, Spanish, French, German, Portuguese and Italian.
_CODE_NAME = (
    r"(?:pass[ -]?(?:code|word|phrase)|pwd|passwd|p/w|pw|pin(?:[ -]?(?:code|number|no\.?))?|"
    r"(?:access|entry|entrance|door|gate|key ?safe|key|keypad|participant|attendee|guest|host|"
    r"conference|meeting|webinar|join(?:ing)?|dial[ -]?in|zoom|teams|webex|bridge|lobby)[ -]?"
    r"(?:id|i\.d\.|identification|number|num|no\.?|code|key|pin)|"
    r"(?:room|building|session|event|call|invite|security|safe)[ -]?(?:id|i\.d\.|code|pin)|"
    r"id(?= ?[:=#]?\s*\d)|"
    r"id de (?:la )?(?:reuni[oó]n|sala)|c[oó]digo(?: de (?:acceso|entrada|la puerta|reuni[oó]n))?|"
    r"contrase[nñ]a|clave(?: de acceso)?|"
    r"mot de passe|code d['’ ]?acc[eè]s|code (?:de la )?porte|identifiant(?: de r[eé]union)?|"
    r"digicode|"
    r"kenncode|kennwort|passwort|zugangscode|einwahl(?:nummer)?|t[uü]rcode|"
    r"senha|c[oó]digo da (?:reuni[aã]o|porta)|codice(?: di accesso)?)"
)
_JOINER = r"(?:\s*(?:(?:is|are|es|est|ist|will be)\b|[=:#→>–—]|-(?=[\s\d])))+"
_QUOTE = r"[\"'“”‘’«»„(*\s]*"
# With a sign or a verb between, any word may be the code; without, it must hold a digit.
_CODE = re.compile(
    rf"\b{_CODE_NAME}\b(?:{_JOINER}{_QUOTE}(?P<word>[\w#@!?$%&+.-]{{2,40}})"
    rf"|{_QUOTE}(?P<digits>(?=[\w#@!$%&+-]{{0,39}}\d)[\w#@!$%&+-]{{3,40}}))",
    re.IGNORECASE,
)
# “The password is sent to you”: what comes after the name of a code, and is none.
_NOT_A_CODE = {
    "a", "about", "added", "after", "all", "also", "always", "an", "and", "announced", "any",
    "as", "ask", "asked", "at", "available", "be", "before", "by", "call", "can", "changed",
    "changes", "click", "confidential", "contact", "different", "does", "emailed", "e-mailed",
    "every", "for", "from", "given", "if", "in", "included", "is", "it", "just", "kept", "live",
    "locked", "mailed", "mandatory", "members", "more", "needed", "never", "new", "no", "none",
    "not", "now", "of", "often", "on", "once", "only", "open", "optional", "or", "our", "please",
    "posted", "private", "protected", "provided", "request", "requested", "required", "reset",
    "secret", "see", "send", "sent", "shared", "shown", "so", "still", "supplied", "texted",
    "that", "the", "their", "there", "this", "to", "under", "unique", "upon", "used", "usually",
    "via", "we", "what", "when", "where", "which", "will", "with", "write", "yes", "you", "your",
    # Spanish, French, German
    "auf", "bei", "disponible", "donné", "el", "envoyé", "la", "le", "les", "los", "necesaria",
    "necesario", "nécessaire", "nicht", "para", "por", "se", "sur", "wird",
}  # fmt: skip

# Numbers that only look like one to dial: dates, times, post codes, books.
_HARMLESS_NUMBER = re.compile(
    r"\bISBN(?:-1[03])?:?\s*[\d-]{10,17}[\dX]?"
    r"|(?<![\d.])\b(?:19|20)\d\d\s?[-–—/]\s?(?:19|20)\d\d\b"
    r"|(?<![\d.-])\b(?:19|20)\d\d-[01]\d-[0-3]\d\b"
    r"|(?<![\d./-])\b[0-3]?\d[./-][0-3]?\d[./-](?:19|20)\d\d\b"
    r"|(?<![\d.:])\b[0-2]?\d[.:][0-5]\d(?::[0-5]\d)?(?![.:]?\d)"
    r"|(?<![\d-])\b\d{5}-\d{4}\b(?!-)"
    r"|(?<!\w)[$€£]\s?[\d.,\s]*\d",
    re.IGNORECASE,
)
_GAP = r"[\s().\-/,\u2010-\u2015\u00a0]{0,3}"
_LONG_NUMBER = re.compile(
    r"(?<![\w/#])\+?\(?\d(?:[\s().\-\u2010-\u2015\u00a0]{0,3}\d){8,22}(?![\w])"
)
# Seven digits or eight are a telephone number if the words before them say so.
_CALLED_NUMBER = re.compile(
    r"\b(?:dial(?:[ -]?in)?|call(?:[ -]?in)?|phone|ring|tel(?:ephone)?|text|sms|whatsapp|"
    r"m[oó]vil|tel[eé]fono|t[eé]l[eé]phone|llam[ae]|marque)\b[\s.:#-]*"
    r"(?:(?:in|at|on|to|us|number|no\.?|is|al|le|au)\b[\s.:#-]*){0,3}"
    rf"(?P<number>\+?\(?\d(?:{_GAP}\d){{5,14}})",
    re.IGNORECASE,
)
# Signs that a number leads into a conference rather than to a person.
_CONFERENCE = re.compile(
    r"dial[ -]?in|dial by|conference|bridge|one[ -]?tap|access code|participant|passcode|"
    r"meeting id|zoom|teams|webex|\d\s*,,|,,\s*\d|\d#",
    re.IGNORECASE,
)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
# “zoom dot us / j / 123”
_SPELT_DOT = re.compile(r"\s*[\[({]\s*(?:dot|\.)\s*[\])}]\s*|(?<=\w)\s+dot\s+(?=\w)", re.IGNORECASE)


def _plain(text: str) -> str:
    """Return `text` with full-width signs, invisible ones and spelt dots made ordinary."""
    text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
    return _SPELT_DOT.sub(".", text)


def _link(text: str) -> str:
    for match in _LINK.finditer(text):
        is_page = match["sub"].lower() in {"support.", "help.", "blog.", "explore."} or (
            match["host"].lower() not in _SHORTENERS
            and _HARMLESS_PATH.match(match["path"]) is not None
        )
        if _SECRET_IN_ADDRESS.search(match[0]) or not is_page:
            return match[0]
    return ""


def _secret_address(text: str) -> str:
    for address in _ANY_ADDRESS.finditer(text):
        if _SECRET_IN_ADDRESS.search(address[0]):
            return address[0]
    call = _CALL_ADDRESS.search(text)
    return call[0] if call else ""


def _code(text: str) -> str:
    for match in _CODE.finditer(text):
        word = (match["word"] or match["digits"]).strip(".,!?*-").lower()
        # A pin with no digit is one for a coat.
        is_badge = match[0].lower().startswith("pin") and not any(c.isdigit() for c in word)
        if word and word not in _NOT_A_CODE and not is_badge:
            return match[0]
    return ""


def _number(text: str) -> str:
    match = _CALLED_NUMBER.search(text)
    if match and sum(c.isdigit() for c in match["number"]) >= 7:
        return match[0]
    match = _LONG_NUMBER.search(text)
    return match[0] if match else ""


def find_joining_details(text: str, *, may_hold_phone: bool = False) -> str:
    """Return the first way in that `text` seems to hold, shortened, or an empty string.

    Where `may_hold_phone`, a telephone number is let pass unless the text speaks of a
    conference: a group may well be asked by phone how to join.
    """
    text = _plain(text)
    found = _link(text) or _secret_address(text)
    if not found:
        # An address that passed is looked at no more: numbers in it lead nowhere.
        rest = _ANY_ADDRESS.sub(" … ", text)
        found = _code(rest)
        if not found and not (may_hold_phone and not _CONFERENCE.search(rest)):
            found = _number(_HARMLESS_NUMBER.sub(" … ", rest))
    return " ".join(found.split())[:60]


def repeats(text: str, *, words: Iterable[str] = (), numbers: Iterable[str] = ()) -> str:
    """Return the first of `words` and `numbers` that `text` gives away, or an empty string.

    `numbers` are compared by their digits, however they are grouped. Short ones are left
    alone, as they would be found by chance.
    """
    text = _plain(text)
    for word in words:
        is_telling = len(word) >= (4 if any(c.isdigit() for c in word) else 6)
        if is_telling and re.search(
            rf"(?<!\w){re.escape(_plain(word))}(?!\w)", text, re.IGNORECASE
        ):
            return word
    digits_only = re.sub(r"(?<=\d)[\s().\-/,\u2010-\u2015]{1,3}(?=\d)", "", text)
    for number in numbers:
        digits = re.sub(r"\D", "", _plain(number))
        # The last nine: a number is the same with a country's code and without.
        if len(digits) >= 6 and digits[-9:] in digits_only:
            return number
    return ""
