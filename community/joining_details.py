"""Finds ways into a meeting in free text: links, numbers and codes that belong to members.

It would rather ask once too often: the answer is a message to an editor, who can move the
words to where they belong. Plain functions, no database.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

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
    r"id(?= ?[:=#]?\s*\d)|pmi|"
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
    # A digit may stand right before it: “649 227 0087Password: sober”.
    rf"(?<![^\W\d])(?P<name>{_CODE_NAME})\b(?:{_JOINER}{_QUOTE}(?P<word>[\w#@!?$%&+.-]{{2,40}})"
    rf"|{_QUOTE}(?P<digits>(?=[\w#@!$%&+-]{{0,39}}\d)[\w#@!$%&+-]{{3,40}})"
    # “pwd.. 165851”
    rf"|\.{{1,3}}\s*(?P<dotted>\d{{4,12}})\b)",
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


def _link(text: str) -> re.Match[str] | None:
    for match in _LINK.finditer(text):
        is_page = match["sub"].lower() in {"support.", "help.", "blog.", "explore."} or (
            match["host"].lower() not in _SHORTENERS
            and _HARMLESS_PATH.match(match["path"]) is not None
        )
        if _SECRET_IN_ADDRESS.search(match[0]) or not is_page:
            return match
    return None


def _secret_address(text: str) -> re.Match[str] | None:
    for address in _ANY_ADDRESS.finditer(text):
        if _SECRET_IN_ADDRESS.search(address[0]):
            return address
    return _CALL_ADDRESS.search(text)


def _code(text: str) -> re.Match[str] | None:
    for match in _CODE.finditer(text):
        word = (match["word"] or match["digits"] or match["dotted"]).strip(".,!?*-").lower()
        # A pin with no digit is one for a coat.
        is_badge = match[0].lower().startswith("pin") and not any(c.isdigit() for c in word)
        if word and word not in _NOT_A_CODE and not is_badge:
            return match
    return None


def _number(text: str) -> re.Match[str] | None:
    match = _CALLED_NUMBER.search(text)
    if match and sum(c.isdigit() for c in match["number"]) >= 7:
        return match
    return _LONG_NUMBER.search(text)


def _blank(match: re.Match[str]) -> str:
    """What is put in the place of something harmless: as long as it, so that places stay."""
    return "…".center(len(match[0]))


def _first(text: str, may_hold_phone: bool = False) -> tuple[str, re.Match[str]] | None:
    """Return the first way in that the plain `text` holds, with its kind."""
    match = _link(text) or _secret_address(text)
    if match:
        return "link", match
    # An address that passed is looked at no more: numbers in it lead nowhere.
    rest = _ANY_ADDRESS.sub(_blank, text)
    match = _code(rest)
    if match:
        return "code", match
    if may_hold_phone and not _CONFERENCE.search(rest):
        return None
    match = _number(_HARMLESS_NUMBER.sub(_blank, rest))
    return ("number", match) if match else None


def find_joining_details(text: str, *, may_hold_phone: bool = False) -> str:
    """Return the first way in that `text` seems to hold, shortened, or an empty string.

    Where `may_hold_phone`, a telephone number is let pass unless the text speaks of a
    conference: a group may well be asked by phone how to join.
    """
    found = _first(_plain(text), may_hold_phone)
    return " ".join(found[1][0].split())[:60] if found else ""


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


@dataclass
class TakenOut:
    """A text without its ways in, and what they were.

    `rest` holds what has no field of its own, or is the second of its kind; it is as private
    as the others.
    """

    text: str
    link: str = ""
    meeting_number: str = ""
    passcode: str = ""
    phone: str = ""
    door_code: str = ""
    rest: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        ways = (self.link, self.meeting_number, self.passcode, self.phone, self.door_code)
        return not (any(ways) or self.rest)


# Stands where something was taken out, until the text is tidied.
_HOLE = "\ue000"
_MOST_HOLES = 60
_DOOR = re.compile(
    r"door|gate|entry|entrance|key ?safe|keypad|digicode|porte|puerta|porta|t[uü]r|building|room",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\bid|i\.d\.|identif|num|no\.?$|pmi|conference|reuni|zoom|meeting", re.IGNORECASE
)
_MORE_DIGITS = re.compile(r"(?:[ \t.\-\u2010-\u2015\u00a0]{0,3}\d+)*[#*]?")
# Words that only say what the way in after them is.
_LABEL = re.compile(
    rf"(?:(?<![^\W\d])(?:zoom|skype|teams|webex|google|meet|hangouts?|online|link|url|web|video|audio|"
    rf"tele)?(?:phone|tel|fax|dial(?:[ -]?in)?|call(?:[ -]?in)?|mobile|cell|meeting|conference|pmi|"
    rf"id|number|no|link|url|zoom|skype|teams|webex|address|{_CODE_NAME})\b[\s:#=.\-–—>({{\[\"“]*)+$",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(
    r"\b(?:a|an|at|by|for|from|in|into|is|of|on|our|over|the|through|to|use|using|via|with|your)$",
    re.IGNORECASE,
)
# A number that comes after one of these belongs to a person.
_PERSON = re.compile(
    r"\b(?:ask|call|contact|contacts|e-?mail|message|phone|reach|ring|see|text|whatsapp|write to)\b"
    r"(?!\s*(?:number|no\.?|in)?\s*[:#=])[^:]*[^\W\d]",
    re.IGNORECASE,
)
# Said of a way in, and nothing without it.
_NO_CODE = re.compile(
    r"\bno (?:password|passcode|pin|code)s? (?:is |are )?(?:required|needed|necessary)\b[.!]*",
    re.IGNORECASE,
)
# “zoom.us/j/123? pwd=abc”: a link that was broken in two.
_BROKEN_LINK = re.compile(r"(?<=\?)[ \t]+(?=pwd=)", re.IGNORECASE)
_NO_WORDS = re.compile(
    r"^\W*(?:(?:a|an|and|at|for|in|is|of|on|or|the|to|via|with|zoom)\b\W*)*$", re.I
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|[\r\n]+")


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence that holds `start` to `end` begins and ends."""
    before = [m.end() for m in _SENTENCE_END.finditer(text, 0, start)]
    after = _SENTENCE_END.search(text, end)
    return (before[-1] if before else 0), (after.start() if after else len(text))


