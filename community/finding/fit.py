"""Which group fits me? Four questions, answered in the address alone and kept nowhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from community.finding.criteria import BEST, METASTATIC, Criteria
from community.finding.search import Reader, Search
from community.models import Place

FAMILY, BEREAVED = "family-carer", "bereaved"
ANY_STAGE = "any-stage"
# Who asks, in their own words.
YOU: dict[str, Any] = {
    METASTATIC: _("I live with metastatic breast cancer"),
    ANY_STAGE: _("I have or had breast cancer at another stage, or I do not know which"),
    FAMILY: _("Somebody close to me has it"),
    BEREAVED: _("I have lost somebody"),
}
# What people may like to have in common with the others.
LIKE: dict[str, Any] = {
    "newly-diagnosed": _("It is new to me"),
    "living-long-term": _("I have lived with it for a long time"),
    "de-novo": _("It was metastatic from the start"),
    "men": _("I am a man"),
    "young-adults": _("I am a younger adult, up to about 45"),
}


@dataclass(frozen=True)
class Answers:
    """What somebody has answered. Nothing is the default of every question.

    `way`, `near`, `within` and `language` are those of `criteria`.
    """

    you: str
    like: tuple[str, ...]
    criteria: Criteria
    is_given: bool

    @classmethod
    def parse(cls, values: QueryDict) -> Self:
        """Read the parameters of an address. What is unknown or broken counts as no answer."""
        asked = Criteria.parse(values)
        you, like = values.get("you", ""), set(values.getlist("like"))
        return cls(
            you=str(you) if you in YOU else "",
            like=tuple(value for value in LIKE if value in like),
            criteria=Criteria(
                way=asked.way,
                near=asked.near,
                within=asked.within,
                language=asked.language,
                order=BEST,
            ),
            is_given="you" in values,
        )

    def address(self, criteria: Criteria) -> str:
        """Return the address that says these answers with what is in `criteria`."""
        chosen = criteria.chosen
        chosen.pop("by", None)
        answers = [("you", self.you), *(("like", value) for value in self.like), *chosen.items()]
        return f"{reverse('community:support-group-fit')}?{urlencode(answers)}"

    def search(self, place: Place | None, reader: Reader, at: datetime) -> Search:
        """Return the search that puts those groups first that fit the answers best."""
        wishes = self.like
        if self.you in {METASTATIC, FAMILY, BEREAVED}:
            wishes = (self.you, *self.like)
        return Search(self.criteria, place, reader, at, wishes, self._not_for_me)

    @property
    def _not_for_me(self) -> Q:
        """The condition of groups that are made for others alone."""
        for_others = Q(audiences__in=[[FAMILY], [BEREAVED], [FAMILY, BEREAVED]])
        if self.you == METASTATIC:
            return for_others
        if self.you == ANY_STAGE:
            return for_others | Q(is_metastatic_only=True)
        return Q()


def found_in_words(number: int) -> str:
    """Return how many groups there are: "3 groups that may fit, the best match first"."""
    words = ngettext(
        "%(number)s group that may fit",
        "%(number)s groups that may fit, the best match first",
        number,
    )
    return words % {"number": number_format(number, force_grouping=True)}
