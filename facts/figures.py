"""Finds the figures of a sentence, and what a reader needs beside them: of whom, where, when.

Plain functions about English text; all of them are rules of thumb, and none ever raises.
"""

import re

# Figures that say nothing of people: the number belongs to a name, a scale, a clock or an age.
_NOT_A_FIGURE = re.compile(
    r"\b(?:stages?|grades?|types?|phases?|levels?|steps?|parts?|chapters?|pages?|lines?|question"
    r"|day|week|number|no\.)\s+(?:\d{1,2}(?:\.\d)?|I{1,3}V?|IV)\b(?!\s*%)"
    r"|\b24/7\b|\b24[- ]hours?\b|\btext\s+\w+\s+to\s+\d+|\b911\b|\b988\b|\b112\b|\b999\b",
    re.IGNORECASE,
)
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|\d[\d,.]*)"
_OF_MANY = r"(?:two|three|four|five|six|seven|eight|nine|ten|hundred|a hundred|\d[\d,.]*)"
_PART = re.compile(
    rf"\b{_ONES}\s+(?:in|out of|of)\s+(?:every\s+|the\s+)?{_OF_MANY}\b"
    r"|\d\s*%|\bper\s?cents?\b|\bpercentages?\b"
    r"|\b(?:a|one|two|three|about|nearly|almost|over|under|around)[- ]"
    r"(?:third|quarter|fifth|tenth)s?\b(?=\s+of\b|[.,;:]|$|\s+(?:had|have|has|were|was|are|is)\b)"
    r"|\b(?:two|three)[- ](?:thirds|quarters|fifths)\b"
    r"|\bhalf\b(?!\s+(?:an?\s+)?(?:hour|day|night|way|moment))"
    r"|\b(?:doubled|doubles|tripled|triples|twice as|times as|double the|triple the)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b\d{1,3}(?:,\d{3})+|\b\d{3,}\b(?!\.\d|\s?°|\s*(?:mg|ml|g|kg|words|miles)\b)"
    r"|\b\d+(?:\.\d+)?\s+(?:thousand|million|billion)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![A-Za-z0-9/\-‑])\d[\d,.]*(?![A-Za-z]*\d)")
_YEAR = re.compile(r"\b(?:1[89]\d\d|20\d\d)(?:s|[–-]\d{2,4})?\b")
_TIME = re.compile(
    r"\b(?:1[89]\d\d|20\d\d)|\b(?:today|now|so far|each year|every year|a year|per year|this year"
    r"|last year|this century)\b",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"\b(?:people|persons?|women|woman|men|man|adults?|patients?|children|teenagers?|carers?"
    r"|caregivers?|families|relatives|friends|cancers?|tumors?|cases|deaths|survivors?|members"
    r"|doctors?|nurses?|those|everyone|trials?|studies|grants?|dollars|money|funds?|us|mothers"
    r"|partners?|readers|workers?|employers?|populations?|who|them)\b",
    re.IGNORECASE,
)
_PLACES = """
Africa|African|America|American|Americans|Argentina|Asia|Asian|Australia|Australian|Austria|Austrian
|Belgium|Belgian|Brazil|Brazilian|Britain|British|Canada|Canadian|Chile|China|Chinese|Colombia
|Croatia|Czech|Denmark|Danish|Egypt|England|English|Europe|European|Finland|Finnish|France|French
|Germany|German|Greece|Greek|Hong Kong|Hungary|Iceland|India|Indian|Iran|Ireland|Irish|Israel
|Israeli|Italy|Italian|Japan|Japanese|Kenya|Korea|Korean|Latin America|Malaysia|Mexico|Mexican
|Netherlands|Dutch|New Zealand|Nigeria|Northern Ireland|Norway|Norwegian|Pakistan|Peru|Philippines
|Poland|Polish|Portugal|Portuguese|Puerto Rico|Romania|Russia|Russian|Scandinavia|Scotland
|Scottish|Singapore|Slovenia|South Africa|Spain|Spanish|Sweden|Swedish|Switzerland|Swiss|Taiwan
|Thailand|Turkey|Turkish|Ukraine|United Kingdom|United States|U\\.S\\.|U\\.K\\.|US|UK|USA|EU|Vietnam
|Wales|Welsh|world|worldwide|countries|country|continents?|global|globally|international
|California|New York|Texas|Boston|London|Munich|Paris|Sydney|Toronto
"""
_PLACE = re.compile(rf"\b(?:{''.join(_PLACES.split(chr(10)))})(?!\w)")
# A sentence that leans on the one before it for what is missing.
_LEANS = re.compile(
    r"\b(?:the same|these|those|of whom|of them|the others?|the rest|another"
    r"|(?:the|this|that) (?:study|review|trial|survey|report|figure|group|year|country|part)"
    r"|what th(?:is|at))\b|^\W*(?:it|its|they|their|this|that|he|she)\b",
    re.IGNORECASE,
)


def _told(text: str) -> str:
    return _NOT_A_FIGURE.sub(" ", text)


def has_figure(text: str) -> bool:
    """Return whether `text` holds a figure that rests on a source: digits or a part in words.

    A digit within a name (HER2, CDK4/6), a stage, or a clock is none; a year is one.
    """
    told = _told(text)
    return bool(_DIGITS.search(told) or _PART.search(told) or _COUNT.search(told))


def has_share(text: str) -> bool:
    """Return whether `text` tells how many there are, or which part of them: 1 in 8, 30 %."""
    told = _told(text)
    return bool(_PART.search(told) or _COUNT.search(_YEAR.sub(" ", told)))


def missing_frame(sentence: str, before: str = "") -> list[str]:
    """Return which of "people", "place" and "time" a sentence with a share does not say.

    What it leaves to the sentence `before` counts as said, if it leans on it ("In the same
    study …"). A sentence without a share needs none of them.
    """
    if not has_share(sentence):
        return []
    said = f"{before} {sentence}" if before and _LEANS.search(sentence) else sentence
    frames = {"people": _PEOPLE, "place": _PLACE, "time": _TIME}
    return [name for name, pattern in frames.items() if not pattern.search(said)]
