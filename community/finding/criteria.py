"""What somebody looks for, read from an address, written back, and said as a plain sentence.

Plain functions and values, no database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community.finding.day_times import DAY_TIMES
from community.languages import LANGUAGE_CHOICES, SIGN_LANGUAGE_CHOICES, language_in_words
from community.places.distances import MILE, in_words

# For people with metastatic disease alone; the other audiences are those of a group.
METASTATIC = "metastatic"
# Each as it stands after "Groups for".
AUDIENCES: dict[str, Any] = {
    METASTATIC: gettext_lazy("people with metastatic breast cancer only"),
    "newly-diagnosed": gettext_lazy("people who are newly diagnosed"),
    "living-long-term": gettext_lazy("people living with it long-term"),
    "de-novo": gettext_lazy("people whose cancer was metastatic from the start"),
    "men": gettext_lazy("men"),
    "young-adults": gettext_lazy("young adults"),
    "family-carer": gettext_lazy("family and caregivers"),
    "bereaved": gettext_lazy("people who have lost somebody"),
}
ONLINE, PHONE, IN_PERSON = "online", "phone", "in-person"
# Each as it stands after "meeting" and "These meet".
WAYS: dict[str, Any] = {
    ONLINE: gettext_lazy("online"),
    PHONE: gettext_lazy("by phone"),
    IN_PERSON: gettext_lazy("in person"),
}
SPOKEN = frozenset(code for code, _name in LANGUAGE_CHOICES)
SIGNED = frozenset(code for code, _name in SIGN_LANGUAGE_CHOICES)
LANGUAGES = SPOKEN | SIGNED
# Miles. In kilometers they are near to round numbers: 8, 16, 40, 80, 160.
DISTANCES = (5, 10, 25, 50, 100)
DEFAULT_DISTANCE = 25
NEXT, NEAREST, BEST = "next", "nearest", "match"
ORDERS: dict[str, Any] = {
    NEXT: gettext_lazy("Next meeting first"),
    NEAREST: gettext_lazy("Nearest first"),
    BEST: gettext_lazy("Best match first"),
}
UNCONFIRMED = "unconfirmed"
# Longer than the longest name of a place.
MAX_TYPED = 100

# What each field is called in the address. Bookmarks hold these names: they stay.
PARAMETERS = {
    "audience": "for",
    "way": "way",
    "near": "near",
    "within": "within",
    "language": "in",
    "when": "when",
    "order": "by",
    "also": "also",
}


def _one_of(values: Mapping[str, str], name: str, known: Any) -> str:
    value = values.get(PARAMETERS[name], "")
    return value if value in known else ""


@dataclass(frozen=True)
class Criteria:
    """What somebody looks for. The defaults are those of a reader who has chosen nothing.

    `audience`, `way`, `language` and `when` are "" for any; `near` is what was typed, or the key
    of a place; `within` counts miles. `order` is "" for what suits the rest. `also` is
    "unconfirmed" if groups that nobody has confirmed lately are wanted too.
    """

    audience: str = ""
    way: str = ""
    near: str = ""
    within: int = DEFAULT_DISTANCE
    language: str = ""
    when: str = ""
    order: str = ""
    also: str = ""

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Self:
        """Read the parameters of an address. What is unknown or broken counts as not chosen."""
        within = values.get(PARAMETERS["within"], "")
        return cls(
            audience=_one_of(values, "audience", AUDIENCES),
            way=_one_of(values, "way", WAYS),
            near=" ".join(values.get(PARAMETERS["near"], "").split())[:MAX_TYPED].strip(),
            within=int(within) if within in map(str, DISTANCES) else DEFAULT_DISTANCE,
            language=_one_of(values, "language", LANGUAGES),
            when=_one_of(values, "when", DAY_TIMES),
            order=_one_of(values, "order", ORDERS),
            also=_one_of(values, "also", {UNCONFIRMED}),
        )

    @property
    def chosen(self) -> dict[str, str]:
        """The parameters of the address that says the same, without what is not chosen."""
        return {
            PARAMETERS[field.name]: str(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    @property
    def query(self) -> str:
        """The address's part after "?", or "" if nothing is chosen."""
        return urlencode(self.chosen)

    def get_absolute_url(self) -> str:
        """Return the address of the directory that shows what is looked for."""
        path = reverse("community:support-group-list")
        return f"{path}?{self.query}" if self.query else path

    @property
    def is_narrow(self) -> bool:
        """Whether anything is chosen that leaves groups out."""
        return any((self.audience, self.way, self.near, self.language, self.when))


def km_of(miles: float) -> float:
    """Return a distance of the address, which counts miles, in kilometers."""
    return miles * MILE


@dataclass(frozen=True)
class Sentence:
    """`criteria` as a plain sentence. `place` is the name of the place that was found, or ""."""

    criteria: Criteria
    place: str
    units: str

    @property
    def _people(self) -> str:
        if not self.criteria.audience:
            return ""
        return _("for %(people)s") % {"people": AUDIENCES[self.criteria.audience]}

    @property
    def way(self) -> str:
        """How people attend, as it stands after "meeting", or "" for any way."""
        way = self.criteria.way
        if not self.place or way not in {"", IN_PERSON}:
            return str(WAYS[way]) if way else ""
        words = {
            "distance": in_words(km_of(self.criteria.within), self.units),
            "place": self.place,
        }
        if way:
            return _("in person within %(distance)s of %(place)s") % words
        return _("online, by phone, or in person within %(distance)s of %(place)s") % words

    @property
    def _language(self) -> str:
        if not self.criteria.language:
            return ""
        return _("in %(language)s") % {"language": language_in_words(self.criteria.language)}

    @property
    def _when(self) -> str:
        return str(DAY_TIMES[self.criteria.when].words) if self.criteria.when else ""

    def _after(self, noun: str) -> str:
        way = _("meeting %(way)s") % {"way": self.way} if self.way else ""
        people = f"{noun} {self._people}" if self._people else noun
        parts = [part for part in (people, way, self._language, self._when) if part]
        # "Groups in Spanish", but "Groups for men, in Spanish".
        if not self._people and len(parts) > 1:
            parts[:2] = [f"{parts[0]} {parts[1]}"]
        return ", ".join(parts)

    def __str__(self) -> str:
        """Return "Groups for men, meeting online, in Spanish", or "All groups"."""
        return self._after(_("Groups")) if self.is_narrow else _("All groups")

    @property
    def is_narrow(self) -> bool:
        """Whether the sentence says more than that all groups are meant."""
        return bool(self._people or self.way or self._language or self._when)

    def counted(self, number: int) -> str:
        """Return the sentence with how many there are: "3 groups for men, meeting online"."""
        groups = ngettext("%(number)s group", "%(number)s groups", number)
        return self._after(groups % {"number": number_format(number, force_grouping=True)})

    @property
    def none_found(self) -> str:
        """The sentence that there is none: "No group for men meets online in Spanish."."""
        noun = f"{_('No group')} {self._people}" if self._people else _("No group")
        verb = _("meets") if self.way or self._language or self._when else _("is listed")
        parts = [noun, verb, self.way, self._language, self._when]
        return capfirst(" ".join(part for part in parts if part)) + "."