def _tidy(text: str) -> str:
    """Return `text` without the traces of what was taken out."""
    text = re.sub(rf"(?<=[.!?])[\s{_HOLE}]*{_HOLE}[\s{_HOLE}]*[.,;:]", " ", text)
    text = re.sub(rf"\b(?:a|our|the)\s*{_HOLE}", " ", text, flags=re.IGNORECASE)
    text = text.replace(_HOLE, " ")
    text = re.sub(r"[(\[{][\s,;:.\-–—]*[)\]}]", " ", text)
    text = re.sub(r"[ \t\u00a0]+", " ", text)
    text = re.sub(r" +([,.;:!?)])", r"\1", text)
    lines = []
    for line in re.split(r"\r\n|\r|\n", text):
        line = re.sub(r"^[\s,;:.\-–—)]+(?=\s|$)|[\s,;:(\-–—]+$", "", line).strip()
        lines.append("" if _NO_WORDS.match(line) else line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def take_out_joining_details(text: str) -> TakenOut:
    """Return `text` without the ways in that it holds, and these by their kind.

    A text that holds none is returned as it is. In what stays, `find_joining_details` finds
    nothing, and no number or code that was taken out is said again: a sentence, or the whole
    text, goes too where that cannot be had otherwise.
    """
    if not _first(_plain(text)):
        return TakenOut(text)
    taken = TakenOut("")
    plain = _BROKEN_LINK.sub("", _plain(text))
    rest: list[str] = []
    secrets: list[str] = []
    for _number_of_holes in range(_MOST_HOLES):
        found = _first(plain)
        if found is None:
            break
        kind, match = found
        start, end = match.span()
        if plain[end - 1].isdigit() or kind == "code":
            more = _MORE_DIGITS.match(plain, end)
            end = more.end() if more and plain[end - 1].isdigit() else end
        first, last = _sentence_around(plain, start, end)
        label = _LABEL.search(plain, first, start)
        if kind == "number" and _PERSON.search(plain[first:start]):
            start, end = first, last
            rest.append(plain[start:end])
            label = None
        else:
            _sort(taken, rest, kind, match, plain[start:end], label[0] if label else "")
        secrets.append(plain[start:end])
        if label and not _LEADS_ON.search(plain[first : label.start()].rstrip()):
            start = label.start()
        plain = plain[:start] + _HOLE + plain[end:]
    rest += _NO_CODE.findall(plain)
    taken.text = _tidy(_NO_CODE.sub(_HOLE, plain))
    taken.rest = " ".join(" ".join(piece.replace(_HOLE, " ").split()) for piece in rest)
    numbers = [s for s in (*secrets, taken.meeting_number, taken.phone, taken.link) if s]
    words = [w for w in (taken.passcode, taken.door_code, taken.link) if w]
    if _tells(taken.text, words, numbers):
        sentences = _SENTENCE_END.split(taken.text)
        kept = [s for s in sentences if not _tells(s, words, numbers)]
        taken.text = "\n".join(kept)
        if _tells(taken.text, words, numbers):
            taken.text = ""
    return taken


def _tells(text: str, words: list[str], numbers: list[str]) -> bool:
    """Whether `text` holds a way in, or says one of `words` or `numbers` again."""
    return _first(_plain(text)) is not None or bool(repeats(text, words=words, numbers=numbers))


def _sort(
    taken: TakenOut, rest: list[str], kind: str, match: re.Match[str], found: str, label: str
) -> None:
    """Put what was found in the field that is for it, or with the rest."""
    value = found
    if kind == "link":
        is_address = "://" in found or found[:4].lower() == "www." or "/" in found
        field = "link" if is_address else ""
        value = found.rstrip(".,;?&")
        value = value if "://" in value else f"https://{value}"
    elif kind == "code":
        group = next(name for name in ("word", "digits", "dotted") if match[name])
        value = found[match.start(group) - match.start() :].strip(" .,;!?*\"'“”‘’")
        name = match["name"]
        field = "door_code" if _DOOR.search(name) else "passcode"
        if _NUMBERED.search(name) and any(c.isdigit() for c in value):
            field = "meeting_number"
    else:
        is_meeting = re.search(r"\b(?:zoom|id|pmi|meeting|teams|webex)\b", label, re.IGNORECASE)
        field = "meeting_number" if is_meeting else "phone"
        value = match.groupdict().get("number") or found
        value = found[found.find(value) :] if value in found else value
    value = value.strip()
    if field and not getattr(taken, field) and len(value) <= (500 if field == "link" else 60):
        setattr(taken, field, value)
    elif not field or getattr(taken, field) != value:
        rest.append(f"{label}{found}")
